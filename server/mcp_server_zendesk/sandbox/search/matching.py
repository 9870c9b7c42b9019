"""Comparing one value of a record with one term of a query."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.errors import search_invalid
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.search.query import Operator, Query, Term
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.text_match import phrase_matches, words_match

_RELATIVE = re.compile(r"(\d+)(minute|hour|day|week|month|year)s?")
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}


@dataclass(frozen=True)
class Seeker:
    """Who searches, when, and in what."""

    store: Store
    user: Json
    now: datetime


Matcher = Callable[[Seeker, Json, Term], bool]


def record_matches(
    seeker: Seeker,
    record: Json,
    query: Query,
    *,
    fields: dict[str, Matcher],
    known: Iterable[str],
    texts: Callable[[Json], Sequence[str | None]],
) -> bool:
    """Whether a record meets a query.

    Terms that name the same field with `:` are alternatives; all else must hold together (§7
    says so of tags). A field of other records only never matches; one that nobody knows is read
    as words.

    Args:
        seeker: Who searches.
        record: What is looked at.
        query: What is looked for.
        fields: The fields of this kind of record.
        known: The fields of every kind.
        texts: The text that free words are looked for in.
    """
    alternatives: dict[str, bool] = {}
    for term in query.terms:
        if term.field is not None and _is_field(term.field, fields):
            holds = _matcher(term.field, fields)(seeker, record, term)
        elif term.field is not None and term.field in known:
            holds = False
        else:
            holds = text_matches(term, texts(record))
        if term.negated:
            if holds:
                return False
        elif term.field in query.repeated and term.operator == ":":
            alternatives[term.field] = alternatives.get(term.field, False) or holds
        elif not holds:
            return False
    return all(alternatives.values())


def text_matches(term: Term, texts: Sequence[str | None]) -> bool:
    """Whether a word or phrase stands in one of the texts, a word also as a beginning."""
    wanted = term.value if term.field is None else f"{term.field} {term.value}"
    matches = phrase_matches if term.phrase else words_match
    return any(matches(wanted, text) for text in texts if text)


def equals(value: object, term: Term) -> bool:
    """A plain comparison without regard to case; `none` stands for no value."""
    if term.value.casefold() == "none":
        return value in (None, "", [])
    return value is not None and str(value).casefold() == term.value.casefold()


def ranked(value: str | None, term: Term, order: Sequence[str]) -> bool:
    """A comparison in an order of words, as of statuses and priorities."""
    wanted = term.value.casefold()
    if term.operator == ":" or wanted not in order:
        return equals(value, term)
    if value is None:
        return False
    return _compare(order.index(value), term.operator, order.index(wanted))


def dated(value: str | None, term: Term, now: datetime) -> bool:
    """A comparison of times: a day, an ISO time, or one so long ago, `created>4hours`."""
    if term.value.casefold() == "none":
        return value is None
    if value is None:
        return False
    at = moment(value)
    start, end = _span(term.value, now)
    if term.operator == ":":
        return start <= at and (start == end or at < end)
    if term.operator in {"<", "<="}:
        return at < (start if term.operator == "<" else max(end, start + timedelta(seconds=1)))
    return at >= (end if term.operator == ">" else start)


def listed(values: Iterable[str], term: Term) -> bool:
    """Whether a list of words, such as tags, holds one of the term's words."""
    held = {value.casefold() for value in values}
    if term.value.casefold() == "none":
        return not held
    return any(_held(word, held) for word in term.value.casefold().split())


def person(seeker: Seeker, user_id: int | None, term: Term) -> bool:
    """Whether a user is the one named: by id, e-mail, name, `me` or `none`."""
    wanted = term.value.casefold()
    if wanted == "none":
        return user_id is None
    if user_id is None:
        return False
    if wanted == "me":
        return bool(user_id == seeker.user["id"])
    if wanted.isdigit():
        return user_id == int(wanted)
    if "@" in wanted:
        identities = seeker.store.identities.get(user_id, [])
        return any(str(one["value"]).casefold() == wanted for one in identities)
    user = seeker.store.users.get(user_id)
    return user is not None and words_match(wanted, str(user["name"]))


def named(records: dict[int, Json], record_id: int | None, term: Term) -> bool:
    """Whether a record is the one named: by id, name or `none`."""
    wanted = term.value.casefold()
    if wanted == "none":
        return record_id is None
    if record_id is None or record_id not in records:
        return False
    if wanted.isdigit():
        return record_id == int(wanted)
    return words_match(wanted, str(records[record_id]["name"]))


def _held(word: str, held: set[str]) -> bool:
    if word.endswith("*"):
        return any(one.startswith(word[:-1]) for one in held)
    return word in held


def _is_field(field: str, fields: dict[str, Matcher]) -> bool:
    return field in fields or (field.startswith("custom_field_") and "custom_field_" in fields)


def _matcher(field: str, fields: dict[str, Matcher]) -> Matcher:
    return fields.get(field) or fields["custom_field_"]


def _span(text: str, now: datetime) -> tuple[datetime, datetime]:
    relative = _RELATIVE.fullmatch(text.casefold())
    if relative:
        at = now - int(relative[1]) * _UNITS[relative[2]]
        return at, at
    try:
        if len(text) == 10:
            start = datetime.combine(date.fromisoformat(text), time(), UTC)
            return start, start + timedelta(days=1)
        at = moment(text)
    except ValueError as error:
        raise search_invalid(f"{text} is not a valid date") from error
    return at, at + timedelta(seconds=1)


def _compare(left: Any, operator: Operator, right: Any) -> bool:
    if operator == "<":
        return bool(left < right)
    if operator == "<=":
        return bool(left <= right)
    if operator == ">":
        return bool(left > right)
    return bool(left >= right)
