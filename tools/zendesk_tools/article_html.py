"""What a model may put into an article's HTML, and finding a passage in it."""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from html.parser import HTMLParser
from typing import Annotated

from pydantic import AfterValidator

from mcp_server_zendesk.serving.refusals import InvalidArguments
from zendesk_tools.articles import whole_text

_ACTIVE = {
    "script", "iframe", "object", "embed", "form", "input", "button", "style", "link", "meta",
    "base", "svg", "math", "template", "frame", "applet",
}  # fmt: skip
_ADDRESSES = {"href", "src", "action", "formaction", "srcset", "background", "poster"}
_RUNS = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x20]")
_UNCLOSED = re.compile(r"<[^<>]*+(?!>)")
_MOST_UNCLOSED = 500
_ANY_TAG = re.compile(r"<[a-zA-Z][^<>]*>")


def _not_too_long(most: int) -> AfterValidator:
    """A bound without a byte in the schema: a refusal tells it to whoever meets it."""

    def check(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"should have at most {most} characters")
        return text

    return AfterValidator(check)


Html = Annotated[str, _not_too_long(64_000)]
Title = Annotated[str, _not_too_long(255)]


def checked_html(argument: str, html: str, before: str = "") -> str:
    """The HTML, once it adds nothing that runs and nothing that readers would not see.

    Args:
        argument: What a refusal names.
        html: The whole new body.
        before: The body that it replaces; what was in it may stay.

    Raises:
        InvalidArguments: It is no HTML, or adds something of that kind.
    """
    if not _ANY_TAG.search(html):
        raise InvalidArguments.of(
            argument, "is no HTML: put each paragraph into <p>…</p>; Markdown is not rendered"
        )
    added = _active_parts(html, argument) - _active_parts(before, argument)
    if added:
        raise InvalidArguments.of(
            argument,
            f"adds {', '.join(sorted(added))}: scripts, embedded pages, forms and styles are for "
            "a person to add in Zendesk",
        )
    if whole_text(html).hidden > whole_text(before).hidden:
        raise InvalidArguments.of(argument, "adds text that readers would not see; leave it out")
    return html


class _Reader(HTMLParser):
    """Collects what runs code, loads a page or sends a form."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE:
            self.found[f"<{tag}>"] += 1
        for name, value in attrs:
            address = _INVISIBLE.sub("", value or "")
            if name.startswith("on"):
                self.found["an event handler"] += 1
            elif name in _ADDRESSES and _RUNS.match(address):
                self.found["a link that runs code"] += 1


def _active_parts(html: str, argument: str) -> Counter[str]:
    """What runs, loads or sends in HTML.

    Raises:
        InvalidArguments: So much of it is never closed that reading it would take forever.
    """
    if len(_UNCLOSED.findall(html)) > _MOST_UNCLOSED:
        raise InvalidArguments.of(argument, "has too many tags that are never closed")
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def with_passage_replaced(html: str, old: str, new: str) -> str:
    """The HTML with one passage replaced.

    Raises:
        InvalidArguments: The passage is not in it, or more than once.
    """
    written = (old, escape(old, quote=False), escape(old, quote=False).replace(" ", "&nbsp;"))
    for form in dict.fromkeys(written):
        if (times := html.count(form)) == 1:
            return html.replace(form, new)
        if times:
            raise InvalidArguments.of("old_text", f"is there {times} times; give more around it")
    raise InvalidArguments.of(
        "old_text",
        "is not in the article's HTML as one piece; give words without formatting between them, "
        "as get_article shows them",
    )
