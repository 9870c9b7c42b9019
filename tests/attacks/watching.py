"""What operations see: reading customers' words in metrics, traces and the log of a collector."""

from __future__ import annotations

import io
import sys
import traceback
from unittest import mock

from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from attacks.attack import Attacks, Ground, put_in_place
from in_process import _logging_apart as logging_apart
from mcp_server_zendesk import logs
from mcp_server_zendesk.connection.observing import CallSeen
from mcp_server_zendesk.hosting.metrics import Metrics
from mcp_server_zendesk.hosting.tracing import Tracing
from mcp_server_zendesk.serving import boundary
from mcp_server_zendesk.serving.calls import Call
from mcp_server_zendesk.serving.results import Result
from mcp_server_zendesk.serving.spec import ToolSpec
from zendesk_tools import CATALOGUE

ATTACKS = Attacks("audit and logs")
CANARY = "canary-4711-of-a-customer"


def _all(exporter: SpanExporter, _: object) -> SpanExporter:
    return exporter


@ATTACKS.add(
    "model's words in a trace",
    who="model",
    tries="calls a tool by a customer's words, which the SDK makes the name of a span",
    defence="what leaves in a trace is an allow-list",
    without=put_in_place("mcp_server_zendesk.hosting.tracing:WordlessExporter", _all),
)
async def _(ground: Ground) -> bool:
    kept = InMemorySpanExporter()
    tracing = Tracing([spec.name for spec in CATALOGUE], kept)
    sdk = tracing.provider.get_tracer("mcp-python-sdk")
    with mock.patch("mcp.shared._otel._tracer", sdk):
        async with ground.open_workspace(scopes="read") as desk:
            desk.server._access.observer = tracing
            await desk.client.call_tool(CANARY, {})
    tracing.provider.force_flush()
    assert kept.get_finished_spans()
    return CANARY in "".join(span.to_json() for span in kept.get_finished_spans())


def _as_called(call: Call, workspace: str, kind: str) -> CallSeen:
    return CallSeen(workspace, call.tool, "read", kind, 0.0)


@ATTACKS.add(
    "names made up for metrics",
    who="model",
    tries="calls tools by made-up names, each of which would be a time series of its own",
    defence="labels are names of our own",
    without=put_in_place("mcp_server_zendesk.serving.calls:Call.seen", _as_called),
)
async def _(ground: Ground) -> bool:
    metrics = Metrics()
    async with ground.open_workspace(scopes="read") as desk:
        desk.server._access.observer = metrics
        for number in range(20):
            await desk.client.call_tool(f"{CANARY}_{number}", {})
    return CANARY in generate_latest(metrics.registry).decode()


class Nothing(Result):
    """The answer of a tool that fails."""


async def stumble(zendesk: object) -> Nothing:
    """Fails, with a customer's words in the exception."""
    raise RuntimeError(CANARY)


def _with_words(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


@ATTACKS.add(
    "customer's words in a JSON log",
    who="local user",
    tries="makes a tool fail on what a customer wrote, and reads what a collector gets",
    defence="errors in it have no words of exceptions",
    without=put_in_place("mcp_server_zendesk.json_lines:without_words", _with_words),
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
        logs.configure("debug", "json")
        async with ground.open_workspace(scopes="read") as desk:
            await desk.client.call_tool("stumble", {})
    assert "RuntimeError" in log.getvalue()
    assert boundary.__name__ in log.getvalue()
    return CANARY in log.getvalue()
