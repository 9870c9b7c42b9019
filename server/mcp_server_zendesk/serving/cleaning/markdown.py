"""HTML of a comment as Markdown: what a person would have seen, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mcp_server_zendesk.serving.cleaning import hidden, links
from mcp_server_zendesk.serving.cleaning.html_tree import Element, parse
from mcp_server_zendesk.serving.cleaning.quoting import HISTORY_MARK, QUOTED_MARK
from mcp_server_zendesk.serving.cleaning.tables import as_rows, is_data

_BLOCKS = frozenset(
    {
        "p", "div", "section", "article", "aside", "header", "footer", "main", "nav", "address",
        "dl", "dd", "dt", "figure", "figcaption", "center", "caption", "details", "summary",
        "fieldset", "form", "legend", "hgroup", "dialog", "table", "tr", "td", "th", "zd-body",
    }
)  # fmt: skip
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_MARKS = {
    "b": "**", "strong": "**", "em": "_", "i": "_", "s": "~~", "del": "~~", "strike": "~~",
}  # fmt: skip
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
# How mail programs mark what they put below an answer, and what announces it.
_HISTORY_CLASSES = frozenset(
    {
        "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote", "tutanota_quote",
        "zmail_extra", "zmail_extra_hr", "OutlookMessageHeader", "gmx_quote", "mailspring_quote",
        "front-blockquote", "hs_reply", "freshdesk_quote", "moz-cite", "iosymail_quote",
    }
)  # fmt: skip
_HISTORY_IDS = frozenset(
    {
        "divRplyFwdMsg", "x_divRplyFwdMsg", "appendonsend", "x_appendonsend",
        "OLK_SRC_BODY_SECTION", "mail-editor-reference-message-container", "ms-outlook-quote",
    }
)  # fmt: skip
_MAX_DEPTH = 16
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_BACKTICKS = re.compile(r"`+")
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight)-([a-zA-Z0-9+#-]{1,20})(?:\s|$)")
_STRUCTURE = re.compile(r"\s*(?:[|>#]|[-*] |\d+\. |```|\[image )")


def to_markdown(html: str, *, history: bool = False) -> tuple[str, int, bool]:
    """Markdown, how many characters were hidden from human eyes, and whether that is all.

    Args:
        html: Any string at all.
        history: Whether lines that a mail program marked as history are marked, for ``quoting``.
    """
    tree = parse(html)
    hidden_characters, judged = hidden.take_out(tree)
    writer = _Writer(_Place(history=history))
    writer.children(tree.root)
    return writer.text(), hidden_characters, tree.whole and judged


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the writer stands: what surrounds it."""

    history: bool = False
    depth: int = 0
    marks: frozenset[str] = frozenset()
    listed: bool = False  # directly in a list
    pre: bool = False
    linked: bool = False
    inline: bool = False  # in the middle of a line


class _Writer:
    """Writes the text of one container. What is contained has a writer of its own, to a depth."""

    def __init__(self, place: _Place) -> None:
        self._place = place
        self._out: list[str] = []
        self._closed = (0, "")  # how much there was when emphasis ended, and its mark

    def text(self) -> str:
        return "".join(self._out)

    def children(self, element: Element) -> None:
        for child in element.children:
            if isinstance(child, str):
                self._data(child)
            else:
                self._element(child)

    def _element(self, element: Element) -> None:  # noqa: C901, PLR0912 - one branch a kind
        tag = element.tag
        if self._place.history and self._starts_history(element):
            return
        if tag == "br":
            self._out.append("\n")
        elif tag == "hr":
            self._block("---")
        elif tag == "img":
            self._image(element)
        elif tag in _MARKS:
            self._marked(element, _MARKS[tag])
        elif tag in _CODE:
            self._code(element)
        elif tag == "a":
            self._link(element)
        elif tag in _HEADINGS:
            self._block(_HEADINGS[tag] + on_one_line(self._inner(element)))
        elif tag == "pre":
            self._fence(element)
        elif tag == "blockquote":
            self._block("\n".join(f"> {line}".rstrip() for line in self._lines(element)))
        elif tag in _LISTS:
            self._list(element)
        elif tag == "li":
            self._item(element, "- ")
        elif tag == "q":
            self._out.append(f"“{self._inner(element).strip()}”")
        elif tag == "table" and self._place.depth < _MAX_DEPTH and is_data(element):
            self._table(element)
        elif tag in _BLOCKS:
            self._break(tag)
            self.children(element)
            self._break(tag)
        else:
            self.children(element)

    def _inner(self, element: Element, **at: object) -> str:
        """What an element holds, written apart; past the depth it is only text."""
        place = replace(self._place, depth=self._place.depth + 1, listed=False, inline=False)
        writer = _Writer(replace(place, **at))  # type: ignore[arg-type] # fields of _Place
        if self._place.depth < _MAX_DEPTH:
            writer.children(element)
        else:
            writer.flat(element)
        return writer.text()

    def flat(self, element: Element) -> None:
        """Text alone, of what nests deeper than anybody writes."""
        for child in element.children:
            if isinstance(child, str):
                self._data(child)
            elif child.tag in {"br", "hr"}:
                self._out.append("\n")
            else:
                self.flat(child)
                if child.tag in _BLOCKS or child.tag in {"li", "blockquote"}:
                    self._break("div")

    def _lines(self, element: Element) -> list[str]:
        return _BLANK_LINES.sub("\n\n", self._inner(element).strip()).split("\n")

    def _data(self, data: str) -> None:
        if self._place.pre:
            self._out.append(data)
            return
        text = _SPACE.sub(" ", data)
        if text[:1] == " " and self._ends_with(" ", "\n"):
            text = text[1:]
        if text:
            if self._closed == (len(self._out), "_") and text[0].isalnum():
                self._out[-1] = f"*{self._out[-1][1:-1]}*"  # a word goes on
            self._out.append(text)

    def _ends_with(self, *ends: str) -> bool:
        return self._out[-1].endswith(ends) if self._out else not self._place.inline

    def _break(self, tag: str) -> None:
        if not self._out:
            return
        wanted = "\n\n" if tag not in {"div", "tr", "td", "th", "dt", "dd"} else "\n"
        if self._place.pre:
            wanted = "\n"
        last = self._out[-1]
        if last.endswith("\n\n") or (last.endswith("\n") and wanted == "\n"):
            return
        if last.endswith("\n"):
            wanted = "\n"
        self._out[-1] = last.rstrip(" ")
        self._out.append(wanted)

    def _block(self, text: str) -> None:
        if text.strip():
            self._break("p")
            self._out.append(text)
            self._out.append("\n\n")

    def _image(self, element: Element) -> None:
        found = element.attributes
        self._out.append(links.image(found.get("alt", ""), found.get("src", "")))

    def _marked(self, element: Element, mark: str) -> None:
        """Emphasis hugs its words: spaces stand outside, and each line has its own."""
        if mark in self._place.marks or self._place.pre:
            self.children(element)
            return
        lead, words, tail = _parted(
            self._inner(element, marks=self._place.marks | {mark}, inline=True)
        )
        if not words:
            self._data(lead)
            return
        self._spaced(lead)
        if mark == "_" and self._out and self._out[-1][-1:].isalnum():
            mark = "*"  # underscores within a word are letters
        if "\n" in words or _STRUCTURE.match(words):
            self._out.append("\n".join(_emphasised(line, mark) for line in words.split("\n")))
        elif not lead and self._closed == (len(self._out), mark):
            self._out[-1] = f"{self._out[-1][: -len(mark)]}{words}{mark}"  # <b>one</b><b>two</b>
        else:
            self._out.append(f"{mark}{words}{mark}")
        self._closed = (len(self._out), mark if "\n" not in words else "")
        self._spaced(tail)

    def _spaced(self, space: str) -> None:
        """What stood around words, unless there is a space already."""
        if space and ("\n" in space or not self._ends_with(" ", "\n")):
            self._out.append(space)

    def _code(self, element: Element) -> None:
        if self._place.pre:
            self.children(element)
            return
        inner = self._inner(element, marks=frozenset(_MARKS.values()), inline=True)
        lead, words, tail = _parted(_SPACE.sub(" ", inner))
        self._spaced(lead)
        if words:
            fence = "`" * (_longest(words) + 1)
            space = " " if words.startswith("`") or words.endswith("`") else ""
            self._out.append(f"{fence}{space}{words}{space}{fence}")
            self._spaced(tail)

    def _fence(self, element: Element) -> None:
        if self._place.pre:
            self.children(element)
            return
        text = self._inner(element, pre=True).replace("\r", "").strip("\n")
        fence = "`" * max(3, _longest(text) + 1)
        named = [element, *(one for one in element.children if isinstance(one, Element))][:2]
        found = (_LANGUAGE.search(one.attributes.get("class", "")) for one in named)
        language = next((one[1] for one in found if one), "")
        self._block(f"{fence}{language}\n{text}\n{fence}" if text.strip() else "")

    def _link(self, element: Element) -> None:
        href = element.attributes.get("href", "")
        if not href or self._place.linked:
            self.children(element)
            return
        lead, words, tail = _parted(self._inner(element, linked=True, inline=True))
        if not words:
            self._data(lead)
            return
        self._spaced(lead)
        self._out.append(_leading(words, href))
        self._spaced(tail)

    def _list(self, element: Element) -> None:
        if not self._place.listed:
            self._break("div" if self._place.depth else "p")
        number = _number(element.attributes.get("start"), 1)
        for child in element.children:
            if isinstance(child, str):
                self._data(child)
            elif child.tag == "li" and element.tag == "ol":
                number = _number(child.attributes.get("value"), number)
                self._item(child, f"{number}. ")
                number += 1
            elif child.tag in _LISTS:  # a list right in a list, as Word nests them
                self._indented("  ", self._inner(child, listed=True).strip())
            else:
                self._element(child)
        self._break("p")

    def _item(self, element: Element, bullet: str) -> None:
        text = self._inner(element).strip("\n").strip(" ")
        self._break("div")
        self._out.append(bullet)
        self._out.append(_under(text, " " * len(bullet)))
        self._out.append("\n")

    def _indented(self, by: str, text: str) -> None:
        self._break("div")
        self._out.append(by + _under(text, by))
        self._out.append("\n")

    def _table(self, element: Element) -> None:
        rows = as_rows(element, lambda cell: on_one_line(self._inner(cell)))
        self._block("\n".join(rows))

    def _starts_history(self, element: Element) -> bool:
        """Whether the element is history by its mail program's marks, and is written so."""
        found = element.attributes
        if not found:
            return False
        if found.get("id") in _HISTORY_IDS:
            self._break("div")
            self._out.append(HISTORY_MARK)
            return False
        cited = element.tag == "blockquote" and found.get("type") == "cite"
        if cited or _HISTORY_CLASSES.isdisjoint(found.get("class", "").split()):
            return False
        lines = self._lines(element)
        self._break(element.tag)
        self._out.append("\n".join(f"{QUOTED_MARK}{line}" for line in lines))
        self._break(element.tag)
        return True


def on_one_line(text: str) -> str:
    """Text that has to stay on one line."""
    return " ".join(text.split())


def _parted(text: str) -> tuple[str, str, str]:
    """The space before words, the words, and the space behind them."""
    words = text.strip()
    if not words:
        return text, "", ""
    start = text.index(words)
    return text[:start], words, text[start + len(words) :]


def _leading(words: str, href: str) -> str:
    """A link's text with where it leads; an address of a person only where it is not told."""
    scheme, _, rest = href.partition(":")
    if scheme.lower() in {"mailto", "tel"}:
        address = rest.partition("?")[0]
        if scheme.lower() == "tel" or not address or address.lower() in words.lower():
            return words
        return f"{words} [mail to {on_one_line(address)[:100]}]"
    return links.link(words, href)


def _emphasised(line: str, mark: str) -> str:
    return line if not line.strip() or _STRUCTURE.match(line) else f"{mark}{line.strip()}{mark}"


def _longest(text: str) -> int:
    """The longest run of backticks, which a fence around it has to outgrow."""
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def _number(text: str | None, default: int) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default  # noqa: PLR2004


def _under(text: str, indent: str) -> str:
    """All lines but the first below the words of the first; blank ones only within a fence."""
    kept: list[str] = []
    fence = ""
    for line in text.split("\n"):
        start = line.strip()
        if start.startswith("```"):
            fence = "" if fence and start.startswith(fence) else fence or start.rstrip("a-z")
        if line.strip() or fence:
            kept.append(line)
    return f"\n{indent}".join(kept)
