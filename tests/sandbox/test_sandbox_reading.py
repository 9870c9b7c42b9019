import httpx
import pytest

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    ATTACHMENT_TICKET,
    FJALLGARDEN_ID,
    INCIDENT_TICKETS,
    NEW_TICKET,
    OPEN_TICKET,
    PRIVATE_TICKET,
    PROBLEM_TICKET,
    REQUESTER_ID,
    SOLVED_TICKET,
    SUPPORT_GROUP_ID,
    TABLE_TICKET,
    WARRANTY_CLOSED_TICKET,
)

pytestmark = pytest.mark.anyio


async def test_a_ticket_comes_with_the_side_loads_asked_for(client: httpx.AsyncClient) -> None:
    names = "users,groups,organizations,comment_count,metric_sets,slas,dates,custom_statuses"
    body = (await client.get(f"tickets/{OPEN_TICKET}", params={"include": names})).json()
    ticket = body["ticket"]
    assert {user["id"] for user in body["users"]} == {REQUESTER_ID, AGENT_ID}
    assert [group["id"] for group in body["groups"]] == [SUPPORT_GROUP_ID]
    assert [one["id"] for one in body["organizations"]] == [FJALLGARDEN_ID]
    assert [one["agent_label"] for one in body["custom_statuses"]] == ["Open"]
    assert ticket["comment_count"] == 3
    (running,) = ticket["slas"]["policy_metrics"]
    assert (running["metric"], running["stage"]) == ("requester_wait_time", "active")
    assert ticket["dates"]["initially_assigned_at"] is not None
    assert ticket["metric_set"]["replies"] == 1
    assert ticket["metric_set"]["reply_time_in_minutes"]["calendar"] == 120


async def test_a_ticket_stands_alone_without_include(client: httpx.AsyncClient) -> None:
    body = (await client.get(f"tickets/{OPEN_TICKET}")).json()
    assert set(body) == {"ticket"}
    assert "comment_count" not in body["ticket"]
    assert body["ticket"]["raw_subject"] == body["ticket"]["subject"]
    assert body["ticket"]["fields"] == body["ticket"]["custom_fields"]


async def test_metrics_follow_the_audits(client: httpx.AsyncClient) -> None:
    include = {"include": "metric_sets,dates"}
    solved = (await client.get(f"tickets/{SOLVED_TICKET}", params=include)).json()["ticket"]
    assert solved["metric_set"]["full_resolution_time_in_minutes"]["calendar"] == 300
    assert solved["dates"]["solved_at"] == solved["metric_set"]["solved_at"]
    closed = await client.get(f"tickets/{WARRANTY_CLOSED_TICKET}", params=include)
    assert closed.json()["ticket"]["metric_set"]["reopens"] == 1


async def test_a_problem_has_incidents(client: httpx.AsyncClient) -> None:
    problem = (await client.get(f"tickets/{PROBLEM_TICKET}")).json()["ticket"]
    assert (problem["type"], problem["has_incidents"]) == ("problem", True)
    incidents = (await client.get(f"tickets/{PROBLEM_TICKET}/incidents")).json()
    assert [ticket["id"] for ticket in incidents["tickets"]] == list(INCIDENT_TICKETS)
    assert incidents["count"] == 2


async def test_show_many_leaves_out_what_does_not_exist(client: httpx.AsyncClient) -> None:
    ids = f"{NEW_TICKET},{OPEN_TICKET},999999"
    body = (await client.get("tickets/show_many", params={"ids": ids, "include": "users"})).json()
    assert [ticket["id"] for ticket in body["tickets"]] == [OPEN_TICKET, NEW_TICKET]
    assert REQUESTER_ID in {user["id"] for user in body["users"]}


async def test_show_many_takes_a_hundred(client: httpx.AsyncClient) -> None:
    ids = ",".join(str(number) for number in range(101))
    answer = await client.get("tickets/show_many", params={"ids": ids})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "TooManyValues",
        "description": "Parameter  cannot specify more than 100 values",
        "max_count": 100,
    }


async def test_comments_come_oldest_first_or_latest_first(client: httpx.AsyncClient) -> None:
    path = f"tickets/{OPEN_TICKET}/comments"
    oldest = (await client.get(path)).json()
    assert [comment["author_id"] for comment in oldest["comments"]] == [
        REQUESTER_ID,
        AGENT_ID,
        AGENT_ID,
    ]
    assert oldest["count"] == 3
    for query in ({"sort_order": "desc"}, {"page[size]": "100", "sort": "-created_at"}):
        latest = (await client.get(path, params=query)).json()["comments"]
        assert latest == oldest["comments"][::-1]


async def test_comments_page_by_cursor_with_their_authors(client: httpx.AsyncClient) -> None:
    query = {"page[size]": "2", "sort": "-created_at", "include": "users"}
    first = (await client.get(f"tickets/{OPEN_TICKET}/comments", params=query)).json()
    assert first["meta"]["has_more"]
    assert [user["id"] for user in first["users"]] == [AGENT_ID]
    second = (await client.get(first["links"]["next"])).json()
    assert [comment["author_id"] for comment in second["comments"]] == [REQUESTER_ID]
    assert not second["meta"]["has_more"]
    assert second["links"]["next"] is not None
    back = (await client.get(second["links"]["prev"])).json()
    assert back["comments"] == first["comments"]


async def test_a_comment_has_three_texts_and_its_audit(client: httpx.AsyncClient) -> None:
    body = (await client.get(f"tickets/{TABLE_TICKET}/comments")).json()
    comment = body["comments"][0]
    assert "<table>" in comment["html_body"]
    assert comment["plain_body"] == comment["body"]
    assert "Dovre shell, L 12 10" in comment["plain_body"]
    assert comment["via"]["channel"] == "email"
    assert [one["via"]["channel"] for one in body["comments"]] == ["email", "api", "email"], (
        "a customer answers by the way they came, an agent in Zendesk"
    )
    audits = (await client.get(f"tickets/{TABLE_TICKET}/audits")).json()["audits"]
    assert comment["audit_id"] == audits[0]["id"]


async def test_a_ticket_opened_by_a_note_is_private(client: httpx.AsyncClient) -> None:
    ticket = (await client.get(f"tickets/{PRIVATE_TICKET}")).json()["ticket"]
    assert ticket["is_public"] is False
    assert ticket["type"] == "task"
    assert ticket["due_at"] > ticket["created_at"]


async def test_attachments_have_addresses(client: httpx.AsyncClient) -> None:
    body = (await client.get(f"tickets/{ATTACHMENT_TICKET}/comments")).json()
    first = body["comments"][0]["attachments"]
    assert [one["content_type"] for one in first] == ["image/jpeg", "image/jpeg", "application/pdf"]
    assert first[0]["content_url"].startswith("https://northwind-demo.zendesk.com/attachments/")
    assert first[0]["malware_scan_result"] == "malware_not_found"


async def test_audits_tell_who_did_what(client: httpx.AsyncClient) -> None:
    query = {"page[size]": "1", "include": "users"}
    path = f"tickets/{OPEN_TICKET}/audits"
    first = (await client.get(path, params=query)).json()
    (created,) = first["audits"]
    assert created["events"][0]["type"] == "Comment"
    assert {"type": "Create", "field_name": "status", "value": "new"}.items() <= next(
        event for event in created["events"] if event.get("field_name") == "status"
    ).items()
    (triaged,) = (await client.get(first["links"]["next"])).json()["audits"]
    changes = {
        event["field_name"]: (event["previous_value"], event["value"])
        for event in triaged["events"]
        if event["type"] == "Change"
    }
    assert changes["status"] == ("new", "open")
    assert changes["assignee_id"] == (None, str(AGENT_ID))
    assert changes["priority"] == (None, "high")


async def test_an_automation_is_named_in_the_audit(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    audits = (await client.get(f"tickets/{WARRANTY_CLOSED_TICKET}/audits")).json()["audits"]
    assert audits[-1]["author_id"] == -1
    assert audits[-1]["via"]["channel"] == "rule"
    assert "Close ticket 4 days after" in audits[-1]["via"]["source"]["from"]["title"]
    assert -1 not in sandbox.store.users


async def test_the_desk_s_furniture_is_there(client: httpx.AsyncClient) -> None:
    fields = (await client.get("ticket_fields")).json()["ticket_fields"]
    by_title = {field["title"]: field for field in fields}
    assert len(by_title["Product area"]["custom_field_options"]) == 4
    assert by_title["Resolution"]["required"] is True
    kinds = {field["type"] for field in fields}
    assert {"tagger", "checkbox", "integer", "date", "multiselect", "assignee"} <= kinds
    forms = (await client.get("ticket_forms")).json()
    assert forms["count"] == 2
    brands = (await client.get("brands")).json()["brands"]
    assert [brand["default"] for brand in brands] == [True, False]
    one = (await client.get(f"brands/{brands[1]['id']}")).json()["brand"]
    assert one == brands[1]
    assert (await client.get("brands/1")).status_code == 404


async def test_custom_statuses_can_be_filtered(client: httpx.AsyncClient) -> None:
    every = (await client.get("custom_statuses")).json()["custom_statuses"]
    assert {one["status_category"] for one in every} == {"new", "open", "pending", "hold", "solved"}
    query = {"status_categories": "open,hold", "default": "false", "active": "true"}
    some = (await client.get("custom_statuses", params=query)).json()["custom_statuses"]
    assert [one["agent_label"] for one in some] == ["In review", "Waiting for workshop"]


async def test_the_settings_tell_whether_closed_tickets_can_be_modified(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    tickets = (await client.get("account/settings")).json()["settings"]["tickets"]
    assert tickets["modify_closed_tickets_customer_setting"] is True
    sandbox.rules.closed_tickets.modify_closed_tickets = False
    tickets = (await client.get("account/settings")).json()["settings"]["tickets"]
    assert tickets["modify_closed_tickets_customer_setting"] is False
