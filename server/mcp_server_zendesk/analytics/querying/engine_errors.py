"""What the engine says of a model's statement, in words that help and tell nothing else.

The engine's own words may hold values from tickets, paths and the engine's inner names: only what
the statement itself says is given back, and names of ours.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from mcp_server_zendesk.analytics.querying.functions import FUNCTIONS
from mcp_server_zendesk.analytics.views import VIEWS
from mcp_server_zendesk.serving.local_refusals import QueryRefused, QueryStopped

COLUMNS = {view.name: tuple(column.name for column in view.columns) for view in VIEWS}
"""The columns of each view."""

_MEANT = {
    "groups": "tickets.group_name",
    "group": "tickets.group_name",
    "brands": "tickets.brand",
    "ticket_forms": "tickets.form",
    "agents": "users",
    "requesters": "users",
    "customers": "users",
    "metrics": "tickets",
    "ticket_metrics": "tickets",
    "ticket_events": "status_changes",
    "audits": "status_changes",
    "ratings": "satisfaction",
    "satisfaction_ratings": "satisfaction",
    "slas": "sla_breaches",
    "ticket_fields": "custom_fields",
}
"""Where to find what Zendesk has under another name."""

_COLUMN = re.compile(
    r'(?:Referenced column|does not have a column named|column named|Column) "([^"\n]{1,100})"'
)
_NEAR = re.compile(r'at or near "([^"\n]{1,40})"')
_PLACE = re.compile(r"^LINE \d+: (.*)\n( *)\^", re.MULTILINE)
_NO_MATCH = re.compile(r"(?:argument types|function call) ['\"]([a-z_0-9]{1,60}|[^\w'\"(]{1,3})\(")
_GROUPED = re.compile(r'column "([^"\n]{1,100})" must appear in the GROUP BY')
_SEVERAL = re.compile(r'Ambiguous reference to column name "([^"\n]{1,100})"')
_NO_TABLE = re.compile(r'Referenced table "([^"\n]{1,100})" not found')
_ABOUT_ONE_NAME = (
    (_NO_TABLE, "{0} is no table of this statement: name it in FROM, or use its alias."),
    (_GROUPED, "{0} must stand in GROUP BY, or in an aggregate: any_value({0})."),
    (_SEVERAL, "{0} is a column of several tables here: write the table before it."),
    (_NO_MATCH, "{0} does not take arguments of these types, or not so many; add a CAST."),
)
_ABOUT_SHAPE = (
    ("WHERE clause cannot contain aggregates", "WHERE cannot hold an aggregate: use HAVING."),
    ("aggregate function calls cannot be nested", "An aggregate of an aggregate: use a subquery."),
    ("Set operations can only apply", "Both sides of UNION need the same number of columns."),
    ("Cannot compare values", "Two types here cannot be compared: add a CAST."),
    ("Cannot mix values", "Types are mixed here that do not fit: add a CAST."),
)
_INTO = re.compile(r"\b(?:to|type) (U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER|8|16|32|64|128)?|DOUBLE|"
                   r"DATE|TIMESTAMP|BOOL(?:EAN)?|INTERVAL)\b")  # fmt: skip
_NEAREST = 3
_ALIKE = 0.55
_MEMORY = "OutOfMemoryException"
_TIME = "InterruptException"
_SPOKEN = frozenset({"ParserException", "SyntaxException"})
_ABOUT_NAMES = frozenset({"BinderException", "CatalogException"})
_ABOUT_VALUES = frozenset(
    {
        "ConversionException", "InvalidInputException", "OutOfRangeException", "DataError",
        "InvalidTypeException", "TypeMismatchException",
    }
)  # fmt: skip


def not_permitted(told: Mapping[str, str]) -> QueryRefused:
    """A statement that was not run (``permitted.NotPermitted``)."""
    problem, name, among = told.get("problem", ""), told.get("name", ""), told.get("among")
    if among == "views":
        return QueryRefused(problem, _nearest_view(name))
    if among == "functions":
        return QueryRefused(problem, _alike(name, sorted(FUNCTIONS)))
    return QueryRefused(problem)


def refusal(told: Mapping[str, str], sql: str, memory_mib: int) -> QueryRefused | QueryStopped:
    """What an error of the engine means for who wrote the statement.

    Args:
        told: The ``kind`` and ``message`` of the engine's exception.
        sql: The statement.
        memory_mib: How much memory it was given.
    """
    kind, message = told.get("kind", ""), told.get("message", "")
    if kind == _MEMORY:
        return QueryStopped(f"its {memory_mib} MiB of memory")
    if kind == _TIME:
        return QueryStopped("its time")
    if kind in _SPOKEN:
        return QueryRefused(_syntax(message, sql))
    if kind in _ABOUT_NAMES:
        return _names(message, sql)
    if kind in _ABOUT_VALUES:
        return QueryRefused(_values(message))
    return QueryRefused("The engine does not run this statement; say it in another way.")


def _syntax(message: str, sql: str) -> str:
    near = _NEAR.search(message)
    if "depth" in message.casefold():
        return "The statement is nested too deeply; use fewer levels, or IN (…) for many ORs."
    if near is None or near[1].casefold() not in sql.casefold():
        return "The statement cannot be parsed: look for a quote or a bracket that is not closed."
    before = _before(message, sql)
    return f"Syntax error near {_word(near[1])}{f', after {_word(before)}' if before else ''}."


def _before(message: str, sql: str) -> str:
    """The words before the place that the engine points at, where the statement has them."""
    place = _PLACE.search(message)
    if place is None:
        return ""
    line, column = place[1], len(place[2]) - len(re.match(r"LINE \d+: ", place[0])[0])  # type: ignore[index]
    words = " ".join(line[: max(column, 0)].split()[-3:])
    return words if words and words in " ".join(sql.split()) else ""


def _names(message: str, sql: str) -> QueryRefused:
    first = message.partition("\n")[0]
    for pattern, problem in _ABOUT_ONE_NAME:
        about = pattern.search(first)
        if about and about[1].casefold() in sql.casefold():
            return QueryRefused(problem.format(_word(about[1])))
    found = _COLUMN.search(first)
    name = found[1] if found else ""
    if name and name.casefold() in sql.casefold():
        return _no_column(name, sql)
    return QueryRefused(
        next(
            (problem for words, problem in _ABOUT_SHAPE if words in first),
            "The engine cannot make out what the names and types here mean.",
        )
    )


def _no_column(name: str, sql: str) -> QueryRefused:
    word, plain = _word(name), name.casefold()
    used = [view for view in COLUMNS if re.search(rf"\b{view}\b", sql, re.IGNORECASE)]
    owners = [view for view, columns in COLUMNS.items() if plain in columns]
    if owners and not set(owners) & set(used):
        where = ", ".join(owners)
        return QueryRefused(
            f"{word} is no column of what is read here; it is one of {where}.",
            tuple(f"{view}.{plain}" for view in owners),
        )
    near = [
        f"{view}.{column}"
        for view in used or COLUMNS
        for column in difflib.get_close_matches(plain, COLUMNS[view], _NEAREST, _ALIKE)
    ]
    near.sort(key=lambda one: -_likeness(plain, one.partition(".")[2]))
    if not near:
        near = [f"{view}.{column}" for view in COLUMNS for column in _alike(plain, COLUMNS[view])]
    return QueryRefused(f"There is no column {word} here.", tuple(near[:_NEAREST]))


def _values(message: str) -> str:
    into = _INTO.search(message)
    if "field format" in message:
        return "A text is no time: write it as '2026-01-31', or as now() - INTERVAL 30 DAY."
    if "convert" in message or "cast" in message:
        kind = f" to {into[1]}" if into else ""
        return f"A value cannot be converted{kind}: use TRY_CAST, or filter such values out."
    if "strptime" in message or "format specifier" in message:
        return "A value does not have the format that is given: use try_strptime."
    if "ut of range" in message or "verflow" in message:
        return "A value is out of the range of its type: CAST to a wider one."
    return "A function cannot work with one of the values that it is given here."


def _nearest_view(name: str) -> tuple[str, ...]:
    plain = name.casefold()
    return (_MEANT[plain],) if plain in _MEANT else _alike(plain, [*COLUMNS])


def _alike(name: str, valid: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(name.casefold(), valid, _NEAREST, _ALIKE))


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _word(text: str) -> str:
    """A word of the statement, short."""
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - what a name may take
