import base64
import json

import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_EMAIL,
    AGENT_ID,
    ARABIC_TICKET,
    ATTACHMENT_TICKET,
    CLOSED_TICKET,
    FOLLOW_UP_TICKET,
    HOLD_TICKET,
    INCIDENT_TICKETS,
    JAPANESE_TICKET,
    NEW_TICKET,
    OPEN_TICKET,
    PENDING_TICKET,
    PRIVATE_TICKET,
    PROBLEM_TICKET,
    PRODUCT_AREA_FIELD_ID,
    REQUESTER_EMAIL,
    REQUESTER_ID,
    SOLVED_TICKET,
)

pytestmark = pytest.mark.anyio


async def found(client: httpx.AsyncClient, query: str, **more: str) -> list[int]:
    answer = await client.get("search", params={"query": query, **more})
    assert answer.status_code == 200, answer.text
    return [result["id"] for result in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type:ticket tags:outage", {PROBLEM_TICKET}),
        ("type:ticket tags:outage tags:customs", {PROBLEM_TICKET, 1007, 1008}),
        ("type:ticket tags:customs -tags:closed_by_merge", {1008}),
        ("type:ticket tags:out*", {PROBLEM_TICKET}),
        ("type:ticket ticket_type:problem", {PROBLEM_TICKET}),
        ("type:ticket ticket_type:incident priority:high tags:login", set(INCIDENT_TICKETS)),
        ("type:ticket status:hold", {HOLD_TICKET, 1030}),
        ("type:ticket status>=solved requester:rhys", set()),
        ("type:ticket status>solved created>60days", {CLOSED_TICKET, 1007}),
        ("type:ticket status<open requester:grace", {NEW_TICKET}),
        ("type:ticket priority>high status<solved tags:safety", {HOLD_TICKET, 1033}),
        ("type:ticket priority:none requester:grace", {NEW_TICKET}),
        (f"type:ticket requester:{REQUESTER_EMAIL} status:closed", {CLOSED_TICKET, 1026}),
        (f"type:ticket requester:{REQUESTER_ID} tags:vip", {OPEN_TICKET, 1037}),
        ('type:ticket requester:"Lena Bergström" tags:refund', {CLOSED_TICKET, FOLLOW_UP_TICKET}),
        ("type:ticket assignee:me", {1030}),
        (f"type:ticket assignee:{AGENT_EMAIL} status:open tags:outage", {PROBLEM_TICKET}),
        (f"type:ticket assignee:{AGENT_ID} tags:vip", {OPEN_TICKET}),
        ("type:ticket assignee:none status:open", {1023}),
        ("type:ticket submitter:ada", {PRIVATE_TICKET}),
        ("type:ticket commenter:ingrid", {HOLD_TICKET}),
        ("type:ticket cc:ada", set()),
        ("type:ticket group:Billing status:open", {FOLLOW_UP_TICKET, 1023, 1031}),
        ("type:ticket organization:kestrel tags:order", {PENDING_TICKET}),
        ("type:ticket organization:none tags:invoice", {SOLVED_TICKET}),
        ('type:ticket brand:"Basecamp Rentals"', {1030, 1035}),
        ('type:ticket form:"Warranty claim"', {HOLD_TICKET, ATTACHMENT_TICKET}),
        ("type:ticket via:web tags:outage", {PROBLEM_TICKET}),
        ("type:ticket has_attachment:true", {ATTACHMENT_TICKET}),
        (f"type:ticket custom_field_{PRODUCT_AREA_FIELD_ID}:area_repair", {HOLD_TICKET}),
        ("type:ticket fieldvalue:NW-20871", {PENDING_TICKET}),
        ("type:ticket subject:hip", {NEW_TICKET}),
        ('type:ticket description:"hip belt is worn"', {NEW_TICKET}),
        ("type:ticket comment:o-ring", {HOLD_TICKET}),
        ('type:ticket "hip belt is worn"', {NEW_TICKET}),
        ('type:ticket "worn hip belt"', set()),
        ("type:ticket HISS", {HOLD_TICKET}),
        ("type:ticket supplie batch", {HOLD_TICKET}),
        ("type:ticket upplier", set()),
        ("type:ticket 登山靴", {JAPANESE_TICKET}),
        ("type:ticket خيمة", {ARABIC_TICKET}),
        ("type:ticket tags:shipping requester:أمينة", {ARABIC_TICKET}),
        ("type:ticket due_date>1days", {PRIVATE_TICKET}),
        ("type:ticket solved<30days", {CLOSED_TICKET, 1026, 1027}),
        ("type:ticket created:2026-11-16", {OPEN_TICKET, 1012, 1025}),
        ("type:ticket created>=2026-11-22", {NEW_TICKET, 1034, 1037}),
        ("type:ticket created>2026-11-21 created<2026-11-22T05:00:00Z", {NEW_TICKET, 1037}),
        ("type:ticket created<=2026-10-12 -status:closed", set()),
        ("type:ticket updated>2hours", set()),
        ("type:ticket created>3hours", {1034}),
        (
            "type:ticket -status:closed -status:new tags:login",
            {OPEN_TICKET, 1010, *INCIDENT_TICKETS},
        ),
        ("type:user role:admin", {ADMIN_ID}),
        (f"type:user email:{REQUESTER_EMAIL}", {REQUESTER_ID}),
        ("lena role:end-user", {REQUESTER_ID}),
        ("type:organization fjäll", {41700000040015}),
        ("type:organization tags:rental", {41700000040066}),
        ("type:group billing", {41700000030048}),
        ("type:ticket nosuchkeyword:value", set()),
    ],
)
async def test_the_grammar(client: httpx.AsyncClient, query: str, expected: set[int]) -> None:
    assert set(await found(client, query)) == expected


async def test_results_carry_their_type(client: httpx.AsyncClient) -> None:
    body = (await client.get("search", params={"query": "lena"})).json()
    kinds = {result["result_type"] for result in body["results"]}
    assert kinds == {"ticket", "user"}
    assert body["facets"] is None
    assert body["count"] == len(body["results"])


async def test_results_are_sorted(client: httpx.AsyncClient) -> None:
    tagged = "type:ticket tags:login"
    newest_first = await found(client, tagged, sort_by="created_at")
    assert newest_first == [OPEN_TICKET, *INCIDENT_TICKETS[::-1], PROBLEM_TICKET]
    oldest_first = await found(client, tagged, sort_by="created_at", sort_order="asc")
    assert oldest_first == newest_first[::-1]
    assert await found(client, f"{tagged} order_by:created sort:asc") == oldest_first
    by_priority = await found(client, tagged, sort_by="priority")
    assert by_priority[0] == PROBLEM_TICKET
    by_status = await found(client, "type:ticket", sort_by="status", sort_order="asc")
    assert by_status[-1] in {CLOSED_TICKET, 1007, 1026, 1027}


async def test_words_in_the_subject_weigh_more(client: httpx.AsyncClient) -> None:
    assert (await found(client, "type:ticket stove"))[0] == HOLD_TICKET


async def test_side_loads_stand_beside_the_results(client: httpx.AsyncClient) -> None:
    include = {"include": "tickets(users,groups,organizations,comment_count)"}
    query = {"query": f"type:ticket tags:vip requester:{REQUESTER_ID}", **include}
    body = (await client.get("search", params=query)).json()
    assert {user["id"] for user in body["users"]} == {REQUESTER_ID, AGENT_ID}
    assert [group["name"] for group in body["groups"]] == ["Customer Support"]
    assert len(body["organizations"]) == 1
    assert {result["comment_count"] for result in body["results"]} == {1, 3}


async def test_a_thousand_results_are_within_reach(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    for number in range(1_200):
        sandbox.store.add_ticket(subject=f"Bulk {number}", tags=["bulk"])
    query = {"query": "type:ticket tags:bulk", "per_page": "100"}
    last = await client.get("search", params={**query, "page": "10"})
    assert last.json()["count"] == 1_200
    assert len(last.json()["results"]) == 100
    assert last.json()["next_page"] is not None
    past = await client.get(last.json()["next_page"])
    assert past.status_code == 422
    assert past.json() == {
        "error": "invalid",
        "description": (
            "Invalid search: Requested response size was greater than Search Response Limits"
        ),
    }
    count = await client.get("search/count", params={"query": "tags:bulk"})
    assert count.json() == {"count": 1_200}


async def test_wrong_requests_are_refused(client: httpx.AsyncClient) -> None:
    for query in ({"query": "x", "page[size]": "10"}, {"query": "x", "page": "two"}):
        answer = await client.get("search", params=query)
        assert (answer.status_code, answer.json()["error"]["title"]) == (400, "Invalid attribute")
        assert "page must be an integer" in answer.json()["error"]["message"]
    assert (await client.get("search")).status_code == 422
    assert (await client.get("search", params={"query": "created>soon"})).status_code == 422


async def test_a_new_ticket_may_take_a_while_to_be_found(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    sandbox.rules.search_delay_seconds = 60
    sandbox.store.add_ticket(subject="Quokka")
    assert await found(client, "quokka") == []
    clock.forward(60)
    assert len(await found(client, "quokka")) == 1


async def test_an_export_goes_through_everything_by_creation(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    query = {"query": "tags:login", "filter[type]": "ticket", "page[size]": "3"}
    first = (await client.get("search/export", params=query)).json()
    assert "count" not in first
    assert first["links"]["prev"] is None
    assert first["meta"]["has_more"]
    second = (await client.get(first["links"]["next"])).json()
    assert not second["meta"]["has_more"]
    results = first["results"] + second["results"]
    assert {result["id"] for result in results} == {OPEN_TICKET, 1010, *INCIDENT_TICKETS}
    stamps = [result["created_at"] for result in results]
    assert stamps == sorted(stamps)
    assert {result["result_type"] for result in results} == {"ticket"}
    end = (await client.get(second["links"]["next"])).json()
    assert (end["results"], end["meta"]["has_more"]) == ([], False)
    many = {"query": "", "filter[type]": "user", "page[size]": "1000"}
    users = (await client.get("search/export", params=many)).json()
    assert len(users["results"]) == len(sandbox.store.users)


async def test_an_export_s_cursor_lives_for_an_hour(
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    query = {"query": "tags:login", "filter[type]": "ticket", "page[size]": "1"}
    first = (await client.get("search/export", params=query)).json()
    clock.forward(3600)
    assert (await client.get(first["links"]["next"])).status_code == 200
    clock.forward(1)
    assert (await client.get(first["links"]["next"])).status_code == 400
    forged = base64.b64encode(json.dumps({"v": 1}).encode()).decode()
    for cursor in ("garbage", forged):
        answer = await client.get("search/export", params={**query, "page[after]": cursor})
        assert answer.status_code == 400


async def test_an_export_names_one_type(client: httpx.AsyncClient) -> None:
    assert (await client.get("search/export", params={"query": "x"})).status_code == 400
    same = {"query": "type:ticket tags:login", "filter[type]": "ticket"}
    assert (await client.get("search/export", params=same)).status_code == 200
    other = {"query": "type:user lena", "filter[type]": "ticket"}
    assert (await client.get("search/export", params=other)).status_code == 422
