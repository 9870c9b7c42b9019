"""What was counted as a small table: readable units, and numbers without false digits."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from mcp_server_zendesk.analytics.reports.tallies import Kind, Measure, Tally

_TWO_HOURS, _TWO_DAYS = 120, 2_880
_UNITS = {"minutes": 1, "hours": 60, "days": 1_440}
_PRECISE, _ROUGH = 10, 100


@dataclass(frozen=True, slots=True)
class Small:
    """A table of a report: names of columns, and rows."""

    columns: list[str]
    rows: list[list[Any]]


def table(found: Tally) -> Small:
    """The table of what was counted. A column without any value is left out."""
    unit = unit_of(found)
    columns: list[tuple[str, list[Any]]] = []
    if found.heading:
        columns.append((found.heading, [row.label for row in found.rows]))
    first = next((one for one in found.measures if one.compared), None)
    for place, measure in enumerate(found.measures):
        now = [scaled(row.now[place], measure.kind, unit) for row in found.rows]
        name = named(measure, unit)
        columns.append((name, now))
        if found.compared and measure.compared:
            before = [scaled(row.before[place], measure.kind, unit) for row in found.rows]
            columns.append((f"{name}_before", before))
            if measure is first and measure.kind != "percent":
                changes = [change(row.now[place], row.before[place]) for row in found.rows]
                columns.append(("change_percent", changes))
    kept = [one for one in columns if not found.rows or any(cell is not None for cell in one[1])]
    return Small(
        [name for name, _ in kept],
        [list(row) for row in zip(*(cells for _, cells in kept), strict=True)],
    )


def unit_of(found: Tally) -> str:
    """In what the times of a table are told: the same unit in all of it."""
    times = [
        row.now[place]
        for row in found.rows
        for place, measure in enumerate(found.measures)
        if measure.kind == "minutes" and row.now[place] is not None
    ]
    middle = median(times) if times else _TWO_HOURS
    if middle < _TWO_HOURS:
        return "minutes"
    return "hours" if middle < _TWO_DAYS else "days"


def named(measure: Measure, unit: str) -> str:
    """A column's name, with the unit of a time. One of a share says it by itself."""
    return f"{measure.name}_{unit}" if measure.kind == "minutes" else measure.name


def scaled(value: Any, kind: Kind, unit: str) -> Any:
    """A value as it is shown."""
    if value is None:
        return None
    if kind == "minutes":
        return rounded(float(value) / _UNITS[unit])
    return round(float(value), 1) if kind == "percent" else rounded(value)


def rounded(value: Any) -> int | float:
    """Three digits that count; whole numbers as they are."""
    number = float(value)
    if number.is_integer():
        return int(number)
    if abs(number) >= _ROUGH:
        return round(number)
    return round(number, 1 if abs(number) >= _PRECISE else 2)


def change(now: Any, before: Any) -> int | None:
    """By how many percent it grew; None where there was nothing before."""
    if now is None or not before:
        return None
    return round(100 * (float(now) - float(before)) / float(before))
