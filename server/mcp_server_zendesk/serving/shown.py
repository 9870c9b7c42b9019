"""How a question shows things to a human: nothing hidden, nothing forged, nothing pushed away.

What is sent is shown whole, and to the letter. What only serves to recognise a record was written
by somebody else: it stays on its line and is cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

SHORT = 120
"""Characters of what only serves to recognise something, such as a ticket's subject."""
LONGEST_ADDRESS = 254

_PLAIN = re.compile(r"[\x20-\x7e\n\t]*")
_HIDING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Blank although they count as letters, marks or symbols; what Unicode lets programs not show.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\ufffe\uffff\U000e0000-\U000e0fff]"
)
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe0e\ufe0f"
_JOINED = re.compile(  # scripts in which a joiner shapes the letters beside it
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]"
)
_PICTURES = frozenset({"So", "Sk", "Sm", "Po", "Nd"})
# Letters that pass for those of the Latin alphabet when they stand among them.
_ALIKE = ("CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "LISU")
_DRESSED = ("FULLWIDTH", "MATHEMATICAL", "CIRCLED", "PARENTHESIZED", "SQUARED")
_LATIN = re.compile("[A-Za-z]")


def visible(text: str) -> str:
    """The text with every character that would not be seen, or that turns others round, as its
    number: ``⟨U+202E⟩``. Lines and emoji stay; Windows' ends of lines count as ends of lines.
    """
    if _PLAIN.fullmatch(text):
        return text
    text = text.replace("\r\n", "\n")
    return "".join(
        _number(letter) if _hides(text, at, letter) else letter for at, letter in enumerate(text)
    )


def whole(value: object) -> str:
    """A value that is sent, on one line: ends of lines by their number."""
    if isinstance(value, list | tuple):
        return ", ".join(map(whole, value))
    return re.sub(r"[\n\t]", lambda found: _number(found[0]), visible(str(value)))


def short(text: str, limit: int = SHORT) -> str:
    """Somebody's words by which a record is recognised: on one line, and cut at ``limit``."""
    line = visible(" ".join(text[: limit * 4].split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def address(said: str) -> str:
    """A mail address. Whatever is no plain letter of one stands by its number."""
    plain = "".join(one if "!" <= one <= "~" else _number(one) for one in said[:LONGEST_ADDRESS])
    return plain if len(said) <= LONGEST_ADDRESS else f"{plain}…"


def person(name: str | None, mail: str | None, otherwise: str) -> str:
    """Name and address, the name such that it cannot pass for an address or a further person.

    Args:
        name: As they, or somebody else, gave it.
        mail: Where they are reached.
        otherwise: What stands where there is neither.
    """
    shown = _name(name or "") if name != mail else ""
    if mail:
        return f"{shown} <{address(mail)}>" if shown else address(mail)
    return shown or otherwise


def quoted(text: str) -> str:
    """A text each of whose lines is marked as its own, and none as ours."""
    return "\n".join(f"| {line}" for line in visible(text).split("\n"))


def letter(what: str, text: str) -> list[str]:
    """The end of a question: the whole text that is sent, with its length before it."""
    shown = visible(text)
    lines = text.count("\n") + 1
    size = f"{len(text):,} characters" + (f" in {lines:,} lines" if lines > 1 else "")
    unseen = "" if shown == text.replace("\r\n", "\n") else "; what cannot be seen stands as ⟨U+…⟩"
    return ["", f"{what}, to the letter ({size}{unseen}):", "", shown]


def listed(entries: Iterable[str]) -> str:
    """Several people or files in one line."""
    return "; ".join(entries)


def _number(character: str) -> str:
    return f"\u27e8U+{ord(character):04X}\u27e9"


def _hides(text: str, at: int, letter: str) -> bool:
    if letter in "\n\t" or " " <= letter <= "~":
        return False
    before = text[at - 1] if at else ""
    after = text[at + 1 : at + 2]
    if letter in _SELECTORS:
        return not before or unicodedata.category(before) not in _PICTURES
    if letter in _JOINERS:
        shaping = _JOINED.match(before) and _JOINED.match(after)
        picture = letter == "\u200d" and _is_picture(before) and _is_picture(after)
        return not (shaping or picture)
    return unicodedata.category(letter) in _HIDING or _BLANK.match(letter) is not None


def _is_picture(letter: str) -> bool:
    return bool(letter) and (unicodedata.category(letter) in {"So", "Sk"} or letter in _SELECTORS)


def _name(text: str) -> str:
    """On one line, cut; signs that mark addresses and letters among Latin ones by number."""
    words = short(text).split(" ")
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    mixed = _LATIN.search(re.sub("\u27e8U\\+[0-9A-F]+\u27e9", "", word)) is not None
    return "".join(
        _number(one) if one in "<>;@|" or _passes_for_another(one, mixed=mixed) else one
        for one in word
    )


def _passes_for_another(letter: str, *, mixed: bool) -> bool:
    if letter.isascii() or not letter.isalnum():
        return False
    name = unicodedata.name(letter, "")
    return name.startswith(_DRESSED) or (mixed and name.startswith(_ALIKE))
