"""Metrics as Prometheus fetches them, of real sessions."""

from __future__ import annotations

import importlib.util
import logging
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import urlopen

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.observing import NOBODY, CallSeen, Observer, RequestSeen
from mcp_server_zendesk.hosting.metrics import MOST_WORKSPACES, Metrics, MetricsServer
from mcp_server_zendesk.hosting.observers import Several, watching
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox import misfortunes as bad
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.workspace import ExtraMissing

pytestmark = pytest.mark.anyio

CANARY = "canary-4711-of-a-customer"
A_READ = CallSeen("acme", "get_ticket", "read", "ok", 0.02, requests=1)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def server(metrics: Metrics) -> Iterator[MetricsServer]:
    server = MetricsServer(metrics, "127.0.0.1", 0)
    yield server
    server.close()


def fetched(server: MetricsServer) -> str:
    with urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def value(text: str, name: str, **labels: str) -> float:
    """The sum over all samples with these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"zendesk_mcp_{name}" and labels.items() <= sample.labels.items()
    )


def watch(desk: Workspace, observer: Observer) -> None:
    desk.server._access.observer = observer


async def test_calls_are_counted_by_how_they_ended(
    open_workspace: OpenWorkspace, metrics: Metrics, server: MetricsServer
) -> None:
    async with open_workspace(scopes="read") as desk:
        watch(desk, metrics)
        await desk.ask("get_ticket", ticket_id=OPEN_TICKET)
        await desk.fail("get_ticket", ticket_id=999_999_999)
        await desk.fail("add_internal_note", ticket_id=OPEN_TICKET, body=CANARY)
        await desk.fail("search_tickets", query=CANARY, limit=CANARY)
        await desk.fail(CANARY, subject=CANARY)
    text = fetched(server)
    read = {"workspace": "demo", "tool": "get_ticket", "effect": "read"}
    assert value(text, "calls_total", **read, kind="ok") == 1
    assert value(text, "calls_total", **read, kind="not_found") == 1
    assert value(text, "calls_total", tool="add_internal_note", kind="scope_missing") == 1
    assert value(text, "calls_total", tool="search_tickets", kind="invalid_arguments") == 1
    assert value(text, "calls_total", tool="unknown", kind="unknown_tool") == 1
    assert value(text, "call_seconds_count", workspace="demo", effect="read") == 3
    assert value(text, "zendesk_requests_total", method="GET", status="404") == 1
    assert value(text, "zendesk_request_seconds_count") == len(desk.sent())
    assert CANARY not in text
    assert not re.search(rf"(?<![\d.]){OPEN_TICKET}(?!\d)", text)


async def test_what_is_sent_again_and_what_zendesk_leaves_over_are_told(
    open_workspace: OpenWorkspace, metrics: Metrics, server: MetricsServer
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", "users/me", 1, bad.html_error(503, retry_after=1))
    async with open_workspace(sandbox=sandbox, scopes="read") as desk:
        watch(desk, metrics)
        await desk.ask("get_user", user="me")
        headroom = desk.server._access.connection.gate.headroom
    text = fetched(server)
    assert value(text, "zendesk_requests_total", status="503") == 1
    assert value(text, "zendesk_requests_total", status="200") == 1
    assert value(text, "zendesk_repeats_total", method="GET") == 1
    assert headroom is not None
    assert value(text, "zendesk_rate_limit", workspace="demo") == headroom.limit
    assert value(text, "zendesk_rate_remaining", workspace="demo") == headroom.remaining


async def test_a_request_that_gets_no_answer_is_counted_by_how_it_failed(
    open_workspace: OpenWorkspace, metrics: Metrics, server: MetricsServer
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("GET", "users/me", 9, bad.connection_refused())
    async with open_workspace(sandbox=sandbox, scopes="read") as desk:
        watch(desk, metrics)
        await desk.fail("get_user", user="me")
    assert value(fetched(server), "zendesk_requests_total", status="connection_failed") > 1


def test_beyond_a_number_workspaces_count_together(metrics: Metrics, server: MetricsServer) -> None:
    for number in range(MOST_WORKSPACES + 8):
        metrics.called(CallSeen(f"w{number}", "get_ticket", "read", "ok", 0.02))
    text = fetched(server)
    assert value(text, "calls_total", workspace="w0") == 1
    assert value(text, "calls_total", workspace="other") == 8


async def test_http_responses_are_counted_by_status(
    metrics: Metrics, server: MetricsServer
) -> None:
    refusing = Starlette(routes=[Route("/", lambda _: PlainTextResponse("", status_code=401))])
    transport = httpx.ASGITransport(app=metrics.counting(refusing))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        for path in ("/", f"/{CANARY}"):
            await client.get(path)
        await client.request(CANARY, "/")
    text = fetched(server)
    assert value(text, "http_responses_total", method="GET", status="401") == 1
    assert value(text, "http_responses_total", method="GET", status="404") == 1
    assert value(text, "http_responses_total", method="other") == 1
    assert value(text, "http_requests_under_way") == 0
    assert CANARY not in text


def test_who_connects_and_says_nothing_keeps_nobody_from_the_metrics(
    metrics: Metrics, server: MetricsServer
) -> None:
    metrics.called(A_READ)
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    assert value(fetched(server), "calls_total") == 1
    for connection in idle:
        connection.close()


async def test_an_observer_that_fails_harms_no_call_and_is_told_once(
    open_workspace: OpenWorkspace, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def called(self, call: CallSeen) -> None:
            raise RuntimeError(f"{CANARY} {call}")

        def requested(self, request: RequestSeen) -> None:
            raise RuntimeError(f"{CANARY} {request}")

    async with open_workspace(scopes="read") as desk:
        watch(desk, Several([Broken(), metrics]))
        for _ in range(3):
            await desk.ask("get_user", user="me")
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert ["told once" in record.getMessage() for record in told] == [True]
    assert metrics.registry.get_sample_value(
        "zendesk_mcp_calls_total",
        {"workspace": "demo", "tool": "get_user", "effect": "read", "kind": "ok"},
    )


def test_switched_off_nobody_watches() -> None:
    with watching(ServerSettings()) as watch:
        assert watch.observer is NOBODY
        app = Starlette()
        assert watch.counting(app) is app


def test_switched_on_they_are_served_where_the_settings_say_until_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = ServerSettings(metrics_port=port)
    with watching(settings) as watch:
        watch.observer.called(A_READ)
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert value(answer.read().decode(), "calls_total", workspace="acme") == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ConfigurationError, match=f"metrics cannot be served at .*:{port}: "),
            watching(ServerSettings(metrics_port=port)),
        ):
            pass


@pytest.mark.parametrize(
    ("settings", "extra"),
    [(ServerSettings(metrics_port=9090), "metrics"), (ServerSettings(tracing=True), "otel")],
)
def test_without_its_extra_it_says_what_to_install(
    settings: ServerSettings, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with (
        pytest.raises(ExtraMissing, match=rf"pip install 'mcp-server-zendesk\[{extra}\]'"),
        watching(settings),
    ):
        pass


WITHOUT_EXTRAS = """
import sys
sys.modules["prometheus_client"] = sys.modules["opentelemetry.sdk"] = None
from mcp_server_zendesk.embedded import embedded_settings, embedded_transport
from mcp_server_zendesk.hosting.observers import watching
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.workspace import ExtraMissing, build_server
with watching(ServerSettings()) as watch:
    build_server(embedded_settings({}), transport=embedded_transport(), observer=watch.observer)
try:
    with watching(ServerSettings(metrics_port=9090)):
        pass
except ExtraMissing as error:
    print(error)
"""


def test_where_the_extras_are_not_installed_it_serves_all_the_same() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "mcp-server-zendesk[metrics]" in ended.stdout
