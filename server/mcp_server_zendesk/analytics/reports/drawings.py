"""What a chart shows, as values. They are drawn by ``analytics.charts``."""

from __future__ import annotations

from dataclasses import dataclass

Value = float | int | None


@dataclass(frozen=True, slots=True)
class Series:
    """Values under one name; ``before`` where they are those of the period compared with."""

    name: str
    values: list[Value]
    before: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """How something went, day by day; ``unfinished`` where the last one is not over."""

    labels: list[str]
    series: list[Series]
    unit: str
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Few classes in their own order."""

    labels: list[str]
    series: list[Series]
    unit: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Names, the greatest first."""

    labels: list[str]
    series: list[Series]
    unit: str


@dataclass(frozen=True, slots=True)
class Stacked:
    """Names, each divided into the same parts."""

    labels: list[str]
    series: list[Series]
    unit: str


@dataclass(frozen=True, slots=True)
class Dots:
    """Percentiles on one line for each name, from the lowest to the highest."""

    labels: list[str]
    series: list[Series]
    unit: str


@dataclass(frozen=True, slots=True)
class Heat:
    """Numbers by row and column, such as weekday and hour."""

    labels: list[str]
    columns: list[str]
    values: list[list[Value]]
    unit: str


Drawing = Lines | Columns | Bars | Stacked | Dots | Heat
