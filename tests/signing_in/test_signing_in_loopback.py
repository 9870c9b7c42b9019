"""The listener for the browser's answer, from raw sockets: who else may come by, and how."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest

from mcp_server_zendesk.sandbox.port import listening
from mcp_server_zendesk.signing_in import loopback as module
from mcp_server_zendesk.signing_in.loopback import Loopback, PortsTaken, Visit
from mcp_server_zendesk.signing_in.page import Page
from signing_in.ground import headers_of

DONE = Page(done=True, title="Done", text="You can <b>close</b> this.", facts=[("<i>", '"&')])


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with Loopback((0,)) as opened:
        yield opened


def connected(loopback: Loopback) -> socket.socket:
    return socket.create_connection(("127.0.0.1", loopback.port), timeout=10)


def answer_of(connection: socket.socket) -> bytes:
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    return received


def asked(loopback: Loopback, path: str, *, host: str | None = None, method: str = "GET") -> bytes:
    """The raw answer to one request that is not waited for."""
    own = f"127.0.0.1:{loopback.port}" if host is None else host
    with closing(connected(loopback)) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: {own}\r\n\r\n".encode("latin-1"))
        return answer_of(connection)


def visited(loopback: Loopback, path: str, page: Page = DONE) -> tuple[Visit, bytes]:
    """A visit that is answered with a page, and the raw answer."""
    answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    visitor = threading.Thread(target=lambda: answers.put(asked(loopback, path)))
    visitor.start()
    visit = loopback.wait(10)
    assert visit is not None
    visit.reply(page)
    visitor.join()
    return visit, answers.get()


def test_an_answer_is_handed_on_and_its_page_is_closed_off_from_the_world(
    loopback: Loopback,
) -> None:
    visit, answer = visited(loopback, "/callback?code=c%20d&state=s&state2=a&state2=b")
    assert visit.answer == {"code": "c d", "state": "s"}
    assert "c d" not in repr(visit)
    assert answer.startswith(b"HTTP/1.0 200 ")
    headers = headers_of(answer)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["connection"] == "close"
    assert "python" not in headers["server"].lower()
    body = answer.partition(b"\r\n\r\n")[2].decode()
    assert "&lt;b&gt;close&lt;/b&gt;" in body
    assert "<dt>&lt;i&gt;</dt><dd>&quot;&amp;</dd>" in body
    for fetching in ("src=", "href=", "url(", "@import", "<script", "<form", "http"):
        assert fetching not in body
    _, refused = visited(loopback, "/callback?error=no", Page(done=False, title="No", text="No"))
    assert refused.startswith(b"HTTP/1.0 400 ")


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost:{port}", "127.0.0.1", "127.0.0.1:1", "", "[::1]:{port}"]
)
def test_who_comes_by_another_name_learns_and_leaves_nothing(loopback: Loopback, host: str) -> None:
    answer = asked(loopback, "/callback?code=c&state=s", host=host.format(port=loopback.port))
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"Nothing here" in answer
    assert loopback.wait(0) is None


@pytest.mark.parametrize(
    "path",
    ["/", "/favicon.ico", "/callback/", "/Callback", "*", "/%63allback", "/../x"],
)
def test_other_paths_are_nothing(loopback: Loopback, path: str) -> None:
    answer = asked(loopback, path)
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert loopback.wait(0) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "HEAD", "CONNECT", "TRACE", "<x>"])
def test_only_get_is_answered(loopback: Loopback, method: str) -> None:
    answer = asked(loopback, "/callback?code=c&state=s", method=method)
    assert answer.startswith(b"HTTP/1.0 501 ")
    assert b"<x>" not in answer.partition(b"\r\n\r\n")[2]
    assert b"code=c" not in answer
    assert loopback.wait(0) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /callback\r\n",
        b"GET /callback HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"\r\n",
    ],
)
def test_what_is_no_request_harms_nobody(
    loopback: Loopback, raw: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(connected(loopback)) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):  # what was not read is not answered
            answer_of(connection)
    assert visited(loopback, "/callback?state=s")[0].answer == {"state": "s"}
    assert capfd.readouterr() == ("", "")


def test_a_huge_query_is_cut_and_so_matches_no_state(loopback: Loopback) -> None:
    visit, _ = visited(loopback, f"/callback?code={'c' * 60_000}&state=s")
    assert "state" not in visit.answer
    many = "&".join(f"p{number}=1" for number in range(500))
    assert visited(loopback, f"/callback?{many}")[0].answer == {}


def test_connections_that_are_opened_ahead_block_nobody(loopback: Loopback) -> None:
    with ExitStack() as idle:
        for number in range(40):
            connection = idle.enter_context(closing(connected(loopback)))
            if number % 2:
                connection.sendall(b"GET /callback?co")
        assert visited(loopback, "/callback?state=s")[0].answer == {"state": "s"}


def test_a_slow_visitor_is_heard_to_the_end(loopback: Loopback) -> None:
    request = f"GET /callback?state=s HTTP/1.1\r\nHost: 127.0.0.1:{loopback.port}\r\n\r\n"
    with closing(connected(loopback)) as slow:
        for byte in request.encode()[:-1]:
            slow.sendall(bytes([byte]))
            assert loopback.wait(0) is None
        assert visited(loopback, "/callback?state=other")[0].answer == {"state": "other"}
        slow.sendall(b"\n")
        visit = loopback.wait(10)
        assert visit is not None
        assert visit.answer == {"state": "s"}
        visit.reply(DONE)
        assert b"Done" in answer_of(slow)


def test_a_visitor_who_hangs_up_is_no_news(loopback: Loopback) -> None:
    with closing(connected(loopback)) as gone:
        gone.sendall(f"GET /callback HTTP/1.1\r\nHost: 127.0.0.1:{loopback.port}\r\n\r\n".encode())
        visit = loopback.wait(10)
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    assert visit is not None
    visit.reply(DONE)
    assert visited(loopback, "/callback?state=s")[0].answer == {"state": "s"}


def test_of_many_visits_a_crowd_waits_and_the_rest_is_sent_away(loopback: Loopback) -> None:
    with ExitStack() as crowd:
        own = f"127.0.0.1:{loopback.port}"
        waiting = [crowd.enter_context(closing(connected(loopback))) for _ in range(40)]
        for number, one in enumerate(waiting):
            one.sendall(f"GET /callback?n={number} HTTP/1.1\r\nHost: {own}\r\n\r\n".encode())
        visits = []
        while (visit := loopback.wait(0.5)) is not None:
            visits.append(visit)
            visit.reply(DONE)
        answers = [answer_of(one) for one in waiting]
    shown = sum(b"<title>Done" in answer for answer in answers)
    sent_away = sum(b"The sign-in has ended" in answer for answer in answers)
    assert (shown, shown + sent_away) == (len(visits), 40)
    assert shown >= 32


def test_who_waits_when_the_listener_closes_is_told_that_it_is_over() -> None:
    with closing(socket.socket()) as late:
        with Loopback((0,)) as loopback:
            late.connect(("127.0.0.1", loopback.port))
            late.settimeout(10)
            own = f"127.0.0.1:{loopback.port}"
            late.sendall(f"GET /callback HTTP/1.1\r\nHost: {own}\r\n\r\n".encode())
            while loopback._visits.empty():
                threading.Event().wait(0.01)
        assert b"The sign-in has ended" in answer_of(late)
    with pytest.raises(ConnectionRefusedError):
        connected(loopback)


def test_nothing_listens_but_on_the_loopback(loopback: Loopback) -> None:
    name = loopback._server.socket.getsockname()
    assert name == ("127.0.0.1", loopback.port)
    for other in ("127.0.0.2", "::1"):
        family = socket.AF_INET6 if ":" in other else socket.AF_INET
        with closing(socket.socket(family)) as elsewhere, pytest.raises(OSError, match=r"."):
            elsewhere.connect((other, loopback.port))


def test_the_first_port_that_is_free_is_taken_and_no_name_server_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(*_: object) -> str:
        pytest.fail("a name server was asked")

    monkeypatch.setattr(socket, "getfqdn", slow)
    with listening("127.0.0.1", 0) as first, listening("127.0.0.1", 0) as second:
        taken = [one.getsockname()[1] for one in (first, second)]
        with pytest.raises(PortsTaken) as raised:
            Loopback(taken)
        assert raised.value.ports == tuple(taken)
        with Loopback([*taken, 0]) as loopback:
            assert loopback.port not in taken
            assert loopback.redirect_uri == f"http://127.0.0.1:{loopback.port}/callback"


def test_a_visit_that_nobody_answers_is_told_so_in_the_end(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS_TO_ANSWER", 0.05)
    assert b"The sign-in has ended" in asked(loopback, "/callback")
