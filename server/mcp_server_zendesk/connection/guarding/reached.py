"""Who would learn of a write: the people of tickets and side conversations, by mail address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_server_zendesk.connection.errors import UnreadableResponse
from mcp_server_zendesk.connection.guarding.touched import Touch
from mcp_server_zendesk.connection.reading import Reader, next_cursor
from mcp_server_zendesk.connection.records import (
    Ids,
    Record,
    UserRecord,
    parse,
    parse_list,
)
from mcp_server_zendesk.connection.rule_records import SuspendedRecord
from mcp_server_zendesk.connection.side_conversation_records import SideConversationRecord

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.guarding.places import Places

_AT_ONCE = 100
_PROBLEM = "problem"
_NO_ADDRESS = "somebody without a mail address"


class GuardedTicket(Record):
    """Of a ticket, where it is and who is copied: older accounts tell of collaborators alone."""

    id: int
    type: str | None = None
    group_id: int | None = None
    brand_id: int | None = None
    requester_id: int | None = None
    email_cc_ids: Ids = None
    follower_ids: Ids = None
    collaborator_ids: Ids = None

    @property
    def audience(self) -> set[int]:
        """Who gets a public comment by mail; followers are agents of the account, and left out."""
        copied = set(self.collaborator_ids or []).difference(self.follower_ids or [])
        return {one for one in (self.requester_id, *(self.email_cc_ids or []), *copied) if one}

    def place(self, places: Places) -> int | None:
        """Its group or its brand."""
        return self.group_id if places.kind == "group" else self.brand_id


@dataclass(slots=True)
class Reached:
    """Mail addresses, and in words who else would be reached that has none."""

    addresses: list[str] = field(default_factory=list)
    others: str | None = None


async def tickets_among(reader: Reader, ids: Sequence[int]) -> dict[int, GuardedTicket]:
    """Those of some tickets that can be read; one alone that cannot be is an error.

    Raises:
        ZendeskError: In one of its kinds.
    """
    if len(ids) == 1:
        one = parse(GuardedTicket, await reader.get("tickets", ids[0]), "ticket")
        return {one.id: one}
    found: list[GuardedTicket] = []
    for first in range(0, len(ids), _AT_ONCE):
        some = ",".join(map(str, ids[first : first + _AT_ONCE]))
        answer = await reader.get("tickets", "show_many", params={"ids": some})
        found += parse_list(GuardedTicket, answer, "tickets")
    return {one.id: one for one in found}


async def incidents_of(
    reader: Reader, tickets: Iterable[GuardedTicket]
) -> dict[int, GuardedTicket]:
    """What hangs on problems: solving one solves these too, with the comment that solves it.

    Raises:
        UnreadableResponse: There are more than are looked at.
        ZendeskError: In one of its kinds.
    """
    found: list[GuardedTicket] = []
    for ticket in tickets:
        if ticket.type == _PROBLEM:
            answer = await reader.get(
                "tickets", ticket.id, "incidents", params={"page[size]": _AT_ONCE}
            )
            if next_cursor(answer) is not None:
                raise UnreadableResponse("a problem has more incidents than are looked at")
            found += parse_list(GuardedTicket, answer, "tickets")
    return {one.id: one for one in found}


async def addresses_of(reader: Reader, touch: Touch, tickets: Iterable[GuardedTicket]) -> Reached:
    """Everyone whom a write would reach beside the addresses that stand in it.

    Raises:
        ZendeskError: In one of its kinds.
    """
    reached = Reached()
    people = set(touch.people)
    for ticket in tickets:
        people |= ticket.audience
    if touch.side_conversation is not None:
        people |= await _participants(reader, touch.side_conversation, reached)
    for suspended in touch.suspended:
        answer = await reader.get("suspended_tickets", suspended)
        author = parse(SuspendedRecord, answer, "suspended_ticket").author
        if author is not None and author.email:
            reached.addresses.append(author.email)
        else:
            reached.others = _NO_ADDRESS
    known = await _addresses(reader, sorted(people))
    reached.addresses += known.values()
    if people - known.keys():
        reached.others = _NO_ADDRESS
    return reached


async def _participants(
    reader: Reader, conversation: tuple[int, str], reached: Reached
) -> set[int]:
    """Whom an answer in a side conversation goes to: users to look up, addresses at once."""
    ticket_id, number = conversation
    answer = await reader.get("tickets", ticket_id, "side_conversations", number)
    participants = parse(SideConversationRecord, answer, "side_conversation").participants or []
    people = set()
    for one in participants:
        if one.email:
            reached.addresses.append(one.email)
        elif one.user_id is not None:
            people.add(one.user_id)
        else:
            reached.others = _NO_ADDRESS
    if not participants:
        reached.others = "people whom Zendesk does not tell"
    return people


async def _addresses(reader: Reader, people: Sequence[int]) -> dict[int, str]:
    users: dict[int, str] = {}
    for first in range(0, len(people), _AT_ONCE):
        some = ",".join(map(str, people[first : first + _AT_ONCE]))
        answer = await reader.get("users", "show_many", params={"ids": some})
        found = parse_list(UserRecord, answer, "users")
        users |= {one.id: one.email for one in found if one.id is not None and one.email}
    return users
