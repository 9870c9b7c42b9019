"""A stranger's text costs in proportion to its length: ratios of two sizes, never seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mcp_server_zendesk.serving import text as text_module
from mcp_server_zendesk.serving.text import clean_html, clean_line, clean_text

TIMES_LONGER = 8
AT_MOST = TIMES_LONGER * 3  # quadratic would be 64

TEXTS: dict[str, Callable[[int], str]] = {
    "spaces": lambda n: "x" + " " * n + "y",
    "tabs": lambda n: "x" + "\t" * n + "y",
    "line ends": lambda n: "x" + "\n" * n + "y",
    "spaced lines": lambda n: "x" + " \n" * (n // 2) + "y",
    "brackets": lambda n: "[" * n + "](x)",
    "closing": lambda n: "[" + "](" * (n // 2),
    "images": lambda n: "![" * (n // 2),
    "links": lambda n: "[a](http://" * (n // 11),
    "references": lambda n: "[a" * (n // 2) + "]: x",
    "reference lines": lambda n: "> [a\n" * (n // 5) + "]: x](",
    "numbers": lambda n: "1" * n + "[a]: ](",
    "angles": lambda n: "< " * (n // 2) + "untrusted",
    "joiners": lambda n: "\u0646\u200d" * (n // 2),
    "stray joiners": lambda n: "\u200d" * n,
    "combining": lambda n: "e" + "\u0301" * n,
}
PAGES: dict[str, Callable[[int], str]] = {
    "div": lambda n: "<div>" * (n // 5),
    "div closed": lambda n: "<div>" * (n // 11) + "</div>" * (n // 11),
    "div miscounted": lambda n: "<div></x>" * (n // 9),
    "blockquote": lambda n: "<blockquote>x" * (n // 13),
    "lists": lambda n: "<ul><li>x" * (n // 9),
    "tables": lambda n: "<table><td>" * (n // 11),
    "misnested": lambda n: (
        "<p>" + "".join(f"<font color={i}>" for i in range(n // 40)) + "<p>x" * (n // 8)
    ),
    "bold": lambda n: "<b>" * (n // 6) + "<p>x" * (n // 8),
    "links": lambda n: "<a href=x>" * (n // 10),
    "style": lambda n: f'<p style="{"opacity:0." * (n // 10)}">x',
    "entities": lambda n: "&nbsp;" * (n // 6),
    "comments": lambda n: "<!--" * (n // 4),
    "angles": lambda n: "<" * n,
    "attributes": lambda n: "<p " + "a=" * (n // 2),
}


def _seconds(clean: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        clean(text)
        best = min(best, time.process_time() - started)
    return max(best, 0.0005)  # below this a clock tells nothing


@pytest.mark.parametrize("name", TEXTS)
def test_text_costs_in_proportion(name: str) -> None:
    make = TEXTS[name]
    small, large = make(8_000), make(8_000 * TIMES_LONGER)
    assert _seconds(clean_text, large) < AT_MOST * _seconds(clean_text, small)
    assert _seconds(clean_line, large) < AT_MOST * _seconds(clean_line, small)


@pytest.mark.parametrize("name", PAGES)
def test_html_costs_in_proportion(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make = PAGES[name]
    small, large = make(8_000), make(8_000 * TIMES_LONGER)
    monkeypatch.setattr(text_module, "HTML_CHARACTERS", 8_000 * TIMES_LONGER)
    assert _seconds(clean_html, large) < AT_MOST * _seconds(clean_html, small)


def test_html_beyond_the_cap_costs_nothing_more() -> None:
    page = "<p>word <b>bold</b></p>"
    cap = text_module.HTML_CHARACTERS // len(page)
    assert _seconds(clean_html, page * cap * TIMES_LONGER) < 3 * _seconds(clean_html, page * cap)
