"""A chart is a small PNG, whatever stands in it."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mcp_server_zendesk.analytics.reports import charts
from mcp_server_zendesk.analytics.reports.chart_text import lettering
from mcp_server_zendesk.analytics.reports.charts import picture, png
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

AS_OF = datetime(2026, 11, 18, 10, 30, tzinfo=UTC)
HOSTILE = ("$x^{2$ \\frac{", "日本語 ไทย عربي", "😀\u202e<b>", "", "x" * 500, "a\nb")


def _opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def _each(labels: list[str], values: list[Value]) -> list[Drawing]:
    two = [Series("now is", values), Series("now is", values[::-1], before=True)]
    days = [f"2026-11-{day:02}" for day in range(1, len(values) + 1)]
    return [
        Lines(days, two, "tickets", unfinished=True),
        Columns(labels, two, "tickets"),
        Bars(labels, two[:1], "%"),
        Stacked(labels, two, "tickets"),
        Dots(labels, [*two, *two], "hours"),
        Heat(labels, ["00", "01"], [[one, one] for one in values], "tickets"),
    ]


@pytest.mark.parametrize(
    "values",
    [
        [1, 2.5, None, 400_000, 3, 0],
        [None] * 6,
        [-5, 0.001, 0, 0, 0, 0],
    ],
)
def test_whatever_is_drawn_is_a_small_picture(values: list[Value]) -> None:
    for drawing in _each([*HOSTILE], values):
        data = png(drawing, "What $counts$, 日本 when", AS_OF)
        assert len(data) < 60_000
        assert _opened(data).size[0] == 900


@given(st.lists(st.text(max_size=40), min_size=2, max_size=3))
@settings(max_examples=6)
def test_no_text_breaks_a_chart(labels: list[str]) -> None:
    values: list[Value] = [*range(len(labels))]
    data = png(Bars(labels, [Series(labels[0], values)], labels[1]), ", ".join(labels), AS_OF)
    assert _opened(data).format == "PNG"


def test_as_many_rows_as_a_report_has_find_room() -> None:
    names = [f"Group {number}" for number in range(16)]
    one = _opened(png(Bars(names, [Series("n", [*range(16)])], "tickets"), "Load, today", AS_OF))
    assert one.size[1] > 600
    assert one.getpixel((0, 0)) == one.getpixel((899, one.size[1] - 1))
    assert one.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_a_letter_that_no_font_has_is_a_box_and_a_long_name_is_cut() -> None:
    letters = lettering()
    assert letters.fitting("abc", 10) == "abc"
    assert letters.fitting("\U0001f9ff\ue123", 10)[-1] == "\u25a1"
    assert len(letters.fitting("x" * 99, 30)) == 30


@pytest.mark.anyio
async def test_a_chart_that_takes_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = Bars(["a", "b"], [Series("n", [1, 2])], "tickets")
    assert await picture(drawing, "Load, today", AS_OF) is not None
    monkeypatch.setattr(charts, "SECONDS", 0.0)
    with anyio.fail_after(5):
        assert await picture(drawing, "Load, today", AS_OF) is None


def test_nothing_heavy_is_imported_before_a_chart_is_drawn() -> None:
    code = (
        "import sys; import zendesk_tools.ticket_reports; "
        "sys.exit(bool({'matplotlib', 'duckdb', 'PIL'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=50).returncode == 0
