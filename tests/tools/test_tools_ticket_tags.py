"""Tags on open and closed tickets, against every rule that Zendesk leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import ClosedTicketRules, Fault, Rules, Sandbox
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.landmarks import AGENT_ID, CLOSED_TICKET, OPEN_TICKET

pytestmark = pytest.mark.anyio

TAGS = f"tickets/{OPEN_TICKET}/tags"
CLOSED_TAGS = f"tickets/{CLOSED_TICKET}/tags"
CLOSED_AT_START = ["area_returns", "refund", "resolution_refunded"]


def closed(**rules: Any) -> Rules:
    return Rules(closed_tickets=ClosedTicketRules(**rules))


async def test_adds_to_an_open_ticket_and_reads_back(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("update_ticket_tags", ticket_id=OPEN_TICKET, add=["Known_Issue"])
        assert answer["added"] == ["known_issue"]
        assert answer["path"] == "tags_endpoint"
        assert answer["ticket_status"] == "open"
        assert desk.sent()[0] == f"GET tickets/{OPEN_TICKET}"
        assert desk.sent()[-2:] == [f"PUT {TAGS}", f"GET {TAGS}"]
        assert sorted(desk.sandbox.store.tickets[OPEN_TICKET]["tags"]) == answer["tags"]


async def test_removes_without_touching_others(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("update_ticket_tags", ticket_id=OPEN_TICKET, remove=["vip"])
        assert answer["removed"] == ["vip"]
        assert "login" in answer["tags"]
        assert desk.sent("DELETE") == [f"DELETE {TAGS}"]


async def test_adds_and_removes_in_one_call(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask(
            "update_ticket_tags", ticket_id=OPEN_TICKET, add=["gold"], remove=["vip"]
        )
        assert (answer["added"], answer["removed"]) == (["gold"], ["vip"])


async def test_replaces_the_whole_list(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask(
            "update_ticket_tags", ticket_id=OPEN_TICKET, replace_with=["area_account", "only"]
        )
        assert answer["tags"] == ["area_account", "only"]
        assert desk.sent("POST") == [f"POST {TAGS}"]


async def test_sends_nothing_when_nothing_has_to_change(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask(
            "update_ticket_tags", ticket_id=OPEN_TICKET, add=["vip"], remove=["absent"]
        )
        assert "path" not in answer
        assert (answer["added"], answer["removed"]) == ([], [])
        assert desk.sent() == [f"GET tickets/{OPEN_TICKET}"]


async def test_says_which_tag_a_drop_down_moved(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("update_ticket_tags", ticket_id=OPEN_TICKET, add=["area_returns"])
        assert answer["added"] == ["area_returns"]
        assert answer["also_changed"] == ["area_account"]


async def test_closed_ticket_goes_by_update_ticket_with_tags_alone(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["churn"])
        assert answer["path"] == "update_ticket"
        assert answer["ticket_status"] == "closed"
        assert answer["tags"] == sorted([*CLOSED_AT_START, "churn"])
        (write,) = [request for request in desk.sandbox.requests if request.method == "PUT"]
        assert set(write.body["ticket"]) == {"tags", "safe_update", "updated_stamp"}
        assert write.body["ticket"]["safe_update"] is True


@pytest.mark.parametrize("envelope", ["status", "base", "closed_ticket", "text"])
@pytest.mark.parametrize("language", ["en", "de"])
async def test_update_many_follows_a_refusal_in_any_words(
    open_workspace: OpenWorkspace, envelope: str, language: str
) -> None:
    rules = closed(
        update_ticket="refuse", update_many="allow", envelope=envelope, language=language
    )
    async with open_workspace(rules=rules) as desk:
        answer = await desk.ask(
            "update_ticket_tags", ticket_id=CLOSED_TICKET, add=["churn"], remove=["refund"]
        )
        assert answer["path"] == "update_many"
        assert (answer["added"], answer["removed"]) == (["churn"], ["refund"])
        assert any(request.startswith("GET job_statuses/") for request in desk.sent())


async def test_a_silent_no_op_is_noticed_and_the_next_path_taken(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(rules=closed(update_ticket="ignore", update_many="allow")) as desk:
        answer = await desk.ask("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["churn"])
        assert answer["path"] == "update_many"
        assert "churn" in desk.sandbox.store.tickets[CLOSED_TICKET]["tags"]


@pytest.mark.parametrize(
    "rules",
    [
        closed(modify_closed_tickets=False),
        closed(update_ticket="refuse", update_many="refuse"),
        closed(update_ticket="ignore", update_many="ignore"),
        closed(update_ticket="refuse", update_many="ignore", language="fr"),
    ],
)
async def test_explains_a_closed_ticket_after_every_path(
    open_workspace: OpenWorkspace, rules: Rules
) -> None:
    async with open_workspace(rules=rules) as desk:
        error = await desk.fail("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["churn"])
        assert error["kind"] == "ticket_closed"
        assert error["outcome"] == "not_applied"
        assert error["who"] == "admin"
        assert error["details"]["tried"] == ["update_ticket", "update_many"]
        assert "Modify closed ticket" in error["reason"]
        assert "modify_closed_tickets" in error["reason"]
        assert "follow-up" in error["hint"]
        assert desk.sandbox.store.tickets[CLOSED_TICKET]["tags"] == CLOSED_AT_START


async def test_an_agent_without_the_permission_gets_the_same_explanation(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    token = sandbox.token(user_id=AGENT_ID)
    async with open_workspace(sandbox=sandbox, token=token) as desk:
        error = await desk.fail("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["churn"])
        assert error["kind"] == "ticket_closed"


async def test_a_ticket_that_closes_meanwhile_takes_the_closed_path(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        ticket = desk.sandbox.store.tickets[OPEN_TICKET]

        def close() -> None:
            ticket["status"] = "closed"

        desk.sandbox.faults.add("PUT", "/tags$", 1, Fault(effect=close))
        answer = await desk.ask("update_ticket_tags", ticket_id=OPEN_TICKET, add=["churn"])
        assert answer["path"] == "update_ticket"
        assert answer["ticket_status"] == "closed"
        assert answer["added"] == ["churn"]


async def test_a_change_by_another_hand_is_kept(open_workspace: OpenWorkspace) -> None:
    """A closed ticket is written whole, so a tag added in between must survive."""
    async with open_workspace() as desk:
        ticket = desk.sandbox.store.tickets[CLOSED_TICKET]

        def other_agent() -> None:
            ticket["tags"] = [*ticket["tags"], "by_colleague"]
            ticket["updated_at"] = stamp(desk.sandbox.clock())

        desk.sandbox.faults.add("PUT", f"/tickets/{CLOSED_TICKET}$", 1, Fault(effect=other_agent))
        answer = await desk.ask("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["churn"])
        assert {"by_colleague", "churn"} <= set(answer["tags"])
        assert desk.sent("PUT") == [f"PUT tickets/{CLOSED_TICKET}"] * 2


async def test_gives_up_on_a_ticket_that_never_rests(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        conflict = Fault(status=409, body={"error": "UpdateConflict", "description": "stale"})
        desk.sandbox.faults.add("PUT", f"/tickets/{CLOSED_TICKET}$", None, conflict)
        error = await desk.fail("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["churn"])
        assert error["kind"] == "conflict"
        assert error["outcome"] == "not_applied"
        assert error["retryable"] is True
        assert len(desk.sent("PUT")) == 3


async def test_an_open_tickets_refusal_is_not_mistaken_for_a_closed_one(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        refusal = {"error": "RecordInvalid", "details": {"tags": [{"description": "Too many"}]}}
        desk.sandbox.faults.add("PUT", "/tags$", 1, Fault(status=422, body=refusal))
        error = await desk.fail("update_ticket_tags", ticket_id=OPEN_TICKET, add=["churn"])
        assert error["kind"] == "validation_failed"
        assert error["details"]["fields"][0]["problem"] == "Too many"


async def test_without_the_scope_to_read_jobs_the_tags_themselves_are_watched(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox(rules=closed(update_ticket="refuse", update_many="allow"))
    sandbox.rules.job_seconds = 0
    scopes = ("tickets:read", "tickets:write")
    token = sandbox.token(scopes=scopes)
    async with open_workspace(sandbox=sandbox, token=token, scopes=" ".join(scopes)) as desk:
        answer = await desk.ask("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["churn"])
        assert answer["path"] == "update_many"
        assert not any("job_statuses" in request for request in desk.sent())
        assert desk.slept


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "add"),
        ({"add": []}, "add"),
        ({"add": ["two words"]}, "add"),
        ({"remove": [""]}, "remove"),
        ({"add": ["x" * 256]}, "add"),
        ({"add": ["a"], "remove": ["A"]}, "remove"),
        ({"add": ["a"], "replace_with": ["b"]}, "replace_with"),
        ({"add": "a"}, "add"),
        ({"add": ["a\u0000b"]}, "add"),
    ],
)
async def test_refuses_bad_arguments_before_anything_is_sent(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace() as desk:
        error = await desk.fail("update_ticket_tags", ticket_id=OPEN_TICKET, **arguments)
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == field
        assert desk.sent() == []


async def test_replacing_by_nothing_removes_every_tag(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        answer = await desk.ask("update_ticket_tags", ticket_id=OPEN_TICKET, replace_with=[])
        assert answer["tags"] == []


async def test_a_job_that_does_not_end_leaves_the_outcome_unknown(
    open_workspace: OpenWorkspace,
) -> None:
    rules = closed(update_ticket="refuse", update_many="allow")
    rules.job_phases = ("queued",)
    rules.job_seconds = 10_000
    async with open_workspace(rules=rules) as desk:
        error = await desk.fail("update_ticket_tags", ticket_id=CLOSED_TICKET, add=["churn"])
        assert error["outcome"] == "unknown"
        assert error["hint"].startswith("Whether the change was made is unknown")
        assert sum(desk.slept) <= 30
