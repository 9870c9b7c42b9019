"""From what a person says to whom a side conversation goes: addresses, users by id or name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import UserRecord, parse_list
from mcp_server_zendesk.connection.side_conversation_records import ParticipantRecord
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from zendesk_tools.people import MOST_NAMED, read_id

_ADDRESS = re.compile(
    r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s<>,;:\"()\[\]\\]{1,190}\.[^@\s<>,;.]{2,63}"
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A user, or an address of nobody that we know; ``other`` is a group or a channel."""

    user_id: int | None = None
    name: str | None = None
    email: str | None = None
    other: str | None = None

    @property
    def shown(self) -> str:
        """As a question to a human names them."""
        return shown.person(self.name, self.email, self.other or f"user {self.user_id}")

    @property
    def reached(self) -> str:
        """Where a message reaches them, for a question's ``recipients``."""
        return self.email or self.other or f"user {self.user_id}"


async def find_recipients(zendesk: Zendesk, said: Sequence[str]) -> list[Recipient]:
    """Whom each entry means.

    Raises:
        InvalidArguments: An entry is nobody, or fits several; with the candidates.
    """
    entries = list(dict.fromkeys(entry.strip() for entry in said))
    ids = {entry: number for entry in entries if (number := read_id("to", entry)) is not None}
    users = await _by_id(zendesk, ids.values())
    found = []
    for entry in entries:
        if "@" in entry:
            found.append(_address(entry))
        elif entry in ids:
            found.append(users[ids[entry]])
        else:
            found.append(await _named(zendesk, entry))
    return found


def as_participants(recipients: Sequence[Recipient]) -> list[dict[str, Any]]:
    """As Zendesk takes them: of one kind only (``zendesk-api.md`` §5.7).

    Raises:
        InvalidArguments: Addresses are mixed with a user whose address is not known.
    """
    if all(one.user_id is not None for one in recipients):
        return [{"user_id": one.user_id} for one in recipients]
    if not all(one.email for one in recipients):
        raise InvalidArguments.of(
            "to", "mixes addresses with a user without one; start a conversation with each kind"
        )
    return [{"email": one.email, **({"name": one.name} if one.name else {})} for one in recipients]


def everyone(participants: Sequence[ParticipantRecord] | None) -> list[Recipient]:
    """The participants of a conversation, for a question to a human."""
    return [_participant(one) for one in participants or []]


def _participant(one: ParticipantRecord) -> Recipient:
    if one.support_group_id is not None:
        return Recipient(other=f"group {one.support_group_id}")
    if channel := one.slack_channel_id or one.msteams_channel_id:
        return Recipient(other=f"channel {shown.short(channel)}")
    return Recipient(one.user_id, one.name, one.email)


def _address(entry: str) -> Recipient:
    if not _ADDRESS.fullmatch(entry) or clean_line(entry) != entry:
        raise InvalidArguments.of("to", "holds an entry with @ that is no plain e-mail address")
    return Recipient(email=entry)


def _user(user: UserRecord) -> Recipient:
    return Recipient(user.id, user.name or None, user.email or None)


async def _by_id(zendesk: Zendesk, ids: Collection[int]) -> dict[int, Recipient]:
    """Users by id, with their names where the scopes allow to read them.

    Raises:
        InvalidArguments: There is no such user.
    """
    if not ids or not zendesk.may("users:read"):
        return {number: Recipient(user_id=number) for number in ids}
    params = {"ids": ",".join(map(str, ids))}
    answer = await zendesk.get("users", "show_many", params=params)
    found = {user.id: _user(user) for user in parse_list(UserRecord, answer, "users") if user.id}
    if missing := [number for number in ids if number not in found]:
        raise InvalidArguments.of("to", f"holds the id of no user: {missing[0]}")
    return found


async def _named(zendesk: Zendesk, name: str) -> Recipient:
    wanted = " ".join(name.casefold().split())
    if not wanted:
        raise InvalidArguments.of("to", "holds an empty entry")
    query = f'name:"{name.replace(chr(34), "")}"'
    answer = await zendesk.get("users", "search", params={"query": query, "per_page": 100})
    users = [user for user in parse_list(UserRecord, answer, "users") if user.id is not None]
    exact = [user for user in users if " ".join((user.name or "").casefold().split()) == wanted]
    if len(exact) == 1:
        return _user(exact[0])
    problem = "fits more than one user" if exact else "is the name of no user"
    raise InvalidArguments.of(
        "to",
        f"holds an entry that {problem}; give the id or the address of one of the candidates",
        candidates=[
            {
                "id": user.id or 0,
                "name": clean_line(user.name or ""),
                "email": clean_line(user.email or ""),
            }
            for user in (exact or users)[:MOST_NAMED]
        ],
    )
