"""Searching users, organizations and groups (`zendesk-api.md` §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.search.matching import (
    Matcher,
    Seeker,
    dated,
    equals,
    listed,
    named,
    record_matches,
    text_matches,
)
from mcp_server_zendesk.sandbox.search.query import Term, parse

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.call import Call
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.search.query import Query


def matching_users(call: Call, text: str) -> list[Json]:
    """The users that a query finds, in the order of their ids."""
    query = parse(text)
    seeker = Seeker(call.store, call.user, call.store.now())
    return [
        user
        for user in call.store.users.values()
        if user["active"] and _is_found(seeker, user, query)
    ]


def _is_found(seeker: Seeker, user: Json, query: Query) -> bool:
    return record_matches(seeker, user, query, fields=USER_FIELDS, known=(), texts=user_texts)


def user_texts(user: Json) -> list[str | None]:
    """What free words are looked for in a user."""
    return [user["name"], user["email"], user["phone"], user["notes"], user["details"]]


def organization_texts(organization: Json) -> list[str | None]:
    """What free words are looked for in an organization."""
    domains = " ".join(organization["domain_names"])
    return [organization["name"], organization["notes"], organization["details"], domains]


def group_texts(group: Json) -> list[str | None]:
    """What free words are looked for in a group."""
    return [group["name"], group["description"]]


def _text(key: str) -> Matcher:
    def matches(_: Seeker, record: Json, term: Term) -> bool:
        return text_matches(Term(None, ":", term.value, phrase=term.phrase), [record[key]])

    return matches


def _equal(key: str) -> Matcher:
    def matches(_: Seeker, record: Json, term: Term) -> bool:
        return equals(record[key], term)

    return matches


def _date(key: str) -> Matcher:
    def matches(seeker: Seeker, record: Json, term: Term) -> bool:
        return dated(record[key], term, seeker.now)

    return matches


def _tags(_: Seeker, record: Json, term: Term) -> bool:
    return listed(record["tags"], term)


def _email(seeker: Seeker, user: Json, term: Term) -> bool:
    identities = seeker.store.identities.get(user["id"], [])
    wanted = term.value.casefold()
    return any(one["value"].casefold() == wanted for one in identities)


def _user_organization(seeker: Seeker, user: Json, term: Term) -> bool:
    return named(seeker.store.organizations, user["organization_id"], term)


def _user_group(seeker: Seeker, user: Json, term: Term) -> bool:
    groups = seeker.store.groups_of(user["id"])
    return any(named(seeker.store.groups, group_id, term) for group_id in groups)


def _suspended(_: Seeker, user: Json, term: Term) -> bool:
    return bool(user["suspended"]) == (term.value.casefold() == "true")


_COMMON: dict[str, Matcher] = {
    "id": _equal("id"),
    "name": _text("name"),
    "created": _date("created_at"),
    "created_at": _date("created_at"),
    "updated": _date("updated_at"),
    "updated_at": _date("updated_at"),
}

USER_FIELDS: dict[str, Matcher] = {
    **_COMMON,
    "user": _text("name"),
    "email": _email,
    "role": _equal("role"),
    "phone": _text("phone"),
    "notes": _text("notes"),
    "details": _text("details"),
    "external_id": _equal("external_id"),
    "tags": _tags,
    "organization": _user_organization,
    "organization_id": _user_organization,
    "group": _user_group,
    "is_suspended": _suspended,
}

ORGANIZATION_FIELDS: dict[str, Matcher] = {
    **_COMMON,
    "external_id": _equal("external_id"),
    "tags": _tags,
    "notes": _text("notes"),
    "details": _text("details"),
}

GROUP_FIELDS: dict[str, Matcher] = dict(_COMMON)
