"""From what a person says to the id that Zendesk wants: agents and groups by name."""

from __future__ import annotations

from collections.abc import Mapping

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.identity import who_am_i
from mcp_server_zendesk.connection.nearest import nearest
from mcp_server_zendesk.connection.records import UserRecord, parse_list
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from zendesk_tools.names import all_groups

NOBODY = "none"
MOST_NAMED = 10
"""Candidates that a refusal names."""

_LONGEST_ID = 20


def as_said(field: str, value: str | int) -> str:
    """An argument as text; Python writes no number of thousands of digits.

    Raises:
        InvalidArguments: It is longer than any id.
    """
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_ID:
        raise InvalidArguments.of(field, "is longer than any id")
    return str(value).strip()


def read_id(field: str, said: str) -> int | None:
    """The id that was said; None where it is no number.

    Raises:
        InvalidArguments: It is longer than any id.
    """
    if not said.isdecimal():
        return None
    if len(said) > _LONGEST_ID:
        raise InvalidArguments.of(field, "is longer than any id")
    return int(said)


async def find_agent(zendesk: Zendesk, said: str) -> int:
    """The id of an agent, by id, name, e-mail address or ``me``.

    Raises:
        InvalidArguments: No agent, or more than one, answers to it; with the candidates.
    """
    if (agent_id := read_id("assignee", said)) is not None:
        return agent_id
    if said.casefold() == "me":
        return (await who_am_i(zendesk)).id or 0
    found = await zendesk.get("users", "search", params={"query": said, "per_page": 100})
    agents = [
        user
        for user in parse_list(UserRecord, found, "users")
        if user.role in {"agent", "admin"} and user.id is not None
    ]
    exact = [user for user in agents if _answers_to(user, said)]
    if len(exact) == 1:
        return exact[0].id or 0
    problem = "fits more than one agent" if exact else "is the name of no agent"
    raise InvalidArguments.of(
        "assignee",
        f"{problem}; give the id or the e-mail address of one of the candidates",
        candidates=[_candidate(user) for user in (exact or agents)[:MOST_NAMED]],
    )


def _answers_to(user: UserRecord, said: str) -> bool:
    wanted = " ".join(said.casefold().split())
    names = (user.name, user.email, user.alias)
    return any(wanted == " ".join(name.casefold().split()) for name in names if name)


def _candidate(user: UserRecord) -> dict[str, str | int]:
    return {
        "id": user.id or 0,
        "name": clean_line(user.name or ""),
        "email": clean_line(user.email or ""),
    }


async def find_group(zendesk: Zendesk, said: str) -> int:
    """The id of a group, by id or name.

    Raises:
        InvalidArguments: No group, or more than one, answers to it; with the candidates.
    """
    if (given := read_id("group", said)) is not None:
        return given
    return find_named("group", "group", said, await all_groups(zendesk))


def find_named(field: str, kind: str, said: str, names: Mapping[int, str]) -> int:
    """The id of whatever goes by a name, letter case and spacing aside.

    Args:
        field: The argument that names it.
        kind: What it is, in words.
        said: The name.
        names: All names by id.

    Raises:
        InvalidArguments: None, or more than one, answers to it; with the candidates.
    """
    wanted = " ".join(said.casefold().split())
    exact = [one for one in names.items() if " ".join(one[1].casefold().split()) == wanted]
    if len(exact) == 1:
        return exact[0][0]
    near = nearest(said, names.values())
    ordered = sorted(
        names.items(),
        key=lambda one: (one[1] != near, wanted not in one[1].casefold(), one[1]),
    )
    problem = (
        f"fits more than one {kind}; give the id"
        if exact
        else f"is the name of no {kind}; give the id or the name"
    )
    raise InvalidArguments.of(
        field,
        f"{problem} of one of the candidates",
        candidates=[
            {"id": number, "name": clean_line(name)}
            for number, name in (exact or ordered)[:MOST_NAMED]
        ],
    )
