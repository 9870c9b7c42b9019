"""Marks where outside text begins and ends, and breaks every forgery of such a mark in it."""

from __future__ import annotations

import re
import unicodedata

_WORD = "untrusted"
# Letters that look like those of the word and that compatibility folding does not bring home.
_LOOKS_LIKE = {
    "u": "\u0446\u057d\u03c5\u1d1c\u0569\u222a\u22c3\u144c",
    "n": "\u0578\u057c\u03b7\u043f\u0274\u0438",
    "t": "\u0442\u03c4\u1d1b\u22a4\u07e07",
    "r": "\u0433\u1d26\u0280\u044f\u027e\u027d\u13a1\u13d2",
    "s": "\u0455\ua731\u054f\u13da\u01bd5$",
    "e": "\u0435\u03b5\u1d07\u212e\u0454\u04bd\u13ac3\u20ac",
    "d": "\u0501\u0257\u1d05\u217e\u13e7\u13a0\u0256\u056a",
}
_ALIKE = {ord(like): letter for letter, likes in _LOOKS_LIKE.items() for like in likes}
_ANGLES = "<\uff1c\ufe64\u2329\u3008\u27e8\u276c\u276e\u2770\u29fc\u02c2\u1438"
# Cheap to look for; what follows is judged letter by letter.
_ANGLE = re.compile(rf"(?:[{_ANGLES}]|&(?:lt|LT|#0{{0,6}}60|#[xX]0{{0,6}}3[cC]);?)(?![<])")
_BETWEEN = " \t\n\u00a0\u3000/\\\uff0f\u2044\u2215\u29f8-_.|:*`'\"!?"
_REACH = 64
_BROKEN = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"


def fenced(text: str, tag: str) -> str:
    """Mark where outside text begins and ends. The tag is random for each result."""
    return f"<untrusted {tag}>\n{text}\n</untrusted {tag}>"


def with_fences_broken(text: str) -> str:
    """Every angle before something that reads as the word of a fence, made another character."""
    return _ANGLE.sub(
        lambda found: _BROKEN if _forges(text[found.end() : found.end() + _REACH]) else found[0],
        text,
    )


def _forges(after: str) -> bool:
    """Whether the letters that follow spell the word, whatever stands between and upon them."""
    start = after.lstrip(_BETWEEN)
    return _letters(start[:1]) == _WORD[0] and _letters(start).startswith(_WORD)


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_ALIKE)
    return "".join(letter for letter in folded if letter.isalpha())
