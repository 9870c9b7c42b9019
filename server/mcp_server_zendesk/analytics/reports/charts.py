"""Draws charts as PNG that read well in a chat window, light or dark.

Matplotlib is imported with the first chart, and only its ``Figure`` is used: there is no global
state, and nothing opens a window. What stands in a chart is cleaned, cut and never parsed as a
formula, and a letter that no font has becomes a box.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread

from mcp_server_zendesk.analytics.reports.chart_text import Lettering, lettering
from mcp_server_zendesk.analytics.reports.drawings import (
    Bars,
    Columns,
    Dots,
    Drawing,
    Heat,
    Lines,
    Series,
    Stacked,
    Value,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SECONDS = 20.0
"""The longest that a chart may take; the first one also loads the library."""

_ONE_AT_A_TIME = anyio.CapacityLimiter(1)
_SIZE, _DOTS_PER_INCH = (9.0, 5.0), 100
_INK, _QUIET, _GRID, _PAPER = "#1a1a1a", "#595959", "#e3e3e3", "#ffffff"
# Okabe and Ito's, which people with any colour vision can tell apart.
_NOW, _BEFORE, _SECOND = "#0072b2", "#9cc3dc", "#d55e00"
_PARTS = ("#bcdcf0", "#56b4e9", "#0072b2", "#e69f00", "#d55e00")
_PERCENTILES = ("#0072b2", "#56b4e9", "#e69f00", "#d55e00")
_LABEL, _SMALL, _TITLE = 11, 10, 15
_COLOURS = 128  # enough for smooth edges; a chart has few, and its file is half as large
_UNITS = ("%", "minutes", "hours", "days")
_MOST_TICKS = 8
_NAME = 30
_ROW_INCHES = 0.36
_DATE = len("2026-11-15")
_MONTH = len("2026-11")


async def picture(drawing: Drawing, title: str, as_of: datetime) -> bytes | None:
    """A chart as PNG, drawn in a thread; None where it takes too long.

    Args:
        drawing: What it shows.
        title: What and when; what follows its first comma stands below it.
        as_of: How fresh that is, in UTC.
    """
    with anyio.move_on_after(SECONDS):
        return await to_thread.run_sync(
            png, drawing, title, as_of, limiter=_ONE_AT_A_TIME, abandon_on_cancel=True
        )
    return None


def png(drawing: Drawing, title: str, as_of: datetime) -> bytes:
    """A chart as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - heavy
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise
    from PIL import Image  # noqa: PLC0415 - likewise

    letters = lettering()
    width, height = _SIZE
    if isinstance(drawing, Bars | Stacked | Dots):
        height = max(height, 1.8 + _ROW_INCHES * len(drawing.labels))
    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, facecolor=_PAPER)
    canvas = FigureCanvasAgg(figure)
    top, bottom = 1 - 1.12 / height, 0.6 / height
    axes = figure.add_axes((0.08, bottom, 0.84, top - bottom), facecolor=_PAPER)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, colors=_QUIET, labelsize=_SMALL)
    letters.measured = canvas.get_renderer()  # type: ignore[no-untyped-call]
    _FORMS[type(drawing)](axes, drawing, letters)
    _head(figure, title, drawing.unit, letters, height)
    words = f"As of {as_of.day} {as_of:%b %Y, %H:%M} UTC"
    letters.write(figure, 0.98, 0.14 / height, words, size=9, color=_QUIET, ha="right")
    drawn = io.BytesIO()
    figure.savefig(drawn, format="raw")
    image = Image.frombytes("RGBA", canvas.get_width_height(), drawn.getvalue())
    out = io.BytesIO()
    image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(
        out, "png", optimize=True
    )
    return out.getvalue()


def _head(figure: Figure, title: str, unit: str, letters: Lettering, height: float) -> None:
    what, _, when = title.partition(", ")
    at = 1 - 0.36 / height
    letters.write(figure, 0.03, at, what, size=_TITLE, color=_INK, limit=80, weight="bold")
    of = f"in {unit}" if unit.split(" ", 1)[0] in _UNITS else unit
    below = " \u00b7 ".join(part for part in (when, of) if part)
    at = 1 - 0.64 / height
    letters.write(figure, 0.03, at, below, size=_LABEL, color=_QUIET, limit=112)


def _lines(axes: Axes, drawing: Lines, letters: Lettering) -> None:
    axes.set_position((0.07, 0.15, 0.77, 0.63))
    ends = []
    colours = iter((_NOW, _SECOND, *_PARTS))
    for series in drawing.series:
        colour = _BEFORE if series.before else next(colours)
        style = (0, (4, 2)) if series.before else "-"
        values = _numbers(series.values)
        few = len(values) <= 40  # noqa: PLR2004 - more dots are a smear
        if drawing.unfinished and not series.before:
            tail = range(max(len(values) - 2, 0), len(values))
            last = [values[place] for place in tail]
            axes.plot(
                tail,
                last,
                color=colour,
                linestyle=":",
                linewidth=2,
                marker="o",
                markersize=4,
                markerfacecolor=_PAPER,
            )
            values = [*values[:-1], float("nan")]
        axes.plot(
            range(len(values)),
            values,
            color=colour,
            linestyle=style,
            linewidth=1.6 if series.before else 2.4,
            marker="o" if few and not series.before else None,
            markersize=4,
        )
        known = [value for value in _numbers(series.values) if value == value]  # noqa: PLR0124 - NaN
        if known:
            name = f"{series.name} before" if series.before else series.name
            ends.append((known[-1], name, "#5f8ea8" if series.before else colour))
    _from_nothing(axes, drawing.series, horizontal=False, letters=letters)
    axes.set_xlim(-0.4, max(len(drawing.labels) - 1, 1) + 0.2)
    _times(axes, drawing.labels, letters)
    low, high = axes.get_ylim()
    for at, name, colour in _apart(ends, (high - low) * 0.075):
        letters.write(
            axes, 1.01, (at - low) / (high - low), name, size=_SMALL, color=colour, limit=24,
            transform=axes.transAxes, va="center",
        )  # fmt: skip


def _columns(axes: Axes, drawing: Columns, letters: Lettering) -> None:
    _side_by_side(axes, drawing.series, letters, horizontal=False)
    names = [letters.fitting(name, 18) for name in drawing.labels]
    axes.set_xticks(range(len(names)), labels=names, **letters.ticks(_LABEL, _INK))
    _legend(axes, drawing.series, letters)


def _bars(axes: Axes, drawing: Bars, letters: Lettering) -> None:
    _named(axes, drawing.labels, letters)
    _side_by_side(axes, drawing.series, letters, horizontal=True)
    axes.set_ylim(len(drawing.labels) - 0.4, -0.6)
    _legend(axes, drawing.series, letters)


def _side_by_side(
    axes: Axes, shown: Sequence[Series], letters: Lettering, *, horizontal: bool
) -> None:
    """Bars of now and of before, each with its value at its end."""
    whole = 0.72
    thick = whole / len(shown)
    for number, series in enumerate(shown):
        values = [value or 0 for value in series.values]
        places = [at - whole / 2 + thick * (number + 0.5) for at in range(len(values))]
        colour = _BEFORE if series.before else _NOW
        draw: Callable[..., Any] = axes.barh if horizontal else axes.bar
        draw(places, values, thick * 0.94, color=colour)
        for place, value, given in zip(places, values, series.values, strict=True):
            if given is None:
                continue
            x, y = (value, place) if horizontal else (place, value)
            shift = (4, 0) if horizontal else (0, 3)
            letters.write(
                axes, x, y, _short(value), size=_SMALL if len(shown) == 1 else 9,
                color=_QUIET if series.before else _INK, shift=shift,
                ha="left" if horizontal else "center", va="center" if horizontal else "bottom",
            )  # fmt: skip
    _from_nothing(axes, shown, horizontal=horizontal, letters=letters)


def _stacked(axes: Axes, drawing: Stacked, letters: Lettering) -> None:
    _named(axes, drawing.labels, letters)
    sums = [0.0] * len(drawing.labels)
    for series, colour in zip(drawing.series, _PARTS, strict=False):
        values = [float(value or 0) for value in series.values]
        axes.barh(range(len(values)), values, 0.68, left=sums, color=colour)
        sums = [one + more for one, more in zip(sums, values, strict=True)]
    for place, value in enumerate(sums):
        letters.write(
            axes, value, place, _short(value), size=_SMALL, color=_INK, shift=(4, 0), va="center"
        )
    _from_nothing(axes, [Series("", [*sums])], horizontal=True, letters=letters)
    axes.set_ylim(len(drawing.labels) - 0.4, -0.6)
    _keys(
        axes,
        [(one.name, colour) for one, colour in zip(drawing.series, _PARTS, strict=False)],
        letters,
    )


def _dots(axes: Axes, drawing: Dots, letters: Lettering) -> None:
    _named(axes, drawing.labels, letters)
    rows = list(zip(*(_numbers(series.values) for series in drawing.series), strict=True))
    colours = (_PERCENTILES[0], _PERCENTILES[2]) if len(drawing.series) == 2 else _PERCENTILES  # noqa: PLR2004 - the two ends
    for place, row in enumerate(rows):
        known = [value for value in row if value == value]  # noqa: PLR0124 - NaN
        if not known:
            continue
        axes.plot((known[0], known[-1]), (place, place), color="#cfcfcf", linewidth=5, zorder=1)
        for value, colour in zip(row, colours, strict=False):
            axes.plot(value, place, "o", color=colour, markersize=10, zorder=2)
        letters.write(
            axes, known[-1], place, _range(known[0], known[-1]),
            size=_SMALL, color=_INK, shift=(9, 0), va="center",
        )  # fmt: skip
    every = Series("", [value for row in rows for value in row if value == value])  # noqa: PLR0124 - NaN
    _from_nothing(axes, [every], horizontal=True, letters=letters, room=1.16)
    axes.xaxis.grid(visible=True, color=_GRID)
    axes.set_axisbelow(True)
    axes.set_ylim(len(drawing.labels) - 0.4, -0.6)
    _keys(
        axes,
        [(one.name, colour) for one, colour in zip(drawing.series, colours, strict=False)],
        letters,
    )


def _heat(axes: Axes, drawing: Heat, letters: Lettering) -> None:
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - heavy

    axes.set_position((0.08, 0.13, 0.89, 0.66))
    grid = [[float(value or 0) for value in row] for row in drawing.values]
    top = max(max(row) for row in grid) or 1.0
    colours = LinearSegmentedColormap.from_list("heat", ("#f4f8fb", "#56b4e9", "#00456e"))
    axes.pcolormesh(grid, cmap=colours, vmin=0, vmax=top, edgecolors=_PAPER, linewidth=2)
    axes.set_ylim(len(grid), 0)
    for row, values in enumerate(grid):
        for column, value in enumerate(values):
            if value:
                letters.write(
                    axes, column + 0.5, row + 0.5, _short(value), size=8.5,
                    color=_PAPER if value > top * 0.55 else _INK, ha="center", va="center",
                )  # fmt: skip
    hours = [column + 0.5 for column in range(len(drawing.columns))]
    axes.set_xticks(hours, labels=drawing.columns, **letters.ticks(_SMALL, _QUIET))
    days = [row + 0.5 for row in range(len(drawing.labels))]
    names = [letters.fitting(name, 12) for name in drawing.labels]
    axes.set_yticks(days, labels=names, **letters.ticks(_LABEL, _INK))


_FORMS: dict[type, Callable[[Any, Any, Lettering], None]] = {
    Lines: _lines,
    Columns: _columns,
    Bars: _bars,
    Stacked: _stacked,
    Dots: _dots,
    Heat: _heat,
}


def _named(axes: Axes, labels: Sequence[str], letters: Lettering) -> None:
    """Names at the left, with the room that the longest one needs."""
    names = [letters.fitting(label, _NAME) for label in labels]
    left = 0.045 + max(letters.width(name, _LABEL) for name in names)
    box = axes.get_position()
    axes.set_position((left, box.y0, 0.93 - left, box.height))
    axes.set_yticks(range(len(names)), labels=names, **letters.ticks(_LABEL, _INK))


def _from_nothing(
    axes: Axes,
    shown: Sequence[Series],
    *,
    horizontal: bool,
    letters: Lettering,
    room: float = 1.1,
) -> None:
    """A scale from zero, with a few quiet lines; bars with values at their ends need none."""
    top = max((float(value) for one in shown for value in one.values if value), default=1.0)
    low = min((float(value) for one in shown for value in one.values if value), default=0.0)
    (axes.set_xlim if horizontal else axes.set_ylim)(min(low, 0) * room, max(top, 0) * room or 1.0)
    if horizontal:
        axes.set_xticks([])
        return
    step = _step(top)
    ticks = [step * number for number in range(int(top * room / step) + 1)]
    axes.set_yticks(ticks, labels=[_short(one) for one in ticks], **letters.ticks(_SMALL, _QUIET))
    axes.yaxis.grid(visible=True, color=_GRID)
    axes.set_axisbelow(True)


def _step(top: float) -> float:
    """A round step of which four or five reach the top."""
    size = 10.0 ** (len(str(int(max(top, 1)))) - 2)
    fitting = (size * one for one in (1, 2, 2.5, 5, 10, 20, 25, 50, 100))
    return next(one for one in fitting if top / one <= 5)  # noqa: PLR2004 - see above


def _times(axes: Axes, labels: Sequence[str], letters: Lettering) -> None:
    every = -(-len(labels) // _MOST_TICKS)
    places = range(0, len(labels), every)
    names = [_day(labels[place]) for place in places]
    axes.set_xticks(places, labels=names, **letters.ticks(_SMALL, _QUIET))


def _day(label: str) -> str:
    if "W" in label:
        return label.partition("-")[2]
    if "Q" in label or len(label) not in {_DATE, _MONTH}:
        return label
    day = date.fromisoformat(label if len(label) == _DATE else f"{label}-01")
    return f"{day.day} {day:%b}" if len(label) == _DATE else f"{day:%b %Y}"


def _legend(axes: Axes, shown: Sequence[Series], letters: Lettering) -> None:
    if len(shown) > 1:
        _keys(axes, [("now", _NOW), ("before", _BEFORE)], letters)


def _keys(axes: Axes, keys: Sequence[tuple[str, str]], letters: Lettering) -> None:
    """The names of colours, in a line of their own above the chart."""
    figure = axes.get_figure(root=True)
    if figure is None:
        return
    height = figure.get_figheight()
    at, line = 0.03, 1 - 0.92 / height
    for name, colour in keys:
        letters.write(figure, at, line, "\u25a0", size=13, color=colour)
        at += 0.021
        letters.write(figure, at, line, name, size=_SMALL, color=_INK, limit=20)
        at += letters.width(name, _SMALL) + 0.025


def _apart(ends: Sequence[tuple[float, str, str]], least: float) -> list[tuple[float, str, str]]:
    """Labels at the ends of lines, moved up where they would lie upon each other."""
    placed = sorted(ends)
    for (below, *_), number in zip(placed, range(1, len(placed)), strict=False):
        at, *rest = placed[number]
        placed[number] = (max(at, below + least), rest[0], rest[1])
    fixed = placed[:1]
    for _, (at, name, colour) in pairwise(placed):
        fixed.append((max(at, fixed[-1][0] + least), name, colour))
    return fixed


def _numbers(values: Sequence[Value]) -> list[float]:
    return [float("nan") if value is None else float(value) for value in values]


def _range(low: float, high: float) -> str:
    return _short(low) if low == high else f"{_short(low)} \u2013 {_short(high)}"


def _short(value: float) -> str:
    """A number in few digits: 0.25, 3.4, 120, 4,500."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits
