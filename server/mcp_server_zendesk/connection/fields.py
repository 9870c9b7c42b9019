"""Ticket fields and custom statuses by id, read once in a while and kept for minutes."""

from __future__ import annotations

from dataclasses import replace

from mcp_server_zendesk.connection.errors import (
    FieldProblem,
    ValidationFailed,
    ZendeskError,
)
from mcp_server_zendesk.connection.field_records import CustomStatus, PatternedField
from mcp_server_zendesk.connection.reading import Reader, next_cursor
from mcp_server_zendesk.connection.records import TicketField, parse_list

SCOPE = "read"  # no narrow scope covers them (zendesk-api.md §2.4)
_PAGE = 100
_MAX_PAGES = 10


async def ticket_fields(zendesk: Reader) -> dict[int, TicketField]:
    """Every ticket field of the account, system fields included, kept for some minutes.

    Raises:
        ZendeskError: They could not be read.
    """

    async def load() -> dict[int, TicketField]:
        found: dict[int, TicketField] = {}
        params: dict[str, str | int] = {"page[size]": _PAGE}
        for _ in range(_MAX_PAGES):
            body = await zendesk.get("ticket_fields", params=params)
            fields = parse_list(PatternedField, body, "ticket_fields")
            found |= {field.id: field for field in fields}
            after = next_cursor(body)
            if after is None:
                break
            params["page[after]"] = after
        return found

    return await zendesk.cached("ticket_fields", load, scope=SCOPE)


async def custom_statuses(zendesk: Reader) -> dict[int, CustomStatus]:
    """Every custom status, in one answer. Raises as ``ticket_fields`` does."""

    async def load() -> dict[int, CustomStatus]:
        body = await zendesk.get("custom_statuses")
        found = parse_list(CustomStatus, body, "custom_statuses")
        return {status.id: status for status in found}

    return await zendesk.cached("custom_statuses", load, scope=SCOPE)


async def add_allowed_values(zendesk: Reader, error: ValidationFailed) -> None:
    """Where a refusal names a choice field, add the values that the field allows.

    Best effort: the refusal stands without them when the fields may not or cannot be read.
    """
    if not error.refusal.problems or not zendesk.may(SCOPE):
        return
    try:
        fields = await ticket_fields(zendesk)
    except ZendeskError:
        return
    problems = tuple(_with_choices(problem, fields) for problem in error.refusal.problems)
    error.refusal = replace(error.refusal, problems=problems)


def _with_choices(problem: FieldProblem, fields: dict[int, TicketField]) -> FieldProblem:
    field = fields.get(problem.ticket_field_id or 0) or next(
        (
            field
            for field in fields.values()
            if problem.field
            in {field.type, f"custom_field_{field.id}", f"custom_fields_{field.id}"}
        ),
        None,
    )
    return replace(problem, allowed_values=field.choices) if field else problem
