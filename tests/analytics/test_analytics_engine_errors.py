"""What the engine says becomes a sentence that helps, and holds nothing but what the SQL says."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.engines import ground, job, shared_engine
from mcp_server_zendesk.analytics.querying import worker
from mcp_server_zendesk.analytics.querying.engine_errors import not_permitted, refusal
from mcp_server_zendesk.analytics.querying.permitted import NotPermitted
from mcp_server_zendesk.serving.local_refusals import QueryRefused, QueryStopped

SECRET = "words of a customer"


def _told(sql: str) -> QueryRefused:
    try:
        worker.answered(shared_engine(), job(ground(), sql))
    except NotPermitted as why:
        return not_permitted({"problem": why.problem, "name": why.name, "among": why.among})
    except duckdb.Error as error:
        told = refusal({"kind": type(error).__name__, "message": str(error)}, sql, 512)
        assert isinstance(told, QueryRefused)
        return told
    pytest.fail("it was answered")


@pytest.mark.parametrize(
    ("sql", "says", "nearest"),
    [
        ("SELECT stat FROM tickets", "no column stat", ("tickets.status",)),
        ("SELECT t.subjct FROM tickets t", "no column subjct", ("tickets.subject",)),
        ("SELECT first_reply FROM tickets", "no column first_reply",
         ("tickets.first_reply_minutes", "tickets.first_reply_business_minutes")),
        ("SELECT status FROM users", "it is one of tickets", ("tickets.status",)),
        ("SELECT tag FROM tickets", "it is one of tags", ("tags.tag",)),
        ("SELECT id FROM tickets GROUP BY stats", "no column stats", ("tickets.status",)),
        ("FROM tikets", "no view of that name", ("tickets",)),
        ("FROM groups", "no view of that name", ("tickets.group_name",)),
        ("FROM satisfaction_ratings", "no view of that name", ("satisfaction",)),
        ("FROM kept.tickets", "without a schema", ("tickets",)),
        ("SELECT dat_trunc('day', created_at) FROM tickets", "no function", ("date_trunc",)),
        ("SELECT x.id FROM tickets t", "x is no table of this statement", ()),
        ("SELECT date_trunc('day') FROM tickets", "date_trunc does not take", ()),
        ("SELECT now() - 5", "- does not take", ()),
        ("SELECT id, count(*) FROM tickets", "id must stand in GROUP BY", ()),
        ("SELECT id FROM tickets t JOIN users u ON true", "id is a column of several", ()),
        ("SELECT 1 FROM tickets WHERE count(*) > 1", "use HAVING", ()),
        ("SELECT sum(sum(id)) FROM tickets", "use a subquery", ()),
        ("SELECT id FROM tickets UNION SELECT 1, 2", "same number of columns", ()),
        ("SELECT CAST(subject AS INT) FROM tickets", "cannot be converted to INT32", ()),
        ("SELECT strptime(subject, '%Y') FROM tickets", "try_strptime", ()),
        ("SELECT 1 FROM tickets WHERE created_at > 'yesterday'", "A text is no time", ()),
        ("SELECT id FROM tickets WHERE", "Syntax error near WHERE", ()),
        ("SELECT count(* FROM tickets", "Syntax error near", ()),
        ("SELECT 'it''s open", "not closed", ()),
        ("SELECT 1; SELECT 2", "Only one statement", ()),
        ("PIVOT tickets ON status USING count(*)", "PIVOT has to name its values", ()),
        (f"SELECT {'(' * 900}1{')' * 900}", "nested too deeply", ()),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_what_is_nearest(
    sql: str, says: str, nearest: tuple[str, ...]
) -> None:
    told = _told(sql)
    assert says in told.problem
    assert told.nearest[: len(nearest)] == nearest
    assert len(told.problem) < 300


def _of_the_engine(kind: str, words: str) -> str:
    told = refusal({"kind": kind, "message": words}, "SELECT id FROM tickets", 512)
    return f"{told}{getattr(told, 'nearest', '')}"


KINDS = ["ConversionException", "InvalidInputException", "BinderException", "CatalogException",
         "ParserException", "IOException", "InternalException", "OutOfRangeException", "Error",
         "HTTPException", "RecursionError"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "words",
    [
        f"Could not convert string '{SECRET}' to INT32",
        f'Referenced column "{SECRET}" not found',
        f'syntax error at or near "{SECRET}"',
        f'column "{SECRET}" must appear in the GROUP BY clause',
        f'IO Error: Cannot open file "/home/{SECRET}/tickets.duckdb"',
        f"LINE 1: {SECRET}\n        ^",
        SECRET,
    ],
)
def test_values_and_places_that_the_engine_names_are_not_passed_on(kind: str, words: str) -> None:
    assert SECRET not in _of_the_engine(kind, words)


@given(st.sampled_from(KINDS), st.text(max_size=200))
def test_any_words_of_the_engine_become_a_sentence(kind: str, words: str) -> None:
    told = _of_the_engine(kind, words)
    assert told
    strange = set(re.findall(r"[^\x00-\x7f…]", words))
    assert not strange & set(told)


def test_limits_are_told_as_such() -> None:
    for kind, says in (("OutOfMemoryException", "512 MiB"), ("InterruptException", "time")):
        told = refusal({"kind": kind, "message": SECRET}, "", 512)
        assert isinstance(told, QueryStopped)
        assert says in told.limit
        assert SECRET not in told.limit
