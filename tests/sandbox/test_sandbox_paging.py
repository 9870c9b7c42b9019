import httpx
import pytest

from mcp_server_zendesk.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def test_a_cursor_goes_through_all_and_back(client: httpx.AsyncClient) -> None:
    page = (await client.get("tickets", params={"page[size]": "10"})).json()
    first, seen = page, [ticket["id"] for ticket in page["tickets"]]
    while page["meta"]["has_more"]:
        page = (await client.get(page["links"]["next"])).json()
        seen += [ticket["id"] for ticket in page["tickets"]]
    assert seen == list(range(1001, 1038))
    assert page["links"]["next"] is not None
    beyond = (await client.get(page["links"]["next"])).json()
    assert beyond["tickets"] == []
    assert beyond["meta"] == {"has_more": False, "after_cursor": None, "before_cursor": None}
    assert beyond["links"] == {"prev": None, "next": None}
    second = (await client.get(first["links"]["next"])).json()
    back = (await client.get(second["links"]["prev"])).json()
    assert [ticket["id"] for ticket in back["tickets"]] == seen[:10]
    assert not back["meta"]["has_more"]


@pytest.mark.parametrize("name", ["updated_at", "status", "id"])
async def test_a_cursor_sorts_both_ways(client: httpx.AsyncClient, name: str) -> None:
    up = (await client.get("tickets", params={"page[size]": "100", "sort": name})).json()
    down = (await client.get("tickets", params={"page[size]": "100", "sort": f"-{name}"})).json()
    assert down["tickets"] == up["tickets"][::-1]


async def test_a_cursor_survives_what_changes_meanwhile(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("tickets", params={"page[size]": "2", "sort": "id"})).json()
    del sandbox.store.tickets[1002]
    rest = (await client.get(page["links"]["next"])).json()
    assert rest["tickets"][0]["id"] == 1003
    down = (await client.get("tickets", params={"page[size]": "2", "sort": "-id"})).json()
    del sandbox.store.tickets[1036]
    rest = (await client.get(down["links"]["next"])).json()
    assert rest["tickets"][0]["id"] == 1035


async def test_wrong_cursors_and_sorts_are_refused(client: httpx.AsyncClient) -> None:
    page = (await client.get("tickets", params={"page[size]": "2"})).json()
    after = page["meta"]["after_cursor"]
    for query in (
        {"page[size]": "2", "sort": "priority"},
        {"page[size]": "two"},
        {"page[after]": "garbage"},
        {"page[after]": after, "sort": "-updated_at"},
    ):
        answer = await client.get("tickets", params=query)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "InvalidPaginationParameter"


async def test_mixed_styles_drop_the_sort(client: httpx.AsyncClient) -> None:
    query = {"page[size]": "3", "sort_by": "id", "sort_order": "desc"}
    page = (await client.get("tickets", params=query)).json()
    assert [ticket["id"] for ticket in page["tickets"]] == [1001, 1002, 1003]


async def test_offset_pages_have_neighbours_and_a_count(client: httpx.AsyncClient) -> None:
    query = {"per_page": "10", "page": "2", "sort_by": "id", "sort_order": "desc"}
    page = (await client.get("tickets", params=query)).json()
    assert page["count"] == 37
    assert page["tickets"][0]["id"] == 1027
    assert (await client.get(page["previous_page"])).json()["tickets"][0]["id"] == 1037
    after = (await client.get(page["next_page"])).json()
    assert after["tickets"][0]["id"] == 1017
    last = (await client.get(after["next_page"])).json()
    assert (len(last["tickets"]), last["next_page"]) == (7, None)


async def test_offset_pages_end_at_a_hundred(client: httpx.AsyncClient) -> None:
    assert (await client.get("tickets", params={"page": "100"})).json()["tickets"] == []
    answer = await client.get("tickets", params={"page": "101"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidPaginationDepth"
    assert (await client.get("tickets", params={"page": "x"})).status_code == 400


async def test_a_page_holds_a_hundred_at_most(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    for _ in range(100):
        sandbox.store.add_ticket()
    for query in ({"per_page": "500"}, {"page[size]": "500"}, {}):
        assert len((await client.get("tickets", params=query)).json()["tickets"]) == 100
