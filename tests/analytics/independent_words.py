"""The words and pairs of words of a subject, found without SQL."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from mcp_server_zendesk.analytics.reports.stop_words import STOP_WORDS

_MOST = 12


def terms(subject: str | None) -> set[str]:
    words = _words((subject or "").lower())[:_MOST]
    pairs = pairwise(words)
    return {one for one in words if _telling(one)} | {
        f"{one} {two}" for one, two in pairs if _telling(one) and _telling(two)
    }


def _words(text: str) -> list[str]:
    letters = (one if _of_a_word(one) else " " for one in text)
    return "".join(letters).split()


def _of_a_word(letter: str) -> bool:
    kind = unicodedata.category(letter)
    return kind[0] in "LM" or kind == "Nd"


def _telling(word: str) -> bool:
    digits = all(unicodedata.category(letter) == "Nd" for letter in word)
    return len(word) > 1 and not digits and word not in STOP_WORDS
