"""From what a person says to the id that Zendesk wants: agents and groups by name."""

from __future__ import annotations

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.identity import who_am_i
from mcp_server_zendesk.connection.nearest import nearest
from mcp_server_zendesk.connection.records import UserRecord, parse_list
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.text import clean_line
from zendesk_tools.names import all_groups

NOBODY = "none"
_MOST_CANDIDATES = 10


async def find_agent(zendesk: Zendesk, said: str) -> int:
    """The id of an agent, by id, name, e-mail address or ``me``.

    Raises:
        InvalidArguments: No agent, or more than one, answers to it; with the candidates.
    """
    if said.isdecimal():
        return int(said)
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
        candidates=[_candidate(user) for user in (exact or agents)[:_MOST_CANDIDATES]],
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
        InvalidArguments: No group answers to it; with those that there are.
    """
    if said.isdecimal():
        return int(said)
    groups = await all_groups(zendesk)
    wanted = " ".join(said.casefold().split())
    for group_id, name in groups.items():
        if " ".join(name.casefold().split()) == wanted:
            return group_id
    near = nearest(said, groups.values())
    ordered = sorted(groups.items(), key=lambda group: (group[1] != near, group[1]))
    raise InvalidArguments.of(
        "group",
        "is the name of no group; give the id or the name of one of the candidates",
        candidates=[
            {"id": group_id, "name": clean_line(name)}
            for group_id, name in ordered[:_MOST_CANDIDATES]
        ],
    )
