"""Writing in side conversations: after a human's yes, once, to those who were shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asking import ERAS, Asked, agrees, call, declines, writes
from mcp_server_zendesk.sandbox import Fault, Rules, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_EMAIL,
    AGENT_ID,
    ATTACHMENT_TICKET,
    CLOSED_TICKET,
    OPEN_TICKET,
    REQUESTER_ID,
    SIDE_CONVERSATION,
)

pytestmark = pytest.mark.anyio

SCOPES = "tickets:read tickets:write users:read"
BODY = "Hello Jo,\n\ncould you look at [this](https://shop.example/1)?"
NEW = f"tickets/{ATTACHMENT_TICKET}/side_conversations"
REPLY = f"{NEW}/{SIDE_CONVERSATION}/reply"


async def create(sandbox: Sandbox, human: Any = agrees, **given: Any) -> Asked:
    arguments = {
        "ticket_id": ATTACHMENT_TICKET,
        "subject": "Repair",
        "body": BODY,
        "to": ["jo@tentworkshop.example"],
        "scopes": SCOPES,
        "toolsets": "side_conversations",
    }
    return await call(sandbox, "create_side_conversation", human, **{**arguments, **given})


async def reply(sandbox: Sandbox, human: Any = agrees, **given: Any) -> Asked:
    arguments = {
        "ticket_id": ATTACHMENT_TICKET,
        "side_conversation_id": SIDE_CONVERSATION,
        "body": BODY,
        "scopes": SCOPES,
        "toolsets": "side_conversations",
    }
    return await call(sandbox, "reply_to_side_conversation", human, **{**arguments, **given})


def posted(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [one.body["message"] for one in sandbox.requests if one.method == "POST"]


@pytest.mark.parametrize("era", ERAS)
async def test_what_is_shown_is_what_is_sent(era: str) -> None:
    sandbox = Sandbox()
    asked = await create(sandbox, era=era, to=["jo@tentworkshop.example", "ann@b.example"])
    (shown,) = asked.shown
    lines = shown.split("\n")
    assert lines[:4] == [
        f"Start this side conversation about ticket {ATTACHMENT_TICKET}?",
        "To: jo@tentworkshop.example; ann@b.example",
        "Subject of the message: Repair",
        "Ticket: Torn seam on the Kebne 2, with photos",
    ]
    assert lines[4].startswith("Ticket last changed: ")
    assert shown.endswith(f" characters in 3 lines):\n\n{BODY}")
    assert posted(sandbox) == [
        {
            "subject": "Repair",
            "body": BODY,
            "to": [{"email": "jo@tentworkshop.example"}, {"email": "ann@b.example"}],
        }
    ]
    made = sandbox.store.side_conversations[asked.answer["id"]]
    assert made["ticket_id"] == asked.answer["ticket_id"] == ATTACHMENT_TICKET
    assert asked.answer["subject"] == "Repair"
    assert [one["email"] for one in asked.answer["participants"]] == [
        "jo@tentworkshop.example",
        "ann@b.example",
    ]
    assert "answer_was_lost" not in asked.answer


@pytest.mark.parametrize("era", ERAS)
async def test_a_reply_goes_to_the_participants_who_were_shown(era: str) -> None:
    sandbox = Sandbox()
    asked = await reply(sandbox, era=era)
    (shown,) = asked.shown
    assert "Subject: Repair of a tent" in shown
    assert "Jo Lind <jo@tentworkshop.example>" in shown
    assert "Conversation last changed: " in shown
    assert shown.endswith(f"\n\n{BODY}")
    assert posted(sandbox) == [{"body": BODY}]
    assert asked.answer["id"] == SIDE_CONVERSATION
    assert writes(sandbox) == [f"POST {REPLY}"]


async def test_a_reply_may_go_to_others() -> None:
    sandbox = Sandbox()
    asked = await reply(sandbox, to=["ann@b.example"])
    assert "To: ann@b.example\n" in asked.shown[0]
    assert posted(sandbox) == [{"body": BODY, "to": [{"email": "ann@b.example"}]}]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("send", [create, reply])
@pytest.mark.parametrize(
    ("human", "kind"), [(declines, "confirmation_declined"), (None, "confirmation_unavailable")]
)
async def test_without_a_yes_nothing_is_sent(era: str, send: Any, human: Any, kind: str) -> None:
    sandbox = Sandbox()
    asked = await send(sandbox, human, era=era)
    assert asked.error["kind"] == kind
    assert asked.error["outcome"] == "not_applied"
    assert writes(sandbox) == []


async def test_a_conversation_that_went_on_meanwhile_is_shown_anew() -> None:
    sandbox = Sandbox()
    times = iter(range(9))

    def meanwhile(text: str) -> Any:
        if next(times):
            return declines(text)
        sandbox.store.side_conversations[SIDE_CONVERSATION]["updated_at"] = "2031-01-01T00:00:00Z"
        return agrees(text)

    asked = await reply(sandbox, meanwhile, era="legacy")
    assert asked.error["kind"] == "conflict"
    assert writes(sandbox) == []


# to whom


@pytest.mark.parametrize("said", [str(AGENT_ID), "Marek Dvořák", "marek  dvořák"])
async def test_a_user_is_known_by_id_or_name(said: str) -> None:
    sandbox = Sandbox()
    asked = await create(sandbox, to=[said])
    assert f"To: Marek Dvořák <{AGENT_EMAIL}>" in asked.shown[0]
    assert posted(sandbox)[0]["to"] == [{"user_id": AGENT_ID}]


async def test_users_and_addresses_are_not_mixed() -> None:
    """Kinds may not be mixed (§5.7): with an address among them, users go by theirs."""
    sandbox = Sandbox()
    await create(sandbox, to=["Marek Dvořák", "jo@tentworkshop.example", "Marek Dvořák"])
    assert posted(sandbox)[0]["to"] == [
        {"email": AGENT_EMAIL, "name": "Marek Dvořák"},
        {"email": "jo@tentworkshop.example"},
    ]
    sandbox.store.users[AGENT_ID]["email"] = None
    asked = await create(sandbox, to=[str(AGENT_ID), "jo@tentworkshop.example"])
    assert asked.error["kind"] == "invalid_arguments"
    assert len(posted(sandbox)) == 1


@pytest.mark.parametrize(
    "said",
    [
        "Nobody Atall",
        "Marek",
        "999999",
        "9" * 25,
        "",
        "  ",
        "@",
        "a@b",
        "jo@b.example, eve@c.example",
        "Jo <jo@b.example>",
        "jo\u200b@b.example",
        'x" OR role:admin "',
        "name:* Marek Dvořák",
    ],
)
async def test_who_is_nobody_is_refused_before_anyone_is_asked(said: str) -> None:
    sandbox = Sandbox()
    asked = await create(sandbox, to=[said])
    assert asked.error["kind"] == "invalid_arguments"
    assert asked.error["details"]["fields"][0]["field"].startswith("to")
    assert asked.shown == []
    assert writes(sandbox) == []


async def test_a_name_of_several_comes_back_with_candidates() -> None:
    sandbox = Sandbox()
    sandbox.store.users[REQUESTER_ID]["name"] = "Marek Dvořák"
    asked = await create(sandbox, to=["Marek Dvořák"])
    (problem,) = asked.error["details"]["fields"]
    assert "more than one" in problem["problem"]
    assert {one["id"] for one in problem["candidates"]} == {AGENT_ID, REQUESTER_ID}


async def test_without_the_scope_of_users_ids_and_addresses_do() -> None:
    scopes = "tickets:read tickets:write"
    sandbox = Sandbox()
    asked = await create(sandbox, to=["jo@b.example"], scopes=scopes)
    assert asked.answer["id"]
    asked = await create(sandbox, to=[str(AGENT_ID)], scopes=scopes)
    assert f"To: user {AGENT_ID}" in asked.shown[0]
    asked = await create(sandbox, to=["Marek Dvořák"], scopes=scopes)
    assert asked.error["kind"] == "scope_missing"
    assert asked.error["details"]["missing"] == [["users:read"]]


# answers that are lost, and refusals


@pytest.mark.parametrize("send", [create, reply])
async def test_a_message_whose_answer_was_lost_is_found_and_not_sent_again(send: Any) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("POST", "side_conversations", 1, misfortunes.reset_after_write())
    asked = await send(sandbox)
    assert asked.answer["answer_was_lost"] is True
    number = asked.answer["id"]
    events = sandbox.store.side_conversations[number]["events"]
    assert len([one for one in events if one["message"]["body"] == BODY]) == 1
    assert len(writes(sandbox)) == 1


@pytest.mark.parametrize("send", [create, reply])
async def test_a_message_that_is_not_found_is_unknown(send: Any) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("POST", "side_conversations", 1, misfortunes.reset_before_write())
    asked = await send(sandbox)
    assert asked.error["outcome"] == "unknown"
    assert asked.error["retryable"] is False
    assert "read the record again" in asked.error["hint"]
    assert writes(sandbox) == []


@pytest.mark.parametrize("send", [create, reply])
async def test_a_colleagues_message_is_not_mistaken_for_the_lost_one(send: Any) -> None:
    sandbox = Sandbox()

    def colleague() -> None:
        seeded = sandbox.store.side_conversations[SIDE_CONVERSATION]
        event = {**seeded["events"][0], "id": "x"}
        event["message"] = {**event["message"], "body": BODY}
        seeded["events"].append(event)
        new = {**seeded, "id": "other", "subject": "Repair", "events": [event]}
        sandbox.store.side_conversations["other"] = new

    lost = replace(misfortunes.reset_before_write(), effect=colleague)
    sandbox.faults.add("POST", "side_conversations", 1, lost)
    asked = await send(sandbox)
    assert asked.error["outcome"] == "unknown"


async def test_the_same_words_from_before_are_not_the_lost_ones() -> None:
    sandbox = Sandbox()
    for send in (create, reply):
        assert (await send(sandbox)).answer["id"]
        sandbox.faults.add("POST", "side_conversations", 1, misfortunes.reset_before_write())
        assert (await send(sandbox)).error["outcome"] == "unknown"


@pytest.mark.parametrize("send", [create, reply])
@pytest.mark.parametrize("rule", ["forbidden", "missing"])
async def test_without_the_add_on_nobody_is_asked_in_vain(send: Any, rule: Any) -> None:
    sandbox = Sandbox(rules=Rules(side_conversations=rule))
    asked = await send(sandbox)
    assert asked.error["kind"] == "endpoint_unavailable"
    assert asked.error["outcome"] == "not_applied"
    assert asked.shown == []


async def test_a_refusal_by_a_closed_ticket_is_told_as_that() -> None:
    sandbox = Sandbox()
    refusal = {"error": "RecordInvalid", "description": "Ungültig", "details": {}}
    sandbox.faults.add("POST", "side_conversations", None, Fault(status=422, body=refusal))
    asked = await create(sandbox, ticket_id=CLOSED_TICKET)
    assert asked.error["kind"] == "ticket_closed"
    asked = await create(sandbox, ticket_id=OPEN_TICKET)
    assert asked.error["kind"] == "validation_failed"
    assert asked.error["outcome"] == "not_applied"


async def test_what_zendesk_dropped_is_said() -> None:
    sandbox = Sandbox()
    warning = {"X-Zendesk-API-Warn": 'Removed restricted keys ["to"] from parameters'}
    sandbox.faults.add("POST", "side_conversations", 1, Fault(headers=warning))
    assert (await create(sandbox)).answer["ignored"] == ["to"]


@pytest.mark.parametrize("send", [create, reply])
async def test_what_is_not_there_is_not_found_before_anyone_is_asked(send: Any) -> None:
    asked = await send(Sandbox(), ticket_id=999_999)
    assert asked.error["kind"] == "not_found"
    assert asked.shown == []


async def test_hostile_names_stay_on_their_line_of_the_question() -> None:
    sandbox = Sandbox()
    evil = "Jo\nTo: boss@b.example\u202e"
    sandbox.store.tickets[ATTACHMENT_TICKET]["subject"] = evil
    seeded = sandbox.store.side_conversations[SIDE_CONVERSATION]
    seeded.update(subject=evil, participants=[{"name": evil, "email": evil}])
    for asked in (await create(sandbox), await reply(sandbox)):
        assert asked.shown[0].count("\nTo: ") == 1
        assert "\u202e" not in asked.shown[0]


async def test_a_subject_is_one_line_in_the_question_and_in_what_is_sent() -> None:
    sandbox = Sandbox()
    asked = await create(sandbox, subject=" Repair\u2028To: boss@b.example\n ")
    assert "\nSubject of the message: Repair To: boss@b.example\n" in asked.shown[0]
    assert posted(sandbox)[0]["subject"] == "Repair To: boss@b.example"
    assert (await create(sandbox, subject=" \n ")).error["kind"] == "invalid_arguments"


async def test_the_question_costs_what_it_must() -> None:
    sandbox = Sandbox()
    await create(sandbox, era="legacy")
    paths = [
        f"{one.method} {one.path.removeprefix('/api/v2/')}"
        for one in sandbox.requests
        if "/oauth/" not in one.path
    ]
    reading = [f"GET tickets/{ATTACHMENT_TICKET}", f"GET {NEW}"]
    assert paths == [*reading, *reading, f"GET {NEW}", f"POST {NEW}"]
