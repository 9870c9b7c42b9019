"""Organizations: reading, finding, changing them, and their tickets (``zendesk-api.md`` §8)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection.errors import ValidationFailed, ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.organization_records import OrganizationRecord
from mcp_server_zendesk.connection.records import count_of, more_to_come, parse_list
from mcp_server_zendesk.serving.cleaning.text import clean_text
from mcp_server_zendesk.serving.cursors import numbered, read_numbered, seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from zendesk_tools.long_values import Value, told_of, values_of
from zendesk_tools.names import Named, Names, group_names
from zendesk_tools.organization_names import (
    SHORTEST_BEGINNING,
    candidates_of,
    find_organization,
    organizations_by_name,
    read_organization,
    refuse_to_open,
)
from zendesk_tools.people import as_said, find_group
from zendesk_tools.record_changes import (
    CustomValues,
    Kind,
    RecordChange,
    Tags,
    Texts,
    changed_list,
    changed_tags,
    given,
    nobody,
    update_record,
)
from zendesk_tools.ticket_search import REACHABLE_TICKETS, TicketHit
from zendesk_tools.user_tickets import tickets_below

SEARCH_SCOPE = "read"  # no narrow scope covers the unified search (zendesk-api.md §2.4)

_NOTES = 16_000  # whoever replaces them has to know the whole
_PHRASE = re.compile(r'"[^"]*"')
_TERM = re.compile(r"(?<!\S)-?(?P<keyword>\w+)[:<>]")

Which = Annotated[str | int, Field(description="Id, exact name, or `external:ID`")]
Cursor = Annotated[str | None, Field(description="next_cursor of the page before")]
Domains = Annotated[Texts | None, Field(description="E-mail domains, e.g. acme.com")]

ORGANIZATION = Kind(
    path="organizations",
    key="organization",
    record=OrganizationRecord,
    fields=("name", "external_id", "group_id", "domain_names", "tags", "notes", "details"),
    custom="organization_fields",
)


class OrganizationHit(Result):
    """An organization that was found."""

    id: int
    name: Line | None = None
    external_id: Line | None = None
    domain_names: list[Line] | None = None
    tags: list[Line] | None = None


class Organization(OrganizationHit):
    """An organization as an agent sees it."""

    group: Annotated[Named | None, Field(description="Where new tickets of its people go")] = None
    shared_tickets: Annotated[
        bool | None, Field(description="Its people see each other's tickets")
    ] = None
    shared_comments: bool | None = None
    organization_fields: dict[Line, Value] | None = None
    notes: Body | None = None
    details: Body | None = None
    truncated: bool | None = None
    hidden_text_removed: int | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


async def get_organization(zendesk: Zendesk, organization: Which) -> Organization:
    """Read one organization (a customer's company): domains, tags, custom fields, agents' notes,
    and the group that gets its tickets.

    Use it with an id or the exact name; a name that fits none or several comes back with
    candidates. To find by words, domain or tags use search_organizations; for its people
    search_users with `organization:`.
    """
    record = await read_organization(zendesk, organization)
    groups = await group_names(zendesk) if record.group_id is not None else {}
    notes = clean_text(record.notes or "", _NOTES)
    details = clean_text(record.details or "", _NOTES)
    fields = values_of(record.organization_fields)
    return Organization(
        **_hit(record),
        group=Names(groups=groups).group(record.group_id),
        shared_tickets=record.shared_tickets or None,
        shared_comments=record.shared_comments or None,
        organization_fields=fields or None,
        notes=notes if notes.text else None,
        details=details if details.text else None,
        **told_of([notes, details, *fields.values()]),
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


async def search_organizations(
    zendesk: Zendesk,
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1_000,
            description="Words of name, notes or domains, or Zendesk search syntax, e.g. "
            '`outdoor tags:vip`, `name:"Acme Ltd" created>2026-01-31`',
        ),
    ],
    limit: Annotated[int, Field(ge=1, le=100, description="Organizations a page")] = 25,
    cursor: Cursor = None,
) -> Page[OrganizationHit]:
    """Find organizations (customers' companies) by words or tags.

    Use it to turn part of a name into an id; with the exact name get_organization tells more.
    Words match whole words and their beginnings; changes of the last minutes may be missing. In a
    workspace without the scope read it finds names by their beginning only.
    """
    everywhere = zendesk.may(SEARCH_SCOPE)
    bound_to = {"tool": "search_organizations", "query": query, "everywhere": everywhere}
    page, size = (1, limit) if cursor is None else read_numbered(unseal(cursor, bound_to))
    params: dict[str, str | int] = {"page": page, "per_page": size}
    _check_query(query, everywhere=everywhere)
    if everywhere:
        params["query"] = f"type:organization {query}"
        answer = await zendesk.get("search", params=params)
    else:
        params["name"] = query.strip()
        answer = await zendesk.get("organizations", "autocomplete", params=params)
    found = parse_list(OrganizationRecord, answer, "results" if everywhere else "organizations")
    total = count_of(answer)
    more = more_to_come(answer, total, before=(page - 1) * size, found=len(found), size=size)
    more = more and (page + 1) * size <= REACHABLE_TICKETS
    beyond = total is not None and total > REACHABLE_TICKETS
    return Page[OrganizationHit](
        items=[OrganizationHit(**_hit(record)) for record in found],
        has_more=more,
        next_cursor=seal(numbered(page + 1, size), bound_to) if more else None,
        total=total,
        reachable=REACHABLE_TICKETS if beyond else None,
    )


def _check_query(query: str, *, everywhere: bool) -> None:
    """Refuse what would find something else than organizations by their names.

    Raises:
        InvalidArguments: It has ``type:``, or asks for a search that the scopes do not allow.
    """
    keywords = {term["keyword"].casefold() for term in _TERM.finditer(_PHRASE.sub("", query))}
    if "type" in keywords:
        raise InvalidArguments.of("query", "finds organizations only; leave type: out")
    if everywhere:
        return
    if keywords or '"' in query:
        raise InvalidArguments.of(
            "query", "can only be the beginning of a name: search syntax needs the scope read"
        )
    if len(query.strip()) < SHORTEST_BEGINNING:
        raise InvalidArguments.of("query", "should have at least two characters")


async def list_organization_tickets(
    zendesk: Zendesk,
    organization: Which,
    limit: Annotated[int, Field(ge=1, le=100, description="Tickets a page")] = 25,
    cursor: Cursor = None,
) -> Page[TicketHit]:
    """List the tickets of everyone in one organization (a customer's company), newest first, in
    every status.

    Use it for what a company has going on. Old closed tickets that Zendesk archived are left
    out: search_tickets with `organization:` finds them, and filters by status, tags or dates. For
    one person use list_user_tickets.
    """
    organization_id = await find_organization(zendesk, organization)
    bound_to = {"tool": "list_organization_tickets", "organization": str(organization_id)}
    path = ("organizations", organization_id, "tickets")
    return await tickets_below(zendesk, path, bound_to, limit, cursor)


async def update_organization(
    zendesk: Zendesk,
    organization: Which,
    name: Annotated[str | None, Field(description="New, unique name")] = None,
    notes: Annotated[str | None, Field(description="Agents' notes; replaced")] = None,
    details: Annotated[str | None, Field(description="E.g. an address; replaced")] = None,
    group: Annotated[
        str | int | None, Field(description="Gets its new tickets; id or name; `none` removes it")
    ] = None,
    add_domains: Domains = None,
    remove_domains: Domains = None,
    add_tags: Tags = None,
    remove_tags: Tags = None,
    organization_fields: CustomValues = None,
) -> RecordChange:
    """Change one organization (a customer's company); give only what is to change.

    Read it with get_organization first: notes and details are replaced; "" clears a text. The
    answer tells what really changed, and what had no effect: some agents may change notes only. New
    people with an address of its domains are put into it; to move one person use update_user.
    """
    wanted = given({"name": name, "notes": notes, "details": details})
    lists = (add_domains, remove_domains, add_tags, remove_tags)
    if not (wanted or group is not None or any(lists) or organization_fields):
        raise InvalidArguments.of("arguments", "name nothing to change; give at least one field")
    if group is not None:
        said = as_said("group", group)
        wanted["group_id"] = None if nobody(said) else await find_group(zendesk, said)
    before = await read_organization(zendesk, organization)
    if add_domains or remove_domains:
        to_add = _domains("add_domains", add_domains)
        to_remove = _domains("remove_domains", remove_domains)
        if to_add:
            refuse_to_open(
                before,
                "add_domains",
                "would let whoever has such an address see this organization's tickets, which its "
                "people share; a person has to add it in Zendesk",
            )
        held = before.domain_names  # Zendesk replaces the whole list
        wanted["domain_names"] = changed_list("remove_domains", held, to_add, to_remove)
    if add_tags or remove_tags:
        wanted["tags"] = changed_tags(before.tags, add_tags, remove_tags)
    if organization_fields:
        wanted["organization_fields"] = organization_fields
    try:
        update = await update_record(zendesk, ORGANIZATION, before, wanted)
    except ValidationFailed:
        if name:
            await _refuse_name_of_another(zendesk, name, before.id)
        raise
    names = await group_names(zendesk) if update.moved("group_id") else {}
    return RecordChange(**update.told(names))


def _domains(field: str, domains: Iterable[str] | None) -> list[str]:
    """Domains in lower case.

    Raises:
        InvalidArguments: One is not a domain, but an address or two of them.
    """
    cleaned = [domain.strip().lower() for domain in domains or ()]
    if any(not domain or "@" in domain or domain.split() != [domain] for domain in cleaned):
        raise InvalidArguments.of(field, "holds what is no domain; write each as acme.com")
    return cleaned


async def _refuse_name_of_another(zendesk: Zendesk, name: str, own: int) -> None:
    """Say whose name it is, where that is why Zendesk refused it."""
    try:
        exact, _ = await organizations_by_name(zendesk, name)
    except ZendeskError:
        return  # Zendesk's own refusal is what has to be told
    others = [record for record in exact if record.id != own]
    if others:
        raise InvalidArguments.of(
            "name",
            "is another organization's name; names are unique",
            candidates=candidates_of(others),
        )


def _hit(record: OrganizationRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "external_id": record.external_id or None,
        "domain_names": record.domain_names or None,
        "tags": record.tags or None,
    }
