"""Creating customers (``zendesk-api.md`` §8)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection.errors import (
    UnreadableResponse,
    ValidationFailed,
    ZendeskError,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import UserRecord, parse
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line
from zendesk_tools.names import Names
from zendesk_tools.organization_names import joined_organization, organization_names
from zendesk_tools.record_changes import CustomValues, Tags, argument_of, dropped, given
from zendesk_tools.ticket_tags import clean_tags
from zendesk_tools.user_changes import END_USER, USER, Address, candidate
from zendesk_tools.users import UserHit, owner_of, with_external_id

_WAITS = (0.0, 2.0)
_QUIET = "skip_verify_email"


class NewUser(UserHit):
    """A user as it was created."""

    phone: Line | None = None
    external_id: Line | None = None
    tags: list[Line] | None = None
    not_set: Annotated[
        list[Line] | None, Field(description="Asked for, but empty in the new user")
    ] = None
    ignored: Annotated[
        list[Line] | None,
        Field(
            description="Asked for, but dropped by Zendesk; skip_verify_email: a mail may have gone"
        ),
    ] = None
    answer_was_lost: Annotated[
        bool | None, Field(description="It was created, but the answer was lost: found again")
    ] = None


async def create_user(
    zendesk: Zendesk,
    name: Annotated[str, Field(description="Full name")],
    email: Annotated[Address | None, Field(description="Primary address")] = None,
    phone: Annotated[str | None, Field(description="E.g. +15551234567")] = None,
    organization: Annotated[
        str | int | None, Field(description="Id, exact name, or `external:ID`")
    ] = None,
    external_id: Annotated[str | None, Field(description="Another system's id")] = None,
    notes: Annotated[str | None, Field(description="Only agents see them")] = None,
    details: Annotated[str | None, Field(description="E.g. an address")] = None,
    tags: Tags = None,
    user_fields: CustomValues = None,
) -> NewUser:
    """Create a customer (end user), without a verification mail; nobody becomes an agent.

    Use it when search_users finds nobody. An address or external id that is taken is refused,
    naming that user, whom update_user can change. To open a ticket for a new customer
    create_ticket is enough.
    """
    texts = {"phone": phone, "external_id": external_id, "notes": notes, "details": details}
    wanted = {key: text for key, text in given({"name": name, **texts}).items() if text}
    if email:
        wanted["email"] = email
    if tags:
        wanted["tags"] = list(clean_tags("tags", tags))
    if user_fields:
        wanted["user_fields"] = user_fields
    if organization is not None:
        wanted["organization_id"] = await joined_organization(zendesk, organization, email)
    await _refuse_taken(zendesk, wanted)
    created, warning, lost = await _create(zendesk, wanted)
    asked, values = USER.asked(wanted), USER.values(created)
    organization_id = created.organization_id
    names = await organization_names(zendesk, [organization_id] if organization_id else [])
    return NewUser(
        id=created.id or 0,
        name=created.name,
        email=created.email,
        role=created.role,
        organization=Names(organizations=names).organization(organization_id),
        phone=created.phone or None,
        external_id=created.external_id or None,
        tags=created.tags or None,
        not_set=[argument_of(key) for key in asked if values.get(key) is None] or None,
        ignored=[argument_of(key) for key in dropped(warning, [*asked, _QUIET])] or None,
        answer_was_lost=lost or None,
    )


async def _create(zendesk: Zendesk, wanted: dict[str, Any]) -> tuple[UserRecord, str | None, bool]:
    """Create, once. After a lost answer whoever has the address by then is the one."""
    body = {"user": {**wanted, "role": END_USER, _QUIET: True}}
    try:
        answer = await zendesk.post("users", body=body)
        created = parse(UserRecord, answer.body, "user")
        if created.id is None:
            raise UnreadableResponse("Zendesk's answer to a creation holds no user")
    except ValidationFailed:
        await _refuse_taken(zendesk, wanted)  # the search may have come to know them meanwhile
        raise
    except ZendeskError as lost:
        if not may_have_arrived(lost):
            raise
        found = await _look_again(zendesk, wanted)
        if found is None:
            zendesk.outcome = "unknown"
            raise
        zendesk.outcome = "applied"
        return found, None, True
    return created, answer.warning, False


async def _look_again(zendesk: Zendesk, wanted: dict[str, Any]) -> UserRecord | None:
    try:
        for wait in _WAITS:
            await zendesk.access.sleep(wait)
            if (found := await _holder(zendesk, wanted)) is not None:
                return found[1]
    except ZendeskError:
        pass  # the lost answer is what has to be told
    return None


async def _holder(zendesk: Zendesk, wanted: dict[str, Any]) -> tuple[str, UserRecord] | None:
    """Who has the address or the external id already, and which of them."""
    if email := wanted.get("email"):
        owner = await owner_of(zendesk, email)
        if owner is not None:
            return "email", owner
    if external_id := wanted.get("external_id"):
        for user in await with_external_id(zendesk, external_id):
            return "external_id", user
    return None


async def _refuse_taken(zendesk: Zendesk, wanted: dict[str, Any]) -> None:
    """Refuse what identifies somebody already.

    Raises:
        InvalidArguments: With that user.
    """
    found = await _holder(zendesk, wanted)
    if found is not None:
        field, owner = found
        raise InvalidArguments.of(
            field,
            "belongs to the user in candidates, and nobody was created; use that user, or change "
            "them with update_user",
            candidates=[candidate(owner)],
        )
