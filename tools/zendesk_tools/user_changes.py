"""Changing people (``zendesk-api.md`` §8).

Nothing here sends a mail: Zendesk would ask a new address for verification, and is told not to.
That goes through the address's own endpoint, as only there (and when a user is created) Zendesk
documents ``skip_verify_email``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mcp_server_zendesk.connection.errors import (
    ValidationFailed,
    ZendeskError,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.organization_records import Membership
from mcp_server_zendesk.connection.records import UserRecord, parse, parse_list
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.connection.user_records import UserIdentity
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.organization_names import (
    find_organization,
    organization_names,
    sharing_organization,
)
from zendesk_tools.people import as_said
from zendesk_tools.record_changes import (
    CustomValues,
    Kind,
    RecordChange,
    Tags,
    Update,
    changed_tags,
    given,
    named,
    nobody,
    update_record,
)
from zendesk_tools.ticket_changes import Change
from zendesk_tools.users import find_user_id, identity_of, owner_of

END_USER = "end-user"


def _address(said: str) -> str:
    """A check without a byte in two schemas."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", said.strip()):
        raise ValueError("should be an e-mail address")
    return said.strip()


Address = Annotated[str, AfterValidator(_address)]

USER = Kind(
    path="users",
    key="user",
    record=UserRecord,
    fields=(
        "name",
        "email",
        "phone",
        "alias",
        "external_id",
        "organization_id",
        "tags",
        "notes",
        "details",
    ),
    custom="user_fields",
)


class Identity(Result):
    """What a person is recognised by."""

    type: Line | None = None
    value: Line | None = None
    primary: bool | None = None


class UserChange(RecordChange):
    """What an update of a user really did."""

    identities_added: Annotated[
        list[Identity] | None, Field(description="Added beside the primary one, which stays")
    ] = None
    primary_email: Line | None = None


def candidate(user: UserRecord) -> dict[str, str | int]:
    """As a refusal names a user."""
    return {
        "id": user.id or 0,
        "name": clean_line(user.name or ""),
        "role": clean_line(user.role or ""),
    }


@dataclass(frozen=True, slots=True)
class _Meant:
    """Whom and what a question was about: the words for them may mean others by now."""

    user_id: int | None = None
    organization_id: int | None = None


async def update_user(
    zendesk: Zendesk,
    user: Annotated[
        str | int,
        Field(description="Id, e-mail address, `external:ID`, or `me` (this server's user)"),
    ],
    name: Annotated[str | None, Field(description="New name")] = None,
    email: Annotated[Address | None, Field(description="Address to add")] = None,
    phone: Annotated[str | None, Field(description="E.g. +15551234567")] = None,
    alias: Annotated[str | None, Field(description="Name that customers see")] = None,
    organization: Annotated[
        str | int | None,
        Field(description="Id, exact name, `external:ID`, or `none`; replaces all theirs"),
    ] = None,
    external_id: Annotated[str | None, Field(description="Another system's id")] = None,
    notes: Annotated[str | None, Field(description="Agents' notes; replaced")] = None,
    details: Annotated[str | None, Field(description="E.g. an address; replaced")] = None,
    add_tags: Tags = None,
    remove_tags: Tags = None,
    user_fields: CustomValues = None,
) -> UserChange:
    """Change one person's profile, without any verification mail; give only what is to change.

    email comes beside the primary address, for customers only: whoever has it can act as them, so
    the user has to agree first. "" clears a text. Role and suspension stay; for a new person use
    create_user.
    """
    texts = {
        "name": name,
        "phone": phone,
        "alias": alias,
        "external_id": external_id,
        "notes": notes,
        "details": details,
    }
    wanted: dict[str, Any] = given(texts)
    if not (wanted or email or organization is not None or add_tags or remove_tags or user_fields):
        raise InvalidArguments.of("arguments", "name nothing to change; give at least one field")
    agreed = zendesk.basis if isinstance(zendesk.basis, _Meant) else _Meant()
    user_id = agreed.user_id or await find_user_id(zendesk, user)
    # A search may be minutes old, and tags are written as a whole list.
    before = parse(UserRecord, await zendesk.get("users", user_id), "user")
    if before.active is False:
        raise InvalidArguments.of("user", "is deleted, or merged into another; nobody is changed")
    if organization is not None:
        said = as_said("organization", organization)
        new = agreed.organization_id
        if new is None and not nobody(said):
            new = await find_organization(zendesk, said)
        wanted["organization_id"] = new
    if add_tags or remove_tags:
        wanted["tags"] = changed_tags(before.tags, add_tags, remove_tags)
    if user_fields:
        wanted["user_fields"] = user_fields
    moves = wanted.get("organization_id", before.organization_id) != before.organization_id
    memberships = await _memberships(zendesk, user_id) if moves else None
    added = [await _add_address(zendesk, before, email)] if email else []
    update = await update_record(zendesk, USER, before, wanted, harmless="phone" not in wanted)
    if phone and update.after.phone == before.phone != phone.strip():
        # A second direct line becomes an identity beside the first.
        added.append(await identity_of(zendesk, user_id, "phone_number", phone))
    return await _told(zendesk, update, email, [one for one in added if one], memberships)


async def confirm(
    zendesk: Zendesk,
    user: str | int,
    email: str | None = None,
    organization: str | int | None = None,
    **others: Any,
) -> Question | None:
    """An address is a way into an account: Zendesk takes its owner for the customer. So is an
    organization whose people see each other's tickets.
    """
    joined = new = None
    if organization is not None and not nobody(said := as_said("organization", organization)):
        new = await find_organization(zendesk, said)
        joined = await sharing_organization(zendesk, new)
    if email is None and joined is None:
        zendesk.basis = _Meant(organization_id=new)
        return None
    user_id = await find_user_id(zendesk, user)
    zendesk.basis = _Meant(user_id, new)
    now = parse(UserRecord, await zendesk.get("users", user_id), "user")
    if email is None and joined is not None and joined.id == now.organization_id:
        return None
    lines = []
    if email is not None:
        lines += [
            f"Give user {user_id} another e-mail address? Whoever has it can act as them.",
            f"Address to add: {shown.address(email)}",
        ]
    if joined is not None:
        name = shown.short(joined.name or "organization")
        lines += [
            f"Put user {user_id} into an organization whose people may see each other's tickets?",
            f"Organization: {name} ({joined.id})",
        ]
    elif organization is not None:
        others = {"organization": organization, **others}
    lines.append(f"User: {shown.person(now.name, now.email, f'user {user_id}')}")
    wanted = {key.replace("_", " "): value for key, value in others.items() if value is not None}
    fields = wanted.pop("user fields", {})
    lines += [
        f"Their {shown.whole(key)} becomes: {shown.whole(value) or 'empty'}"
        if key not in {"add tags", "remove tags"}
        else f"{key.capitalize()}: {shown.whole(value)}"
        for key, value in (wanted | fields).items()
    ]
    if now.updated_at:
        lines.append(f"User last changed: {stamp(now.updated_at)}")
    return Question("\n".join(lines), recipients=() if email is None else (email,))


async def _add_address(zendesk: Zendesk, user: UserRecord, address: str) -> UserIdentity | None:
    """A further address of a customer; None when it is theirs already.

    Raises:
        InvalidArguments: It is not for this tool to give, or belongs to somebody else.
    """
    if user.role != END_USER:
        # Whoever has an agent's address can sign in as them, and Zendesk sends mail for it.
        raise InvalidArguments.of(
            "email", "is added to customers only; agents change theirs in their own profile"
        )
    user_id = user.id or 0
    if await identity_of(zendesk, user_id, "email", address):
        return None
    new = {"type": "email", "value": address, "skip_verify_email": True}
    try:
        answer = await zendesk.post("users", user_id, "identities", body={"identity": new})
        added = parse(UserIdentity, answer.body, "identity")
    except ValidationFailed:
        owner = await owner_of(zendesk, address)
        if owner is None or owner.id == user_id:
            raise
        problem = "belongs to another user; nothing was changed"
        raise InvalidArguments.of("email", problem, candidates=[candidate(owner)]) from None
    except ZendeskError as lost:
        if not may_have_arrived(lost):
            raise
        found = await _added(zendesk, user_id, address)
        if found is None:
            zendesk.outcome = "unknown"
            raise
        zendesk.outcome = "applied"
        return found
    return added


async def _added(zendesk: Zendesk, user_id: int, address: str) -> UserIdentity | None:
    try:
        return await identity_of(zendesk, user_id, "email", address)
    except ZendeskError:
        return None  # the lost answer is what has to be told


async def _memberships(zendesk: Zendesk, user_id: int) -> frozenset[int] | None:
    """The organizations that a user is in; None where we may not see them."""
    if not zendesk.may("organizations:read"):
        return None
    try:
        answer = await zendesk.get("users", user_id, "organization_memberships")
        found = parse_list(Membership, answer, "organization_memberships")
    except ZendeskError:
        return None
    return frozenset(one.organization_id for one in found if one.organization_id)


async def _told(
    zendesk: Zendesk,
    update: Update[UserRecord],
    email: str | None,
    added: list[UserIdentity],
    memberships: frozenset[int] | None,
) -> UserChange:
    """The answer, with what the profile itself does not show."""
    lost: set[int] = set()
    if memberships and len(memberships) > 1:
        left = await _memberships(zendesk, update.before.id or 0)
        lost = set() if left is None else set(memberships - left - {update.before.organization_id})
    names = await organization_names(zendesk, update.moved("organization_id") | lost)
    told = update.told(names)
    kinds = {identity.type for identity in added}
    unchanged = [name for name in told.pop("unchanged") or [] if f"{name}_number" not in kinds]
    if email and "email" not in kinds:
        unchanged.append("email")
    # A first address becomes the primary one: identities_added tells it.
    changes = [change for change in told.pop("changes") if not (email and change.field == "email")]
    if lost:
        before = ", ".join(named(one, names) for one in sorted(lost))
        changes.append(Change(field="other_organizations", before=before, requested=False))
    primary = next((one.value for one in added if one.primary and one.type == "email"), None)
    return UserChange(
        **told,
        changes=changes,
        unchanged=unchanged or None,
        identities_added=[
            Identity(type=one.type, value=one.value, primary=one.primary) for one in added
        ]
        or None,
        primary_email=primary or update.after.email if email else None,
    )
