"""The one cleaner through which outside text passes on its way into a model (design §4.7).

It mitigates; it is no boundary. Scopes, effects and confirmation are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from mcp_server_zendesk.serving.links import NO_HOST, host_of

LINE_CHARACTERS = 300
BODY_CHARACTERS = 4_000
HTML_CHARACTERS = 64_000  # what Zendesk keeps of a comment

# Characters that a reader cannot see and a model can: zero-width, bidirectional overrides,
# invisible operators, fillers, interlinear marks, tag characters, variation selectors.
_SMUGGLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u202a-\u202e\u2060-\u206f\u3164\uffa0"
    "\ufff0-\ufffb\U00013430-\U00013440\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# The same kind, but common in honest text (emoji, Hebrew and Arabic, hyphenation, files that
# begin with a byte order mark): taken out without counting.
_HARMLESS = re.compile("[\u00ad\u200e\u200f\u061c\ufe00-\ufe0f\ufeff]")
# Joiners belong between letters of many scripts and between the parts of an emoji, one at a time.
_JOINERS = "\u200c\u200d"
_STRAY_JOINER = re.compile(
    rf"(?<![^\x00-\x7f\s{_JOINERS}])[{_JOINERS}]|[{_JOINERS}](?![^\x00-\x7f\s{_JOINERS}])"
)
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# What a human does not see in a question; joiners and variation selectors make up emoji.
_UNSEEN = re.compile(
    f"{_SMUGGLERS.pattern}|[\u00ad\u200e\u200f\u061c\ufeff]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)
_FENCE_LIKE = re.compile(r"[<\uff1c](?=\s{0,8}/?\s{0,8}untrusted)", re.IGNORECASE)
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,200}+)\]\(([^)\s]{0,2000}+)[^)\n]{0,200}+\)")
_LINK = re.compile(r"\[([^\[\]\n]{1,300}+)\]\(\s{0,4}+([^)\s]{1,2000}+)[^)\n]{0,200}+\)")
_REFERENCE = re.compile(r"^(?:[^\S\n]|[>*+-]|\d{1,9}[.)])*+\[[^\n]*\]:[^\n]*", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


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
    return line if len(line) <= limit else _cut(line, limit - 1) + "…"


def one_line(text: str) -> str:
    """The same text on one line, so that it cannot pass for a line of its own beside others."""
    return " ".join(text.split())


def quoted(text: str) -> str:
    """A text each of whose lines is marked as its own, and none as ours."""
    return "\n".join(f"| {line}" for line in text.splitlines() or [""])


def with_nothing_hidden(text: str) -> str:
    """The text with every character that a human would not see, or that turns others round, as
    its number: ``⟨U+202E⟩``. For what a human agrees to.
    """
    return _UNSEEN.sub(lambda found: f"\u27e8U+{ord(found[0]):04X}\u27e9", text)


def clean_text(text: str, limit: int = BODY_CHARACTERS, *, hidden: int = 0) -> Cleaned:
    """A long text: Markdown or plain, with its lines kept.

    Args:
        text: Any string at all.
        limit: The most characters that are kept.
        hidden: What was taken out of it before, such as by ``clean_html``.
    """
    visible, removed = _visible(text)
    lines = "\n".join(line.rstrip() for line in visible.strip().split("\n"))
    whole = _settled(_BLANK_LINES.sub("\n\n", lines))
    return Cleaned(_cut(whole, limit), truncated=len(whole) > limit, hidden=hidden + removed)


def clean_html(html: str, limit: int = BODY_CHARACTERS) -> Cleaned:
    """A comment's ``html_body`` as Markdown, without what its author hid from human eyes."""
    from mcp_server_zendesk.serving.markdown import to_markdown  # noqa: PLC0415 - loads a parser

    markdown, hidden, whole = to_markdown(html[:HTML_CHARACTERS])
    cleaned = clean_text(markdown, limit, hidden=hidden)
    whole = whole and len(html) <= HTML_CHARACTERS
    return replace(cleaned, truncated=cleaned.truncated or not whole)


def fenced(text: str, tag: str) -> str:
    """Mark where outside text begins and ends. The tag is random for each result."""
    return f"<untrusted {tag}>\n{text}\n</untrusted {tag}>"


def _visible(text: str) -> tuple[str, int]:
    """Without invisible characters, and how many of the suspicious ones there were."""
    if text.isascii() and text.isprintable():
        return text, 0
    text = _CONTROL.sub("", _HARMLESS.sub("", _LINE_END.sub("\n", text)))
    text, smuggled = _SMUGGLERS.subn("", text)
    text, stray = _STRAY_JOINER.subn("", unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", text), smuggled + stray


def _settled(text: str) -> str:
    """Images, links and forged fences made harmless, and still recognisable."""
    if "](" in text:
        text = _LINK.sub(_named_link, _IMAGE.sub(_named_image, text)).replace("](", "] (")
    if "]:" in text:
        text = _REFERENCE.sub(lambda m: m[0].replace("]:", "] :"), text)
    return _FENCE_LIKE.sub("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", text)


def _named_image(found: re.Match[str]) -> str:
    return f"[{' '.join(['image', *found[1].split(), 'at', host_of(found[2])])}]"


def _named_link(found: re.Match[str]) -> str:
    """What leads to no host is no link out, and may be code: ``handlers[name](event)``."""
    host = host_of(found[2])
    return found[0] if host == NO_HOST else f"{found[1].strip()} [link to {host}]".strip()


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit].rstrip().rstrip(_JOINERS)
