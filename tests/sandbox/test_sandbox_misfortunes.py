"""Every named fault, in process and on a real socket."""

import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from mcp_server_zendesk.sandbox import DEMO_TOKEN, Fault, ManualClock, Sandbox, breakage
from mcp_server_zendesk.sandbox import misfortunes as bad
from mcp_server_zendesk.sandbox.certificate import Certificate, make_certificate
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.sandbox.port import Served

pytestmark = pytest.mark.anyio

TICKET = f"tickets/{OPEN_TICKET}"
LOWER = {"ticket": {"priority": "low"}}


async def no_time(seconds: float) -> None:
    return


@pytest.fixture(scope="module")
def served_sandbox() -> Iterator[tuple[Sandbox, Served]]:
    sandbox = Sandbox(sleep=no_time)
    with Served(sandbox) as served:
        yield sandbox, served


@pytest.fixture(params=["in process", "on a port"])
async def desk(
    request: pytest.FixtureRequest,
    served_sandbox: tuple[Sandbox, Served],
) -> AsyncIterator[tuple[Sandbox, httpx.AsyncClient]]:
    """A sandbox and a client of it, both ways; the served one is put back as it was."""
    if request.param == "in process":
        sandbox, origin = Sandbox(sleep=no_time), "http://localhost"
        transport: httpx.AsyncBaseTransport = httpx.ASGITransport(app=sandbox)
    else:
        sandbox, served = served_sandbox
        origin, transport = served.origin, httpx.AsyncHTTPTransport(verify=False)
    sandbox.store.tickets[OPEN_TICKET]["priority"] = "high"
    sandbox.store.add_access_token(DEMO_TOKEN, 41700000010011, ("read", "write"))
    sandbox.requests.clear()
    sandbox.faults.clear()
    async with httpx.AsyncClient(
        transport=transport,
        base_url=f"{origin}/api/v2/",
        headers={"Authorization": f"Bearer {DEMO_TOKEN}"},
        timeout=5,
    ) as client:
        yield sandbox, client


Desk = tuple[Sandbox, httpx.AsyncClient]


def priority(sandbox: Sandbox) -> object:
    return sandbox.store.tickets[OPEN_TICKET]["priority"]


@pytest.mark.parametrize(
    ("fault", "raised", "after"),
    [
        (bad.reset_before_write(), httpx.ReadError, "high"),
        (bad.reset_after_write(), httpx.ReadError, "low"),
        (bad.cut_off(), httpx.RemoteProtocolError, "low"),
        (Fault(exception=httpx.ReadError("lost")), httpx.ReadError, "high"),
        (Fault(exception=httpx.ReadError("lost"), applied=True), httpx.ReadError, "low"),
    ],
    ids=["reset before", "reset after", "cut off", "exception before", "exception after"],
)
async def test_a_connection_breaks_before_or_after_the_write(
    desk: Desk,
    fault: Fault,
    raised: type[httpx.TransportError],
    after: str,
) -> None:
    sandbox, client = desk
    sandbox.faults.add("PUT", r"/tickets/\d+$", 1, fault)
    with pytest.raises(raised):
        await client.put(TICKET, json=LOWER)
    assert priority(sandbox) == after
    assert len(sandbox.requests) == (1 if after == "low" else 0)
    assert (await client.get(TICKET)).status_code == 200


async def test_a_refused_connection_is_one_in_process_and_a_reset_on_a_port(desk: Desk) -> None:
    sandbox, client = desk
    sandbox.faults.add("PUT", "tickets", 1, bad.connection_refused())
    with pytest.raises((httpx.ConnectError, httpx.ReadError)):
        await client.put(TICKET, json=LOWER)
    assert priority(sandbox) == "high"


@pytest.mark.parametrize("applied", [True, False])
async def test_silence_lasts_as_long_as_the_client_waits(desk: Desk, *, applied: bool) -> None:
    sandbox, client = desk
    sandbox.faults.add("PUT", "tickets", 1, bad.never_answered(applied=applied))
    with pytest.raises(httpx.ReadTimeout):
        await client.put(TICKET, json=LOWER, timeout=0.1)
    assert priority(sandbox) == ("low" if applied else "high")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524])
async def test_servers_fail_with_html(desk: Desk, status: int) -> None:
    sandbox, client = desk
    sandbox.faults.add("PUT", "tickets", 1, bad.html_error(status, retry_after=3))
    answer = await client.put(TICKET, json=LOWER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "3")
    assert answer.headers["content-type"].startswith("text/html")
    assert str(status) in answer.text
    assert priority(sandbox) == "high"
    sandbox.faults.add("PUT", "tickets", 1, bad.html_error(status, applied=True))
    assert (await client.put(TICKET, json=LOWER)).status_code == status
    assert priority(sandbox) == "low"


async def test_a_limit_is_told_in_four_ways(desk: Desk) -> None:
    sandbox, client = desk
    for fault in (
        bad.rate_limited(7),
        bad.rate_limited(None),
        bad.rate_limited(7, "json"),
        bad.rate_limited(None, "json"),
    ):
        sandbox.faults.add("GET", "tickets", 1, fault)
    answers = [await client.get(TICKET) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429] * 4
    assert [answer.headers.get("Retry-After") for answer in answers] == ["7", None, "7", None]
    kinds = [answer.headers["content-type"].split(";")[0] for answer in answers]
    assert kinds == ["text/plain"] * 2 + ["application/json"] * 2
    sandbox.faults.add("GET", "tickets", 1, bad.too_many_jobs())
    assert (await client.get(TICKET)).json()["error"] == "TooManyJobs"


async def test_bodies_are_not_what_they_should_be(desk: Desk) -> None:
    sandbox, client = desk
    whole = (await client.get(TICKET)).json()
    sandbox.faults.add("GET", "tickets", 1, bad.truncated_json())
    with pytest.raises(json.JSONDecodeError):
        (await client.get(TICKET)).json()
    sandbox.faults.add("GET", "tickets", 1, bad.wrong_types())
    assert (await client.get(TICKET)).json() == {"ticket": [whole["ticket"]]}
    sandbox.faults.add("GET", "tickets", 1, bad.html_with_200())
    page = await client.get(TICKET)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    sandbox.faults.add("GET", "tickets", 1, bad.empty_answer())
    assert (await client.get(TICKET)).content == b""
    add_key = bad.altered(lambda body: {**body, "more": 1})
    sandbox.faults.add("GET", "tickets", 1, add_key)
    assert (await client.get(TICKET)).json()["more"] == 1


async def test_conflicts_come_in_both_kinds(desk: Desk) -> None:
    sandbox, client = desk
    sandbox.faults.add("PUT", "tickets", 1, bad.update_conflict())
    sandbox.faults.add("PUT", "tickets", 1, bad.database_conflict())
    answers = [await client.put(TICKET, json=LOWER) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert [one.json()["error"] for one in answers] == ["UpdateConflict", "DatabaseConflict"]
    assert priority(sandbox) == "high"


async def test_a_token_is_revoked_in_mid_session(desk: Desk) -> None:
    sandbox, client = desk
    sandbox.faults.add("*", "/api/v2/", 1, bad.token_revoked(sandbox.store, DEMO_TOKEN), after=2)
    assert [(await client.get(TICKET)).status_code for _ in range(4)] == [200, 200, 401, 401]
    other = sandbox.token()
    again = await client.get(TICKET, headers={"Authorization": f"Bearer {other}"})
    assert again.status_code == 200
    sandbox.faults.add("*", "/api/v2/", 1, bad.token_revoked(sandbox.store))
    gone = await client.get(TICKET, headers={"Authorization": f"Bearer {other}"})
    assert gone.json()["error"] == "invalid_token"
    sandbox.faults.add("GET", "users/me", 1, bad.invalid_token())
    assert (await client.get("users/me")).status_code == 401


async def test_redirects_and_next_pages_lead_to_another_host(desk: Desk) -> None:
    sandbox, client = desk
    sandbox.faults.add("GET", "tickets", 1, bad.redirect_elsewhere(307))
    answer = await client.get(TICKET)
    assert answer.status_code == 307
    assert answer.headers["Location"].startswith(bad.ELSEWHERE)
    sandbox.faults.add("GET", "tickets", None, bad.next_page_elsewhere("https://evil.invalid"))
    cursor = (await client.get("tickets?page[size]=1")).json()
    assert cursor["links"]["next"].startswith("https://evil.invalid/")
    assert cursor["meta"]["has_more"] is True
    offset = (await client.get("tickets?per_page=1")).json()
    assert offset["next_page"].startswith("https://evil.invalid/")


async def test_a_slow_body_comes_whole_in_the_end(desk: Desk) -> None:
    sandbox, client = desk
    whole = (await client.get(TICKET)).json()["ticket"]["id"]
    sandbox.faults.add("GET", "tickets", 1, bad.slow_body(5, pause_seconds=2))
    assert (await client.get(TICKET)).json()["ticket"]["id"] == whole


async def test_a_slow_body_pauses_before_every_piece_but_the_first(clock: ManualClock) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    sandbox = Sandbox(clock=clock, sleep=sleep)
    sandbox.faults.add("GET", "users/me", 1, bad.slow_body(5, pause_seconds=2))
    sandbox.faults.add("GET", "users/me", 1, bad.slow_start(30))
    transport = httpx.ASGITransport(app=sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/api/v2/users/me")).json()["user"]["id"] is None
        assert waited == [2] * 4
        assert (await client.get("/api/v2/users/me")).status_code == 200
    assert waited == [2] * 4 + [30]


async def test_a_huge_body_is_never_in_memory(
    served_sandbox: tuple[Sandbox, Served],
) -> None:
    sandbox, served = served_sandbox
    sandbox.faults.clear()
    sandbox.faults.add("GET", "tickets", 1, bad.huge_body(100_000_000))
    address = f"{served.origin}/api/v2/{TICKET}"
    tracemalloc.start()
    try:
        async with httpx.AsyncClient() as client, client.stream("GET", address) as answer:
            assert answer.headers["content-length"] == "100000000"
            read = 0
            async for piece in answer.aiter_raw():
                read += len(piece)
                if read > 20_000_000:
                    break
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


async def test_a_huge_body_is_json_of_the_size_it_says(desk: Desk) -> None:
    sandbox, client = desk
    sandbox.faults.add("GET", "tickets", 1, bad.huge_body(300_000))
    sandbox.faults.add("GET", "tickets", 1, bad.huge_body(300_000, declared=False))
    sandbox.faults.add("GET", "tickets", 1, bad.compressed_bomb(3_000_000))
    declared, chunked, bomb = [await client.get(TICKET) for _ in range(3)]
    assert [len(one.content) for one in (declared, chunked, bomb)] == [300_000, 300_000, 3_000_000]
    assert "content-length" not in chunked.headers
    assert declared.json() == bomb.json() == {"tickets": []}


async def test_a_fault_can_spare_the_first_and_tells_whether_it_was_met(desk: Desk) -> None:
    sandbox, client = desk
    sandbox.faults.add("GET", "tickets", 1, bad.html_error(502), after=1)
    assert (await client.get(TICKET)).status_code == 200
    assert sandbox.faults.waiting == 1
    assert (await client.get(TICKET)).status_code == 502
    assert sandbox.faults.waiting == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    pytest.importorskip("cryptography")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


async def test_it_answers_over_tls_for_any_workspace(certificate: Certificate) -> None:
    sandbox = Sandbox()
    sandbox.rules.any_subdomain = True
    trusted = ssl.create_default_context(cafile=str(certificate.authority_file))
    trusted.verify_flags |= ssl.VERIFY_X509_STRICT
    with Served(sandbox, certificate) as served:
        assert served.origin == f"https://127.0.0.1:{served.port}"
        assert served.authority_file == certificate.authority_file
        async with httpx.AsyncClient(verify=trusted) as client:
            assert (await client.get(f"{served.origin}/api/v2/users/me")).status_code == 200
            answer = await client.get(
                f"{served.origin}/api/v2/users/me",
                headers={"Host": "acme.zendesk.com"},
                extensions={"sni_hostname": "acme.zendesk.com"},
            )
            assert answer.status_code == 200
            sandbox.faults.add("GET", "users/me", 1, bad.reset_after_write())
            with pytest.raises(httpx.ReadError):
                await client.get(f"{served.origin}/api/v2/users/me")
    assert certificate.key_file.stat().st_mode & 0o077 == 0


async def test_without_a_client_library_a_broken_connection_has_a_plain_name(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(breakage, "_CLIENT_LIBRARIES", ())
    assert isinstance(breakage.in_client_words("reset"), ConnectionResetError)
    assert isinstance(breakage.in_client_words("silence"), TimeoutError)
