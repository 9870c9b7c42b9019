"""What routes tickets: views, macros, forms and group memberships."""

from __future__ import annotations

from typing import Any

from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.reading import Reader, every
from mcp_server_zendesk.connection.records import (
    CustomField,
    Ids,
    Record,
    Texts,
    parse,
)

MACROS_SCOPE = "macros:read"
VIEWS_SCOPE = "ticket_views:read"


class Restriction(Record):
    """Who a view or a macro is for: ``type`` is ``Group`` or ``User``; without one, everyone."""

    type: str | None = None
    id: int | None = None
    ids: Ids = None

    @property
    def personal(self) -> bool:
        """Whether it is one agent's own."""
        return self.type == "User"

    @property
    def group_ids(self) -> list[int]:
        """The groups that it is for; older accounts name one only."""
        if self.type != "Group":
            return []
        return self.ids or ([self.id] if self.id is not None else [])


class ViewRecord(Record):
    """A view."""

    id: int
    title: str | None = None
    active: bool | None = None
    restriction: Restriction | None = None


class ViewCount(Record):
    """How many tickets a view holds; ``value`` is null until Zendesk has counted."""

    view_id: int
    value: int | None = None
    fresh: bool | None = None


class Action(Record):
    """One thing that a macro does."""

    field: str = ""
    value: Any = None

    @property
    def text(self) -> str:
        """The value; of a channel and a text, the text."""
        value = self.value[-1] if isinstance(self.value, list) and self.value else self.value
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None or value == [] else str(value)


class MacroRecord(Record):
    """A macro."""

    id: int
    title: str | None = None
    description: str | None = None
    active: bool | None = None
    restriction: Restriction | None = None
    actions: list[Action] | None = None


class MacroComment(Record):
    """The comment that a macro would add, its placeholders filled in."""

    body: str | None = None
    html_body: str | None = None
    public: bool | None = None


class MacroOutcome(Record):
    """A ticket as a macro would leave it. Only keys that Zendesk gave are ``model_fields_set``."""

    subject: str | None = None
    status: str | None = None
    custom_status_id: int | None = None
    type: str | None = None
    priority: str | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    brand_id: int | None = None
    ticket_form_id: int | None = None
    tags: Texts = None
    custom_fields: list[CustomField] | None = None
    fields: list[CustomField] | None = None
    comment: MacroComment | None = None


class MembershipRecord(Record):
    """A user in a group."""

    user_id: int
    group_id: int


class RequiredOn(Record):
    """When: ``NO_STATUSES``, ``SOME_STATUSES`` or ``ALL_STATUSES``."""

    type: str | None = None
    statuses: Texts = None


class ChildField(Record):
    """A field that a condition shows."""

    id: int
    is_required: bool | None = None
    required_on_statuses: RequiredOn | None = None


class Condition(Record):
    """Fields that appear when another field has a value."""

    parent_field_id: int
    value: str | bool | None = None
    child_fields: list[ChildField] | None = None


class FormRecord(Record):
    """A ticket form."""

    id: int
    name: str | None = None
    active: bool | None = None
    default: bool | None = None
    ticket_field_ids: Ids = None
    agent_conditions: list[Condition] | None = None


async def all_views(zendesk: Reader) -> list[ViewRecord]:
    """Every view that the credentials see, in their order, kept for some minutes."""

    async def load() -> list[ViewRecord]:
        return await every(zendesk, ViewRecord, "views")

    return await zendesk.cached("views", load, scope=VIEWS_SCOPE)


async def all_macros(zendesk: Reader) -> list[MacroRecord]:
    """Every macro that is in use, likewise."""

    async def load() -> list[MacroRecord]:
        return await every(zendesk, MacroRecord, "macros", params={"active": "true"})

    return await zendesk.cached("macros", load, scope=MACROS_SCOPE)


async def all_forms(zendesk: Reader) -> list[FormRecord]:
    """Every ticket form in use, likewise."""

    async def load() -> list[FormRecord]:
        forms = await every(zendesk, FormRecord, "ticket_forms")
        return [form for form in forms if form.active is not False]

    return await zendesk.cached("ticket_forms", load, scope=FIELDS_SCOPE)


async def read_macro(zendesk: Reader, macro_id: int) -> MacroRecord:
    """One macro by id: as it is kept, or asked for where it is not among those in use."""
    kept = next((macro for macro in await all_macros(zendesk) if macro.id == macro_id), None)
    return kept or parse(MacroRecord, await zendesk.get("macros", macro_id), "macro")


async def macro_outcome(zendesk: Reader, ticket_id: int, macro_id: int) -> MacroOutcome:
    """What a macro would make of a ticket. Nothing is changed."""
    answer = await zendesk.get("tickets", ticket_id, "macros", macro_id, "apply")
    result = answer.get("result")
    return parse(MacroOutcome, result if isinstance(result, dict) else {}, "ticket")
