"""HTML of a comment as Markdown: what a person would have seen, and nothing else.

``nh3`` (html5ever) parses first, so that what is walked here is well-formed and bounded.
"""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import nh3

from mcp_server_zendesk.serving.links import host_of

_BLOCKS = {"p", "div", "section", "article", "header", "footer", "address", "dd", "dt", "figure"}
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_MARKS = {"b": "**", "strong": "**", "em": "_", "i": "_", "code": "`", "s": "~~", "del": "~~"}
_CONTAINERS = {"blockquote", "li", "td", "th", "pre"}
_LISTS = {"ul", "ol"}
_VOID = {"br", "hr", "img"}
_TAGS = {
    *_BLOCKS, *_HEADINGS, *_MARKS, *_CONTAINERS, *_LISTS, *_VOID,
    "a", "span", "font", "table", "thead", "tbody", "tfoot", "tr", "dl", "u", "sub", "sup",
    "small", "center", "caption", "figcaption",
}  # fmt: skip
_DROPPED = {"script", "style", "template", "noscript", "object", "svg", "math", "title", "head"}
_HIDING = {"style", "hidden"}
_HIDDEN_STYLE = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0*)?(?:;|$|!)"
    r"|font-size:0(?:\.0*)?(?:px|pt|em|rem|%)?(?:;|$|!)"
    r"|(?:^|;)(?:max-)?(?:height|width):0(?:px)?(?:;|$|!)"
    r"|text-indent:-\d{3,}|(?:left|top|right|bottom):-\d{3,}|mso-hide:all"
)
_COLOUR = re.compile(r"(?:^|;)(background-color|background|color):([^;!]+)")
_MAX_DEPTH = 8
# What html5ever repeats after each misnested paragraph, what never nests, and how deep people go.
_REPEATED = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong"}
_FLAT = {*_VOID, "p", "li", "td", "th", "tr", "dd", "dt", "col", "input", "link", "meta", "wbr"}
_MAX_REPEATED = 16
_MAX_NESTED = 100
_MAX_SAFE_CHARACTERS = 400_000
_NESTING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def to_markdown(html: str) -> tuple[str, int, bool]:
    """Markdown, how many characters were hidden from human eyes, and whether that is all."""
    shallow = _shallow_part(html)
    safe = nh3.clean(
        shallow.encode(errors="ignore").decode(),  # without halves of surrogate pairs
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes={"*": _HIDING, "a": {"href"}, "img": {"alt", "src"}, "font": {"color"}},
        strip_comments=True,
        link_rel=None,
    )
    writer = _Writer()
    writer.feed(safe[:_MAX_SAFE_CHARACTERS])
    writer.close()
    whole = len(shallow) == len(html) and len(safe) <= _MAX_SAFE_CHARACTERS
    return *writer.finish(), whole


def _shallow_part(html: str) -> str:
    """What comes before nesting that nobody writes: parsing costs its depth times its length."""
    opened: Counter[str] = Counter()
    nested = repeated = 0
    for found in _NESTING.finditer(html):
        tag = found[2].lower()
        step = -1 if found[1] else 1
        if tag in _FLAT or opened[tag] + step < 0:
            continue
        opened[tag] += step
        nested += step
        repeated += step if tag in _REPEATED else 0
        if nested > _MAX_NESTED or repeated > _MAX_REPEATED:
            return html[: found.start()]
    return html


def _hides(attributes: dict[str, str | None]) -> bool:
    """Whether an element's own attributes take it out of sight."""
    if "hidden" in attributes:
        return True
    style = re.sub(r"\s+", "", (attributes.get("style") or "").lower())
    if not style:
        return False
    colours = dict(_COLOUR.findall(style))
    ground = colours.get("background-color") or colours.get("background")
    return bool(_HIDDEN_STYLE.search(style)) or (
        ground is not None and colours.get("color") == ground
    )


class _Writer(HTMLParser):
    """Walks well-formed HTML once. Containers collect their own text, up to a depth."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[list[str]] = [[]]
        self._open: list[tuple[str, bool, bool]] = []  # tag, whether it hides, whether it collects
        self._hiding = 0
        self._hidden = 0
        self._lists: list[tuple[str, int]] = []
        self._row: list[str] | None = None
        self._rows = 0
        self._links: list[str] = []

    def finish(self) -> tuple[str, int]:
        while len(self._out) > 1:
            self._out[-2].append("".join(self._out.pop()))
        return "".join(self._out[0]), self._hidden

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        hides = _hides(attributes)
        if tag in _VOID:
            if not (hides or self._hiding):
                self._void(tag, attributes)
            return
        self._hiding += hides
        collects = tag in _CONTAINERS and len(self._out) < _MAX_DEPTH and not self._hiding
        self._open.append((tag, hides, collects))
        if not self._hiding:
            self._begin(tag, attributes)
        if collects:
            self._out.append([])

    def _begin(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag in _BLOCKS or tag in _LISTS or tag in _HEADINGS or tag == "table":
            self._break()
        if tag in _LISTS:
            self._lists.append((tag, 0))
        elif tag in _HEADINGS:
            self._write(_HEADINGS[tag])
        elif tag in _MARKS and not self._inside("pre"):
            self._write(_MARKS[tag])
        elif tag == "table":
            self._rows = 0
        elif tag == "tr":
            self._row = []
        elif tag == "a":
            self._links.append(attributes.get("href") or "")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - nh3 closes in order
        if not self._open:
            return
        opened, hides, collects = self._open.pop()
        shown = not self._hiding
        self._hiding -= hides
        if not shown:
            return
        text = "".join(self._out.pop()) if collects else ""
        if collects:
            self._close_container(opened, text)
        elif opened in _MARKS and not self._inside("pre"):
            self._write(_MARKS[opened])
        elif opened in _BLOCKS or opened in _HEADINGS or opened == "table":
            self._break()
        elif opened in _LISTS:
            if self._lists:
                self._lists.pop()
            self._break()
        elif opened == "tr":
            self._close_row()
        elif opened == "a" and self._links:
            self._close_link(self._links.pop())

    def handle_data(self, data: str) -> None:
        if self._hiding:
            self._hidden += len(data.strip())
        elif self._inside("pre"):
            self._write(data)
        else:
            text = _SPACE.sub(" ", data)
            if text == " " and self._ends_with_break():
                return
            self._write(text)

    def _void(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "img":
            self._write(f"![{attributes.get('alt') or ''}]({attributes.get('src') or ''})")
        else:
            self._write("\n" if tag == "br" else "\n\n---\n\n")

    def _close_container(self, tag: str, text: str) -> None:
        lines = text.strip("\n") if tag == "pre" else _BLANK_LINES.sub("\n\n", text.strip())
        if tag == "blockquote":
            self._break()
            self._write("\n".join(f"> {line}".rstrip() for line in lines.split("\n")))
            self._break()
        elif tag == "pre":
            self._break()
            self._write(f"```\n{lines}\n```")
            self._break()
        elif tag == "li":
            self._write(f"\n{self._bullet()}" + re.sub(r"\n+", "\n  ", lines))
        elif self._row is not None:
            self._row.append(" ".join(lines.split()).replace("|", "\\|"))

    def _bullet(self) -> str:
        if not self._lists:
            return "- "
        kind, count = self._lists[-1]
        self._lists[-1] = (kind, count + 1)
        return "- " if kind == "ul" else f"{count + 1}. "

    def _close_row(self) -> None:
        cells, self._row = self._row, None
        if not cells:
            return
        self._write("\n| " + " | ".join(cells) + " |")
        if self._rows == 0:
            self._write("\n|" + " --- |" * len(cells))
        self._rows += 1

    def _close_link(self, href: str) -> None:
        """Name the host that a link leads to, unless the visible text already is the address."""
        tail = "".join(self._out[-1][-3:])
        if href and href not in tail and not href.startswith("mailto:"):
            self._write(f" [link to {host_of(href)}]")

    def _inside(self, tag: str) -> bool:
        return any(opened == tag for opened, _, _ in self._open[-_MAX_DEPTH:])

    def _ends_with_break(self) -> bool:
        out = self._out[-1]
        return not out or out[-1].endswith("\n")

    def _break(self) -> None:
        if self._out[-1]:
            self._write("\n\n")

    def _write(self, text: str) -> None:
        self._out[-1].append(text)
