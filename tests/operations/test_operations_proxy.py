"""The example of a proxy, under a real nginx: what it passes on, and what it never does twice."""

from __future__ import annotations

import shutil
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from mcp_types import JSONRPCError

from mcp_server_zendesk.hosting.bodies import MOST_BYTES
from operations.proxy import Proxy, free_port

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="needs Debian's nginx")

CANARY = "canary-4711"


class Replica(ThreadingHTTPServer):
    """Keeps what it was sent, and answers as it is told."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.got: list[tuple[str, str, str]] = []
        self.hangs_up = False
        self.read_on = threading.Event()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Replica

    def do_GET(self) -> None:
        self._keep("")
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        self.server.read_on.wait(20)
        self.wfile.write(b"data: second\n\n")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self._keep(body)
        if self.server.hangs_up:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def _keep(self, body: str) -> None:
        self.server.got.append((self.path, self.headers["host"], body))

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(replica: Replica) -> Iterator[Replica]:
    thread = threading.Thread(target=replica.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield replica
    finally:
        replica.read_on.set()
        replica.shutdown()
        thread.join()
        replica.server_close()


@pytest.fixture
def replicas() -> Iterator[tuple[Replica, Replica]]:
    with served(Replica()) as one, served(Replica()) as other:
        yield one, other


@pytest.fixture
def proxy(tmp_path: Path, replicas: tuple[Replica, Replica]) -> Iterator[Proxy]:
    proxy = Proxy(tmp_path, [replica.server_port for replica in replicas])
    with proxy.running():
        yield proxy


@pytest.fixture
def client(proxy: Proxy) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cafile=str(proxy.certificate.authority_file))
    with httpx.Client(base_url=proxy.origin, verify=trusted, timeout=20, trust_env=False) as client:
        yield client


def test_nginx_accepts_the_example_without_a_warning(tmp_path: Path) -> None:
    said = Proxy(tmp_path, [free_port(), free_port()]).check()
    assert "syntax is ok" in said
    assert "[warn]" not in said


def test_clients_reach_every_path_of_the_server_by_its_name_and_no_other(
    client: httpx.Client, proxy: Proxy, replicas: tuple[Replica, Replica]
) -> None:
    passed = ["/mcp", "/acme/mcp", "/messages/", "/acme/messages/"]
    passed += ["/.well-known/oauth-protected-resource/acme/mcp"]
    for path in passed:
        assert client.post(path, content="x").status_code == 200
    for path in ("/", "/healthz", "/readyz", "/metrics", "/acme/other/mcp", "/mcp/more"):
        assert client.post(path, content="x").status_code == 404
    got = [*replicas[0].got, *replicas[1].got]
    assert sorted(path for path, _, _ in got) == sorted(passed)
    assert {host for _, host, _ in got} == {f"localhost:{proxy.port}"}


def test_a_replica_that_is_gone_costs_no_call(
    client: httpx.Client, replicas: tuple[Replica, Replica]
) -> None:
    one, other = replicas
    for number in range(40):
        if number == 10:
            one.shutdown()
            one.server_close()
        assert client.post("/mcp", content=f"call {number}").status_code == 200
    bodies = [body for _, _, body in (*one.got, *other.got)]
    assert sorted(bodies) == sorted(f"call {number}" for number in range(40))


def test_a_call_that_a_replica_may_have_begun_is_not_given_to_another(
    client: httpx.Client, replicas: tuple[Replica, Replica]
) -> None:
    for replica in replicas:
        replica.hangs_up = True
    answer = client.post("/mcp", content="once")
    assert answer.status_code == 502
    error = JSONRPCError.model_validate_json(answer.content).error
    assert error.data == {"outcome": "unknown"}
    assert "look before you repeat" in error.message
    assert "strict-transport-security" in answer.headers
    assert [body for replica in replicas for _, _, body in replica.got] == ["once"]


def test_events_come_through_one_by_one(
    client: httpx.Client, replicas: tuple[Replica, Replica]
) -> None:
    with client.stream("GET", "/sse") as answer:
        parts = answer.iter_bytes()
        assert next(parts) == b"data: first\n\n"
        for replica in replicas:
            replica.read_on.set()
        assert b"".join(parts) == b"data: second\n\n"


def test_a_token_always_leads_to_the_replica_that_keeps_its_session(
    client: httpx.Client, replicas: tuple[Replica, Replica]
) -> None:
    for token in ("a", "b", "c", "d"):
        before = [len(replica.got) for replica in replicas]
        for _ in range(4):
            client.post("/messages/", content="x", headers={"authorization": f"Bearer {token}"})
        more = [len(replica.got) - had for replica, had in zip(replicas, before, strict=True)]
        assert sorted(more) == [0, 4]


def test_the_log_of_the_proxy_holds_no_query(client: httpx.Client, proxy: Proxy) -> None:
    client.post(f"/mcp?access_token={CANARY}", content=CANARY)
    deadline = time.monotonic() + 20  # nginx writes its line once the answer is out
    while not proxy.log and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "POST /mcp" in proxy.log
    assert CANARY not in proxy.log


def test_what_is_far_too_large_ends_at_the_proxy(
    client: httpx.Client, replicas: tuple[Replica, Replica]
) -> None:
    assert client.post("/mcp", content=b"x" * (8 * 1024**2)).status_code == 200
    answer = client.post("/mcp", content=b"x" * (10 * 1024**2))
    assert answer.status_code == 413
    error = JSONRPCError.model_validate_json(answer.content).error
    assert error.data == {"outcome": "not_applied"}
    assert f"{MOST_BYTES // 1024**2} MiB" in error.message
    assert sum(len(replica.got) for replica in replicas) == 1
