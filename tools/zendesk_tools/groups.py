"""Groups of agents, and who is in them."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import NamedRecord, parse, parse_list
from mcp_server_zendesk.connection.routing_records import MembershipRecord
from mcp_server_zendesk.serving.cursors import numbered, read_numbered, seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Page
from zendesk_tools.names import Author, Named, Names, all_groups
from zendesk_tools.people import find_group

_AT_ONCE = 100
_MOST_REQUESTS = 10


class Group(Named):
    """A group, with its members where they were asked for."""

    members: list[Author] | None = None


async def list_groups(
    zendesk: Zendesk,
    group: Annotated[str | int | None, Field(description="Only this group, by id or name")] = None,
    with_members: Annotated[
        bool, Field(description="Add each group's agents: id, name and role")
    ] = False,
    limit: Annotated[int, Field(ge=1, le=100, description="Groups a page")] = 100,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[Group]:
    """List the groups of agents that tickets can be assigned to, by name.

    Use it to choose group or assignee for update_ticket, or to see who works where; an assignee
    has to be a member of the ticket's group. For one person use get_user, for their tickets
    list_user_tickets. New groups show within ten minutes, members at once.
    """
    known = await all_groups(zendesk)
    only = None if group is None else await find_group(zendesk, str(group).strip())
    if only is not None and only not in known:
        answer = await zendesk.get("groups", only)  # new, or an explained refusal
        known = {only: parse(NamedRecord, answer, "group").name or ""}
    ordered = sorted(known.items(), key=lambda one: (one[1].casefold(), one[0]))
    wanted = [one for one in ordered if only in {None, one[0]}]
    query = {"tool": "list_groups", "group": only, "members": with_members}
    page, size = (1, limit) if cursor is None else read_numbered(unseal(cursor, query))
    shown = wanted[(page - 1) * size : page * size]
    members = await _members(zendesk, only) if with_members and shown else {}
    more = page * size < len(wanted)
    return Page[Group](
        items=[
            Group(id=number, name=name, members=members.get(number, []) if with_members else None)
            for number, name in shown
        ],
        has_more=more,
        next_cursor=seal(numbered(page + 1, size), query) if more else None,
        total=len(wanted),
    )


async def _members(zendesk: Zendesk, group_id: int | None) -> dict[int, list[Author]]:
    """Who is in each group, or in one: a hundred memberships a request.

    Raises:
        InvalidArguments: There are too many for one call.
    """
    path = ("group_memberships",) if group_id is None else ("groups", group_id, "memberships")
    params: dict[str, str | int] = {"page[size]": _AT_ONCE}
    if zendesk.may("users:read"):
        params["include"] = "users"
    held: list[MembershipRecord] = []
    names = Names()
    for _ in range(_MOST_REQUESTS):
        answer = await zendesk.get(*path, params=params)
        held += parse_list(MembershipRecord, answer, "group_memberships")
        names.users |= Names.of(answer).users
        after = next_cursor(answer)
        if after is None:
            return _by_group(held, names)
        params["page[after]"] = after
    raise InvalidArguments.of(
        "with_members", "is too much at once for this account; name one group with it"
    )


def _by_group(held: list[MembershipRecord], names: Names) -> dict[int, list[Author]]:
    members: dict[int, list[Author]] = defaultdict(list)
    for one in held:
        person = names.author(one.user_id)
        if person is not None:
            members[one.group_id].append(person)
    for people in members.values():
        people.sort(key=lambda person: ((person.name or "").casefold(), person.id))
    return members
