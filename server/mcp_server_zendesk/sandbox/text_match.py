"""How Zendesk's search matches words (`zendesk-api.md` §7)."""

import re
from functools import lru_cache

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
"""Scripts written without spaces. A search engine splits their runs; here they match anywhere."""


def words_match(term: str, text: str) -> bool:
    """Whether each word of `term` is a word of `text`, or the beginning of one.

    Never the middle or the end of a word; case is ignored.
    """
    text, wanted = text.casefold(), _words_of(term)
    # Most texts hold none of the words at all: the quick look saves taking them apart.
    if not all(one in text for one in wanted):
        return False
    words = _WORD.findall(text)
    return all(
        _UNSPACED.search(one) or any(word.startswith(one) for word in words) for one in wanted
    )


@lru_cache(maxsize=256)
def _words_of(term: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(term.casefold()))


def phrase_matches(phrase: str, text: str) -> bool:
    """Whether the words of `phrase` stand in `text` side by side."""
    wanted = " ".join(_WORD.findall(phrase.casefold()))
    said = " ".join(_WORD.findall(text.casefold()))
    return wanted in said if _UNSPACED.search(wanted) else f" {wanted} " in f" {said} "
