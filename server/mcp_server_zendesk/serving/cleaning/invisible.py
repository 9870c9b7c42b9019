"""Characters that a reader cannot see and a model can. Taken out; the suspicious ones counted."""

from __future__ import annotations

import re
import unicodedata

# Zero-width, bidirectional overrides, invisible operators, fillers, interlinear marks, tags, and
# the variation selectors' supplement: nobody types them, so each is counted.
_SMUGGLERS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\uffa0"
    "\ufff0-\ufffb\U00013430-\U00013440\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# The same kind, but common in honest text (Hebrew and Arabic, hyphenation, files that begin with a
# byte order mark): taken out without counting.
_HARMLESS = re.compile("[\u00ad\u200e\u200f\u061c\ufeff]")
_ZWNJ, _ZWJ = "\u200c", "\u200d"
JOINERS = _ZWNJ + _ZWJ
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f"
_EMOJI = (
    "#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf"
    "\u2934\u2935\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
# Scripts whose letters a joiner binds or parts: Arabic to Malayalam and Sinhala, Tibetan and
# Myanmar, Khmer, Mongolian, Indonesia's, and those beyond the first plane.
_JOINED = (
    "\u0600-\u07ff\u0840-\u109f\u1700-\u18af\u1a00-\u1c4f\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
# A run of what cannot be seen, and the one character that it hangs on.
_UNSEEN_RUN = re.compile(
    f"({_FLAGS})|([^{_SMUGGLERS}{_SELECTORS}{JOINERS}])?([{_SMUGGLERS}{_SELECTORS}{JOINERS}]+)"
    f"(?=([^{_SMUGGLERS}{_SELECTORS}{JOINERS}])?)"
)
_ANY_UNSEEN = re.compile(f"[{_SMUGGLERS}{_SELECTORS}{JOINERS}]")
_KEYCAP = "\u20e3"
_IS_EMOJI = re.compile(f"[{_EMOJI}]")
_IS_JOINED = re.compile(f"[{_JOINED}]")
_IS_MONGOLIAN = re.compile("[\u1820-\u18aa]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_EXTENDS = re.compile(f"[{_SELECTORS}{JOINERS}\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]")
_INDICATOR = re.compile("[\U0001f1e6-\U0001f1ff]")
_LONGEST_CLUSTER = 64


def visible(text: str) -> tuple[str, int]:
    """Without invisible characters, and how many of the suspicious ones there were."""
    if text.isascii() and text.isprintable():
        return text, 0
    text = _CONTROL.sub("", _HARMLESS.sub("", _LINE_END.sub("\n", text)))
    text = unicodedata.normalize("NFC", text)
    if not _ANY_UNSEEN.search(text):
        return text, 0
    removed = 0

    def kept(found: re.Match[str]) -> str:
        nonlocal removed
        flag, before, run, after = found.groups()
        if flag:
            return str(flag)
        stays, suspicious = _judged(before or "", run, after or "")
        removed += suspicious
        return (before or "") + stays

    text = _UNSEEN_RUN.sub(kept, text)
    return unicodedata.normalize("NFC", text), removed


def _judged(before: str, run: str, after: str) -> tuple[str, int]:
    """What of a run stays behind ``before``, and how many of it are suspicious."""
    if before and _IS_EMOJI.match(before):
        joins = run in {_ZWJ, "\ufe0f" + _ZWJ} and _joins(before, after)
        if joins or (run == "\ufe0f" and (not before.isascii() or after == _KEYCAP)):
            return run, 0
    if len(run) > 1 or not before:
        return "", len(run)
    if run in JOINERS:
        return (run, 0) if _IS_JOINED.match(before) else ("", 1)
    if _IS_MONGOLIAN.match(before) and run in "\u180b\u180c\u180d\u180f":
        return run, 0
    # A letter's variant: the letter says it all.
    harmless = "\ufe00" <= run <= "\ufe0f" or (_is_ideograph(before) and run >= "\U000e0100")
    return "", 0 if harmless else 1


def _is_ideograph(letter: str) -> bool:
    return "\u2e80" <= letter <= "\u9fff" or "\U00020000" <= letter <= "\U0003ffff"


def _joins(before: str, after: str) -> bool:
    """Whether both are parts of an emoji, and not only letters of a keycap."""
    return not before.isascii() and not after.isascii() and bool(_IS_EMOJI.match(after))


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters, and none without what it hangs on: no half of an emoji."""
    if len(text) <= limit:
        return text
    end = limit
    while end > max(0, limit - _LONGEST_CLUSTER) and _hangs(text, end):
        end -= 1
    return text[: end or limit].rstrip().rstrip(JOINERS)


def _hangs(text: str, at: int) -> bool:
    """Whether the character at this place belongs to the one before it."""
    here, before = text[at], text[at - 1]
    if unicodedata.combining(here) or _EXTENDS.match(here) or before == _ZWJ:
        return True
    if not (_INDICATOR.match(here) and _INDICATOR.match(before)):
        return False
    start = at
    while start > max(0, at - _LONGEST_CLUSTER) and _INDICATOR.match(text[start - 1]):
        start -= 1
    return (at - start) % 2 == 1  # a flag is a pair of letters
