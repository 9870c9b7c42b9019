"""Views, macros, conditional forms, and the lists of rules."""

import httpx
import pytest

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    FIRST_ANSWER_MACRO,
    MY_TICKETS_VIEW,
    NEW_TICKET,
    NOTE_MACRO,
    OPEN_TICKET,
    ORDER_NUMBER_FIELD_ID,
    PRODUCT_AREA_FIELD_ID,
    RESOLUTION_FIELD_ID,
    RETURNS_GROUP_ID,
    RETURNS_VIEW,
    SLA_POLICY_ID,
    TRIAGE_MACRO,
    UNASSIGNED_VIEW,
    WARRANTY_FORM_ID,
)

pytestmark = pytest.mark.anyio


async def test_a_view_holds_the_tickets_that_meet_its_conditions(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get(f"views/{UNASSIGNED_VIEW}/tickets")).json()
    expected = {
        ticket["id"]
        for ticket in sandbox.store.tickets.values()
        if ticket["assignee_id"] is None and ticket["status"] not in {"solved", "closed"}
    }
    assert expected
    assert {ticket["id"] for ticket in page["tickets"]} == expected
    created = [ticket["created_at"] for ticket in page["tickets"]]
    assert created == sorted(created)
    counted = (await client.get(f"views/{UNASSIGNED_VIEW}/count")).json()["view_count"]
    assert (counted["value"], counted["fresh"]) == (len(expected), True)
    many = (await client.get(f"views/count_many?ids={UNASSIGNED_VIEW},{RETURNS_VIEW}")).json()
    assert len(many["view_counts"]) == 2


async def test_current_user_is_whoever_asks(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    for user_id in (ADMIN_ID, AGENT_ID):
        headers = {"Authorization": f"Bearer {sandbox.token(user_id=user_id)}"}
        page = (await client.get(f"views/{MY_TICKETS_VIEW}/tickets", headers=headers)).json()
        assert {ticket["assignee_id"] for ticket in page["tickets"]} == {user_id}


async def test_a_view_is_executed_into_rows_and_columns(client: httpx.AsyncClient) -> None:
    path = f"views/{RETURNS_VIEW}/execute?per_page=2&sort_by=created&sort_order=asc"
    executed = (await client.get(path)).json()
    assert [column["id"] for column in executed["columns"]][:2] == ["subject", "requester"]
    assert len(executed["rows"]) == 2
    row = executed["rows"][0]
    assert row["subject"] == row["ticket"]["subject"]
    assert row["group_id"] == RETURNS_GROUP_ID
    assert executed["next_page"]
    assert executed["view"]["id"] == RETURNS_VIEW


async def test_views_are_listed_and_searched(client: httpx.AsyncClient) -> None:
    views = (await client.get("views?active=true")).json()
    assert views["count"] == 5
    found = (await client.get("views/search?query=unassigned")).json()["views"]
    assert [view["id"] for view in found] == [UNASSIGNED_VIEW]
    assert (await client.get("views/1")).json()["error"] == "RecordNotFound"


async def test_a_macro_shows_what_it_would_do_and_does_nothing(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    before = dict(sandbox.store.tickets[NEW_TICKET])
    alone = (await client.get(f"macros/{TRIAGE_MACRO}/apply")).json()["result"]["ticket"]
    assert alone["fields"] == [{"id": PRODUCT_AREA_FIELD_ID, "value": "area_returns"}]
    assert (alone["group_id"], alone["tags"]) == (RETURNS_GROUP_ID, ["returns", "triaged"])
    path = f"tickets/{NEW_TICKET}/macros/{FIRST_ANSWER_MACRO}/apply"
    result = (await client.get(path)).json()["result"]["ticket"]
    assert (result["id"], result["status"], result["assignee_id"]) == (
        NEW_TICKET,
        "pending",
        ADMIN_ID,
    )
    assert result["comment"]["body"].startswith("Hello Grace,")
    assert result["comment"]["body"].endswith("Ada")
    assert result["comment"]["public"] is True
    note = (await client.get(f"tickets/{NEW_TICKET}/macros/{NOTE_MACRO}/apply")).json()
    assert note["result"]["ticket"]["comment"]["public"] is False
    assert sandbox.store.tickets[NEW_TICKET] == before
    assert len((await client.get("macros/active")).json()["macros"]) == 3
    assert len((await client.get("macros?category=Triage")).json()["macros"]) == 1
    assert (await client.get("macros/1/apply")).status_code == 404


async def test_a_conditional_form_asks_for_a_field_only_where_its_condition_holds(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    fields = [{"id": RESOLUTION_FIELD_ID, "value": "resolution_fixed"}]
    solve = {"status": "solved", "ticket_form_id": WARRANTY_FORM_ID}
    repair = [*fields, {"id": PRODUCT_AREA_FIELD_ID, "value": "area_repair"}]
    path = f"tickets/{OPEN_TICKET}"
    refused = await client.put(path, json={"ticket": {**solve, "custom_fields": repair}})
    assert refused.status_code == 422
    (entry,) = refused.json()["details"]["base"]
    assert entry["ticket_field_id"] == ORDER_NUMBER_FIELD_ID
    numbered = [*repair, {"id": ORDER_NUMBER_FIELD_ID, "value": "NW-12345"}]
    answer = await client.put(path, json={"ticket": {**solve, "custom_fields": numbered}})
    assert answer.status_code == 200
    other = await client.put(
        f"tickets/{NEW_TICKET}",
        json={"ticket": {**solve, "custom_fields": fields, "assignee_id": AGENT_ID}},
    )
    assert other.status_code == 200


async def test_a_hidden_field_is_not_required(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    form = sandbox.store.ticket_forms[WARRANTY_FORM_ID]
    form["agent_conditions"] = [
        {
            "parent_field_id": PRODUCT_AREA_FIELD_ID,
            "value": "area_repair",
            "child_fields": [{"id": RESOLUTION_FIELD_ID, "is_required": True}],
        }
    ]
    solve = {"status": "solved", "ticket_form_id": WARRANTY_FORM_ID}
    answer = await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": solve})
    assert answer.status_code == 200


async def test_rules_are_listed(client: httpx.AsyncClient) -> None:
    policy = (await client.get("slas/policies")).json()["sla_policies"][0]
    assert (policy["id"], len(policy["policy_metrics"])) == (SLA_POLICY_ID, 8)
    assert policy["url"].endswith(f"/slas/policies/{SLA_POLICY_ID}.json")
    assert (await client.get(f"slas/policies/{SLA_POLICY_ID}")).json()["sla_policy"]["id"]
    for path, key, number in (("triggers", "triggers", 2), ("automations", "automations", 1)):
        assert len((await client.get(path)).json()[key]) == number
        assert len((await client.get(f"{path}/active")).json()[key]) == number
    assert len((await client.get("custom_roles")).json()["custom_roles"]) == 3


@pytest.mark.parametrize(
    "resource", ["tickets", "users", "organizations", "groups", "views", "ticket_fields"]
)
async def test_resources_are_counted(client: httpx.AsyncClient, resource: str) -> None:
    count = (await client.get(f"{resource}/count")).json()["count"]
    assert count["value"] > 0
    assert count["refreshed_at"] == "2026-11-22T09:30:00Z"
