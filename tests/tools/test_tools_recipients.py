"""Whom a call would reach: told to the human and to the policy alike, and true."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from mcp_types import ElicitResult

from asking import session, writes
from confirming import CASES, CONFIRMING
from humans import yes_to
from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox import landmarks as at

pytestmark = pytest.mark.anyio

LENA = at.REQUESTER_EMAIL
NEWCOMER = "new@person.example"
TOMAS = "tomas.silva@northwind-outdoor.example"
OSKAR, FIONA = "oskar.lindqvist@fjallgarden.example", "fiona@kestrelguides.example"
JO = "jo@tentworkshop.example"
PUBLIC = CASES["create_ticket"].arguments
REPLY = CASES["reply_to_ticket"].arguments
MERGE = CASES["merge_tickets"].arguments
ON_SOURCE = {"source_comment": "There.", "source_comment_is_public": True}
ON_TARGET = {"target_comment": "Here.", "target_comment_is_public": True}
SIDE = CASES["create_side_conversation"].arguments
SIDE_REPLY = CASES["reply_to_side_conversation"].arguments

REACHED: list[tuple[str, dict[str, Any], set[str]]] = [
    ("create_ticket", PUBLIC, {LENA}),
    ("create_ticket", {"subject": "s", "body": "b", "requester_email": NEWCOMER}, {NEWCOMER}),
    ("create_ticket", {"subject": "s", "body": "b", "public": True}, set()),
    ("reply_to_ticket", REPLY, {LENA}),
    ("update_user", {"user": LENA, "email": NEWCOMER}, {NEWCOMER}),
    ("apply_macro", CASES["apply_macro"].arguments, {"grace.mwangi@mail.example"}),
    ("create_article", CASES["create_article"].arguments, set()),
    ("update_article", CASES["update_article"].arguments, set()),
    ("merge_tickets", MERGE, set()),
    ("merge_tickets", {**MERGE, **ON_SOURCE}, {OSKAR}),
    ("merge_tickets", {**MERGE, **ON_TARGET}, {FIONA, OSKAR}),
    ("close_ticket", CASES["close_ticket"].arguments, set()),
    ("delete_ticket", CASES["delete_ticket"].arguments, set()),
    ("update_tickets", CASES["update_tickets"].arguments, set()),
    (
        "recover_suspended_ticket",
        CASES["recover_suspended_ticket"].arguments,
        {"mailer-daemon@mail.example"},
    ),
    ("create_side_conversation", SIDE, {"workshop@polework.example"}),
    ("create_side_conversation", {**SIDE, "to": [str(at.AGENT_ID)]}, {at.AGENT_EMAIL}),
    ("reply_to_side_conversation", SIDE_REPLY, {TOMAS, JO}),
    ("reply_to_side_conversation", {**SIDE_REPLY, "to": ["a@b.example"]}, {"a@b.example"}),
]


def test_every_tool_is_here() -> None:
    assert {tool for tool, _, _ in REACHED} == set(CONFIRMING)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whom the policy was told of."""
    told: list[str] = []

    def note(_: Guard, addresses: Iterable[str]) -> None:
        told.extend(addresses)

    monkeypatch.setattr(Guard, "check_recipients", note)
    return told


async def question(
    sandbox: Sandbox, tool: str, arguments: dict[str, Any], **flags: Any
) -> tuple[str, ...]:
    """The lines of what a human is shown, who then declines."""

    def human(_: Any) -> ElicitResult:
        return ElicitResult(action="decline")

    async with session(sandbox, human, **flags) as one:
        asked = await one.call(tool, arguments)
    assert asked.error["kind"] == "confirmation_declined"
    return tuple(asked.shown[0].split("\n"))


@pytest.mark.parametrize(("tool", "arguments", "reached"), REACHED)
async def test_policy_and_human_hear_of_the_same_people(
    checked: list[str], tool: str, arguments: dict[str, Any], reached: set[str]
) -> None:
    lines = await question(Sandbox(), tool, arguments)
    assert set(checked) == reached
    for address in reached:
        assert any(address in line for line in lines)


@pytest.mark.parametrize("key", ["email_cc_ids", "collaborator_ids"])
async def test_those_in_copy_are_reached_too(checked: list[str], key: str) -> None:
    for tool, ticket in (("reply_to_ticket", at.OPEN_TICKET), ("apply_macro", at.NEW_TICKET)):
        sandbox = Sandbox()
        sandbox.store.tickets[ticket][key] = [at.JAPANESE_USER_ID]
        address = sandbox.store.users[at.JAPANESE_USER_ID]["email"]
        lines = await question(sandbox, tool, CASES[tool].arguments)
        assert address in checked
        assert any(line.startswith("Copies to: ") and address in line for line in lines)
        checked.clear()


async def test_where_addresses_cannot_be_seen_people_are_named_by_number(
    checked: list[str],
) -> None:
    sandbox = Sandbox()
    scopes = "tickets:read tickets:write"
    lines = await question(sandbox, "reply_to_ticket", REPLY, scopes=scopes)
    assert set(checked) == {f"user {at.REQUESTER_ID}"}
    assert f"To: user {at.REQUESTER_ID}" in lines


@pytest.mark.parametrize("confirm", ["require", "client"])
@pytest.mark.parametrize(("tool", "arguments", "reached"), [one for one in REACHED if one[2]])
async def test_beyond_the_policy_nobody_is_asked_and_nothing_is_sent(
    tool: str, arguments: dict[str, Any], reached: set[str], confirm: str
) -> None:
    sandbox = Sandbox()
    flags: dict[str, Any] = {"allow_recipients": ("elsewhere.example",), "confirm": confirm}
    async with session(sandbox, yes_to, **flags) as one:
        asked = await one.call(tool, arguments)
    assert asked.error["details"]["setting"] == "allow_recipients"
    assert asked.shown == []
    assert writes(sandbox) == []
    assert not any(address in str(asked.error) for address in reached)


async def test_a_reply_goes_to_the_very_people_who_were_shown() -> None:
    """As Zendesk keeps it: the requester, and those in copy."""
    sandbox = Sandbox()
    ticket = sandbox.store.tickets[at.OPEN_TICKET]
    ticket["email_cc_ids"] = [at.JAPANESE_USER_ID, at.ARABIC_USER_ID]
    async with session(sandbox, yes_to) as one:
        asked = await one.call("reply_to_ticket", REPLY)
    mailed = {
        sandbox.store.users[who]["email"]
        for who in (ticket["requester_id"], *ticket["email_cc_ids"])
    }
    heads = [line for line in asked.shown[0].split("\n") if re.match("(To|Copies to): ", line)]
    assert set(re.findall(r"<([^<>]+@[^<>]+)>", "\n".join(heads))) == mailed


async def test_a_message_goes_to_the_very_people_who_were_shown() -> None:
    sandbox = Sandbox()
    to = ["jo@tentworkshop.example", "Marek Dvořák"]
    async with session(sandbox, yes_to) as one:
        asked = await one.call("create_side_conversation", {**SIDE, "to": to})
    made = sandbox.store.side_conversations[asked.answer["id"]]
    sent_to = {who["email"] for who in made["events"][0]["message"]["to"]}
    (line,) = [line for line in asked.shown[0].split("\n") if line.startswith("To: ")]
    assert set(re.findall(r"[\w.-]+@[\w.-]+", line)) == sent_to


FORGED = (
    "Hi\nTo: boss@b.example\r\nStatus afterwards: open\u2028To: other@b.example\u202e\u200b"
    + " very long" * 200
)


@pytest.mark.parametrize(
    "tool", [one for one in CONFIRMING if one not in {"create_article", "update_article"}]
)
async def test_what_others_wrote_forges_no_line_of_a_question(tool: str) -> None:
    """Every subject, name and address on the desk is somebody's attempt."""
    sandbox = Sandbox()
    before = await question(sandbox, tool, CASES[tool].arguments)
    store = sandbox.store
    for ticket in store.tickets.values():
        ticket["subject"] = FORGED
    for conversation in store.side_conversations.values():
        conversation["subject"] = FORGED
        for who in conversation["participants"]:
            who["name"] = FORGED
    for mail in store.suspended_tickets.values():
        mail.update(subject=FORGED, cause=FORGED, content=FORGED[:400])
        mail["author"]["name"] = FORGED
    for user in store.users.values():
        user["name"] = FORGED
    lines = await question(sandbox, tool, CASES[tool].arguments)
    assert not {"\u2028", "\u202e", "\u200b", "\r"} & set("\n".join(lines))
    if tool == "apply_macro":  # its own text, at the end, greets the requester by name
        lines, before = lines[: lines.index("")], before[: before.index("")]
    ours, as_ever = (
        [line.partition(":")[0] for line in some if not line.startswith("| ")]
        for some in (lines, before)
    )
    assert ours == as_ever
    assert max(len(line) for line in lines if not line.startswith("| ")) < 400
