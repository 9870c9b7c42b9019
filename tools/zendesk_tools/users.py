"""Looking up people (``zendesk-api.md`` §8)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection.errors import NotFound, Refusal, UnreadableResponse
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.identity import who_am_i
from mcp_server_zendesk.connection.records import NamedRecord, UserRecord, parse, parse_list
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from mcp_server_zendesk.serving.spec import ToolSpec
from mcp_server_zendesk.serving.text import clean_text
from zendesk_tools.names import Named, Names

REACHABLE = 10_000
"""Users that a search gives out (``zendesk-api.md`` §7)."""

_NOTES = 1_000
_EXTERNAL = "external:"
_SOME = 10


class UserHit(Result):
    """A user that was found."""

    id: int
    name: Line | None = None
    email: Line | None = None
    role: Line | None = None
    organization: Named | None = None
    suspended: bool | None = None


class User(UserHit):
    """A user as an agent sees one."""

    phone: Line | None = None
    alias: Line | None = None
    external_id: Line | None = None
    locale: Line | None = None
    time_zone: Line | None = None
    tags: list[Line] | None = None
    user_fields: dict[Line, Line] | None = None
    notes: Body | None = None
    details: Body | None = None
    created_at: Time | None = None
    last_login_at: Time | None = None


async def get_user(
    zendesk: Zendesk,
    user: Annotated[
        str | int,
        Field(description="Id, e-mail address, `external:ID`, or `me` for this server's own user"),
    ],
) -> User:
    """Read one person, customer or agent: contact, role, organization, tags and agents' notes.

    Use it when you have an id, an address or an external id; with only a name use search_users.
    """
    said = str(user).strip()
    if said.isdecimal():
        found = parse(UserRecord, await zendesk.get("users", int(said)), "user")
    elif said.casefold() == "me":
        found = await who_am_i(zendesk)
    else:
        found = await _find(zendesk, said)
    return _user(found, await _organization(zendesk, found.organization_id))


async def _organization(zendesk: Zendesk, organization_id: int | None) -> Names:
    """The name of a user's organization, where the scopes allow to ask."""
    if organization_id is None or not zendesk.may("organizations:read"):
        return Names()
    answer = await zendesk.get("organizations", organization_id)
    record = parse(NamedRecord, answer, "organization")
    return Names(organizations={record.id: record.name or ""})


async def _find(zendesk: Zendesk, said: str) -> UserRecord:
    """A user by address or external id.

    Raises:
        InvalidArguments: It is neither, or more than one user has it.
        NotFound: Nobody has it.
    """
    if said.lower().startswith(_EXTERNAL):
        wanted = said[len(_EXTERNAL) :].strip()
        params: dict[str, str | int] = {"external_id": wanted}
    elif "@" in said:
        wanted = said
        params = {"query": f'email:"{said.replace(chr(34), "")}"'}
    else:
        raise InvalidArguments.of(
            "user", "is no id, e-mail address, external:ID or me; for a name use search_users"
        )
    answer = await zendesk.get("users", "search", params=params)
    users = parse_list(UserRecord, answer, "users")
    exact = [
        found
        for found in users
        if wanted.casefold()
        in {(found.email or "").casefold(), (found.external_id or "").casefold()}
    ]
    if not exact:
        raise NotFound(Refusal(status=404))
    if len(exact) > 1:
        raise InvalidArguments.of(
            "user",
            "fits more than one user; give the id of one of the candidates",
            candidates=[{"id": found.id or 0, "role": found.role or ""} for found in exact[:_SOME]],
        )
    return exact[0]


async def search_users(
    zendesk: Zendesk,
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1_000,
            description="A name, part of an address, or Zendesk search syntax, e.g. "
            "`role:agent`, `organization:acme`, `tags:vip`",
        ),
    ],
    limit: Annotated[int, Field(ge=1, le=100, description="Users a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[UserHit]:
    """Find customers and agents by name, address, organization, role or tags.

    Use it to turn a name into an id. With an id or a full address get_user tells more.
    """
    bound_to = {"tool": "search_users", "query": query, "limit": limit}
    page = 1 if cursor is None else _page(unseal(cursor, bound_to))
    params = {"query": query, "page": page, "per_page": limit, **_include(zendesk)}
    answer = await zendesk.get("users", "search", params=params)
    found = parse_list(UserRecord, answer, "users")
    total = answer.get("count")
    if not isinstance(total, int):
        raise UnreadableResponse("Zendesk's search answer has no count")
    seen = page * limit
    more = bool(found) and seen < min(total, REACHABLE)
    names = Names.of(answer)
    return Page[UserHit](
        items=[UserHit(**_hit(user, names)) for user in found],
        has_more=more,
        next_cursor=seal(str(page + 1), bound_to) if more else None,
        total=total,
        reachable=REACHABLE if total > REACHABLE else None,
    )


def _page(position: str) -> int:
    if not position.isdecimal():
        raise InvalidArguments.of("cursor", "is not a cursor of this tool")
    return int(position)


def _include(zendesk: Zendesk) -> dict[str, str | int]:
    return {"include": "organizations"} if zendesk.may("organizations:read") else {}


def _hit(user: UserRecord, names: Names) -> dict[str, Any]:
    if user.id is None:
        raise UnreadableResponse("Zendesk's answer holds a user without an id")
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "organization": names.organization(user.organization_id),
        "suspended": user.suspended or None,
    }


def _user(user: UserRecord, names: Names) -> User:
    filled = {key: value for key, value in (user.user_fields or {}).items() if value is not None}
    return User(
        **_hit(user, names),
        phone=user.phone or None,
        alias=user.alias or None,
        external_id=user.external_id or None,
        locale=user.locale,
        time_zone=user.time_zone,
        tags=user.tags or None,
        user_fields={key: str(value) for key, value in filled.items()} or None,
        notes=clean_text(user.notes, _NOTES) if user.notes else None,
        details=clean_text(user.details, _NOTES) if user.details else None,
        created_at=user.created_at,
        last_login_at=user.last_login_at,
    )


TOOLS = (
    ToolSpec(
        handler=get_user,
        title="Read a user",
        toolset="users",
        effect="read",
        scopes=(("users:read",),),
        enriched_by=("organizations:read",),
    ),
    ToolSpec(
        handler=search_users,
        title="Search users",
        toolset="users",
        effect="read",
        scopes=(("users:read",),),
        enriched_by=("organizations:read",),
    ),
)
