"""Looking up people (``zendesk-api.md`` §8)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection.errors import (
    NotFound,
    Refusal,
    UnreadableResponse,
    ZendeskError,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.identity import who_am_i
from mcp_server_zendesk.connection.records import (
    NamedRecord,
    UserRecord,
    count_of,
    more_to_come,
    parse,
    parse_list,
)
from mcp_server_zendesk.connection.user_records import UserIdentity
from mcp_server_zendesk.serving.cleaning.text import clean_line, clean_text
from mcp_server_zendesk.serving.cursors import numbered, read_numbered, seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from zendesk_tools.long_values import Value, told_of, values_of
from zendesk_tools.names import Named, Names
from zendesk_tools.people import MOST_NAMED, as_said, read_id

REACHABLE_USERS = 10_000
"""Users that a search gives out (``zendesk-api.md`` §7)."""

_NOTES = 16_000  # whoever replaces them has to know the whole
_MOST_LOOKED_AT = 3
_MOST_IDENTITIES = 100
EXTERNAL = "external:"
"""What stands before an id of another system."""


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
    user_fields: dict[Line, Value] | None = None
    notes: Body | None = None
    details: Body | None = None
    truncated: bool | None = None
    hidden_text_removed: int | None = None
    created_at: Time | None = None
    last_login_at: Time | None = None


async def get_user(
    zendesk: Zendesk,
    user: Annotated[
        str | int,
        Field(description="Id, e-mail address, `external:ID`, or `me` (this server's user)"),
    ],
) -> User:
    """Read one person, customer or agent: contact, role, organization, tags and agents' notes.

    Use it when you have an id, an address (any of theirs) or an external id; with only a name use
    search_users, for their tickets list_user_tickets.
    """
    found = await read_user(zendesk, user)
    return _user(found, await _organization(zendesk, found.organization_id))


async def read_user(zendesk: Zendesk, user: str | int) -> UserRecord:
    """A user by id, address, external id or ``me``.

    Raises:
        InvalidArguments: It is none of them, or more than one user has it.
        NotFound: Nobody has it.
    """
    said = as_said("user", user)
    if (user_id := read_id("user", said)) is not None:
        return parse(UserRecord, await zendesk.get("users", user_id), "user")
    return await _look_for(zendesk, said)


async def find_user_id(zendesk: Zendesk, user: str | int) -> int:
    """Likewise, when only the id matters; an id is taken as it is. Raises as ``read_user``."""
    said = as_said("user", user)
    if (user_id := read_id("user", said)) is not None:
        return user_id
    return (await _look_for(zendesk, said)).id or 0


async def _look_for(zendesk: Zendesk, said: str) -> UserRecord:
    if said.casefold() == "me":
        return await who_am_i(zendesk)
    return await _find(zendesk, said)


async def _organization(zendesk: Zendesk, organization_id: int | None) -> Names:
    """The name of a user's organization, where we may ask and Zendesk tells."""
    if organization_id is None or not zendesk.may("organizations:read"):
        return Names()
    try:
        answer = await zendesk.get("organizations", organization_id)
        record = parse(NamedRecord, answer, "organization")
    except ZendeskError:
        return Names()  # the person is worth more than the organization's name
    return Names(organizations={record.id: record.name or ""})


async def _find(zendesk: Zendesk, said: str) -> UserRecord:
    """A user by address or external id.

    Raises:
        InvalidArguments: It is neither, or more than one user has it.
        NotFound: Nobody has it.
    """
    if said.lower().startswith(EXTERNAL):
        fitting = await with_external_id(zendesk, said[len(EXTERNAL) :].strip())
    elif "@" in said:
        fitting = await _with_address(zendesk, said)
    else:
        raise InvalidArguments.of(
            "user", "is no id, e-mail address, external:ID or me; for a name use search_users"
        )
    if not fitting:
        raise NotFound(Refusal(status=404))
    if len(fitting) > 1:
        raise InvalidArguments.of(
            "user",
            "fits more than one user; give the id of one of the candidates",
            candidates=[
                {"id": found.id or 0, "role": clean_line(found.role or "")}
                for found in fitting[:MOST_NAMED]
            ],
        )
    return fitting[0]


async def with_external_id(zendesk: Zendesk, wanted: str) -> list[UserRecord]:
    """Who has this external id; letter case does not count."""
    if not wanted:
        raise InvalidArguments.of("user", "has no external id after `external:`")
    answer = await zendesk.get("users", "search", params={"external_id": wanted})
    return [
        found
        for found in parse_list(UserRecord, answer, "users")
        if (found.external_id or "").casefold() == wanted.casefold()
    ]


async def _with_address(zendesk: Zendesk, wanted: str) -> list[UserRecord]:
    """Whose first address it is, else whoever Zendesk found: by an address that is not shown."""
    query = f'email:"{wanted.replace(chr(34), "")}"'
    answer = await zendesk.get("users", "search", params={"query": query})
    found = parse_list(UserRecord, answer, "users")
    first = [user for user in found if (user.email or "").casefold() == wanted.casefold()]
    return first or found


async def owner_of(zendesk: Zendesk, address: str) -> UserRecord | None:
    """Whose address it is, the first one or another: what the search finds is looked at."""
    for found in (await _with_address(zendesk, address))[:_MOST_LOOKED_AT]:
        first = (found.email or "").casefold() == address.casefold()
        if first or await identity_of(zendesk, found.id or 0, "email", address):
            return found
    return None


async def identity_of(zendesk: Zendesk, user_id: int, kind: str, value: str) -> UserIdentity | None:
    """A user's identity (``email``, ``phone_number``) of that value, however it is written."""
    params = {"page[size]": _MOST_IDENTITIES}
    answer = await zendesk.get("users", user_id, "identities", params=params)
    for identity in parse_list(UserIdentity, answer, "identities"):
        if identity.type == kind and _bare(identity.value or "") == _bare(value):
            return identity
    return None


def _bare(value: str) -> str:
    """An address in one letter case, a number without its spacing."""
    return "".join(c for c in value.casefold() if c not in " -()/")


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

    Use it to turn a name into an id. With an id or a full address get_user tells more. Changes of
    the last minutes may be missing.
    """
    bound_to = {"tool": "search_users", "query": query}
    page, size = (1, limit) if cursor is None else read_numbered(unseal(cursor, bound_to))
    params = {"query": query, "page": page, "per_page": size, **_include(zendesk)}
    answer = await zendesk.get("users", "search", params=params)
    found = parse_list(UserRecord, answer, "users")
    total = count_of(answer)
    more = more_to_come(answer, total, before=(page - 1) * size, found=len(found), size=size)
    more = more and page * size < REACHABLE_USERS
    names = Names.of(answer)
    return Page[UserHit](
        items=[UserHit(**_hit(user, names)) for user in found],
        has_more=more,
        next_cursor=seal(numbered(page + 1, size), bound_to) if more else None,
        total=total,
        reachable=REACHABLE_USERS if total is not None and total > REACHABLE_USERS else None,
    )


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
    notes = clean_text(user.notes or "", _NOTES)
    details = clean_text(user.details or "", _NOTES)
    fields = values_of(user.user_fields)
    return User(
        **_hit(user, names),
        phone=user.phone or None,
        alias=user.alias or None,
        external_id=user.external_id or None,
        locale=user.locale,
        time_zone=user.time_zone,
        tags=user.tags or None,
        user_fields=fields or None,
        notes=notes if notes.text else None,
        details=details if details.text else None,
        **told_of([notes, details, *fields.values()]),
        created_at=user.created_at,
        last_login_at=user.last_login_at,
    )
