"""Traces of real sessions: the SDK's spans with our words, and nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from unittest import mock

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from desk import OpenWorkspace
from mcp_server_zendesk.hosting.tracing import SCOPE, Tracing
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox import misfortunes as bad
from zendesk_tools import CATALOGUE

pytestmark = pytest.mark.anyio

CANARY = "canary-4711-of-a-customer"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@contextmanager
def traced() -> Iterator[tuple[Tracing, InMemorySpanExporter]]:
    """Tracing in this process, for as long as the context is open."""
    kept = InMemorySpanExporter()
    tracing = Tracing([spec.name for spec in CATALOGUE], kept)
    sdk = tracing.provider.get_tracer("mcp-python-sdk")
    with mock.patch("mcp.shared._otel._tracer", sdk):
        yield tracing, kept


def spans(tracing: Tracing, kept: InMemorySpanExporter) -> list[ReadableSpan]:
    tracing.provider.force_flush()
    return list(kept.get_finished_spans())


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def test_a_call_is_one_span_with_one_below_it_for_each_request(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", "users/me", 1, bad.html_error(503, retry_after=1))
    with traced() as (tracing, kept):
        async with open_workspace(sandbox=sandbox, scopes="read") as desk:
            desk.server._access.observer = tracing
            await desk.ask("get_user", user="me")
        made = spans(tracing, kept)
    (call,) = [span for span in made if span.name == "tools/call get_user"]
    told = attributes(call)
    assert told["zendesk.outcome"] == "ok"
    assert told["zendesk.effect"] == "read"
    assert told["zendesk.requests"] == 2
    requests = [span for span in made if span.name == "Zendesk GET"]
    assert [attributes(span)["http.response.status_code"] for span in requests] == [503, 200]
    assert [attributes(span)["zendesk.repeated"] for span in requests] == [False, True]
    assert [span.status.status_code for span in requests] == [StatusCode.ERROR, StatusCode.UNSET]
    for span in requests:
        assert span.kind is SpanKind.CLIENT
        assert span.parent is not None
        assert call.context is not None
        assert span.parent.span_id == call.context.span_id
        assert span.start_time is not None
        assert span.end_time is not None
        assert call.start_time is not None
        assert call.start_time < span.end_time
        assert span.start_time <= span.end_time


async def test_a_trace_that_the_client_began_goes_on_without_its_state(
    open_workspace: OpenWorkspace,
) -> None:
    meta = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "tracestate": f"v={CANARY}"}
    with traced() as (tracing, kept):
        async with open_workspace(scopes="read") as desk:
            desk.server._access.observer = tracing
            await desk.client.call_tool("get_user", {"user": "me"}, meta=meta)  # type: ignore[arg-type]
        made = spans(tracing, kept)
    (call,) = [span for span in made if span.name == "tools/call get_user"]
    assert call.context is not None
    assert f"{call.context.trace_id:032x}" == TRACE
    assert CANARY not in "".join(span.to_json() for span in made)
    assert not any(span.context and span.context.trace_state for span in made)


async def test_nothing_that_a_client_or_an_exception_worded_is_in_a_trace(
    open_workspace: OpenWorkspace,
) -> None:
    with traced() as (tracing, kept):
        async with open_workspace(scopes="read") as desk:
            desk.server._access.observer = tracing
            await desk.fail(CANARY, **{CANARY: CANARY})
            await desk.fail("search_tickets", query=CANARY, limit=CANARY)
            await desk.ask("search_tickets", query=CANARY)
        sdk = tracing.provider.get_tracer("mcp-python-sdk")
        with sdk.start_as_current_span(CANARY, attributes={"mcp.method.name": CANARY}) as span:
            span.record_exception(RuntimeError(CANARY))
            span.set_status(StatusCode.ERROR, CANARY)
        elsewhere = tracing.provider.get_tracer("another library")
        elsewhere.start_span("quotes a query", attributes={"db.statement": CANARY}).end()
        made = spans(tracing, kept)
    assert CANARY not in "".join(span.to_json() for span in made)
    names = [span.name for span in made]
    assert names.count("tools/call search_tickets") == 2
    assert "tools/call" in names
    assert "other" in names
    assert "quotes a query" not in names
    assert any(attributes(span).get("zendesk.outcome") == "unknown_tool" for span in made)


class Collector(HTTPServer):
    """Takes traces in over OTLP/HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taken)
        self.taken: list[ExportTraceServiceRequest] = []

    def names(self) -> dict[str, list[str]]:
        """The names of spans, by the scope that made them."""
        return {
            scoped.scope.name: [span.name for span in scoped.spans]
            for request in self.taken
            for resource in request.resource_spans
            for scoped in resource.scope_spans
        }


class _Taken(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append(ExportTraceServiceRequest.FromString(content))
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def test_a_process_sends_its_traces_to_where_the_standard_variables_say(tmp_path: Path) -> None:
    collector = Collector()
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("traced_session.py"))],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("OTEL_")},
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "OTEL_SERVICE_NAME": "helpdesk",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    collector.shutdown()
    collector.server_close()
    assert ended.returncode == 0, ended.stderr
    assert "tools/call get_ticket" in collector.names()["mcp-python-sdk"]
    assert "Zendesk GET" in collector.names()[SCOPE]
    (resource, *_) = collector.taken[0].resource_spans
    told = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert told["service.name"] == "helpdesk"
