"""What a model's statement may be: one SELECT over the documented views, and nothing else.

The statement is looked at as the engine has parsed it, so that no comment, quoting or spelling
hides anything. Every kind of node is on a list; what is not is refused. Behind this stand the
engine's own locks, and behind them the process (``confinement``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from mcp_server_zendesk.analytics.querying.functions import TABLE_FUNCTIONS, allowed

Among = Literal["views", "functions", "nothing"]

_EXPRESSIONS = frozenset(
    {
        "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT",
        "FUNCTION", "LAMBDA", "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE",
        "WINDOW",
    }
)  # fmt: skip
_PARTS = frozenset(
    {
        "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE",
        "BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SHOW_REF", "SUBQUERY",
        "TABLE_FUNCTION",
        "DISTINCT_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER",
        "ASCENDING", "DESCENDING", "ORDER_DEFAULT",
    }
)  # fmt: skip
_ONE = "Only one statement is run, and it must be a SELECT (WITH, FROM, VALUES, DESCRIBE, "
_ONE += "SUMMARIZE and SHOW TABLES are fine)."
_PIVOT = "PIVOT has to name its values: PIVOT tickets ON status IN ('new', 'open') USING count(*); "
_PIVOT += "or use count(*) FILTER (WHERE status = 'open')."
_NESTED = "The statement is nested too deeply; use fewer levels, or IN (…) for many ORs."
_VIEWS_ONLY = "Only the documented views can be read, without a schema before their names."

Parse = Callable[[str], tuple[list[str], list[str]]]
"""The statements in a text: their kinds, and their own texts."""
Serialize = Callable[[str], str]
"""A statement as JSON, by ``json_serialize_sql``."""


class NotPermitted(Exception):
    """A statement that is not run.

    ``problem`` says it in a sentence, without a value of the statement; ``name`` is what was named
    and is not there, of ``among``.
    """

    def __init__(self, problem: str, name: str = "", among: Among = "nothing") -> None:
        super().__init__(problem)
        self.problem = problem
        self.name = name
        self.among: Among = among


@dataclass(frozen=True, slots=True)
class Permitted:
    """A statement that may be run. ``describes`` is set where it asks what there is: a view's name,
    or ``*`` for all of them; what it then gets is our own documentation.
    """

    sql: str
    describes: str | None = None


def permitted(sql: str, views: Iterable[str], parse: Parse, serialize: Serialize) -> Permitted:
    """The statement, if it may be run.

    Raises:
        NotPermitted: It may not.
    """
    kinds, texts = parse(sql)
    if "MULTI" in kinds:
        raise NotPermitted(_PIVOT)
    if kinds != ["SELECT"]:
        raise NotPermitted(_ONE if kinds else f"There is no statement. {_ONE}")
    try:
        tree = json.loads(serialize(texts[0]))
    except RecursionError:
        raise NotPermitted(_NESTED) from None
    if tree.get("error") is not False or len(tree.get("statements", ())) != 1:
        raise NotPermitted(_ONE)
    node = tree["statements"][0]["node"]
    known = frozenset(views)
    described = _described(node, known)
    if described is None:
        _check(node, known)
    return Permitted(texts[0], described)


def _described(node: dict[str, Any], views: frozenset[str]) -> str | None:
    """What a whole statement asks to be told of, if that is all it does."""
    shown = node.get("from_table") or {}
    if node.get("type") != "SELECT_NODE" or shown.get("type") != "SHOW_REF":
        return None
    kind, query = shown.get("show_type"), shown.get("query")
    name = str(shown.get("table_name", "")).strip('"').lower()
    if kind == "SHOW_SPECIAL" and name in {"tables", "__show_tables_expanded"}:
        return "*"
    if query is None:
        if name in views:
            return name
        raise NotPermitted("There is no view of that name.", name, "views")
    table = query.get("from_table") or {}
    whole = [one.get("class") for one in query.get("select_list") or ()] == ["STAR"]
    plain = kind == "DESCRIBE" and table.get("type") == "BASE_TABLE" and whole and not _names(query)
    if plain and _path(table) == [name := str(table.get("table_name", "")).lower()]:
        return name if name in views else None
    return None


def _check(node: Any, views: frozenset[str]) -> None:
    """Walk through all of it, with the names of common table expressions that are in force."""
    waiting: list[tuple[Any, frozenset[str]]] = [(node, views)]
    while waiting:
        part, names = waiting.pop()
        if isinstance(part, list):
            waiting += [(one, names) for one in part]
        if not isinstance(part, dict):
            continue
        _check_kind(part, names)
        rest = dict(part)
        for key, value in _names(rest):
            waiting.append((value, names))
            names |= {key}
        rest.pop("cte_map", None)
        if part.get("type") == "RECURSIVE_CTE_NODE":
            # Only what is added in each round can name itself.
            waiting.append((rest.pop("right", None), names | {str(part.get("cte_name")).lower()}))
        waiting += [(one, names) for one in rest.values()]


def _names(node: dict[str, Any]) -> list[tuple[str, Any]]:
    """The common table expressions of a node, in their order: one sees those before it."""
    entries = (node.get("cte_map") or {}).get("map") or []
    return [(str(entry["key"]).lower(), entry["value"]) for entry in entries]


def _check_kind(part: dict[str, Any], names: frozenset[str]) -> None:
    kind, expression = part.get("type"), part.get("class")
    if expression is not None:
        if expression == "PARAMETER":
            raise NotPermitted("A query has no parameters: write the values into it.")
        if expression not in _EXPRESSIONS:
            raise NotPermitted("The statement holds an expression that is not supported.")
    elif isinstance(kind, str) and kind not in _PARTS:
        raise NotPermitted(_ONE if kind.endswith("_NODE") else _VIEWS_ONLY)
    if expression is None and kind == "BASE_TABLE":
        _check_table(part, names)
    if expression is None and kind == "SHOW_REF" and part.get("query") is None:
        raise NotPermitted("SHOW stands alone: SHOW TABLES, DESCRIBE tickets.")
    if expression is None and kind == "TABLE_FUNCTION":
        called = part.get("function") or {}
        if str(called.get("function_name", "")).lower() not in TABLE_FUNCTIONS:
            raise NotPermitted(
                f"{_VIEWS_ONLY} Beside them: unnest, range and generate_series.",
                str(called.get("function_name", "")),
                "views",
            )
    if "function_name" in part:
        _check_function(part)


def _check_table(part: dict[str, Any], names: frozenset[str]) -> None:
    name = str(part.get("table_name", ""))
    if part.get("at_clause") is not None:
        raise NotPermitted("There is no older state of the store to be read.")
    if part.get("schema_name") or part.get("catalog_name") or len(_path(part)) != 1:
        raise NotPermitted(_VIEWS_ONLY, name, "views")
    if name.lower() not in names:
        raise NotPermitted("There is no view of that name.", name, "views")


def _check_function(part: dict[str, Any]) -> None:
    name = str(part.get("function_name", "")).lower()
    if part.get("schema") or part.get("catalog") or len(_path(part)) > 1 or not allowed(name):
        raise NotPermitted("There is no function of that name here.", name, "functions")


def _path(part: dict[str, Any]) -> list[str]:
    path = (part.get("qualified_name") or {}).get("path") or []
    return [str(one).lower() for one in path]
