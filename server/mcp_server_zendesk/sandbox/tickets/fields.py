"""Tags, custom fields, and the plain fields of a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.sandbox.tickets.lifecycle import field_class
from mcp_server_zendesk.sandbox.tickets.values import (
    InvalidValueError,
    clean_tags,
    custom_ticket_fields,
    follow_tags,
    read_value,
    tags_with_value,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.tickets.draft import Draft

_PLAIN = ("external_id", "recipient")


def set_fields(draft: Draft) -> None:
    """Takes over subject, form, brand, tags and custom fields."""
    after, wanted = draft.after, draft.wanted
    for key in ("subject", "raw_subject"):
        if key in wanted:
            after["subject"] = wanted[key]
    for key in _PLAIN:
        if key in wanted:
            after[key] = wanted[key]
    if "sharing_agreement_ids" in wanted:
        after["sharing_agreement_ids"] = list(wanted["sharing_agreement_ids"])
    _set_reference(draft, "ticket_form_id", "Ticket form", draft.store.ticket_forms)
    _set_reference(draft, "brand_id", "Brand", draft.store.brands)
    _set_tags(draft)
    for key in ("fields", "custom_fields"):
        if key in wanted:
            _set_custom_fields(draft, wanted[key])


def replace_tags(draft: Draft, tags: Collection[str]) -> None:
    """Gives the ticket these tags, and its choice fields the values that follow from them."""
    after = draft.after
    values = values_of(after)
    kept = follow_tags(draft.store, values, after["tags"], tags)
    after["tags"] = sorted(kept)
    after["custom_fields"] = [{"id": key, "value": value} for key, value in values.items()]


def _set_tags(draft: Draft) -> None:
    wanted = draft.wanted
    keep_special = draft.rules.special_tag_characters == "keep"

    def cleaned(key: str) -> set[str]:
        given = wanted.get(key, ())
        return clean_tags([given] if isinstance(given, str) else given, keep_special=keep_special)

    if "tags" in wanted:
        replace_tags(draft, cleaned("tags"))
    if "additional_tags" in wanted or "remove_tags" in wanted:
        tags = set(draft.after["tags"]) | cleaned("additional_tags")
        replace_tags(draft, tags - cleaned("remove_tags"))


def _set_custom_fields(draft: Draft, given: list[Any] | Json) -> None:
    """Sets values by field id. Ids that are not a custom field's are passed over in silence."""
    pairs = (
        given.items()
        if isinstance(given, dict)
        else [(entry.get("id"), entry.get("value")) for entry in given if isinstance(entry, dict)]
    )
    values = values_of(draft.after)
    tags = set(draft.after["tags"])
    known = {str(field["id"]): field for field in custom_ticket_fields(draft.store)}
    for key, value in pairs:
        field = known.get(str(key))
        if field is None:
            continue
        try:
            read = read_value(field, value)
        except InvalidValueError:
            draft.problems.add(
                "base",
                f"{field['title']}: {value} is not a valid value",
                "InvalidValue",
                ticket_field_id=field["id"],
                ticket_field_type=field_class(field),
            )
            continue
        values[field["id"]] = read
        tags = tags_with_value(field, read, tags)
    draft.after["tags"] = sorted(tags)
    draft.after["custom_fields"] = [{"id": key, "value": value} for key, value in values.items()]


def _set_reference(draft: Draft, key: str, label: str, records: dict[int, Json]) -> None:
    if key not in draft.wanted:
        return
    reference = draft.wanted[key]
    if reference is not None and reference not in records:
        draft.problems.add(key, f"{label}: is invalid", "InvalidValue")
        return
    draft.after[key] = reference
