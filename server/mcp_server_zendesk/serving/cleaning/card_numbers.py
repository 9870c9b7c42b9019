"""Payment card numbers in a text: an issuer's range and length, and a check digit that fits.

What is looked at are whole groups of digits, so that no part of a longer number passes for a card.
Linear in the text's length. Ranges: ISO/IEC 7812, as the networks publish them in 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise

# Between digits: emphasis, what parts groups or begins a quoted line, and joiners and keycaps.
_EMPHASIS = r"[*_~`\u200c\u200d\ufe0f\u20e3]{0,6}+"
_GAP = rf"{_EMPHASIS}(?:[\s.>\-\u2010-\u2015\u2212\u00b7\u2022]{{1,4}}+{_EMPHASIS})?+"
_RUN = re.compile(rf"\d(?:{_GAP}\d){{12,}}+")
_GROUP = re.compile(r"\d+")
# What also stands between the numbers of a list.
_LISTED = rf"{_EMPHASIS}[^\S\n]{{0,2}}+[/,|]{_EMPHASIS}[^\S\n]{{0,2}}+{_EMPHASIS}"
_LIST = re.compile(rf"(?<!\d)\d++(?:{_LISTED}\d++){{2,}}+")
# Phone numbers have up to fifteen digits (ITU-T E.164), so that a shorter card could be one.
_PHONE = re.compile(
    r"\b(?:tel|phone|telephone|telefon|t\u00e9l|telefax|fax|mobile?|mob|cell|handy|whatsapp|gsm)"
    r"[.:]{0,2}[*_]{0,3}[:\s]{0,3}[+(]{0,2}$",
    re.IGNORECASE,
)
_LONGEST_PHONE = 15
_LONGEST_LABEL = 24
_SHORTEST, _LONGEST = 13, 19
_ISSUED = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-59]|[689][0-9])[0-9]{11,16}"  # Diners Club
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    # Discover, UnionPay, Maestro, RuPay, Verve; Zendesk's ids are shorter than their numbers.
    r"|(?:6[0-9]|5[06-9])[0-9]{14,17}"
    r"|8[12][0-9]{14,17}"  # UnionPay, RuPay
    r"|220[0-4][0-9]{12,15}"  # Mir
    r"|9792[0-9]{12}"  # Troy
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_NAMED_CODE = re.compile(
    r"\b(cvv2?|cvc2?|csc|card (?:security|verification) code|security code|pr\u00fcfnummer"
    r"|kartenpr\u00fcfnummer|cryptogramme)([^\w\n]{1,4}(?:is|code|ist|:)?[^\w\n]{0,3})\d{3,4}(?!\d)",
    re.IGNORECASE,
)
_CODE_WORDS = ("cvv", "cvc", "csc", "code", "pr\u00fcfnummer", "cryptogramme")
# What people write after the number: "12/27 123", "exp 12/2027, 123".
_CODE_AFTER = re.compile(
    r"(\[card number ending \d{4} redacted\][^\w\n]{1,4}(?:(?:exp\w{0,10}|valid thru)[^\w\n]{0,4})?"
    r"\d\d ?[/.\-] ?(?:\d{4}|\d\d)[^\w\n]{1,4})\d{3,4}(?!\d)",
    re.IGNORECASE,
)


_Span = tuple[int, int]


def without_cards(text: str) -> tuple[str, int]:
    """The text with a mark in place of each card number and security code, and how many."""
    parts: list[str] = []
    end = count = 0
    for start, after, last_four in _cards(text):
        if start < end:  # a list and a run that share a group
            continue
        parts += [text[end:start], f"[card number ending {last_four} redacted]"]
        end = after
        count += 1
    text = "".join([*parts, text[end:]])
    if count:
        text, codes = _CODE_AFTER.subn(r"\1[card security code redacted]", text)
        count += codes
    folded = text.casefold()
    if any(word in folded for word in _CODE_WORDS):
        text, codes = _NAMED_CODE.subn(r"\1\2[card security code redacted]", text)
        count += codes
    return text, count


def _cards(text: str) -> Iterator[tuple[int, int, str]]:
    """Where card numbers begin and end, and their last four digits; those that overlap as one."""
    for run in sorted([*_RUN.finditer(text), *_LIST.finditer(text)], key=re.Match.start):
        groups = [found.span() for found in _GROUP.finditer(text, *run.span())]
        if run.re is _LIST and not _printed(groups):
            continue
        digits = "".join(str(int(one)) for begin, end in groups for one in text[begin:end])
        label = text[max(0, run.start() - _LONGEST_LABEL) : run.start()]
        if len(digits) <= _LONGEST_PHONE and _PHONE.search(label):
            continue
        ends = [0, *accumulate(end - begin for begin, end in groups)]
        # On which line each group is, counted from the first one's.
        lines = [0]
        for (_, end), (begin, _) in pairwise(groups):
            lines.append(lines[-1] + (text.find("\n", end, begin) >= 0))
        found: list[tuple[int, int]] = []  # the first group of each, and the one after its last
        for first, after in _windows(digits, ends):
            if run.re is _LIST and after - first < len(groups):
                continue
            if not _in_one_piece(groups[first:after], lines[after - 1] - lines[first]):
                continue
            if found and first < found[-1][1]:
                found[-1] = (found[-1][0], max(after, found[-1][1]))
            else:
                found.append((first, after))
        for first, after in found:
            last_four = digits[ends[after] - 4 : ends[after]]
            yield groups[first][0], groups[after - 1][1], last_four


def _in_one_piece(groups: list[_Span], line_ends: int) -> bool:
    """Whether a number that goes on in another line is no two numbers below each other."""
    return not line_ends or (line_ends > 1 and line_ends == len(groups) - 1) or _printed(groups)


def _printed(groups: list[_Span]) -> bool:
    """Whether the groups are those that are printed on a card, such as 4-4-4-4 or 4-6-5."""
    sizes = [end - begin for begin, end in groups]
    if len(sizes) == 3:  # noqa: PLR2004
        return sizes[:2] == [4, 6] and sizes[2] in {4, 5}
    short = len(sizes) == 4 or (len(sizes) == 5 and sizes[-1] < 4)  # noqa: PLR2004
    return short and set(sizes[:-1]) == {4} and sizes[-1] <= 4  # noqa: PLR2004


def _windows(digits: str, ends: list[int]) -> Iterator[tuple[int, int]]:
    """Groups that together are a card number: the first of them, and the one after the last."""
    # Summed up from the left, so that any window costs the same: with the digits at even places
    # doubled, and with those at odd ones.
    numbers = [int(one) for one in digits]
    evens = [0, *accumulate(_DOUBLED[n] if at % 2 == 0 else n for at, n in enumerate(numbers))]
    odds = [0, *accumulate(n if at % 2 == 0 else _DOUBLED[n] for at, n in enumerate(numbers))]
    for first, start in enumerate(ends[:-1]):
        for after in range(first + 1, min(first + _LONGEST + 1, len(ends))):
            end = ends[after]
            if end - start > _LONGEST:
                break
            sums = evens if end % 2 == 0 else odds  # the last digit is never doubled
            if (
                end - start >= _SHORTEST
                and (sums[end] - sums[start]) % 10 == 0
                and _ISSUED.fullmatch(digits, start, end)
            ):
                yield first, after
