"""Marks where outside text begins and ends, and breaks every forgery of such a mark in it.

So it does with the mark of folded history: the true one is set when its text has been cleaned, and
the cleaner takes any other for a stranger's.
"""

from __future__ import annotations

import re
import unicodedata

_FENCE = "untrusted"
_FOLD = "quotedhistory"
# Letters that look like those of the words and that compatibility folding does not bring home.
_LOOKS_LIKE = {
    "u": "\u0446\u057d\u03c5\u1d1c\u0569\u222a\u22c3\u144c",
    "n": "\u0578\u057c\u03b7\u043f\u0274\u0438",
    "t": "\u0442\u03c4\u1d1b\u22a4\u07e07",
    "r": "\u0433\u1d26\u0280\u044f\u027e\u027d\u13a1\u13d2",
    "s": "\u0455\ua731\u054f\u13da\u01bd5$",
    "e": "\u0435\u03b5\u1d07\u212e\u0454\u04bd\u13ac3\u20ac",
    "d": "\u0501\u0257\u1d05\u217e\u13e7\u13a0\u0256\u056a",
    "q": "\u051b\u0566",
    "o": "\u043e\u03bf\u0585\u1d0f0",
    "h": "\u04bb\u0570\u029c",
    "i": "\u0456\u03b9\u0131l1|",
    "y": "\u0443\u03b3\u04af\u028f",
}
_ALIKE = {ord(like): letter for letter, likes in _LOOKS_LIKE.items() for like in likes}
_ANGLES = "<\uff1c\ufe64\u2329\u3008\u27e8\u276c\u276e\u2770\u29fc\u02c2\u1438"
_BRACKETS = "[\uff3b\u27e6\u3010\u3014\u301a\u2045"
# Cheap to look for; what follows is judged letter by letter.
_OPENING = re.compile(
    rf"(?:(?P<angle>[{_ANGLES}]|&(?:lt|LT|#0{{0,6}}60|#[xX]0{{0,6}}3[cC]);?)(?!<)"
    rf"|(?:[{re.escape(_BRACKETS)}]|&(?:lbrack|lsqb|#0{{0,6}}91|#[xX]0{{0,6}}5[bB]);?)(?!\[))"
)
_BETWEEN = re.compile(rf"[^\w{_ANGLES}\u2039]*_*[^\w{_ANGLES}\u2039]*")
_REACH = 64
_BROKEN = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"


def fenced(text: str, tag: str) -> str:
    """Mark where outside text begins and ends. The tag is random for each result."""
    return f"<untrusted {tag}>\n{text}\n</untrusted {tag}>"


def with_fences_broken(text: str) -> str:
    """Every angle before something that reads as the word of a fence, and every bracket before
    what reads as the mark of folded history, made another character.
    """
    return _OPENING.sub(
        lambda found: (
            _BROKEN
            if _forges(text[found.end() : found.end() + _REACH], _FENCE if found[1] else _FOLD)
            else found[0]
        ),
        text,
    )


def _forges(after: str, word: str) -> bool:
    """Whether the letters that follow spell the word, whatever stands between and upon them."""
    start = _BETWEEN.sub("", after, count=1)
    return _letters(start[:1]) == word[0] and _letters(start).startswith(word)


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_ALIKE)
    return "".join(letter for letter in folded if letter.isalpha())
