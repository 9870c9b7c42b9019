"""The audit and the logs: acting without a trace, forging one, and reading what is in them."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from mcp import Client
from mcp_types import Implementation

from attached_files import attach
from attacks.attack import Attacks, Ground, all_of, as_it_is, nothing, put_in_place
from attacks.reading import ORDER, read
from in_process import _logging_apart as logging_apart
from in_process import run_command
from mcp_server_zendesk import logs
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET, PENDING_TICKET
from mcp_server_zendesk.serving.auditing.audit import Audit, CallLines
from mcp_server_zendesk.serving.auditing.file import AuditFile
from mcp_server_zendesk.serving.results import Result
from mcp_server_zendesk.serving.spec import ToolSpec
from mcp_server_zendesk.workspace import build_server
from zendesk_tools import CATALOGUE

ATTACKS = Attacks("audit and logs")
AUDIT = "mcp_server_zendesk.serving.auditing.audit"
CANARY = "canary-4711-of-a-customer"


async def logged(ground: Ground, tool: str, **arguments: Any) -> str:
    """What one call leaves in the audit file."""
    file = ground.folder / "audit.jsonl"
    async with ground.open_workspace(audit_log=file) as desk:
        await desk.client.call_tool(tool, arguments)
    return file.read_text()


@ATTACKS.add(
    "write without a trace",
    who="local user",
    tries="fills the disk of the audit log, and then has a ticket changed",
    defence="what leaves no trace is not sent",
    without=all_of(
        put_in_place(f"{AUDIT}:CallLines.intent", nothing),
        put_in_place(f"{AUDIT}:CallLines.sending", nothing),
    ),
)
async def _(ground: Ground) -> bool:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    logging.getLogger(AUDIT).disabled = True  # it says what the disk says, as it should
    try:
        async with ground.open_workspace(audit_log=ground.folder / "audit.jsonl") as desk:
            with mock.patch.object(AuditFile, "write", side_effect=full):
                await read(desk, "add_internal_note", ticket_id=OPEN_TICKET, body=CANARY)
                return CANARY in desk.sandbox.store.said(OPEN_TICKET)
    finally:
        logging.getLogger(AUDIT).disabled = False


@ATTACKS.add(
    "customer's words in the audit",
    who="local user",
    tries="reads what was written to a customer out of the audit log",
    defence="arguments are recorded as a keyed digest",
    without=put_in_place(f"{AUDIT}:Audit.digest", lambda _, __, text: text),
)
async def _(ground: Ground) -> bool:
    told = await logged(ground, "add_internal_note", ticket_id=OPEN_TICKET, body=CANARY)
    return CANARY in told


def _naive_call(audit: Audit, tool: str, spec: Any, **who: str | None) -> CallLines:
    return CallLines(audit, spec, {"call": "0.1", "tool": tool, **who})


@ATTACKS.add(
    "orders as a tool's name",
    who="client",
    tries="a name with a line break and a line of audit, for whoever has the log summarised",
    defence="only tools that there are stand in the audit by name",
    without=put_in_place(f"{AUDIT}:Audit.call", _naive_call),
)
async def _(ground: Ground) -> bool:
    forged = '{"tool":"delete_ticket","effect":"irreversible"}'
    return ORDER in await logged(ground, f"get_ticket\n{forged}\n{ORDER}")


@ATTACKS.add(
    "orders as a client's name",
    who="client",
    tries="calls itself something that a reader of the log would obey",
    defence="a client's name is recorded where it looks like one",
    without=put_in_place("mcp_server_zendesk.serving.calls:client_name", as_it_is),
)
async def _(ground: Ground) -> bool:
    file = ground.folder / "audit.jsonl"
    transport = httpx.ASGITransport(app=Sandbox())
    server = build_server(embedded_settings({}), audit_log=file, transport=transport)
    called = Implementation(name=ORDER, version="1")
    async with server.running(), Client(server, client_info=called) as client:
        await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
    return ORDER in file.read_text()


@ATTACKS.add(
    "secret as an id",
    who="model",
    tries="gives a customer's secret where an id belongs",
    defence="ids are numbers",
    without=put_in_place("mcp_server_zendesk.serving.auditing.lines:_id", as_it_is),
)
async def _(ground: Ground) -> bool:
    return CANARY in await logged(ground, "get_user", user=CANARY)


def _with(file: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    lines = change([json.loads(line) for line in file.read_text().splitlines()])
    file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


def _elsewhere(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As though it had been another ticket."""
    text = json.dumps(lines).replace(str(OPEN_TICKET), str(PENDING_TICKET))
    return list(json.loads(text))


def _nothing_written(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As though nothing had been written, in an unbroken count."""
    kept = [line for line in lines if "effect" not in line or line["effect"] == "read"]
    for number, line in enumerate(kept):
        line["seq"] = number
        if line["phase"] == "end":
            line["lines"] = number + 1
    return kept


SEALS = put_in_place("mcp_server_zendesk.serving.auditing.seal:_mac", lambda *_: "0" * 64)


def covered_up(name: str, tries: str, change: Callable[[list[Any]], list[Any]]) -> None:
    """Changes the log after a write; harm, when `audit` then calls it whole."""

    @ATTACKS.add(
        name, who="local user", tries=tries, defence="each line is sealed over the one before",
        without=SEALS,
    )  # fmt: skip
    async def _(ground: Ground) -> bool:
        file = ground.folder / "audit.jsonl"
        async with ground.open_workspace(audit_log=file) as desk:
            await read(desk, "get_ticket", ticket_id=OPEN_TICKET)
            await read(desk, "update_ticket", ticket_id=OPEN_TICKET, priority="low")
        before = file.read_text()
        _with(file, change)
        assert file.read_text() != before
        return run_command(["audit", str(file)], dict(os.environ), ground.folder).exit_code == 0


covered_up("line of the audit changed", "blames another ticket's change", _elsewhere)
covered_up("lines of the audit removed", "takes a write out and counts anew", _nothing_written)


@ATTACKS.add(
    "audit that others read",
    who="local user",
    tries="makes the log beforehand, readable for all",
    defence="the file is its owner's alone, also where it was there",
    without=put_in_place("mcp_server_zendesk.serving.auditing.file:os.fchmod", nothing),
)
async def _(ground: Ground) -> bool:
    file = ground.folder / "audit.jsonl"
    file.touch(mode=0o644)
    file.chmod(0o644)
    await logged(ground, "get_ticket", ticket_id=OPEN_TICKET)
    return bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """All that the product logs, at its most talkative."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mcp_server_zendesk")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)


@ATTACKS.add(
    "key of a file in the log",
    who="local user",
    tries="takes an attachment's address, which opens it by itself, out of the log",
    defence="addresses of files are logged without what opens them",
    without=put_in_place("mcp_server_zendesk.connection.client:loggable", as_it_is),
)
async def _(ground: Ground) -> bool:
    sandbox = Sandbox()
    number = attach(sandbox, "a.txt", b"text")
    key = sandbox.store.attachments[number]["token"]
    with everything_logged() as heard:
        async with ground.open_workspace(
            sandbox=sandbox, scopes="read", toolsets="attachments"
        ) as desk:
            await read(desk, "get_attachment", attachment_id=number)
    return any(key in line for line in heard)


class Nothing(Result):
    """The answer of a tool that fails."""


async def stumble(zendesk: Zendesk) -> Nothing:
    """Fails, with a customer's words in the exception."""
    raise RuntimeError(CANARY)


@ATTACKS.add(
    "customer's words in a traceback",
    who="local user",
    tries="makes a tool fail on what a customer wrote, and reads the server's log",
    defence="tracebacks have no words of exceptions",
    without=put_in_place("mcp_server_zendesk.logs:WordlessFormatter", logging.Formatter),
)
async def _(ground: Ground) -> bool:
    spec = ToolSpec(stumble, "Stumble", "tickets", "read", scopes=(("tickets:read",),))
    log = io.StringIO()
    with (
        mock.patch("mcp_server_zendesk.workspace.CATALOGUE", (*CATALOGUE, spec)),
        logging_apart(),
        mock.patch.object(sys, "stderr", log),
        mock.patch.object(sys, "excepthook", sys.excepthook),
    ):
        logs.configure("debug")
        async with ground.open_workspace(scopes="read") as desk:
            await read(desk, "stumble")
    assert "RuntimeError" in log.getvalue()
    return CANARY in log.getvalue()
