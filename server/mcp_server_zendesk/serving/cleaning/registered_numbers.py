"""IBANs and national identity numbers, checked by python-stdnum (the extra ``redaction``).

A number counts in the spelling that its country gives it, and where its check digits fit, so that
an order number is not taken for one.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any

from stdnum import iban, numdb

_JOINTS = " .-*_\n"
_JOINED = r"[ .\-*_\n]{0,6}+"
_BEGINS = re.compile(
    rf"(?<![A-Za-z0-9])[A-Za-z]{{2}}{_JOINED}[0-9]{_JOINED}[0-9](?={_JOINED}[A-Za-z0-9])"
)
_LATIN = re.compile("[A-Za-z]")
# Spaces and dashes that are set for those of a keyboard; each stays one character.
_TYPED = str.maketrans(
    dict.fromkeys("\t\u00a0\u202f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " ")
    | dict.fromkeys("\u2212" + "".join(map(chr, range(0x2010, 0x2016))), "-")
)
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_LENGTHS = re.compile(r"(\d+)!")
_LONGEST_SPELLING = 80

# The name, how it is written, and the module that checks it; what has none is known by its form.
_NATIONAL = (
    ("US social security number", r"\d{3}-\d{2}-\d{4}", "us.ssn"),
    (
        "UK national insurance number",
        r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]",
        None,
    ),
    ("Brazilian CPF", r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf"),
    ("Spanish DNI", r"\d{8}[ -]?[A-Z]", "es.dni"),
    ("Spanish NIE", r"[XYZ][ -]?\d{7}[ -]?[A-Z]", "es.nie"),
    ("Italian codice fiscale", r"[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]", "it.codicefiscale"),
    (
        "French NIR",
        r"[12] ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3}[ -]?\d\d",
        "fr.nir",
    ),
    ("Belgian national number", r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", "be.nn"),
    ("Finnish henkilotunnus", r"\d{6}[-+A]\d{3}[0-9A-Y]", "fi.hetu"),
    ("Swedish personnummer", r"\d{6}(?:\d\d)?[-+]\d{4}", "se.personnummer"),
    ("Mexican CURP", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", "mx.curp"),
    ("Chinese identity number", r"\d{17}[\dX]", "cn.ric"),
    ("Korean RRN", r"\d{6}-\d{7}", "kr.rrn"),
    ("Indian Aadhaar", r"\d{4}[ -]\d{4}[ -]\d{4}", "in_.aadhaar"),
)
_ANY_NATIONAL = re.compile(
    rf"(?<![A-Za-z\d_])(?:{'|'.join(form for _, form, _ in _NATIONAL)})(?![A-Za-z\d_])",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d\d")


def without_bank_accounts(text: str) -> tuple[str, int]:
    """The text with a mark in place of each IBAN, and how many."""
    parts: list[str] = []
    end = count = 0
    typed = _typed(text)
    for found in _BEGINS.finditer(typed):
        if found.start() < end:
            continue
        after = _iban_end(typed, found.start())
        if after is not None:
            last = "".join(one for one in typed[found.start() : after] if one not in _JOINTS)[-4:]
            parts += [text[end : found.start()], f"[IBAN ending {last} redacted]"]
            end = after
            count += 1
    return "".join([*parts, text[end:]]), count


def without_national_ids(text: str) -> tuple[str, int]:
    """The text with a mark in place of each national identity number, and how many."""
    if not _DIGITS.search(text):
        return text, 0
    parts: list[str] = []
    end = count = 0
    for found in _ANY_NATIONAL.finditer(_typed(text)):
        name = _national(found[0])
        if name:
            parts += [text[end : found.start()], f"[{name} redacted]"]
            end = found.end()
            count += 1
    return "".join([*parts, text[end:]]), count


def _typed(text: str) -> str:
    """The text as a keyboard has it, at the same places."""
    if text.isascii():
        return text.replace("\t", " ")
    return _OTHER_DIGIT.sub(lambda found: str(int(found[0])), text.translate(_TYPED))


def _national(number: str) -> str | None:
    """What a number is by its spelling and its check digits."""
    for name, form, module in _NATIONAL:
        fits = re.fullmatch(form, number, re.IGNORECASE)
        if fits and (module is None or _checked(module).is_valid(number)):
            return name
    return None


def _iban_end(text: str, start: int) -> int | None:
    """Where the IBAN that begins here ends; None where there is none."""
    length = _length(text[start : start + 2].upper())
    end = start
    compact = ""
    while len(compact) < length and end < min(len(text), start + _LONGEST_SPELLING):
        if text[end] not in _JOINTS:
            compact += text[end]
        end += 1
    torn = end < len(text) and (text[end].isdecimal() or _LATIN.match(text, end))
    if len(compact) != length or torn or not iban.is_valid(compact, check_country=False):
        return None
    return end


@cache
def _length(country: str) -> int:
    """How long a country's IBANs are, by the registry; 0 where it has none."""
    _, known = numdb.get("iban").info(country)[0]
    parts = _LENGTHS.findall(known.get("bban", ""))
    return 4 + sum(map(int, parts)) if parts else 0


@cache
def _checked(module: str) -> Any:
    return import_module(f"stdnum.{module}")
