"""What a human agreed to is what is done, whatever happens between their yes and the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from asking import ERAS, agrees, call, writes
from desk import OpenWorkspace
from made_macros import add_macro, written
from mcp_server_zendesk.sandbox import Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    ATTACKER_ID,
    CLOSED_TICKET,
    FIRST_ANSWER_MACRO,
    NEW_TICKET,
    NOTE_MACRO,
    OPEN_TICKET,
    REQUESTER_EMAIL,
)

pytestmark = pytest.mark.anyio

LATER = "2031-01-01T00:00:00Z"
PUBLIC = ("comment_mode_is_public", "true")


def meanwhile(sandbox: Sandbox, method: str, path: str, happens: Callable[[], object]) -> None:
    """It happens when such a request arrives, before Zendesk looks at it."""
    fault = replace(misfortunes.altered(lambda body: body), effect=happens)
    sandbox.faults.add(method, path, 1, fault)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("moment", ["comments", "update"])
async def test_a_reply_goes_to_nobody_but_those_in_the_question(era: str, moment: str) -> None:
    sandbox = Sandbox()
    ticket = sandbox.store.tickets[OPEN_TICKET]

    def hijacked() -> None:
        ticket.update(requester_id=ATTACKER_ID, updated_at=LATER)

    if moment == "comments":
        meanwhile(sandbox, "GET", f"/tickets/{OPEN_TICKET}/comments", hijacked)
    else:
        meanwhile(sandbox, "PUT", f"/tickets/{OPEN_TICKET}$", hijacked)
    asked = await call(
        sandbox, "reply_to_ticket", agrees, era=era, ticket_id=OPEN_TICKET, body="For Lena alone."
    )
    assert (asked.error["kind"], asked.error["outcome"]) == ("conflict", "not_applied")
    assert "For Lena alone." not in sandbox.store.said(OPEN_TICKET)
    assert len(asked.shown) == 1
    assert writes(sandbox) == [f"PUT tickets/{OPEN_TICKET}"], "it is not sent again"


async def test_a_reply_carries_the_last_change_that_its_question_told() -> None:
    sandbox = Sandbox()
    stamp = sandbox.store.tickets[OPEN_TICKET]["updated_at"]
    asked = await call(sandbox, "reply_to_ticket", agrees, ticket_id=OPEN_TICKET, body="Hi")
    assert f"Ticket last changed: {stamp}" in asked.shown[0]
    (update,) = written(sandbox)
    assert (update["safe_update"], update["updated_stamp"]) == (True, stamp)
    assert "safe_update" not in str(asked.answer)


async def test_a_note_is_added_whatever_a_colleague_changed(open_workspace: OpenWorkspace) -> None:
    async with open_workspace() as desk:
        await desk.ask("add_internal_note", ticket_id=OPEN_TICKET, body="Asked the warehouse.")
        (update,) = written(desk.sandbox)
        assert set(update) == {"comment"}


async def test_a_reply_whose_answer_was_lost_is_found_and_never_sent_again() -> None:
    sandbox = Sandbox()
    lost = misfortunes.reset_after_write()
    sandbox.faults.add("PUT", f"/tickets/{OPEN_TICKET}$", 1, lost)
    asked = await call(sandbox, "reply_to_ticket", agrees, ticket_id=OPEN_TICKET, body="On its way")
    assert asked.answer["answer_was_lost"] is True
    assert sandbox.store.said(OPEN_TICKET).count("On its way") == 1
    assert len(writes(sandbox)) == 1


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("moment", ["comments", "update"])
async def test_a_macro_says_what_was_shown_or_nothing(era: str, moment: str) -> None:
    """A colleague rewrites the macro, which does not change the ticket."""
    sandbox = Sandbox()
    macro = add_macro(sandbox, "Hello", ("comment_value", "Thank you."), PUBLIC)

    def rewritten() -> None:
        actions = [{"field": "comment_value", "value": "You fool."}]
        actions += [{"field": PUBLIC[0], "value": PUBLIC[1]}]
        sandbox.store.macros[macro].update(actions=actions, updated_at=LATER)

    if moment == "comments":
        meanwhile(sandbox, "GET", f"/tickets/{NEW_TICKET}/comments", rewritten)
    else:
        # Between the last question and what the handler would read.
        sandbox.store.macros[macro]["actions"][0]["value"] = "Thank you."
        looks = count(1)

        def seen(body: Any) -> Any:
            if next(looks) > 2:
                body["result"]["ticket"]["comment"]["body"] = "You fool."
            return body

        apply = f"/tickets/{NEW_TICKET}/macros/{macro}/apply"
        sandbox.faults.add("GET", apply, 9, misfortunes.altered(seen))
    asked = await call(
        sandbox, "apply_macro", agrees, era=era, ticket_id=NEW_TICKET, macro=str(macro)
    )
    assert "Thank you." in asked.shown[-1]
    assert asked.answer["comment_public"] is True
    assert [one["comment"]["body"] for one in written(sandbox)] == ["Thank you."]


@pytest.mark.parametrize("era", ERAS)
async def test_a_macro_that_tells_the_time_is_asked_about_once(era: str) -> None:
    sandbox = Sandbox()
    ticking = count(1)

    def told(body: Any) -> Any:
        body["result"]["ticket"]["comment"]["body"] = f"It is 09:00:{next(ticking):02}."
        return body

    apply = f"/tickets/{NEW_TICKET}/macros/{FIRST_ANSWER_MACRO}/apply"
    sandbox.faults.add("GET", apply, 99, misfortunes.altered(told))
    macro = str(FIRST_ANSWER_MACRO)
    asked = await call(sandbox, "apply_macro", agrees, era=era, ticket_id=NEW_TICKET, macro=macro)
    assert asked.answer["comment_public"] is True
    (question,) = asked.shown
    (update,) = written(sandbox)
    assert question.endswith(update["comment"]["body"])


@pytest.mark.parametrize("era", ERAS)
async def test_a_macro_rewritten_while_a_human_reads_sends_what_they_read(era: str) -> None:
    sandbox = Sandbox()
    macro = add_macro(sandbox, "Hello", ("comment_value", "Thank you."), PUBLIC)

    def slowly(_: str) -> Any:
        sandbox.store.macros[macro]["actions"][0]["value"] = "You fool."
        return agrees("")

    await call(sandbox, "apply_macro", slowly, era=era, ticket_id=NEW_TICKET, macro=str(macro))
    assert [one["comment"]["body"] for one in written(sandbox)] == ["Thank you."]


async def test_a_macro_without_a_question_is_as_zendesk_says_now(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace() as desk:
        macro = add_macro(desk.sandbox, "Note", ("comment_value", "One."), (PUBLIC[0], "false"))
        for said in ("One.", "Two."):
            desk.sandbox.store.macros[macro]["actions"][0]["value"] = said
            await desk.ask("apply_macro", ticket_id=NEW_TICKET, macro=macro)
        assert [one["comment"]["body"] for one in written(desk.sandbox)] == ["One.", "Two."]
        await desk.ask("apply_macro", ticket_id=NEW_TICKET, macro=NOTE_MACRO)


@pytest.mark.parametrize(
    ("by", "path", "looks"),
    [
        ({"requester_email": REQUESTER_EMAIL}, "/users/search", 2),
        ({"follow_up_of": CLOSED_TICKET}, f"/tickets/{CLOSED_TICKET}$", 4),
    ],
)
async def test_a_new_ticket_is_for_whom_the_question_named(
    by: dict[str, Any], path: str, looks: int
) -> None:
    """After so many looks the address, or the closed ticket, is somebody else's."""
    sandbox = Sandbox()
    users, source = sandbox.store.users, sandbox.store.tickets[CLOSED_TICKET]
    asker = next(one["id"] for one in users.values() if one["email"] == REQUESTER_EMAIL)
    source["requester_id"] = asker
    looked = count(1)

    def another(body: Any) -> Any:
        if next(looked) <= looks:
            return body
        if "ticket" in body:
            return {"ticket": {**body["ticket"], "requester_id": ATTACKER_ID}}
        return {**body, "users": [{**users[ATTACKER_ID], "email": REQUESTER_EMAIL}]}

    sandbox.faults.add("GET", path, 99, misfortunes.altered(another))
    new: Any = {"subject": "Hi", "body": "For them alone.", "public": True, **by}
    asked = await call(sandbox, "create_ticket", agrees, **new)
    assert len(asked.shown) == 1
    made = [one.body["ticket"] for one in sandbox.requests if one.method == "POST"]
    assert [one["requester_id"] for one in made] == [asker]


async def test_an_address_is_added_to_the_person_of_the_question() -> None:
    """Whom a name is found for can change between the question and the act."""
    sandbox = Sandbox()
    looks = count(1)

    def found(body: Any) -> Any:
        if next(looks) > 2:
            body["users"] = [sandbox.store.users[ATTACKER_ID]]
        return body

    sandbox.faults.add("GET", "/users/search", 9, misfortunes.altered(found))
    arguments = {"user": REQUESTER_EMAIL, "email": "lena@home.example"}
    asked = await call(sandbox, "update_user", agrees, **arguments)
    (write,) = writes(sandbox)
    assert asked.answer["id"] != ATTACKER_ID
    assert write == f"POST users/{asked.answer['id']}/identities"


@pytest.mark.parametrize("era", ERAS)
async def test_a_person_joins_the_organization_of_the_question(era: str) -> None:
    sandbox = Sandbox()
    shared, other = list(sandbox.store.organizations.values())[:2]
    shared["shared_tickets"] = other["shared_tickets"] = True
    looks = count(1)
    asks = 2  # the question, and the same again before the act

    def found(body: Any) -> Any:
        if next(looks) > asks:
            body["organizations"] = [{**other, "name": shared["name"]}]
        return body

    sandbox.faults.add("GET", "/organizations/autocomplete", 9, misfortunes.altered(found))
    arguments = {"user": ATTACKER_ID, "organization": shared["name"]}
    asked = await call(sandbox, "update_user", agrees, era=era, **arguments)
    assert len(asked.shown) == 1
    (update,) = [one.body["user"] for one in sandbox.requests if one.method == "PUT"]
    assert update["organization_id"] == shared["id"]
