"""The one cleaner through which outside text passes on its way into a model (design §4.7).

It mitigates; it is no boundary. Scopes, effects and confirmation are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from mcp_server_zendesk.serving.links import host_of

LINE_CHARACTERS = 300
BODY_CHARACTERS = 4_000
HTML_CHARACTERS = 100_000

# Characters that a reader cannot see and a model can: zero-width, bidirectional overrides,
# invisible operators, fillers, interlinear marks, tag characters, variation selectors.
_SMUGGLERS = re.compile(
    "[\u200b\u2060-\u2064\u206a-\u206f\u202a-\u202e\u2066-\u2069\u115f\u1160\u3164\uffa0"
    "\u180b-\u180f\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# The same kind, but common in honest text (emoji, Hebrew and Arabic, hyphenation, files that
# begin with a byte order mark): taken out without counting.
_HARMLESS = re.compile("[\u00ad\u200e\u200f\u061c\ufe00-\ufe0f\ufeff]")
# Joiners belong between letters of many scripts and between the parts of an emoji, one at a time.
_STRAY_JOINER = re.compile(
    "(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\u200c\u200d])"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_FENCE_LIKE = re.compile(r"[<\uff1c](?=\s{0,8}/?\s{0,8}untrusted)", re.IGNORECASE)
_IMAGE = re.compile(r"!\[([^\]\n]{0,200}+)\]\(([^)\s]{0,2000}+)[^)\n]{0,200}+\)")
_LINK = re.compile(r"\[([^\]\n]{1,300}+)\]\(\s{0,4}+([^)\s]{1,2000}+)[^)\n]{0,200}+\)")
_REFERENCE = re.compile(r"^(\s{0,3})\[([^\]\n]{1,200})\]:(?=\s{0,4}\S)", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")
_TRAILING_SPACE = re.compile(r"[ \t]+(?=\n)")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Text that a model may read: what was cut from its end, and what was hidden in it."""

    text: str
    truncated: bool = False
    hidden: int = 0


def clean_line(text: str, limit: int = LINE_CHARACTERS) -> str:
    """A subject, a name, a tag: one line without anything invisible, at most ``limit`` long."""
    visible, _ = _visible(text[: limit * 4])
    line = _settled(" ".join(visible.split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def clean_text(text: str, limit: int = BODY_CHARACTERS, *, hidden: int = 0) -> Cleaned:
    """A long text: Markdown or plain, with its lines kept.

    Args:
        text: Any string at all.
        limit: The most characters that are kept.
        hidden: What was taken out of it before, such as by ``clean_html``.
    """
    visible, removed = _visible(text)
    lines = _TRAILING_SPACE.sub("", visible.strip() + "\n")
    whole = _BLANK_LINES.sub("\n\n", lines).strip()
    kept = _settled(whole[:limit].rstrip())
    return Cleaned(kept, truncated=len(whole) > limit, hidden=hidden + removed)


def clean_html(html: str, limit: int = BODY_CHARACTERS) -> Cleaned:
    """A comment's ``html_body`` as Markdown, without what its author hid from human eyes."""
    from mcp_server_zendesk.serving.markdown import to_markdown  # noqa: PLC0415 - loads a parser

    markdown, hidden = to_markdown(html[:HTML_CHARACTERS])
    cleaned = clean_text(markdown, limit, hidden=hidden)
    return replace(cleaned, truncated=cleaned.truncated or len(html) > HTML_CHARACTERS)


def fenced(text: str, tag: str) -> str:
    """Mark where outside text begins and ends. The tag is random for each result."""
    return f"<untrusted {tag}>\n{text}\n</untrusted {tag}>"


def _visible(text: str) -> tuple[str, int]:
    """Without invisible characters, and how many of the suspicious ones there were."""
    if text.isascii() and text.isprintable():
        return text, 0
    text = _HARMLESS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text, smuggled = _SMUGGLERS.subn("", text)
    text, stray = _STRAY_JOINER.subn("", text)
    return unicodedata.normalize("NFC", _CONTROL.sub("", text)), smuggled + stray


def _settled(text: str) -> str:
    """Images, links and forged fences made harmless, and still recognisable."""
    if "](" in text:
        text = _IMAGE.sub(lambda m: f"[image {m[1]} at {host_of(m[2])}]", text)
        text = _LINK.sub(lambda m: f"{m[1]} [link to {host_of(m[2])}]", text)
    if "]:" in text:
        text = _REFERENCE.sub(r"\1\2 -", text)
    return _FENCE_LIKE.sub("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", text)
