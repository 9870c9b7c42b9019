"""Custom field values, and the tags that are tied to them (`zendesk-api.md` §6.5)."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store

SYSTEM_TYPES = frozenset(
    {
        "subject",
        "description",
        "status",
        "custom_status",
        "tickettype",
        "priority",
        "group",
        "assignee",
    },
)

_SPECIAL = re.compile(r"[#@!$%^&*()+=\[\]{}|\\;\"'<>,?`~]")


class InvalidValueError(ValueError):
    """A value that its field does not take."""


def custom_ticket_fields(store: Store) -> list[Json]:
    """The active fields that the account added, in the order of their position."""
    return [
        field
        for field in store.ticket_fields.values()
        if field["active"] and field["type"] not in SYSTEM_TYPES
    ]


def blank_custom_fields(store: Store, known: Mapping[int, object]) -> list[Json]:
    """A ticket's `custom_fields`: every custom field, with a value or null; checkboxes false."""
    return [
        {"id": field["id"], "value": known.get(field["id"], _blank(field))}
        for field in custom_ticket_fields(store)
    ]


def values_of(ticket: Json) -> dict[int, object]:
    """A ticket's custom field values by field id."""
    return {entry["id"]: entry["value"] for entry in ticket["custom_fields"]}


def options_of(field: Json) -> list[str]:
    """The tags of a choice field's options."""
    return [option["value"] for option in field.get("custom_field_options", ())]


def clean_tags(given: Iterable[object], *, keep_special: bool = False) -> set[str]:
    """Tags as Zendesk stores them: split at spaces, lower-case, special characters gone (§6.5)."""
    words = (word for tag in given for word in str(tag).lower().split())
    tags = {word if keep_special else _SPECIAL.sub("", word) for word in words}
    return tags - {""}


def follow_tags(
    store: Store,
    values: dict[int, object],
    before: Collection[str],
    after: Collection[str],
) -> set[str]:
    """Moves field values along with a change of tags; returns the tags that remain.

    Adding an option's tag selects the option and removes the other option's tag, removing it
    clears the field.
    """
    tags = set(after)
    added, removed = tags - set(before), set(before) - tags
    for field in custom_ticket_fields(store):
        key = field["id"]
        if field["type"] == "tagger":
            options = options_of(field)
            chosen = [option for option in options if option in added]
            if chosen:
                values[key] = chosen[-1]
                tags -= set(options) - {chosen[-1]}
            elif values.get(key) in removed:
                values[key] = None
        elif field["type"] == "multiselect":
            values[key] = [option for option in options_of(field) if option in tags] or None
        elif field["type"] == "checkbox" and field["tag"]:
            if field["tag"] in added:
                values[key] = True
            elif field["tag"] in removed:
                values[key] = False
    return tags


def tags_with_value(field: Json, value: object, tags: Collection[str]) -> set[str]:
    """The tags once a field has a value: its option's tag in, its other options' tags out."""
    if field["type"] in {"tagger", "multiselect"}:
        chosen = value if isinstance(value, list) else [value] if value else []
        return (set(tags) - set(options_of(field))) | {str(one) for one in chosen}
    if field["type"] == "checkbox" and field["tag"]:
        return set(tags) | {field["tag"]} if value else set(tags) - {field["tag"]}
    return set(tags)


def read_value(field: Json, given: object) -> object:
    """Checks a value against its field and gives it the form that Zendesk stores.

    Raises:
        InvalidValueError: The field does not take this value.
    """
    kind = field["type"]
    if given is None or given == "":
        return _blank(field)
    reader = _READERS.get(kind, _text)
    value = reader(given)
    if kind == "tagger" and value not in options_of(field):
        raise InvalidValueError(value)
    if kind == "multiselect":
        chosen = given if isinstance(given, list) else [given]
        if not set(map(str, chosen)) <= set(options_of(field)):
            raise InvalidValueError(given)
        return [option for option in options_of(field) if option in chosen] or None
    if kind == "regexp" and not re.search(field["regexp_for_validation"] or "", str(value)):
        raise InvalidValueError(value)
    return value


def _blank(field: Json) -> object:
    return False if field["type"] == "checkbox" else None


def _text(given: object) -> object:
    if isinstance(given, (dict, list)):
        raise InvalidValueError(given)
    return str(given)


def _integer(given: object) -> object:
    if isinstance(given, bool) or not re.fullmatch(r"[+-]?\d+", str(given)):
        raise InvalidValueError(given)
    return str(int(str(given)))


def _decimal(given: object) -> object:
    if isinstance(given, bool) or not re.fullmatch(r"[+-]?\d+(\.\d+)?", str(given)):
        raise InvalidValueError(given)
    return str(given)


def _date(given: object) -> object:
    try:
        return date.fromisoformat(str(given)[:10]).isoformat()
    except ValueError as error:
        raise InvalidValueError(given) from error


def _checkbox(given: object) -> object:
    known = {"true": True, "1": True, "false": False, "0": False}
    try:
        return known[str(given).lower()]
    except KeyError as error:
        raise InvalidValueError(given) from error


def _choices(given: object) -> object:
    return given


_READERS: dict[str, Callable[[object], object]] = {
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "checkbox": _checkbox,
    "multiselect": _choices,
}
