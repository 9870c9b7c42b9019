"""OpenTelemetry traces: the SDK's span of each message, told how its call ended, and below it one
for each request to Zendesk.

What leaves this process is an allow-list. A client chooses names, ids and the state of a trace,
and an exception's words may quote a ticket: none of that is sent.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Collection, Sequence

from mcp_types.methods import (
    CLIENT_NOTIFICATIONS,
    CLIENT_REQUESTS,
    SERVER_NOTIFICATIONS,
    SERVER_REQUESTS,
)
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import (
    SERVICE_NAME,
    SERVICE_VERSION,
    OTELResourceDetector,
    Resource,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from mcp_server_zendesk import __version__
from mcp_server_zendesk.connection.observing import CallSeen, RequestSeen

SCOPE = "mcp_server_zendesk"

_SDK_SCOPE = "mcp-python-sdk"
_METHODS = frozenset(
    method
    for known in (CLIENT_REQUESTS, CLIENT_NOTIFICATIONS, SERVER_REQUESTS, SERVER_NOTIFICATIONS)
    for method, _ in known
)
_METHOD, _TOOL, _PROMPT = "mcp.method.name", "gen_ai.tool.name", "gen_ai.prompt.name"
_PASSED = frozenset({"error.type", "gen_ai.operation.name", "rpc.response.status_code"})
_PROTOCOL, _PROTOCOL_VERSION = "mcp.protocol.version", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OTHER = "other"
_FIRST_REFUSAL = "400"
_NANOSECONDS = 1_000_000_000
_SECONDS_TO_CLOSE = 5


class WordlessExporter(SpanExporter):
    """Passes spans on without anything that a client or an exception could have worded.

    Args:
        exporter: Where they go.
        names: Tools and prompts that there are.
    """

    def __init__(self, exporter: SpanExporter, names: Collection[str]) -> None:
        self._exporter = exporter
        self._names = frozenset(names)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send those of the SDK and our own; what another library makes is not known to be safe."""
        ours = [self._wordless(span) for span in spans if _scope(span) in {SCOPE, _SDK_SCOPE}]
        return self._exporter.export(ours) if ours else SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Send no more."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._exporter.force_flush(timeout_millis)

    def _wordless(self, span: ReadableSpan) -> ReadableSpan:
        given = span.attributes or {}
        attributes = {name: value for name, value in given.items() if self._passes(name, value)}
        return ReadableSpan(
            name=span.name if _scope(span) == SCOPE else self._name(span, attributes),
            context=_stateless(span.context),
            parent=_stateless(span.parent),
            resource=span.resource,
            attributes=attributes,
            kind=span.kind,
            status=Status(span.status.status_code),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def _passes(self, name: str, value: AttributeValue) -> bool:
        if name in {_TOOL, _PROMPT}:
            return value in self._names
        if name == _METHOD:
            return value in _METHODS
        if name == _PROTOCOL:
            return isinstance(value, str) and _PROTOCOL_VERSION.fullmatch(value) is not None
        return name in _PASSED or name.startswith(("zendesk.", "http."))

    def _name(self, span: ReadableSpan, attributes: dict[str, AttributeValue]) -> str:
        """As the SDK makes it, of the method and the tool or prompt where those are known."""
        method = str(attributes.get(_METHOD, _OTHER))
        target = attributes.get(_TOOL) or attributes.get(_PROMPT)
        shown = f"{method} {target}" if target else method
        return f"MCP send {shown}" if span.kind is SpanKind.CLIENT else shown


class Tracing:
    """Makes the spans of this process, and tells those of calls how they ended.

    Args:
        names: Tools and prompts that there are.
        exporter: Where spans go; by default over OTLP/HTTP to where ``OTEL_…`` variables say.
    """

    def __init__(self, names: Collection[str], exporter: SpanExporter | None = None) -> None:
        resource = Resource({SERVICE_NAME: "mcp-server-zendesk", SERVICE_VERSION: __version__})
        self.provider = TracerProvider(
            resource=Resource.get_empty().merge(resource).merge(OTELResourceDetector().detect()),
            shutdown_on_exit=False,
        )
        sent_to = WordlessExporter(exporter or OTLPSpanExporter(), names)
        self.provider.add_span_processor(BatchSpanProcessor(sent_to))
        self._tracer = self.provider.get_tracer(SCOPE, __version__)

    def install(self) -> None:
        """Let the SDK find it, once in a process."""
        trace.set_tracer_provider(self.provider)

    def called(self, call: CallSeen) -> None:
        """Tell the span of this call how it ended."""
        trace.get_current_span().set_attributes(
            {
                "zendesk.workspace": call.workspace,
                "zendesk.effect": call.effect or "unknown",
                "zendesk.outcome": call.kind,
                "zendesk.requests": call.requests,
            }
        )

    def requested(self, request: RequestSeen) -> None:
        """A span of its own for what has just ended."""
        now = time.time_ns()
        began = now - round(request.seconds * _NANOSECONDS)
        name = f"Zendesk {request.method}"
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, start_time=began)
        span.set_attributes(
            {
                "zendesk.workspace": request.workspace,
                "zendesk.repeated": request.repeated,
                "http.request.method": request.method,
            }
        )
        if request.headroom is not None:
            span.set_attribute("zendesk.rate_remaining", request.headroom.remaining)
        if request.outcome.isdecimal():
            span.set_attribute("http.response.status_code", int(request.outcome))
        if not request.outcome.isdecimal() or request.outcome >= _FIRST_REFUSAL:
            span.set_attribute("error.type", request.outcome)
            span.set_status(StatusCode.ERROR)
        span.end(now)

    def close(self) -> None:
        """Send what waits, for some seconds at most, and no more."""
        closing = threading.Thread(target=self.provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(_SECONDS_TO_CLOSE)


def _scope(span: ReadableSpan) -> str:
    return span.instrumentation_scope.name if span.instrumentation_scope else ""


def _stateless(context: SpanContext | None) -> SpanContext | None:
    """Without the state that a client's trace brings along."""
    if context is None:
        return None
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)
