"""A stranger's text costs in proportion to its length: ratios of two sizes, never seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mcp_server_zendesk.serving.cleaning import text as text_module
from mcp_server_zendesk.serving.cleaning.text import (
    clean_html,
    clean_line,
    clean_message,
    clean_text,
)

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
    "tags": lambda n: "\U000e0041" * n,
    "selectors": lambda n: "a\ufe0f" * (n // 2),
    "flags": lambda n: "\U0001f1e6" * n,
    "elements": lambda n: "<a " * (n // 3),
    "an element": lambda n: "<a " + "x " * (n // 2),
    "definitions": lambda n: "]: " * (n // 3) + " " * n,
    "users": lambda n: "https://" + "a@" * (n // 2),
    "addresses": lambda n: "https://" * (n // 8),
    "foreign hosts": lambda n: "https://\u0430.b " * (n // 12),
    "entities": lambda n: "&#0" * (n // 3),
    "elements of any sign": lambda n: "<a;" * (n // 3),
    "quoted definitions": lambda n: "]:\n> " * (n // 5),
    "spaced brackets": lambda n: "[ " * (n // 2) + "quoted history",
    "code": lambda n: "```\n" * (n // 4),
    "journeys": lambda n: "hi\n" + "From: a\nTo: b\nDate: c\n" * (n // 24),
    "quoted": lambda n: "hi\n" + "> a\n" * (n // 4),
    "deeply quoted": lambda n: "hi\n" + "> " * (n // 2),
    "attributions": lambda n: "hi\n" + "On 1 <a@b.c> wrote:\n" * (n // 20),
    "half attributions": lambda n: "hi\n" + "On 1\n" * (n // 5),
    "an attribution": lambda n: "On 1 " + "<a@" * (n // 3) + ":",
    "headers": lambda n: "hi\n" + "From:\nSent:\nTo:\n> a\n" * (n // 20),
    "separators": lambda n: "hi\n" + "-" * n,
    "rules": lambda n: "hi\n" + "---\n" * (n // 4) + "> aaa\n" * 50,
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
    "comment of conditions": lambda n: "<!--" + "[if " * (n // 4),
    "comment of styles": lambda n: "<!--" + "<style " * (n // 7),
    "classes": lambda n: "<p class='" + " ".join(f"c{i}" for i in range(n // 6)) + "'>x",
    "many styles": lambda n: "".join(f'<p style="color:#{i:06x}">x' for i in range(n // 26)),
    "rules and elements": lambda n: (
        f"<style>{''.join(f'.a.b{i}{{color:red}}' for i in range(n // 34))}</style>"
        + "".join(f"<p class='a b{i}'>x" for i in range(n // 34))
    ),
    "rules below each other": lambda n: (
        "<style>"
        + ".a .a .a .a .b{color:red}" * (n // 60)
        + "</style>"
        + "<div class=a>" * 90
        + "<p class=b>x" * (n // 40)
    ),
    "rules within rules": lambda n: (
        "<style>" + ".a,.b{.a,.b{.a,.b{.a,.b{top:0}}}}" * (n // 40) + "</style><p class=a>x"
    ),
    "deep rules": lambda n: (
        "<style>" + (".a,.b,.c{" * 18 + "top:0" + "}" * 18) * (n // 190) + "</style><p class=a>x"
    ),
    "choices": lambda n: (
        f"<style>{':is(a,b)' * (n // 16)},{':is(a,b)c ' * (n // 20)}{{top:0}}</style>"
    ),
    "exceptions": lambda n: (
        f"<style>{'p:not(.a,.b,.c){top:0}' * (n // 40)}</style>" + "<p>x" * (n // 8)
    ),
    "sums": lambda n: f"<p style='left:calc({'1px + ' * (n // 6)}1px)'>x",
    "many sums": lambda n: "<p style='left:calc((((1px + 1px))))'>x" * (n // 40),
    "gradients": lambda n: "".join(
        f"<p style='background:linear-gradient(#{i:06x},red)'>x" for i in range(n // 50)
    ),
    "nested values": lambda n: f"<style>.a{{color:{'(' * n}</style><p class=a>x",
    "nested styles": lambda n: f"<p style='color:{'(' * n};'>x",
    "unclosed rules": lambda n: f"<style>{'a{' * (n // 2)}</style><p>x",
    "selectors": lambda n: f"<style>{'.a ' * (n // 6)}{',b' * (n // 4)}{{top:0}}</style><p>x",
    "elements of their own": lambda n: "".join(f"<x-{i}>y</x-{i}>" for i in range(n // 18)),
    "backticks": lambda n: f"<code>{'`' * n}</code><pre>{'`a' * (n // 2)}</pre>",
    "a wide table": lambda n: f"<table><tr>{'<th>a' * (n // 10)}{'<tr><td>b' * (n // 18)}",
    "columns": lambda n: "<table>" + "<tr><th colspan=99>a" * (n // 20),
    "emphasis": lambda n: "<b>x<i>y</i></b>" * (n // 16),
    "history": lambda n: "hi" + "<div class=yahoo_quoted>x</div>" * (n // 31),
    "deep history": lambda n: "hi" + "<div class=yahoo_quoted>x" * 90 + "y<br>" * (n // 5),
}


def _message(html: str) -> object:
    return clean_message(html, None)


def _plain(text: str) -> object:
    return clean_message(None, text)


def _seconds(clean: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    clean(text)
    return time.process_time() - started


def _in_proportion(
    clean: Callable[[str], object], small: str, large: str, at_most: int = AT_MOST
) -> bool:
    """Whether the large one takes at most so many times as long, of three attempts each.

    What is slow by nature is slow each time; what was slow by chance is tried again.
    """
    quickest = min(_seconds(clean, small) for _ in range(3))
    allowed = at_most * max(quickest, 0.0005)  # below this a clock tells nothing
    return any(_seconds(clean, large) < allowed for _ in range(3))


@pytest.mark.parametrize("name", TEXTS)
def test_text_costs_in_proportion(name: str) -> None:
    make = TEXTS[name]
    small, large = make(8_000), make(8_000 * TIMES_LONGER)
    assert _in_proportion(clean_text, small, large)
    assert _in_proportion(clean_line, small, large)
    assert _in_proportion(_plain, small, large)


@pytest.mark.parametrize("name", PAGES)
def test_html_costs_in_proportion(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make = PAGES[name]
    small, large = make(8_000), make(8_000 * TIMES_LONGER)
    monkeypatch.setattr(text_module, "HTML_CHARACTERS", 8_000 * TIMES_LONGER)
    assert _in_proportion(_message, small, large)


def test_html_beyond_the_cap_costs_nothing_more() -> None:
    page = "<p>word <b>bold</b></p>"
    cap = text_module.HTML_CHARACTERS // len(page)
    assert _in_proportion(clean_html, page * cap, page * cap * TIMES_LONGER, at_most=3)
