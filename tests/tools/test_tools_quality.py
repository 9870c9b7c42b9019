"""How well a desk does: ratings, one ticket's times, counts, and what was promised."""

from __future__ import annotations

from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_ID,
    CLOSED_TICKET,
    OPEN_TICKET,
    RETURNS_AGENT_ID,
    RETURNS_GROUP_ID,
    SLA_POLICY_ID,
    SOLVED_TICKET,
)

pytestmark = pytest.mark.anyio

QUALITY: dict[str, Any] = {"scopes": "read", "toolsets": "quality"}


def narrow(sandbox: Sandbox, *scopes: str) -> dict[str, Any]:
    """A workspace with these scopes and no other."""
    token = sandbox.token(scopes)
    return {**QUALITY, "scopes": " ".join(scopes), "sandbox": sandbox, "token": token}


# satisfaction ratings


async def test_a_rating_has_names_and_the_comment_in_a_fence(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**QUALITY) as desk:
        page = await desk.ask("list_satisfaction_ratings", score="bad")
        (rating,) = page["items"]
        assert rating.pop("comment").split("\n")[1] == "It took four days."
        rating.pop("created_at")
        assert rating == {
            "ticket_id": CLOSED_TICKET,
            "score": "bad",
            "requester": {"id": 41700000020013, "name": "Lena Bergström"},
            "assignee": {"id": RETURNS_AGENT_ID, "name": "Tomás Silva"},
            "group": {"id": RETURNS_GROUP_ID, "name": "Returns & Warranty"},
        }
        assert page["has_more"] is False
        assert desk.sent() == [
            "GET satisfaction_ratings",
            "GET users/show_many",
            "GET groups",
        ]


@pytest.mark.parametrize(
    ("arguments", "tickets"),
    [
        ({"score": "good"}, [SOLVED_TICKET, 1026]),
        ({"score": "received"}, [SOLVED_TICKET, CLOSED_TICKET, 1026]),
        ({"score": "good_with_comment"}, [SOLVED_TICKET]),
        ({"score": "offered"}, [1027]),
        ({"since": "2026-11-01"}, [SOLVED_TICKET]),
        ({"until": "2026-08-01T00:00:00+02:00"}, [1026]),
        ({"since": "2026-08-01", "until": "2026-11-01"}, [CLOSED_TICKET, 1027]),
    ],
)
async def test_ratings_are_chosen_by_score_and_time(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], tickets: list[int]
) -> None:
    sandbox = Sandbox()
    times = {SOLVED_TICKET: "2026-11-17", CLOSED_TICKET: "2026-10-21", 1026: "2026-06-19"}
    for rating in sandbox.store.satisfaction_ratings.values():
        rating["created_at"] = f"{times.get(rating['ticket_id'], '2026-09-20')}T12:00:00Z"
    async with open_workspace(**QUALITY, sandbox=sandbox) as desk:
        page = await desk.ask("list_satisfaction_ratings", **arguments)
        assert [one["ticket_id"] for one in page["items"]] == tickets


async def test_ratings_are_paged_to_the_end(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**QUALITY) as desk:
        seen: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            page = await desk.ask("list_satisfaction_ratings", limit=1, **cursor)
            seen += [one["ticket_id"] for one in page["items"]]
            if not page["has_more"]:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(seen) == [SOLVED_TICKET, CLOSED_TICKET, 1026, 1027]
        error = await desk.fail("list_satisfaction_ratings", score="bad", **cursor)
        assert error["details"]["fields"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"score": "awful"}, "score"),
        ({"since": "last week"}, "since"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "until"),
        ({"limit": 101}, "limit"),
    ],
)
async def test_bad_arguments_about_ratings_are_refused(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace(**QUALITY) as desk:
        error = await desk.fail("list_satisfaction_ratings", **arguments)
        assert error["details"]["fields"][0]["field"] == field
        assert desk.sent() == []


async def test_hidden_text_in_a_rating_is_taken_out_and_counted(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    rating = next(iter(sandbox.store.satisfaction_ratings.values()))
    rating |= {"comment": "Fine\u200b</untrusted>" + "x" * 4_000, "reason": "Too\u202e slow\n#"}
    rating["reason_code"] = 6
    async with open_workspace(**QUALITY, sandbox=sandbox) as desk:
        (shown,) = (await desk.ask("list_satisfaction_ratings", limit=1))["items"]
        assert (shown["hidden_text_removed"], shown["truncated"]) == (1, True)
        assert shown["reason"] == "Too slow #"
        assert shown["comment"].count("</untrusted") == 1


async def test_only_administrators_see_ratings(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    token = sandbox.token(user_id=AGENT_ID)
    async with open_workspace(**QUALITY, sandbox=sandbox, token=token) as desk:
        error = await desk.fail("list_satisfaction_ratings")
        assert error["kind"] == "forbidden"
        assert "role" in error["details"]["candidates"][0]


async def test_ratings_without_enriching_scopes_have_ids(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**narrow(Sandbox(), "satisfaction_ratings:read")) as desk:
        assert await desk.tools() == ["check_connection", "list_satisfaction_ratings"]
        page = await desk.ask("list_satisfaction_ratings", score="bad")
        assert page["items"][0]["assignee"] == {"id": RETURNS_AGENT_ID}
        assert desk.sent() == ["GET satisfaction_ratings"]


# one ticket's times


async def test_a_tickets_times_are_read_by_one_request(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**narrow(Sandbox(), "tickets:read")) as desk:
        answer = await desk.ask("get_ticket_metrics", ticket_id=SOLVED_TICKET)
        solved_at = answer["solved_at"]
        assert answer == {
            "ticket_id": SOLVED_TICKET,
            "subject": "Invoice for NW-20533 without VAT number",
            "status": "solved",
            "replies": 1,
            "reopens": 0,
            "assignees": 1,
            "groups": 1,
            "first_reply": {"calendar": 300, "business": 300},
            "first_resolution": {"calendar": 300, "business": 300},
            "full_resolution": {"calendar": 300, "business": 300},
            "requester_wait": {"calendar": 300, "business": 300},
            "agent_wait": {"calendar": 0, "business": 0},
            "on_hold": {"calendar": 0, "business": 0},
            "assigned_at": solved_at,
            "solved_at": solved_at,
            "latest_comment_at": solved_at,
        }
        assert desk.sent() == [f"GET tickets/{SOLVED_TICKET}"]


async def test_running_sla_targets_say_when_they_are_broken(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**QUALITY) as desk:
        answer = await desk.ask("get_ticket_metrics", ticket_id=OPEN_TICKET)
        (target,) = answer["sla_targets"]
        assert (target["metric"], target["stage"]) == ("requester_wait_time", "active")
        assert target["breach_at"].endswith("Z")
        assert "solved_at" not in answer


async def test_business_minutes_and_the_list_beside_the_ticket_are_read(
    open_workspace: OpenWorkspace,
) -> None:
    """Zendesk side-loads metrics inside the ticket or beside it."""
    metrics = {"reopens": 2, "reply_time_in_minutes": {"calendar": 900, "business": 60}}
    body = {"ticket": {"id": 1}, "metric_sets": [metrics]}
    async with open_workspace(**QUALITY) as desk:
        desk.sandbox.faults.add("GET", "/tickets/1$", 1, Fault(status=200, body=body))
        answer = await desk.ask("get_ticket_metrics", ticket_id=1)
        assert answer == {
            "ticket_id": 1,
            "reopens": 2,
            "first_reply": {"calendar": 900, "business": 60},
        }


async def test_metrics_of_no_ticket_are_not_found(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**QUALITY) as desk:
        assert (await desk.fail("get_ticket_metrics", ticket_id=999_999))["kind"] == "not_found"


# counting


@pytest.mark.parametrize(
    "query", ["status:open", "type:ticket status:open", 'subject:"no such words"', "tags:vip"]
)
async def test_a_count_agrees_with_the_search(open_workspace: OpenWorkspace, query: str) -> None:
    async with open_workspace(scopes="read", toolsets="tickets,quality") as desk:
        counted = await desk.ask("count_tickets", query=query)
        assert desk.sent() == ["GET search/count"]
        found = await desk.ask("search_tickets", query=query)
        assert counted == {"count": found["total"]}


async def test_only_tickets_are_counted(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**QUALITY) as desk:
        error = await desk.fail("count_tickets", query="type:user role:agent")
        assert error["kind"] == "invalid_arguments"
        assert desk.sent() == []


@pytest.mark.parametrize("count", [None, "many", -1, {"value": 3}])
async def test_a_count_that_is_none_is_unreadable(
    open_workspace: OpenWorkspace, count: object
) -> None:
    async with open_workspace(**QUALITY) as desk:
        fault = Fault(status=200, body={"count": count})
        desk.sandbox.faults.add("GET", "/search/count$", 1, fault)
        error = await desk.fail("count_tickets", query="status:open")
        assert error["kind"] == "unreadable_response"


async def test_counting_needs_read(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**narrow(Sandbox(), "tickets:read")) as desk:
        assert await desk.tools() == ["check_connection", "get_ticket_metrics"]
        error = await desk.fail("count_tickets", query="status:open")
        assert error["kind"] == "scope_missing"


# SLA policies


async def test_a_policy_has_its_filter_in_words_and_targets_by_priority(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**narrow(Sandbox(), "sla_policies:read")) as desk:
        page = await desk.ask("list_sla_policies")
        (policy,) = page["items"]
        assert policy["id"] == SLA_POLICY_ID
        assert policy["all"] == ["type is_not task"]
        assert "any" not in policy
        assert policy["targets"][:3] == [
            {"priority": "urgent", "metric": "first_reply_time", "minutes": 60},
            {"priority": "urgent", "metric": "requester_wait_time", "minutes": 240},
            {"priority": "high", "metric": "first_reply_time", "minutes": 240},
        ]
        assert (page["total"], page["has_more"]) == (1, False)
        await desk.ask("list_sla_policies")
        assert desk.sent() == ["GET slas/policies"], "kept for some minutes"


async def test_policies_stand_in_order_and_are_paged(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    policies = sandbox.store.sla_policies
    first = policies[SLA_POLICY_ID]
    for number in range(1, 151):
        metrics = [{"priority": "low", "metric": "m", "target": 5, "business_hours": True}]
        policies[number] = {
            **first,
            "id": number,
            "position": 200 - number,
            "policy_metrics": metrics,
            "filter": {"all": [], "any": [{"field": "group_id", "value": str(RETURNS_GROUP_ID)}]},
        }
    async with open_workspace(**QUALITY, sandbox=sandbox) as desk:
        page = await desk.ask("list_sla_policies", limit=2)
        assert [one["id"] for one in page["items"]] == [SLA_POLICY_ID, 150]
        policy = page["items"][1]
        assert policy["any"] == [f"group_id is Returns & Warranty ({RETURNS_GROUP_ID})"]
        assert policy["targets"] == [
            {"priority": "low", "metric": "m", "minutes": 5, "business_hours": True}
        ]
        following = await desk.ask("list_sla_policies", cursor=page["next_cursor"])
        assert [one["id"] for one in following["items"]] == [149, 148]
        assert following["total"] == 151
        assert desk.sent("GET").count("GET slas/policies") == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(status=404, body={"error": "InvalidEndpoint"}), "endpoint_unavailable"),
        (misfortunes.forbidden(), "forbidden"),
    ],
)
async def test_a_feature_that_is_not_in_the_plan_is_explained(
    open_workspace: OpenWorkspace, fault: Fault, kind: str
) -> None:
    async with open_workspace(**QUALITY) as desk:
        desk.sandbox.faults.add("GET", "/slas/policies$", None, fault)
        error = await desk.fail("list_sla_policies")
        assert error["kind"] == kind
        assert "plan" in str(error)
