"""Custom fields as people say them: by title, with values that their type and options take.

What can be told wrong before anything is sent is refused here, with the values that are allowed.
What cannot (a field that is not known yet, a pattern that Python reads differently) goes on to
Zendesk, which has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated

from pydantic import Field, WithJsonSchema

from mcp_server_zendesk.connection.field_records import PatternedField
from mcp_server_zendesk.connection.fields import SCOPE as FIELDS_SCOPE
from mcp_server_zendesk.connection.fields import ticket_fields
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.nearest import nearest
from mcp_server_zendesk.connection.records import FieldOption, TicketField
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import ArgumentProblem, InvalidArguments

Value = str | int | float | bool | list[str] | None
CustomFields = Annotated[
    dict[str, Annotated[Value, WithJsonSchema({})]] | None,
    Field(description='By id or title, e.g. {"Area":"billing"}; null clears'),
]

_ARGUMENT = "custom_fields"
_MOST_CANDIDATES = 20
_MOST_VALUES = 60
_LONGEST_MATCHED = 200

# System fields stand in the same list as custom ones, and have arguments or tools of their own.
SYSTEM_FIELDS = {
    "subject": "the argument subject",
    "status": "the argument status",
    "tickettype": "the argument type",
    "priority": "the argument priority",
    "group": "the argument group",
    "assignee": "the argument assignee",
    "description": "add_internal_note",
    "custom_status": "the argument status",
}

# What Ruby reads otherwise than Python does, and a repeated group, which can take for ever.
_NOT_FOR_PYTHON = re.compile(r"\[\[?:|&&|\\[ZzhHRXGKpP]|\(\?<[^=!]|\)[+*{]")
_INTEGER = re.compile(r"[+-]?\d{1,20}")
_DECIMAL = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


class _Unfit(Exception):
    """A value that its field does not take. The message is for a model, without the value."""


async def read_custom_fields(
    zendesk: Zendesk, given: Mapping[str, Value] | None
) -> tuple[dict[int, Value], dict[int, TicketField]]:
    """Values by field id, in the form that Zendesk wants, and the fields as far as known.

    Raises:
        InvalidArguments: A field is not known by its title, or a value does not fit its field.
        ZendeskError: The fields are needed and could not be read.
    """
    if not given:
        return {}, {}
    by_title = not all(name.isdecimal() for name in given)
    fields = await ticket_fields(zendesk) if by_title or zendesk.may(FIELDS_SCOPE) else {}
    values: dict[int, Value] = {}
    problems: list[ArgumentProblem] = []
    for name, value in given.items():
        key = _field_id(name, fields)
        field = fields.get(key)
        try:
            values[key] = value if field is None else _fitted(field, value)
        except _Unfit as unfit:
            title = clean_line(field.title or str(key), 100) if field else str(key)
            problems.append(
                ArgumentProblem(
                    f"{_ARGUMENT}.{title}",
                    str(unfit),
                    allowed_values=_allowed(field, value) if field else (),
                )
            )
    if problems:
        raise InvalidArguments(problems)
    return values, fields


def as_sent(values: Mapping[int, Value]) -> list[dict[str, object]]:
    """Zendesk's form of them."""
    return [{"id": key, "value": value} for key, value in values.items()]


def _field_id(name: str, fields: Mapping[int, TicketField]) -> int:
    wanted = _folded(name)
    found = [key for key, field in fields.items() if _folded(field.title or "") == wanted]
    if name.isdecimal() and len(name) <= len(str(2**63)):
        found = [int(name)]
    if len(found) == 1:
        field = fields.get(found[0])
        if field is not None and (kind := field.type or "") in SYSTEM_FIELDS:
            own = SYSTEM_FIELDS[kind]
            raise InvalidArguments.of(_ARGUMENT, f"names no custom field; use {own}")
        return found[0]
    near = nearest(name, [field.title or "" for field in fields.values()])
    shown = [field for field in fields.values() if field.id in found or field.title == near]
    custom = [field for field in fields.values() if field.type not in SYSTEM_FIELDS]
    raise InvalidArguments.of(
        _ARGUMENT,
        "names a field that is not known or not unique by its title; give its id",
        candidates=[
            {"id": field.id, "title": clean_line(field.title or "")}
            for field in (shown or custom)[:_MOST_CANDIDATES]
        ],
    )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _fitted(field: TicketField, value: Value) -> Value:
    """The value as the field takes it.

    Raises:
        _Unfit: It does not.
    """
    if value is None or value == "":
        return None
    reader = _READERS.get(field.type or "")
    return reader(field, value) if reader else value


def _choice(field: TicketField, value: Value) -> Value:
    if not isinstance(value, str):
        raise _Unfit("takes one of its options, as text")
    return _option(field, value)


def _choices(field: TicketField, value: Value) -> Value:
    given = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in given):
        raise _Unfit("takes a list of its options")
    return [_option(field, str(one)) for one in given]


def _option(field: TicketField, said: str) -> str:
    """An option's value, from the value or from its name."""
    options = [one for one in field.custom_field_options or [] if one.value]
    if not options or said in {one.value for one in options}:
        return said
    wanted = _folded(said)
    named = {one.value for one in options if wanted in _names(one)}
    if len(named) != 1:
        raise _Unfit("has more than one such option" if named else "has no such option")
    return named.pop() or said


def _names(option: FieldOption) -> set[str]:
    """What an option goes by. A name with ``::`` is a path in a menu; its end will do."""
    name = option.name or ""
    return {_folded(text) for text in (option.value or "", name, name.rpartition("::")[2])}


def _flag(_: TicketField, value: Value) -> Value:
    flag = _FLAGS.get(str(value).strip().casefold())
    if flag is None:
        raise _Unfit("takes true or false")
    return flag


def _integer(_: TicketField, value: Value) -> Value:
    text = str(value).strip()
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    if isinstance(value, bool) or not _INTEGER.fullmatch(text):
        raise _Unfit("takes a whole number")
    return int(text)


def _decimal(_: TicketField, value: Value) -> Value:
    if isinstance(value, bool) or not _DECIMAL.fullmatch(str(value).strip()):
        raise _Unfit("takes a number, with a point before decimals")
    return str(value).strip()


def _date(_: TicketField, value: Value) -> Value:
    text = str(value).strip()
    try:
        # Python reads other forms of ISO 8601 too, and Zendesk may not.
        return date.fromisoformat(text).isoformat() if _DATE.fullmatch(text) else _no_date()
    except ValueError:
        return _no_date()


def _no_date() -> Value:
    raise _Unfit("takes a date, YYYY-MM-DD")


def _matched(field: TicketField, value: Value) -> Value:
    text = _plain(field, value)
    pattern = field.regexp_for_validation if isinstance(field, PatternedField) else None
    if not pattern or len(text) > _LONGEST_MATCHED or _NOT_FOR_PYTHON.search(pattern):
        return text
    try:
        fits = re.search(pattern, text, re.MULTILINE)  # in Ruby ^ and $ are a line's ends
    except re.error:
        return text
    if not fits:
        raise _Unfit(f"has to match the pattern {clean_line(pattern, 200)}")
    return text


def _plain(_: TicketField, value: Value) -> str:
    if isinstance(value, list):
        raise _Unfit("takes one text")
    return str(value)


_READERS: Mapping[str, Callable[[TicketField, Value], Value]] = {
    "tagger": _choice,
    "multiselect": _choices,
    "checkbox": _flag,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "regexp": _matched,
    "text": _plain,
    "textarea": _plain,
}


def _allowed(field: TicketField, value: Value) -> tuple[str, ...]:
    """The values that the field takes, the likeliest first where there are many."""
    if field.type == "checkbox":
        return ("true", "false")
    values: Sequence[str] = field.choices
    if len(values) > _MOST_VALUES:
        said = _folded(str(value))
        options = field.custom_field_options or []
        alike = {one.value for one in options if any(said in name for name in _names(one))}
        values = sorted(values, key=lambda one: one not in alike)
    return tuple(clean_line(one, 100) for one in values[:_MOST_VALUES])
