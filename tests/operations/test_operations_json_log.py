"""The log as JSON: each line an object, also where something fails."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest
from mcp import Client
from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from audited import verified
from in_process import _logging_apart as logging_apart
from mcp_server_zendesk import logs
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.serving.auditing.seal import kept_key
from mcp_server_zendesk.workspace import build_server

pytestmark = pytest.mark.anyio

CANARY = "canary-4711-of-a-customer"
logger = logging.getLogger("mcp_server_zendesk.tests")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What goes to stderr while the log is JSON."""
    written = io.StringIO()
    with (
        logging_apart(),
        mock.patch.object(sys, "stderr", written),
        mock.patch.object(sys, "excepthook", sys.excepthook),
    ):
        logs.configure("debug", "json")
        try:
            yield written
        finally:
            logging.captureWarnings(capture=False)


def stumble() -> None:
    raise RuntimeError(CANARY)


def objects(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_line_is_one_object_whatever_its_message_holds(log: io.StringIO) -> None:
    logger.warning("two\nlines, a \x1b[31mcolour, a \u2028 and an %s", "ä")
    (told,) = objects(log)
    assert told["message"] == "two\nlines, a \x1b[31mcolour, a \u2028 and an ä"
    assert told["level"] == "warning"
    assert told["logger"] == "mcp_server_zendesk.tests"
    assert told["time"].endswith("+00:00")
    assert log.getvalue().isascii()
    assert len(log.getvalue().splitlines()) == 1


def test_an_exception_is_told_without_its_words(log: io.StringIO) -> None:
    try:
        stumble()
    except RuntimeError:
        logger.exception("It failed")
    (told,) = objects(log)
    assert told["message"] == "It failed"
    assert told["error"].startswith("Traceback (most recent call last):\n")
    assert told["error"].endswith("\nRuntimeError")
    assert CANARY not in log.getvalue()


def test_what_nobody_catches_is_an_object_too(log: io.StringIO) -> None:
    error = RuntimeError(CANARY)
    sys.excepthook(RuntimeError, error, None)
    (told,) = objects(log)
    assert told["level"] == "critical"
    assert told["error"].endswith("RuntimeError")
    assert CANARY not in log.getvalue()


def test_warnings_of_python_are_objects(log: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)  # pytest puts its own way in place
        warnings.warn("an old way", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(capture=False)
    (told,) = objects(log)
    assert told["logger"] == "py.warnings"


def test_a_line_names_the_trace_that_it_belongs_to(log: io.StringIO) -> None:
    at = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(1))
    token = context.attach(trace.set_span_in_context(NonRecordingSpan(at)))
    logger.warning("within")
    context.detach(token)
    logger.warning("without")
    within, without = objects(log)
    assert (within["trace_id"], within["span_id"]) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    assert "trace_id" not in without


async def test_the_audit_in_the_log_is_the_audit_file_to_the_byte(
    log: io.StringIO, tmp_path: Path
) -> None:
    file = tmp_path / "audit.jsonl"
    settings = embedded_settings({"scopes": "read tickets:write"})
    inside = httpx.ASGITransport(app=Sandbox())
    server = build_server(settings, audit_log=file, transport=inside)
    async with server.running(), Client(server) as client:
        await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
        await client.call_tool("add_internal_note", {"ticket_id": OPEN_TICKET, "body": CANARY})
    told = [one for one in objects(log) if "audit" in one]
    assert [one["audit"]["phase"] for one in told][-2:] == ["outcome", "end"]
    assert all("message" not in one for one in told)
    lines = [line for line in log.getvalue().splitlines() if '"audit": ' in line]
    collected = tmp_path / "collected.jsonl"
    sealed = [line.partition('"audit": ')[2].removesuffix("}") for line in lines]
    collected.write_text("".join(f"{line}\n" for line in sealed), encoding="utf-8")
    assert collected.read_bytes() == file.read_bytes()
    verification, calls = verified(collected, key=kept_key(file))
    assert verification.whole
    assert len(calls) == 2
    assert CANARY not in log.getvalue()
