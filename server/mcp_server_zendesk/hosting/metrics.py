"""Metrics for Prometheus: how many calls, how they ended, how long, and what Zendesk leaves over.

Labels hold names of our own alone: tools, effects, kinds, methods, statuses, and the workspaces
that the admin named. Never who called, a record or a text.
"""

from __future__ import annotations

import logging
import socket
import threading
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    make_wsgi_app,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_server_zendesk import __version__
from mcp_server_zendesk.connection.observing import CallSeen, RequestSeen

logger = logging.getLogger(__name__)

MOST_WORKSPACES = 32
"""Told apart by name; of more, the rest count together as ``other``."""

_PREFIX = "zendesk_mcp_"
_UNKNOWN = "unknown"
_OTHER = "other"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50)
_SECONDS_TO_ASK = 5
# When a series began doubles their number, and nobody asks.
disable_created_metrics()  # type: ignore[no-untyped-call]  # of the library

_HTTP_METHODS = frozenset({"GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH"})


class Metrics:
    """Counts what it hears of, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._workspaces: set[str] = set()
        ProcessCollector(registry=self.registry)
        Info(f"{_PREFIX}build", "The version that runs", registry=self.registry).info(
            {"version": __version__}
        )
        self._calls = self._counter(
            "calls", "Tool calls by how they ended", "workspace", "tool", "effect", "kind"
        )
        self._call_seconds = self._histogram(
            "call_seconds", "How long tool calls took", "workspace", "effect"
        )
        self._requests = self._counter(
            "zendesk_requests", "Requests to Zendesk, each attempt", "workspace", "method", "status"
        )
        self._request_seconds = self._histogram(
            "zendesk_request_seconds", "How long Zendesk took to answer", "workspace", "method"
        )
        self._repeats = self._counter(
            "zendesk_repeats", "Requests to Zendesk that were sent again", "workspace", "method"
        )
        self._limit = self._gauge(
            "zendesk_rate_limit", "Requests a minute that Zendesk allows the account", "workspace"
        )
        self._remaining = self._gauge(
            "zendesk_rate_remaining", "How many of them were left, last heard", "workspace"
        )
        self._http = self._counter("http_responses", "HTTP responses", "method", "status")
        self._under_way = self._gauge("http_requests_under_way", "HTTP requests under way")

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(_PREFIX + name, told, labels, registry=self.registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(_PREFIX + name, told, labels, registry=self.registry)

    def _histogram(self, name: str, told: str, *labels: str) -> Histogram:
        return Histogram(_PREFIX + name, told, labels, buckets=_SECONDS, registry=self.registry)

    def called(self, call: CallSeen) -> None:
        """Count a call."""
        workspace, effect = self._named(call.workspace), call.effect or _UNKNOWN
        self._calls.labels(workspace, call.tool or _UNKNOWN, effect, call.kind).inc()
        self._call_seconds.labels(workspace, effect).observe(call.seconds)

    def requested(self, request: RequestSeen) -> None:
        """Count a request to Zendesk."""
        workspace = self._named(request.workspace)
        self._requests.labels(workspace, request.method, request.outcome).inc()
        self._request_seconds.labels(workspace, request.method).observe(request.seconds)
        if request.repeated:
            self._repeats.labels(workspace, request.method).inc()
        if request.headroom is not None:
            self._limit.labels(workspace).set(request.headroom.limit)
            self._remaining.labels(workspace).set(request.headroom.remaining)

    def counting(self, app: ASGIApp) -> ASGIApp:
        """The same app, with its HTTP responses counted by status: refusals are seen there."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            method = scope["method"] if scope["method"] in _HTTP_METHODS else _OTHER

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._http.labels(method, str(message["status"])).inc()
                await send(message)

            with self._under_way.track_inprogress():
                await app(scope, receive, told)

        return counted

    def _named(self, workspace: str) -> str:
        if workspace not in self._workspaces:
            if len(self._workspaces) >= MOST_WORKSPACES:
                return _OTHER
            self._workspaces.add(workspace)
        return workspace


class _Handler(WSGIRequestHandler):
    timeout = _SECONDS_TO_ASK

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Nothing: whoever fetches metrics does it every few seconds."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news."""
        del request, client_address
        logger.debug("A client that fetched metrics has gone")


class _Server6(_Server):
    address_family = socket.AF_INET6


class MetricsServer:
    """Serves metrics over HTTP, in a thread: they can be fetched also while the server is busy.

    Raises:
        OSError: It cannot listen there.
    """

    def __init__(self, metrics: Metrics, host: str, port: int) -> None:
        bare = host.strip("[]")
        kind = _Server6 if ":" in bare else _Server
        app = make_wsgi_app(metrics.registry)
        self._server = make_server(bare, port, app, server_class=kind, handler_class=_Handler)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
