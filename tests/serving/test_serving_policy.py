"""The admin's policy at the boundary: refused before a human is asked, and explained."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from mcp_types import ElicitResult

from asking import ERAS, Asked, Human, session, writes
from desk import OpenWorkspace, text_of
from humans import yes_to
from mcp_server_zendesk.connection.guarding import guard as guarding
from mcp_server_zendesk.connection.guarding.touched import EFFECTS, Touch, Unclear, Write, touch_of
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.serving.spec import Effect
from tool_examples import EXAMPLES, HERE_ALONE
from zendesk_tools import CATALOGUE

pytestmark = pytest.mark.anyio

WRITING = [s for s in CATALOGUE if s.effect != "read" and s.name not in HERE_ALONE]
REPLY = {"ticket_id": at.OPEN_TICKET, "body": "Hello."}
NOTE = {"ticket_id": at.OPEN_TICKET, "body": "Seen."}
NEW = {"subject": "A call", "body": "Called."}


async def _call(
    tool: str, arguments: dict[str, Any], era: str = "auto", human: Human = yes_to, **flags: Any
) -> tuple[Asked, Sandbox]:
    sandbox = Sandbox()
    flags = {"scopes": "read write", "toolsets": "all", **flags}
    async with session(sandbox, human, era=era, **flags) as one:
        return await one.call(tool, arguments), sandbox


async def _refused(
    tool: str, arguments: dict[str, Any], who: str = "admin", **known: Any
) -> dict[str, Any]:
    """The explanation for an admin; nobody was asked and nothing was sent."""
    asked, sandbox = await _call(tool, arguments, **known)
    error = asked.error
    assert asked.shown == []
    assert writes(sandbox) == []
    assert error["outcome"] == "not_applied"
    assert error["kind"] == "policy_refused"
    assert error["who"] == who
    assert error["retryable"] is False
    assert error["details"]["setting"] in error["reason"]
    assert error["details"]["setting"] in error["hint"]
    return error


# effects


def test_the_effects_of_the_settings_are_those_of_the_tools() -> None:
    assert set(Effect.__args__) == EFFECTS  # type: ignore[attr-defined]


def test_tools_that_may_do_less_than_they_can_are_known() -> None:
    lesser = {spec.name for spec in CATALOGUE if spec.least_effect != spec.effect}
    assert lesser == {
        "create_ticket",
        "update_user",
        "apply_macro",
        "create_article",
        "update_article",
    }
    assert {spec.least_effect for spec in CATALOGUE if spec.name in lesser} == {"write"}


async def test_a_tool_whose_effect_is_not_allowed_is_hidden_and_refused(
    open_workspace: OpenWorkspace,
) -> None:
    flags = {"scopes": "read write", "toolsets": "all", "allow_effects": "write"}
    async with open_workspace(**flags) as desk:
        offered = await desk.tools()
        assert {"create_ticket", "apply_macro", "add_internal_note", "get_ticket"} <= set(offered)
        assert not {"reply_to_ticket", "delete_ticket", "create_side_conversation"} & set(offered)
        for tool in ("reply_to_ticket", "delete_ticket"):
            error = await desk.fail(tool, **EXAMPLES[tool])
            assert (error["kind"], error["who"]) == ("policy_refused", "admin")
            assert error["details"] == {"setting": "allow_effects", "allowed": ["read", "write"]}
        assert desk.sent() == []


@pytest.mark.parametrize("confirm", ["require", "client"])
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("create_ticket", {**NEW, "public": True, "requester_id": at.REQUESTER_ID}),
        ("create_ticket", {**NEW, "requester_email": "new@evil.org"}),
        ("update_user", {"user": at.REQUESTER_EMAIL, "email": "x@evil.org"}),
        ("apply_macro", {"ticket_id": at.NEW_TICKET, "macro": str(at.FIRST_ANSWER_MACRO)}),
        ("create_article", {**EXAMPLES["create_article"], "draft": False}),
    ],
)
async def test_a_call_that_contacts_is_refused_where_its_tool_may_still_write(
    tool: str, arguments: dict[str, Any], confirm: str
) -> None:
    error = await _refused(tool, arguments, allow_effects="read write", confirm=confirm)
    assert error["details"]["setting"] == "allow_effects"


@pytest.mark.parametrize(
    "tool", ["create_ticket", "update_user", "apply_macro", "create_article", "update_article"]
)
async def test_the_same_tools_write_without_contact(tool: str) -> None:
    asked, sandbox = await _call(tool, EXAMPLES[tool], allow_effects="write")
    assert asked.answer
    assert asked.shown == []
    assert writes(sandbox)


async def test_a_public_comment_of_a_merge_is_a_contact_too() -> None:
    arguments = {
        **EXAMPLES["merge_tickets"],
        "target_comment": "Merged.",
        "target_comment_is_public": True,
    }
    error = await _refused("merge_tickets", arguments, allow_effects="write irreversible")
    assert error["details"]["setting"] == "allow_effects"
    asked, _ = await _call(
        "merge_tickets", EXAMPLES["merge_tickets"], allow_effects="write irreversible"
    )
    assert asked.answer


# recipients, groups and brands


@pytest.mark.parametrize("confirm", ["require", "client"])
@pytest.mark.parametrize("era", ERAS)
async def test_nobody_is_asked_about_people_who_may_not_be_contacted(
    era: str, confirm: str
) -> None:
    error = await _refused(
        "reply_to_ticket", REPLY, era=era, allow_recipients="acme.com", confirm=confirm
    )
    assert error["details"] == {
        "setting": "allow_recipients",
        "allowed": ["acme.com"],
        "asked": ["fjallgarden.example"],
    }
    assert at.REQUESTER_EMAIL not in json.dumps(error)


@pytest.mark.parametrize("era", ERAS)
async def test_whom_the_policy_allows_is_written_to_after_a_yes(era: str) -> None:
    asked, sandbox = await _call(
        "reply_to_ticket", REPLY, era=era, allow_recipients="fjallgarden.example"
    )
    assert asked.answer["comment_id"]
    assert len(asked.shown) == 1
    assert len(writes(sandbox)) == 1


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("reply_to_ticket", REPLY),
        ("delete_ticket", {"ticket_id": at.OPEN_TICKET}),
        ("merge_tickets", {"target_ticket_id": 1011, "source_ticket_ids": [1012]}),
        ("update_tickets", {"ticket_ids": "[1011, 1012]", "status": "pending"}),
        ("add_internal_note", NOTE),
        ("update_ticket_tags", {"ticket_id": at.OPEN_TICKET, "add": ["x"]}),
        ("create_ticket", {**NEW, "follow_up_of": at.SOLVED_TICKET}),
    ],
)
async def test_nobody_is_asked_about_tickets_outside_the_groups(
    tool: str, arguments: dict[str, Any]
) -> None:
    error = await _refused(tool, arguments, allow_groups="Returns & Warranty")
    assert error["details"]["setting"] == "allow_groups"
    assert error["details"]["allowed"] == ["Returns & Warranty"]
    assert error["details"]["asked"] in (["Customer Support"], ["Billing"])


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "new", [NEW, {**NEW, "public": True, "requester_email": at.REQUESTER_EMAIL}]
)
async def test_a_model_is_told_to_name_a_group_before_a_human_is_asked(
    new: dict[str, Any], era: str
) -> None:
    flags: dict[str, Any] = {"era": era, "allow_groups": "Billing, Returns & Warranty"}
    asked, sandbox = await _call("create_ticket", new, **flags)
    error = asked.error
    assert (error["kind"], error["who"]) == ("invalid_arguments", "model")
    (field,) = error["details"]["fields"]
    assert field["field"] == "group"
    assert field["problem"].startswith("is required here: an admin lets tickets be made in some")
    assert field["allowed_values"] == ["Billing", "Returns & Warranty"]
    assert asked.shown == []
    assert writes(sandbox) == []
    asked, sandbox = await _call("create_ticket", {**new, "group": "Billing"}, **flags)
    assert asked.answer["ticket_id"]


async def test_a_group_that_is_not_allowed_is_for_an_admin() -> None:
    error = await _refused(
        "create_ticket", {**NEW, "group": "Customer Support"}, allow_groups="Billing"
    )
    assert (
        "it would put a ticket into a group that is not allowed: Customer Support."
        in (error["message"])
    )
    error = await _refused("create_ticket", NEW, allow_groups=[])
    assert error["details"]["allowed"] == []


async def test_a_refusal_tells_where_the_ticket_is_and_not_what_is_allowed() -> None:
    error = await _refused("add_internal_note", NOTE, allow_groups="Billing")
    assert (
        f"ticket {at.OPEN_TICKET} is in a group that is not allowed: Customer Support."
        in (error["message"])
    )


async def test_a_setting_that_names_no_group_is_what_is_wrong() -> None:
    error = await _refused("add_internal_note", NOTE, allow_groups="Bilge")
    assert "while the setting is wrong, every change of a ticket is refused" in error["reason"]
    assert "an admin can correct allow_groups" in error["hint"]


async def test_reading_is_not_limited_by_groups(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(allow_groups="Billing", allow_brands="Basecamp Rentals") as desk:
        assert (await desk.ask("get_ticket", ticket_id=at.OPEN_TICKET))["id"] == at.OPEN_TICKET


async def test_a_closed_ticket_of_an_allowed_group_is_tagged_on_the_long_way(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(allow_groups=f"{at.RETURNS_GROUP_ID}", writes_per_session=1) as desk:
        answer = await desk.ask("update_ticket_tags", ticket_id=at.CLOSED_TICKET, add=["x"])
        assert answer["path"] == "update_ticket"
        assert "x" in answer["tags"]
        error = await desk.fail("update_ticket_tags", ticket_id=at.CLOSED_TICKET, add=["y"])
        assert error["details"]["setting"] == "writes_per_session"


async def test_a_ticket_that_is_not_there_is_not_found_whatever_the_groups(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(allow_groups="Billing") as desk:
        assert (await desk.fail("add_internal_note", ticket_id=99, body="x"))["kind"] == "not_found"


@pytest.fixture
def touches(monkeypatch: pytest.MonkeyPatch) -> list[Touch | None]:
    """What the guard made of each write; None where it did not know it."""
    seen: list[Touch | None] = []

    def spying(write: Write) -> Touch:
        try:
            touch = touch_of(write)
        except Unclear:
            seen.append(None)
            raise
        seen.append(touch)
        return touch

    monkeypatch.setattr(guarding, "touch_of", spying)
    return seen


@pytest.mark.parametrize("spec", WRITING, ids=lambda spec: spec.name)
async def test_the_guard_knows_what_each_tool_writes(
    spec: Any, touches: list[Touch | None]
) -> None:
    asked, _ = await _call(spec.name, EXAMPLES[spec.name], writes_per_minute=100)
    assert not asked.result.is_error, text_of(asked.result)
    assert touches, "a tool that writes sends something"
    assert None not in touches, "teach it to connection/touched.py"
    contacts = any(touch.contacts for touch in touches if touch)
    irreversible = any(touch.irreversible for touch in touches if touch)
    assert not contacts or spec.effect in {"contact", "irreversible"}
    assert not irreversible or spec.effect == "irreversible"


# ceilings


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_of_many_calls_at_once_no_more_than_the_ceiling_are_applied(
    open_workspace: OpenWorkspace, mode: str
) -> None:
    kinds: list[str] = []
    waits: set[Any] = set()
    async with open_workspace(mode=mode, writes_per_minute="10") as desk:

        async def one(number: int) -> None:
            result = await desk.client.call_tool(
                "add_internal_note", {**NOTE, "body": f"Note {number}"}
            )
            error = json.loads(text_of(result)).get("error", {"kind": "ok"})
            kinds.append(error["kind"])
            if error["kind"] != "ok":
                assert error["details"] == {"limit": "writes_per_minute", "allowed": 10}
                assert "not Zendesk's limit" in error["message"]
                assert error["outcome"] == "not_applied"
                waits.add(error["retry_after_seconds"])

        async with anyio.create_task_group() as group:
            for number in range(64):
                group.start_soon(one, number)
        assert sorted(kinds) == ["ok"] * 10 + ["rate_limited"] * 54
        assert len(desk.sent("PUT")) == 10
        assert all(1 <= wait <= 60 for wait in waits)


async def test_after_a_minute_there_is_room_again(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(writes_per_minute=1) as desk:
        now = [5_000.0]
        desk.server._access.clock = lambda: now[0]
        await desk.ask("add_internal_note", **NOTE)
        wait = (await desk.fail("add_internal_note", **NOTE))["retry_after_seconds"]
        now[0] += wait
        await desk.ask("add_internal_note", **NOTE)


def _no(_: Any) -> ElicitResult:
    return ElicitResult(action="decline")


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_that_came_to_nothing_takes_no_place(era: str) -> None:
    sandbox, answers = Sandbox(), [_no, yes_to]

    def in_turn(params: Any) -> ElicitResult:
        return answers.pop(0)(params)

    async with session(sandbox, in_turn, era=era, writes_per_session=1) as one:
        assert (await one.call("reply_to_ticket", REPLY)).error["kind"] == "confirmation_declined"
        invalid = await one.call("add_internal_note", {"ticket_id": 1, "body": ""})
        assert invalid.error["kind"] == "invalid_arguments"
        gone = await one.call("add_internal_note", {"ticket_id": 99, "body": "x"})
        assert gone.error["kind"] == "not_found"
        assert (await one.call("reply_to_ticket", REPLY)).answer["comment_id"]
        error = (await one.call("reply_to_ticket", {**REPLY, "body": "Again."})).error
        assert (error["kind"], error["details"]["setting"]) == (
            "policy_refused",
            "writes_per_session",
        )
        assert len(one.shown) == 2, "nobody is asked in vain"


@pytest.mark.parametrize("ids", [[1011, 1012, 1001], "[1011, 1012, 1001]"])
async def test_a_call_on_many_tickets_counts_each(ids: Any) -> None:
    error = await _refused(
        "update_tickets", {"ticket_ids": ids, "status": "pending"}, "model", writes_per_minute=2
    )
    assert "in several calls, each changing no more than 2 of them" in error["hint"]
    assert error["details"] == {"setting": "writes_per_minute", "allowed": ["2"]}
    asked, _ = await _call(
        "update_tickets", {"ticket_ids": ids, "status": "pending"}, writes_per_minute=3
    )
    assert asked.answer["updated"] == [1011, 1012, 1001]


async def test_reading_is_never_counted(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(writes_per_session=1, writes_per_minute=1) as desk:
        for _ in range(3):
            await desk.ask("get_ticket", ticket_id=at.OPEN_TICKET)
        await desk.ask("add_internal_note", **NOTE)
