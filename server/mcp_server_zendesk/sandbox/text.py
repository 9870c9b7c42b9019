"""Comment text in its three forms: HTML as sent or generated, and plain text."""

import html
import re
from html.parser import HTMLParser

MAX_COMMENT_BYTES = 65_536
"""Longer comments are cut without a word (`zendesk-api.md` §5.3)."""

_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "table", "ul", "ol", "blockquote", "pre", "hr"})
_UNSPOKEN = frozenset({"style", "script", "head", "title"})


def shorten(text: str) -> str:
    """Cuts a comment to the size that is kept."""
    return text.encode()[:MAX_COMMENT_BYTES].decode(errors="ignore")


def html_from_plain(text: str) -> str:
    """The `html_body` of a plain comment, in the recorded form."""
    paragraphs = (
        html.escape(part, quote=False).replace("\n", "<br>\n") for part in text.split("\n\n")
    )
    inner = "".join(f'<p dir="auto">{part}</p>' for part in paragraphs)
    return f'<div class="zd-comment" dir="auto">{inner}</div>'


def wrapped_html(markup: str) -> str:
    """The `html_body` of a comment that was sent as HTML."""
    return f'<div class="zd-comment zd-comment-pre-styled" dir="auto">{markup}</div>'


def plain_from_html(markup: str) -> str:
    """The `plain_body` of an HTML comment: tags go, hidden text stays."""
    reader = _PlainText()
    reader.feed(markup)
    reader.close()
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _PlainText(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unspoken = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _UNSPOKEN:
            self._unspoken += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "td":
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSPOKEN:
            self._unspoken -= 1
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unspoken:
            self.parts.append(data)
