"""From what a person says to an organization: by id, name or external id."""

from __future__ import annotations

from collections.abc import Iterable

from mcp_server_zendesk.connection.errors import NotFound, Refusal, ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.organization_records import OrganizationRecord
from mcp_server_zendesk.connection.records import parse, parse_list
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from zendesk_tools.people import MOST_NAMED, as_said, read_id
from zendesk_tools.users import EXTERNAL

SHORTEST_BEGINNING = 2
"""Characters of a name from which on Zendesk completes it."""

_PAGE = 100


async def read_organization(zendesk: Zendesk, organization: str | int) -> OrganizationRecord:
    """An organization by id, name or external id.

    Raises:
        InvalidArguments: No organization, or more than one, has that name; with the candidates.
        NotFound: None has that id.
    """
    organization_id = await find_organization(zendesk, organization)
    answer = await zendesk.get("organizations", organization_id)
    return parse(OrganizationRecord, answer, "organization")


async def find_organization(zendesk: Zendesk, organization: str | int) -> int:
    """The id of an organization; an id is taken as it is. Raises as ``read_organization``."""
    said = as_said("organization", organization)
    if (organization_id := read_id("organization", said)) is not None:
        return organization_id
    if said.lower().startswith(EXTERNAL):
        return await _by_external_id(zendesk, said[len(EXTERNAL) :].strip())
    exact, near = await organizations_by_name(zendesk, said) if said else ([], [])
    if len(exact) == 1:
        return exact[0].id
    problem = (
        "fits more than one organization; give the id"
        if exact
        else "is the name of no organization; give the exact name or the id"
    )
    hint = " of one of the candidates" if exact or near else ", which search_organizations finds"
    raise InvalidArguments.of(
        "organization", problem + hint, candidates=candidates_of(exact or near)
    )


async def joined_organization(zendesk: Zendesk, organization: str | int, email: str | None) -> int:
    """The id of the organization that a new person joins without a human's yes.

    Raises:
        InvalidArguments: Who has the address would see its people's tickets; also as
            ``read_organization``.
    """
    if not email:
        return await find_organization(zendesk, organization)
    record = await _known(zendesk, organization)
    refuse_to_open(
        record,
        "organization",
        "may let its people see each other's tickets; create the user without it, then use "
        "update_user, where a human has to agree",
    )
    return record.id


def refuse_to_open(record: OrganizationRecord, field: str, problem: str) -> None:
    """Refuse what would show an organization's tickets to somebody, where no human is asked.

    Raises:
        InvalidArguments: Its people see each other's tickets, or that cannot be told.
    """
    if record.shared_tickets is not False:
        raise InvalidArguments.of(field, problem)


async def sharing_organization(
    zendesk: Zendesk, organization: str | int
) -> OrganizationRecord | None:
    """An organization whose people see each other's tickets, so that whoever joins it sees them
    too; also one of which the scopes do not let us know. None where it keeps them apart.

    Raises as ``read_organization``.
    """
    record = await _known(zendesk, organization)
    return None if record.shared_tickets is False else record


async def _known(zendesk: Zendesk, organization: str | int) -> OrganizationRecord:
    if zendesk.may("organizations:read"):
        return await read_organization(zendesk, organization)
    return OrganizationRecord(id=await find_organization(zendesk, organization))


async def _by_external_id(zendesk: Zendesk, wanted: str) -> int:
    if not wanted:
        raise InvalidArguments.of("organization", "has no external id after `external:`")
    answer = await zendesk.get("organizations", "show_many", params={"external_ids": wanted})
    for record in parse_list(OrganizationRecord, answer, "organizations"):
        if (record.external_id or "").casefold() == wanted.casefold():
            return record.id
    raise NotFound(Refusal(status=404))


async def organizations_by_name(
    zendesk: Zendesk, name: str
) -> tuple[list[OrganizationRecord], list[OrganizationRecord]]:
    """Those of exactly that name, and those whose names begin so.

    Every agent may ask for beginnings; the search by the exact name is for some roles, and is
    needed only where there are too many beginnings.
    """
    near: list[OrganizationRecord] = []
    more = len(name) < SHORTEST_BEGINNING
    if not more:
        params: dict[str, str | int] = {"name": name, "per_page": _PAGE}
        answer = await zendesk.get("organizations", "autocomplete", params=params)
        near = parse_list(OrganizationRecord, answer, "organizations")
        more = bool(answer.get("next_page"))
    exact = _of_name(near, name)
    if not exact and more:
        answer = await zendesk.get("organizations", "search", params={"name": name})
        exact = _of_name(parse_list(OrganizationRecord, answer, "organizations"), name)
    return exact, near


def _of_name(found: Iterable[OrganizationRecord], name: str) -> list[OrganizationRecord]:
    wanted = " ".join(name.casefold().split())
    return [one for one in found if " ".join((one.name or "").casefold().split()) == wanted]


def candidates_of(found: list[OrganizationRecord]) -> list[dict[str, str | int]]:
    """As a refusal names them."""
    return [{"id": one.id, "name": clean_line(one.name or "")} for one in found[:MOST_NAMED]]


async def organization_names(zendesk: Zendesk, ids: Iterable[int]) -> dict[int, str]:
    """Names of a few organizations, where we may ask and Zendesk tells."""
    wanted = sorted(set(ids))
    if not wanted or not zendesk.may("organizations:read"):
        return {}
    params = {"ids": ",".join(map(str, wanted[:_PAGE]))}
    try:
        answer = await zendesk.get("organizations", "show_many", params=params)
        found = parse_list(OrganizationRecord, answer, "organizations")
    except ZendeskError:
        return {}
    return {record.id: record.name or "" for record in found}
