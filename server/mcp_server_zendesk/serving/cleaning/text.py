"""The one cleaner through which outside text passes on its way into a model (design §4.7).

It mitigates; it is no boundary. Scopes, effects and confirmation are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mcp_server_zendesk.serving.cleaning.fences import fenced, with_fences_broken
from mcp_server_zendesk.serving.cleaning.invisible import cut, visible
from mcp_server_zendesk.serving.cleaning.links import settled
from mcp_server_zendesk.serving.cleaning.redaction import active, redacted, untorn

__all__ = [
    "BODY_CHARACTERS",
    "HTML_CHARACTERS",
    "LINE_CHARACTERS",
    "Cleaned",
    "clean_html",
    "clean_line",
    "clean_message",
    "clean_text",
    "fenced",
    "one_line",
]

LINE_CHARACTERS = 300
BODY_CHARACTERS = 4_000
FIRST_LINE_CHARACTERS = 80
HTML_CHARACTERS = 64_000  # what Zendesk keeps of a comment

_BLANK_LINES = re.compile(r"\n{3,}")
_CODE_FENCE = re.compile(r"^[ >]{0,40}+(`{3,})([^\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Text that a model may read: what was cut from its end, how many characters were hidden in
    it, and how many lines of quoted history a marker stands for.
    """

    text: str
    truncated: bool = False
    hidden: int = 0
    folded: int = 0


def clean_line(text: str, limit: int = LINE_CHARACTERS) -> str:
    """A subject, a name, a tag: one line without anything invisible, at most ``limit`` long."""
    seen, _ = visible(text if active() else text[: limit * 4])
    line = _harmless(" ".join(seen.split()))
    return line if len(line) <= limit else cut(line, limit - 1) + "…"


def one_line(text: str) -> str:
    """The same text on one line, so that it cannot pass for a line of its own beside others."""
    return " ".join(text.split())


def clean_text(text: str, limit: int = BODY_CHARACTERS, *, hidden: int = 0) -> Cleaned:
    """A long text: Markdown or plain, with its lines kept.

    Args:
        text: Any string at all.
        limit: The most characters that are kept.
        hidden: What was taken out of it before, such as by ``clean_html``.
    """
    whole, removed = _whole(text)
    return Cleaned(_cut(whole, limit), truncated=len(whole) > limit, hidden=hidden + removed)


def clean_html(html: str, limit: int = BODY_CHARACTERS) -> Cleaned:
    """HTML as Markdown, without what its author hid from human eyes."""
    markdown, hidden, whole = _as_markdown(html)
    cleaned = clean_text(markdown, limit, hidden=hidden)
    return replace(cleaned, truncated=cleaned.truncated or not whole)


def clean_message(
    html: str | None, plain: str | None, limit: int = BODY_CHARACTERS, *, unfold: bool = False
) -> Cleaned:
    """A comment or a mail: from its HTML, which tells what was hidden, and from its plain text
    only where there is none; with the mail history below it folded into one line.

    Args:
        html: The message as HTML.
        plain: The same as plain text, which may hold what the HTML hides.
        limit: The most characters that are kept.
        unfold: Whether quoted history stays.
    """
    if unfold:
        return clean_html(html, limit) if html else clean_text(plain or "", limit)
    if not html:
        from mcp_server_zendesk.serving.cleaning.quoting import without_marks  # noqa: PLC0415 - rarely needed

        return _without_history(without_marks(plain or ""), limit)
    markdown, hidden, whole = _as_markdown(html, history=True)
    cleaned = _without_history(markdown, limit, hidden)
    return replace(cleaned, truncated=cleaned.truncated or not whole)


def _as_markdown(html: str, *, history: bool = False) -> tuple[str, int, bool]:
    """Markdown not cleaned yet, how much in it was hidden, and whether that is all."""
    from mcp_server_zendesk.serving.cleaning.markdown import to_markdown  # noqa: PLC0415 - loads a parser

    markdown, hidden, whole = to_markdown(html[:HTML_CHARACTERS], history=history)
    whole = whole and len(html) <= HTML_CHARACTERS
    return markdown if whole else untorn(markdown), hidden, whole


def _without_history(text: str, limit: int, hidden: int = 0) -> Cleaned:
    """A message whose history is folded. The mark is set after the cleaning, which breaks every
    mark that the message brings along.
    """
    from mcp_server_zendesk.serving.cleaning.quoting import folded  # noqa: PLC0415 - rarely needed

    message = folded(text)
    if not message.lines:
        return clean_text(text, limit, hidden=hidden)
    (above, removed), (below, more) = _whole(message.above), _whole(message.below)
    mark = message.mark(clean_line(message.first, FIRST_LINE_CHARACTERS))
    whole = "\n\n".join(part for part in (above, mark, below) if part)
    return Cleaned(
        _cut(whole, limit),
        truncated=len(whole) > limit,
        hidden=hidden + removed + more,
        folded=message.lines,
    )


def _whole(text: str) -> tuple[str, int]:
    """A long text cleaned, and how many characters in it nobody sees."""
    seen, removed = visible(text)
    lines = "\n".join(line.rstrip() for line in seen.strip().split("\n"))
    return _harmless(_BLANK_LINES.sub("\n\n", lines)), removed


def _cut(whole: str, limit: int) -> str:
    """At most so long; code whose fence a cut took away ends with one."""
    kept = cut(whole, limit)
    fence = _open_fence(kept) if len(whole) > limit and "```" in kept else ""
    if not fence or len(fence) >= limit:
        return kept
    shorter = cut(kept, limit - len(fence) - 1)
    fence = _open_fence(shorter)
    return f"{shorter}\n{fence}" if fence else shorter


def _open_fence(text: str) -> str:
    """The fence of backticks that no other ends, if there is one."""
    fence = ""
    for found in _CODE_FENCE.finditer(text):
        marks, rest = found.groups()
        if not fence:
            fence = "" if "`" in rest else marks
        elif len(marks) >= len(fence) and not rest.strip():
            fence = ""
    return fence


def _harmless(text: str) -> str:
    """Images, links and forged fences made harmless, and what is to be redacted taken out."""
    return with_fences_broken(settled(redacted(text)))
