"""Names beside ids: from what Zendesk side-loads, or asked for where it does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import (
    NamedRecord,
    UserRecord,
    parse_list,
)
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.results import Line, Result
from zendesk_tools.scopes import SIDELOADS

_MOST_AT_ONCE = 100
_MAX_GROUP_PAGES = 10
_LONGEST_LABEL = 100
_BRACKETS = str.maketrans("()\uff08\uff09", "[][]")


class Named(Result):
    """A person, a group or an organization."""

    id: int
    name: Line | None = None


class Author(Named):
    """Who wrote something; ``role`` is end-user, agent or admin."""

    role: Line | None = None

    @property
    def label(self) -> str:
        """The name beside words of ours: short, and without the round brackets that ours have, so
        that it neither passes for a role nor pushes one out of sight.
        """
        name = self.name or f"user {self.id}"
        whole = len(name) <= _LONGEST_LABEL
        return (name if whole else f"{name[: _LONGEST_LABEL - 1]}…").translate(_BRACKETS)


@dataclass(slots=True)
class Names:
    """What is known of the ids in an answer."""

    users: dict[int, UserRecord] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)
    organizations: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, *answers: Mapping[str, Any]) -> Names:
        """The side-loads of some answers."""
        names = cls()
        for answer in answers:
            users = parse_list(UserRecord, answer, "users")
            names.users |= {user.id: user for user in users if user.id is not None}
            names.groups |= _by_id(parse_list(NamedRecord, answer, "groups"))
            names.organizations |= _by_id(parse_list(NamedRecord, answer, "organizations"))
        return names

    def user(self, user_id: int | None) -> Named | None:
        """A user by id."""
        if user_id is None:
            return None
        known = self.users.get(user_id)
        return Named(id=user_id, name=known.name if known else None)

    def author(self, user_id: int | None) -> Author | None:
        """A user by id, with the role that tells a colleague from a stranger."""
        if user_id is None:
            return None
        known = self.users.get(user_id)
        return Author(
            id=user_id, name=known.name if known else None, role=known.role if known else None
        )

    def address(self, user_id: int | None) -> str:
        """A user as a question to a human names one: name and e-mail address."""
        known = self.users.get(user_id or 0) or UserRecord()
        return shown.person(known.name, known.email, f"user {user_id}")

    def reached(self, user_ids: Iterable[int | None]) -> tuple[str, ...]:
        """Where users are reached, for a question's ``recipients``."""
        ids = dict.fromkeys(one for one in user_ids if one is not None)
        return tuple(self.users.get(one, UserRecord()).email or f"user {one}" for one in ids)

    def group(self, group_id: int | None) -> Named | None:
        """A group by id."""
        return None if group_id is None else Named(id=group_id, name=self.groups.get(group_id))

    def organization(self, organization_id: int | None) -> Named | None:
        """An organization by id."""
        if organization_id is None:
            return None
        return Named(id=organization_id, name=self.organizations.get(organization_id))


def sideloads(zendesk: Zendesk) -> tuple[str, ...]:
    """The side-loads that the scopes in force allow."""
    return tuple(name for name, scope in SIDELOADS.items() if zendesk.may(scope))


async def look_up(zendesk: Zendesk, user_ids: Iterable[int]) -> Names:
    """Names of users that no side-load brought, a hundred a request.

    None where the scopes forbid it or Zendesk does not tell: what is asked for beside an answer
    is worth less than the answer.
    """
    names = Names()
    if not zendesk.may("users:read"):
        return names
    wanted = sorted(set(user_ids))
    for first in range(0, len(wanted), _MOST_AT_ONCE):
        ids = ",".join(str(user_id) for user_id in wanted[first : first + _MOST_AT_ONCE])
        try:
            answer = await zendesk.get("users", "show_many", params={"ids": ids})
            names.users |= Names.of(answer).users
        except ZendeskError:
            break
    return names


async def group_names(zendesk: Zendesk) -> dict[int, str]:
    """The same of groups."""
    if not zendesk.may("groups:read"):
        return {}
    try:
        return await all_groups(zendesk)
    except ZendeskError:
        return {}


async def all_groups(zendesk: Zendesk) -> dict[int, str]:
    """Every group's name by id, kept for some minutes."""

    async def load() -> dict[int, str]:
        found: dict[int, str] = {}
        params: dict[str, str | int] = {"page[size]": _MOST_AT_ONCE}
        for _ in range(_MAX_GROUP_PAGES):
            body = await zendesk.get("groups", params=params)
            found |= _by_id(parse_list(NamedRecord, body, "groups"))
            after = next_cursor(body)
            if after is None:
                break
            params["page[after]"] = after
        return found

    return await zendesk.cached("groups", load, scope="groups:read")


def _by_id(records: Iterable[NamedRecord]) -> dict[int, str]:
    return {record.id: record.name or "" for record in records}
