import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    CHANNELS_FIELD_ID,
    GROUP_BOOKING_FIELD_ID,
    NEW_TICKET,
    OPEN_TICKET,
    PRODUCT_AREA_FIELD_ID,
)
from mcp_server_zendesk.sandbox.tickets.values import values_of

pytestmark = pytest.mark.anyio

OPEN = f"tickets/{OPEN_TICKET}/tags"
NEW = f"tickets/{NEW_TICKET}/tags"


async def test_put_adds_and_answers_all(client: httpx.AsyncClient) -> None:
    before = (await client.get(OPEN)).json()["tags"]
    answer = await client.put(OPEN, json={"tags": ["urgent_call"]})
    assert answer.status_code == 200
    assert set(answer.json()["tags"]) == {*before, "urgent_call"}


async def test_post_sets_with_201_and_a_location(client: httpx.AsyncClient) -> None:
    answer = await client.post(NEW, json={"tags": ["tag2", "tag3"]})
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/api/v2/tickets/{NEW_TICKET}/tags.json")
    assert answer.json()["tags"] == ["tag3", "tag2"]
    assert (await client.post(NEW, json={"tags": []})).json() == {"tags": []}


async def test_delete_answers_what_remains(client: httpx.AsyncClient) -> None:
    await client.post(NEW, json={"tags": ["one", "two"]})
    answer = await client.request("DELETE", NEW, json={"tags": ["one", "never_there"]})
    assert (answer.status_code, answer.json()) == (200, {"tags": ["two"]})


async def test_delete_may_answer_without_content(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.delete_tags_status = 204
    answer = await client.request("DELETE", OPEN, json={"tags": ["vip"]})
    assert (answer.status_code, answer.content) == (204, b"")
    assert "vip" not in (await client.get(OPEN)).json()["tags"]


async def test_tags_are_split_at_spaces_and_lower_cased(client: httpx.AsyncClient) -> None:
    answer = await client.post(NEW, json={"tags": ["Big Sale", "zürich", "a#b!"]})
    assert sorted(answer.json()["tags"]) == ["ab", "big", "sale", "zürich"]


async def test_special_characters_may_be_kept(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.rules.special_tag_characters = "keep"
    answer = await client.post(NEW, json={"tags": "a#b"})
    assert answer.json()["tags"] == ["a#b"]


async def test_a_change_of_tags_has_its_audit(
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    clock.forward(60)
    await client.put(NEW, json={"tags": ["belt"]})
    last = (await client.get(f"tickets/{NEW_TICKET}/audits")).json()["audits"][-1]
    (event,) = last["events"]
    assert (event["field_name"], event["previous_value"], event["value"]) == ("tags", [], ["belt"])
    ticket = (await client.get(f"tickets/{NEW_TICKET}")).json()["ticket"]
    assert ticket["updated_at"] == last["created_at"]


@pytest.mark.parametrize("flag", [True, "true"])
async def test_tags_endpoints_know_safe_update(
    client: httpx.AsyncClient,
    clock: ManualClock,
    flag: object,
) -> None:
    stamp = (await client.get(f"tickets/{OPEN_TICKET}")).json()["ticket"]["updated_at"]
    body = {"tags": ["one"], "updated_stamp": stamp, "safe_update": flag}
    assert (await client.put(OPEN, json=body)).status_code == 200
    clock.forward(5)
    for method in ("PUT", "POST", "DELETE"):
        answer = await client.request(method, OPEN, json=body)
        assert (answer.status_code, answer.json()["error"]) == (409, "UpdateConflict")


async def test_a_drop_down_field_moves_with_its_tags(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    ticket = sandbox.store.tickets[OPEN_TICKET]
    assert values_of(ticket)[PRODUCT_AREA_FIELD_ID] == "area_account"
    tags = (await client.put(OPEN, json={"tags": ["area_orders"]})).json()["tags"]
    assert values_of(ticket)[PRODUCT_AREA_FIELD_ID] == "area_orders"
    assert "area_account" not in tags
    await client.request("DELETE", OPEN, json={"tags": ["area_orders"]})
    assert values_of(ticket)[PRODUCT_AREA_FIELD_ID] is None


async def test_checkboxes_and_multi_selects_move_too(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    ticket = sandbox.store.tickets[NEW_TICKET]
    await client.put(NEW, json={"tags": ["group_booking", "channel_web", "channel_store"]})
    assert values_of(ticket)[GROUP_BOOKING_FIELD_ID] is True
    assert values_of(ticket)[CHANNELS_FIELD_ID] == ["channel_web", "channel_store"]
    await client.request("DELETE", NEW, json={"tags": ["group_booking", "channel_web"]})
    assert values_of(ticket)[GROUP_BOOKING_FIELD_ID] is False
    assert values_of(ticket)[CHANNELS_FIELD_ID] == ["channel_store"]


async def test_tags_of_a_ticket_that_does_not_exist(client: httpx.AsyncClient) -> None:
    answer = await client.put("tickets/999999/tags", json={"tags": ["x"]})
    assert (answer.status_code, answer.json()["error"]) == (404, "RecordNotFound")
