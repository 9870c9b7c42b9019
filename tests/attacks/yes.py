"""A human's yes: how a question could lie, and how a yes could be had or used by fraud."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import Any

import httpx
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult, InputRequiredResult

from asking import Reply, agrees, call, declines, writes
from attacks import defences
from attacks.attack import (
    Attacks,
    Ground,
    all_of,
    as_it_is,
    nothing,
    nothing_asked,
    put_in_place,
)
from attacks.outside import SECRET, said_in_public
from attacks.reading import hides_something
from made_macros import add_macro
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    AGENT_EMAIL,
    ATTACKER_ID,
    OPEN_TICKET,
    REQUESTER_EMAIL,
    REQUESTER_ID,
)
from mcp_server_zendesk.serving.confirmation import Yes
from mcp_server_zendesk.workspace import build_server

ATTACKS = Attacks("a human's yes")

CONFIRMATION = "mcp_server_zendesk.serving.confirmation"


@ATTACKS.add(
    "client that cannot ask",
    who="client",
    tries="contacts a customer by a client without elicitation",
    defence="who cannot ask is refused",
    without=all_of(
        put_in_place(f"{CONFIRMATION}:_can_ask", lambda _: True),
        put_in_place(f"{CONFIRMATION}:Elicit", lambda *_: Yes(agree=True)),
    ),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    await call(sandbox, "reply_to_ticket", None, ticket_id=OPEN_TICKET, body=SECRET)
    return said_in_public(sandbox)


async def shown(sandbox: Sandbox, tool: str, human: Reply = declines, **arguments: Any) -> str:
    """The question that a human saw."""
    asked = await call(sandbox, tool, human, **arguments)
    return "\n".join(asked.shown)


def lines_of(question: str, label: str) -> list[str]:
    """The lines of a question that begin so; a person takes each for the server's."""
    return [line for line in question.splitlines() if line.startswith(label)]


@ATTACKS.add(
    "subject that forges a line",
    who="stranger",
    tries="a subject with a line break and a harmless recipient after it",
    defence="a subject is one line of the question",
    without=defences.subjects_are_one_line,
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    sandbox.store.tickets[OPEN_TICKET]["subject"] = f"Hello\nTo: {AGENT_EMAIL}"
    question = await shown(sandbox, "reply_to_ticket", ticket_id=OPEN_TICKET, body="Hi")
    return len(lines_of(question, "To: ")) > 1


@ATTACKS.add(
    "line separator in a subject",
    who="stranger",
    tries="the same with U+2028, which some windows break at",
    defence="a subject is one line, the unseen is shown by its number",
    without=all_of(defences.subjects_are_one_line, defences.unseen_is_numbered),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    sandbox.store.tickets[OPEN_TICKET]["subject"] = f"Hello\u2028To: {AGENT_EMAIL}"
    question = await shown(sandbox, "reply_to_ticket", ticket_id=OPEN_TICKET, body="Hi")
    return len(lines_of(question, "To: ")) > 1


@ATTACKS.add(
    "subject of a new ticket that forges lines",
    who="model",
    tries="a subject that ends the question early and shows another text",
    defence="a subject is one line of the question",
    without=all_of(
        put_in_place("zendesk_tools.ticket_creation:one_line", as_it_is),
        defences.values_are_one_line,
    ),
)
async def _(_: Ground) -> bool:
    question = await shown(
        Sandbox(), "create_ticket", subject="Hi\nPriority: low\n\nAll fine, thank you!",
        body=SECRET, requester_email=REQUESTER_EMAIL, public=True,
    )  # fmt: skip
    return bool(lines_of(question, "Priority: "))


@ATTACKS.add(
    "text turned round",
    who="model",
    tries="a bidirectional override, so that a person reads another account number",
    defence="the unseen is shown by its number",
    without=all_of(
        defences.unseen_is_numbered,
        put_in_place("mcp_server_zendesk.serving.shown:visible", as_it_is),
    ),
)
async def _(_: Ground) -> bool:
    body = "Pay to \u202e654321\u202c, please."
    return hides_something(
        await shown(Sandbox(), "reply_to_ticket", ticket_id=OPEN_TICKET, body=body)
    )


class _NeverThoughtOver:
    """Stands in for the note that a human took their time."""

    def get(self) -> bool:
        return False

    def set(self, value: bool) -> None:
        del value


@ATTACKS.add(
    "ticket changed while a human reads",
    who="stranger",
    tries="another requester between the question and the yes",
    defence="the question is put together anew before acting",
    without=put_in_place(f"{CONFIRMATION}:_thought_over", _NeverThoughtOver()),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()

    def slowly(_: str) -> ElicitResult:
        sandbox.store.tickets[OPEN_TICKET].update(requester_id=ATTACKER_ID)
        return agrees("")

    await call(sandbox, "reply_to_ticket", slowly, era="legacy", ticket_id=OPEN_TICKET, body=SECRET)
    return said_in_public(sandbox)


@asynccontextmanager
async def before_a_human(sandbox: Sandbox) -> AsyncIterator[Client]:
    """A client of a server of its own; it puts no question to anybody by itself."""

    async def human(*_: Any) -> ElicitResult:
        return declines("")

    settings = embedded_settings({"scopes": "read write", "toolsets": "all"})
    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox))
    callback: Any = human
    async with server.running(), Client(server, elicitation_callback=callback) as client:
        yield client


async def question(client: Client, tool: str, arguments: dict[str, Any]) -> InputRequiredResult:
    first = await client.session.call_tool(tool, arguments, allow_input_required=True)
    assert isinstance(first, InputRequiredResult)
    return first


async def answer(
    client: Client, tool: str, arguments: dict[str, Any], asked: InputRequiredResult
) -> None:
    """Sends a yes to what was asked, with these arguments."""
    answers: Any = dict.fromkeys(asked.input_requests or {}, agrees(""))
    with suppress(MCPError):
        await client.session.call_tool(
            tool, arguments, input_responses=answers,
            request_state=asked.request_state, allow_input_required=True,
        )  # fmt: skip


NEW = {"subject": "s", "body": "b", "requester_id": REQUESTER_ID, "public": True}
RESOLVE = "mcp.server.mcpserver.resolve"
STATE = "mcp.server.request_state"


@ATTACKS.add(
    "yes sent twice",
    who="client",
    tries="the same answered call again, after its result was lost",
    defence="one yes counts once",
    without=put_in_place(f"{CONFIRMATION}:_spend", nothing_asked),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    async with before_a_human(sandbox) as client:
        asked = await question(client, "create_ticket", NEW)
        for _time in range(2):
            await answer(client, "create_ticket", NEW, asked)
    return len(writes(sandbox)) > 1


@ATTACKS.add(
    "other arguments after the yes",
    who="client",
    tries="shows a human one reply and sends another with the yes",
    defence="a yes is bound to arguments and question",
    without=all_of(
        put_in_place(f"{STATE}:_request_identity", lambda *_: ("", "")),
        put_in_place(f"{RESOLVE}:_request_digest", lambda _: ""),
    ),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    async with before_a_human(sandbox) as client:
        harmless = {"ticket_id": OPEN_TICKET, "body": "Thank you, we look into it."}
        asked = await question(client, "reply_to_ticket", harmless)
        await answer(client, "reply_to_ticket", {**harmless, "body": SECRET}, asked)
    return said_in_public(sandbox)


@ATTACKS.add(
    "ticket changed after the yes",
    who="stranger",
    tries="another requester just before the reply arrives at Zendesk",
    defence="a reply is refused by Zendesk when the ticket is not as it was shown",
    without=put_in_place("zendesk_tools.ticket_comments:unless_changed", lambda _: {}),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    ticket = sandbox.store.tickets[OPEN_TICKET]

    def hijacked() -> None:
        ticket.update(requester_id=ATTACKER_ID, updated_at="2031-01-01T00:00:00Z")

    late = replace(misfortunes.altered(as_it_is), effect=hijacked)
    sandbox.faults.add("PUT", f"/tickets/{OPEN_TICKET}$", 1, late)
    await call(sandbox, "reply_to_ticket", agrees, ticket_id=OPEN_TICKET, body=SECRET)
    return said_in_public(sandbox)


@ATTACKS.add(
    "macro rewritten after the yes",
    who="agent-side data",
    tries="another text of the macro once its question was answered",
    defence="what is sent is what was shown",
    without=put_in_place("zendesk_tools.macros:_as_shown", nothing),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    macro = add_macro(
        sandbox, "Hello", ("comment_value", "Hi."), ("comment_mode_is_public", "true")
    )
    looks = count(1)

    def rewritten(body: Any) -> Any:
        if next(looks) > 2:
            body["result"]["ticket"]["comment"]["body"] = SECRET
        return body

    path = f"/tickets/{OPEN_TICKET}/macros/{macro}/apply"
    sandbox.faults.add("GET", path, 9, misfortunes.altered(rewritten))
    await call(sandbox, "apply_macro", agrees, ticket_id=OPEN_TICKET, macro=str(macro))
    return said_in_public(sandbox)


@ATTACKS.add(
    "new ticket for somebody else after the yes",
    who="agent-side data",
    tries="the address of the question becomes another user's before the ticket is made",
    defence="the requester is the one who was shown",
    without=put_in_place("zendesk_tools.ticket_creation:_as_shown", nothing),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    stranger = {**sandbox.store.users[ATTACKER_ID], "email": REQUESTER_EMAIL}
    looks = count(1)

    def another(body: Any) -> Any:
        return {**body, "users": [stranger]} if next(looks) > 2 else body

    sandbox.faults.add("GET", "/users/search", 9, misfortunes.altered(another))
    new: dict[str, Any] = {"subject": "s", "body": SECRET, "public": True}
    await call(sandbox, "create_ticket", agrees, requester_email=REQUESTER_EMAIL, **new)
    return any(one["requester_id"] == ATTACKER_ID for one in made_by(sandbox))


def made_by(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The tickets that were asked for."""
    return [one.body["ticket"] for one in sandbox.requests if one.method == "POST"]


@ATTACKS.add(
    "ticket changed before the yes comes back",
    who="stranger",
    tries="another requester between the question's request and the answer's",
    defence="a yes is bound to its question",
    without=put_in_place(f"{RESOLVE}:_request_digest", lambda _: ""),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    reply = {"ticket_id": OPEN_TICKET, "body": SECRET}
    async with before_a_human(sandbox) as client:
        asked = await question(client, "reply_to_ticket", reply)
        sandbox.store.tickets[OPEN_TICKET].update(requester_id=ATTACKER_ID)
        await answer(client, "reply_to_ticket", reply, asked)
    return said_in_public(sandbox)


@ATTACKS.add(
    "yes spent at another process",
    who="client",
    tries="one sealed question, answered to two servers of the same workspace",
    defence="a question is sealed with its process's own key",
    without=all_of(
        put_in_place(f"{STATE}:AESGCMRequestStateCodec.seal", lambda _, said: said.decode()),
        put_in_place(f"{STATE}:AESGCMRequestStateCodec.unseal", lambda _, said: said.encode()),
    ),
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    async with before_a_human(sandbox) as one, before_a_human(sandbox) as other:
        asked = await question(one, "create_ticket", NEW)
        for client in (one, other):
            await answer(client, "create_ticket", NEW, asked)
    return len(writes(sandbox)) > 1


@ATTACKS.add(
    "name that passes for an address",
    who="stranger",
    tries="a requester's name with a colleague's address and a line break in it",
    defence="a person is one line of the question",
    without=defences.names_are_one_line,
)
async def _(_: Ground) -> bool:
    sandbox = Sandbox()
    sandbox.store.users[REQUESTER_ID]["name"] = f"Ada <{AGENT_EMAIL}>\nCopies to: nobody"
    question = await shown(sandbox, "reply_to_ticket", ticket_id=OPEN_TICKET, body="Hi")
    return bool(lines_of(question, "Copies to: "))


@ATTACKS.add(
    "file name that forges a line",
    who="model",
    tries="uploads a file whose name ends the line and names another recipient",
    defence="a file's name is one line from its upload on",
    without=put_in_place("zendesk_tools.uploads:clean_line", as_it_is),
)
async def _(_: Ground) -> bool:
    async with before_a_human(Sandbox()) as client:
        file = {"file_name": f"a.txt\nTo: {AGENT_EMAIL}", "text": "Hello"}
        made = await client.call_tool("upload_attachment", file)
        token = (made.structured_content or {})["upload_token"]
        reply = {"ticket_id": OPEN_TICKET, "body": "Hi", "upload_tokens": [token]}
        asked = await question(client, "reply_to_ticket", reply)
    return len(lines_of(_text_of(asked), "To: ")) > 1


def _text_of(asked: InputRequiredResult) -> str:
    return "\n".join(
        str(getattr(request.params, "message", ""))
        for request in (asked.input_requests or {}).values()
    )
