from datetime import timedelta

import httpx
import pytest

from mcp_server_zendesk.sandbox import Fault, ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET

pytestmark = pytest.mark.anyio


async def test_every_answer_tells_the_limits_and_a_request_id(client: httpx.AsyncClient) -> None:
    first = await client.get("users/me")
    second = await client.get("no/such/path")
    for answer in (first, second):
        assert answer.headers["X-Rate-Limit"] == "700"
        assert answer.headers["ratelimit-limit"] == "700"
        assert int(answer.headers["X-Rate-Limit-Remaining"]) < 700
        assert int(answer.headers["ratelimit-reset"]) <= 60
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_an_update_tells_the_limit_per_ticket(client: httpx.AsyncClient) -> None:
    answer = await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {"priority": "low"}})
    told = answer.headers["zendesk-ratelimit-per-ticket-updates"]
    assert told == "total=30; remaining=29; resets=600"


async def test_limits_are_kept_where_the_rules_say_so(
    sandbox: Sandbox,
    clock: ManualClock,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.rate_limited = True
    sandbox.rules.requests_per_minute = 2
    assert (await client.get("users/me")).headers["ratelimit-remaining"] == "1"
    clock.forward(20)
    assert (await client.get("users/me")).headers["ratelimit-remaining"] == "0"
    refused = await client.get("users/me")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "40"
    assert refused.headers["content-type"].startswith("text/plain")
    assert "per minute exceeded" in refused.text
    clock.forward(40)
    assert (await client.get("users/me")).status_code == 200


async def test_one_ticket_takes_thirty_updates_in_ten_minutes(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.rate_limited = True
    for _ in range(30):
        answer = await client.put(f"tickets/{OPEN_TICKET}/tags", json={"tags": ["one"]})
        assert answer.status_code == 200
    refused = await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {}})
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "600"


async def test_paths_and_records_that_do_not_exist_are_told_apart(
    client: httpx.AsyncClient,
) -> None:
    record = await client.get("tickets/999999")
    assert (record.status_code, record.json()["error"]) == (404, "RecordNotFound")
    for method, path in (("GET", "nothing"), ("DELETE", "users/me"), ("GET", "tickets/abc")):
        answer = await client.request(method, path)
        assert (answer.status_code, answer.json()["error"]) == (404, "InvalidEndpoint")


async def test_json_is_taken_only_with_its_content_type(client: httpx.AsyncClient) -> None:
    path = f"tickets/{OPEN_TICKET}"
    ignored = await client.put(path, content=b'{"ticket": {"priority": "low"}}')
    assert ignored.status_code == 400
    broken = await client.put(
        path,
        content=b"{oops",
        headers={"Content-Type": "application/json"},
    )
    assert broken.status_code == 422
    assert "could not parse JSON" in broken.text


async def test_answered_requests_are_recorded_without_credentials(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    await client.get("search", params={"query": "status:open", "per_page": "1"})
    await client.put(f"tickets/{OPEN_TICKET}/tags", json={"tags": ["a"]})
    search, tags = sandbox.requests
    assert (search.method, search.path, search.status) == ("GET", "/api/v2/search", 200)
    assert search.query == {"query": "status:open", "per_page": "1"}
    assert search.body is None
    assert tags.body == {"tags": ["a"]}
    assert "authorization" not in tags.headers


async def test_a_fault_answers_instead_for_as_many_times_as_it_says(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    fault = Fault(status=503, body="<html>maintenance</html>", headers={"Retry-After": "5"})
    sandbox.faults.add("GET", r"/tickets/\d+$", 2, fault)
    statuses = [(await client.get(f"tickets/{OPEN_TICKET}")).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert (await client.get("users/me")).status_code == 200
    assert [request.status for request in sandbox.requests] == [503, 503, 200, 200]


async def test_a_fault_may_answer_json_bytes_or_a_content_type_of_its_own(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    html = Fault(status=502, body=b"<html>", headers={"content-type": "text/html"})
    sandbox.faults.add("*", "users/me", 1, html)
    sandbox.faults.add("*", "users/me", None, Fault(status=409, body={"error": "DatabaseConflict"}))
    first = await client.get("users/me")
    assert (first.text, first.headers["content-type"]) == ("<html>", "text/html")
    assert (await client.get("users/me")).json() == {"error": "DatabaseConflict"}
    assert (await client.get("users/me")).status_code == 409
    sandbox.faults.clear()
    assert (await client.get("users/me")).status_code == 200


async def test_a_lost_request_changes_nothing(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.faults.add("PUT", "tickets", 1, Fault(exception=httpx.ConnectError("refused")))
    with pytest.raises(httpx.ConnectError):
        await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {"priority": "low"}})
    assert sandbox.store.tickets[OPEN_TICKET]["priority"] == "high"
    assert sandbox.requests == []


async def test_a_lost_answer_leaves_the_change_behind(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    lost = Fault(exception=httpx.ReadTimeout("too late"), applied=True)
    sandbox.faults.add("PUT", "tickets", 1, lost)
    with pytest.raises(httpx.ReadTimeout):
        await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {"priority": "low"}})
    assert sandbox.store.tickets[OPEN_TICKET]["priority"] == "low"
    assert [request.status for request in sandbox.requests] == [200]


async def test_a_gateway_timeout_can_come_after_the_change(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.faults.add("PUT", "tickets", 1, Fault(status=504, applied=True))
    answer = await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {"priority": "low"}})
    assert answer.status_code == 504
    assert sandbox.store.tickets[OPEN_TICKET]["priority"] == "low"


async def test_a_delay_is_waited_for_with_the_injected_sleep(clock: ManualClock) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock.forward(seconds)

    sandbox = Sandbox(clock=clock, sleep=sleep)
    sandbox.faults.add("GET", "users/me", 1, Fault(delay_seconds=30))
    before = sandbox.clock()
    transport = httpx.ASGITransport(app=sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/api/v2/users/me")).status_code == 200
    assert waited == [30]
    assert sandbox.clock() == before + timedelta(seconds=30)


async def test_an_effect_is_another_hand_in_the_account(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    ticket = sandbox.store.tickets[OPEN_TICKET]
    close = Fault(effect=lambda: ticket.update(status="closed"))
    sandbox.faults.add("PUT", "tags", 1, close)
    answer = await client.put(f"tickets/{OPEN_TICKET}/tags", json={"tags": ["late"]})
    assert answer.status_code == 422


async def test_it_starts_and_stops_as_an_asgi_app(sandbox: Sandbox) -> None:
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = []

    async def receive() -> dict[str, str]:
        return incoming.pop(0)

    async def send(message: object) -> None:
        sent.append(message)

    await sandbox({"type": "lifespan"}, receive, send)
    assert sent == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]
