"""What the engine gives reaches a model as JSON can hold it, and our own code as Python has it."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.engines import ground, job, shared_engine
from mcp_server_zendesk.analytics.querying import worker
from mcp_server_zendesk.analytics.querying.cells import exact, quoted, readable


def _through(sql: str, *, longest: int | None) -> tuple[Any, str]:
    """The only value of a statement, as text and with its type."""
    asked = job(ground(), sql, longest=longest, trusted=longest is None)
    answer = worker.answered(shared_engine(), asked)
    ((text,),), ((_, kind),) = answer["rows"], answer["columns"]
    return text, kind


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("NULL", None),
        ("true", True),
        ("41700000908638", 41_700_000_908_638),
        ("9007199254740993", "9007199254740993"),
        (
            "170141183460469231731687303715884105727::HUGEINT",
            "170141183460469231731687303715884105727",
        ),
        ("0.1::DOUBLE + 0.2", 0.3),
        ("1e-300::DOUBLE", 1e-300),
        ("2.0::DOUBLE", 2),
        ("12.50::DECIMAL(10,2)", 12.5),
        ("1e300::DOUBLE * 1e300", "inf"),
        ("'nan'::DOUBLE", "nan"),
        ("TIMESTAMPTZ '2026-01-02 03:04:05.678+02'", "2026-01-02T01:04:05Z"),
        ("TIMESTAMP '2026-01-02 03:04:05.678'", "2026-01-02T03:04:05"),
        ("TIMESTAMPTZ '290000-01-01'", "290000-01-01T00:00:00Z"),
        ("TIMESTAMPTZ 'infinity'", "infinity"),
        ("DATE '2026-01-02'", "2026-01-02"),
        ("DATE '-infinity'", "-infinity"),
        ("TIME '01:02:03'", "01:02:03"),
        ("INTERVAL '1 month 2 days 3 hours'", "1 month 2 days 03:00:00"),
        ("['a', NULL]", '["a",null]'),
        ("{'a': [1, 2]}", '{"a":[1,2]}'),
        ("MAP {'a': 1}", '{"a":1}'),
        ("'\\xAA\\x00b'::BLOB", "\\xAA\\x00b"),
        ("'a\\u0000b'", "a\\u0000b"),
        ("repeat('x', 5000)", "x" * 100),
        ("repeat('é', 5000)", "é" * 100),
        ("list_resize([1], 5000, 2)", "[1" + ",2" * 49),
        ("'{\"a\": 1}'::JSON", '{"a": 1}'),
        ("'10101'::BIT", "10101"),
        ("'b'::ENUM ('a', 'b')", "b"),
        ("1::VARIANT", "1"),
    ],
)
def test_each_kind_of_value_is_readable(sql: str, shown: object) -> None:
    text, kind = _through(f"SELECT {sql}", longest=100)
    found = readable(text, kind)
    assert found == shown
    assert type(found) is type(shown)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("NULL", None),
        ("false", False),
        ("9007199254740993", 9_007_199_254_740_993),
        ("0.1::DOUBLE", 0.1),
        ("12.50::DECIMAL(10,2)", Decimal("12.50")),
        ("TIMESTAMPTZ '2026-01-02 03:04:05.678+02'",
         datetime(2026, 1, 2, 1, 4, 5, 678_000, tzinfo=UTC)),
        ("TIMESTAMPTZ '2026-01-02'", datetime(2026, 1, 2, tzinfo=UTC)),
        ("DATE '2026-01-02'", date(2026, 1, 2)),
        ("['a', 'b']", ["a", "b"]),
        ("{'a': 1}", {"a": 1}),
        ("'a' || chr(10) || 'b'", "a\nb"),
    ],
)  # fmt: skip
def test_our_own_statements_get_values_as_python_has_them(sql: str, value: object) -> None:
    text, kind = _through(f"SELECT {sql}", longest=None)
    found = exact(text, kind)
    assert found == value
    assert type(found) is type(value)


@given(st.floats() | st.integers() | st.decimals(allow_nan=False))
def test_any_number_becomes_json_and_stays_near(value: float | Decimal) -> None:
    text = f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else str(value)
    kind = "DOUBLE" if isinstance(value, float) else "DECIMAL(38,5)"
    found = readable(text, "HUGEINT" if isinstance(value, int) else kind)
    json.dumps(found, allow_nan=False)
    number = float(value)
    if isinstance(found, int | float) and math.isfinite(number):
        assert math.isclose(found, number, rel_tol=1e-11)


@given(st.text(min_size=1, max_size=20).filter(lambda name: "\x00" not in name))
def test_any_name_of_a_column_can_be_quoted(name: str) -> None:
    with shared_engine().cursor() as plain:
        found = plain.execute(f"SELECT 1 AS {quoted(name)}")
        assert found.description
        assert found.description[0][0] == name
