"""Secrets in a text by the shape that their makers gave them, or by the word before them.

The shapes are those that the services document for secret scanning. Each pattern is linear. What
is looked at is what the cleaner writes: emphasis may stand around a word and within it, and a name
and its value in two cells of a table or on two lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

_BLANK = r"[^\S\n]{0,20}+"
_BLANKS = r"[^\S\n]{1,3}+"
_EMPHASIS = r"[*_~]{0,6}+"
_CLOSING = r"[\"'`*_~\\\]]{0,6}+"
_OPENING = r"[\"'`*_~\\]{0,6}+"
_IS = r"(?:is|was|ist|war|lautet|est|es)"
_SIGN = rf"(?:{_BLANKS}{_IS}{_BLANK})?(?:=>|->|:=|[:=\uff1a])"
_NEXT_CELL = rf"{_BLANK}\|{_BLANK}"
_NEXT_LINE = rf"{_BLANK}\n{{1,2}}(?:[>|][^\S\n]?){{0,3}}+"
# A name is done with, and what it names comes: behind a sign, or in the cell or line after it.
_ASSIGNED = (
    rf"{_CLOSING}(?:{_BLANK}{_SIGN}{_EMPHASIS}(?:{_NEXT_CELL}|{_NEXT_LINE}|{_BLANK})|{_NEXT_CELL})"
)
_NO_MARK = r"(?!\[[a-zA-Z0-9 ]{1,60} redacted\])"


class _Secret(NamedTuple):
    """A kind of secret: its name in the mark, and its shape.

    ``near`` is what stands in any text that holds one, in lower case: most texts are not looked at
    any further.
    """

    name: str
    near: tuple[str, ...]
    shape: str


# A key without an end goes as far as its headers and its lines of base64 do.
_BREAK = r"(?:\s|\\[nr]|[>|*`])"
_OPEN_KEY = (
    rf"(?:{_BREAK}{{1,8}}+(?:(?:Proc-Type|DEK-Info|Hash|Charset): [^\s\\]{{0,100}}+"
    r"|(?:Version|Comment): [^\n\\]{0,100}+))*+"
    rf"(?:{_BREAK}{{1,8}}+(?:[A-Za-z0-9+/]{{16,}}+={{0,2}}"
    rf"|(?=[A-Za-z]{{0,15}}[0-9+/=])[A-Za-z0-9+/=]{{1,15}}+)(?={_BREAK}|\Z))*+"
)
_SHAPES = (
    _Secret(
        "private key",
        ("private key",),
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
        rf"(?:(?:[^-]|-(?!----))*+-----END[A-Z0-9 ]{{0,60}}-----|{_OPEN_KEY})",
    ),
    _Secret("JSON web token", ("eyj",), r"eyJ[\w-]{10,}+(?:\.[\w-]*+){1,4}"),
    _Secret(
        "AWS access key",
        ("a3t", "abia", "acca", "akia", "asia"),
        r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    ),
    _Secret("token of this server", ("zmcp_",), r"zmcp_[\w-]{30,}+"),
    _Secret("GitHub token", ("gh",), r"(?:gh[opsur]_[A-Za-z0-9]{30,}+|github_pat_\w{30,}+)"),
    _Secret("GitLab token", ("gl",), r"gl(?:pat|dt|ft|soat|rt|cbt|ptt|agent|oas|imt)-[\w.-]{20,}+"),
    _Secret(
        "Slack token", ("xox", "xapp"), r"(?:xox[a-z](?:\.xox[a-z])?-[\w-]{10,}+|xapp-[\w-]{10,}+)"
    ),
    _Secret(
        "Slack webhook",
        ("hooks.slack",),
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/-]{20,}+",
    ),
    _Secret(
        "Discord webhook", ("/webhooks/",), r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}+"
    ),
    _Secret(
        "Stripe key",
        ("k_live", "k_test", "whsec"),
        r"(?:[rs]k_(?:live|test)|whsec)_[A-Za-z0-9+/=]{10,}+",
    ),
    _Secret("Google API key", ("aiza",), r"AIza[\w-]{35}"),
    _Secret("Google token", ("ya29", "gocspx"), r"(?:ya29\.[\w-]{20,}+|GOCSPX-[\w-]{20,}+)"),
    _Secret("API key", ("sk-",), r"sk-(?:[a-z0-9]{2,10}-){0,3}[\w-]{20,}+"),
    _Secret("SendGrid key", ("sg.",), r"SG\.[\w-]{16,}+\.[\w-]{16,}+"),
    _Secret("npm token", ("npm_",), r"npm_[A-Za-z0-9]{36}"),
    _Secret("PyPI token", ("pypi-",), r"pypi-[\w-]{50,}+"),
    _Secret("Shopify token", ("shp",), r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    _Secret("Hugging Face token", ("hf_",), r"hf_[A-Za-z0-9]{30,}+"),
    _Secret("Twilio key", ("sk",), r"SK[a-f0-9]{32}(?![A-Za-z0-9])"),
)

_DIGIT_WITHIN = r"(?=[A-Za-z_.~+/=-]{0,100}\d)"
# The words before stay; Zendesk's own tokens have no shape and are known by them alone.
_NAMED = (
    _Secret(
        "token",
        ("bearer", "token token"),
        rf"(\b(?:Bearer{_BLANKS}|Token token={_BLANK}){_OPENING}){_NO_MARK}"
        rf"(?:{_DIGIT_WITHIN}[\w.~+/=-]{{12,}}+|[\w.~+/=-]{{24,}}+)",
    ),
    _Secret(
        "credentials",
        ("basic",),
        rf"(\b(?:Authorization{_CLOSING}{_BLANK}[:=]{_CLOSING}{_BLANK}{_CLOSING}Basic{_BLANKS}"
        rf"(?=[A-Za-z0-9+/]{{4}})|Basic{_BLANKS}(?=[A-Za-z+/]{{0,100}}[0-9=])(?=[A-Za-z0-9+/]{{16}})))"
        rf"{_NO_MARK}[A-Za-z0-9+/]++={{0,2}}",
    ),
    _Secret(
        "credentials",
        ("://",),
        rf"(\b[a-z][a-z0-9+.-]{{1,12}}+://){_NO_MARK}[^\s/@:\[\]]{{1,200}}:[^\s/@]{{1,200}}(?=@)",
    ),
    _Secret("token", ("/token:",), rf"([\w.-]@[\w.-]{{1,100}}+/token:){_NO_MARK}[\w-]{{16,}}+"),
    # As curl takes them.
    _Secret(
        "credentials",
        ("-u", "--user"),
        r"((?<!\S)(?:-u|--user)[ =]?[\"']?)"
        rf"{_NO_MARK}(?![^\s:]{{0,100}}(?:/token:|://))[^\s:\"'\[\]]{{1,100}}+:[^\s\"']{{3,}}+",
    ),
    _Secret(
        "token",
        ("key", "token", "secret"),
        r"((?<![a-z0-9])(?:(?:api|access|auth|oauth|secret|refresh|client|private|bearer|session"
        r"|zendesk|signing|webhook)[ _-]?){1,3}(?:key|token|secret)(?:[ _-]?(?:key|id|token))?"
        rf"(?:{_ASSIGNED}|{_BLANKS}{_IS}{_BLANKS}){_OPENING})"
        rf"{_NO_MARK}{_DIGIT_WITHIN}[\w.~+/=-]{{12,}}+",
    ),
    # In an address, as links for a new password or a sign-in have it.
    _Secret(
        "token",
        ("token", "code", "sig", "secret", "key"),
        r"((?<=[?&#])(?:[a-z]{1,20}[_-]){0,4}(?:token|code|sig|signature|secret|key)=)"
        rf"{_NO_MARK}{_DIGIT_WITHIN}[\w.~%-]{{12,}}+",
    ),
    _Secret(
        "token",
        ("token", "secret"),
        rf"((?<![a-z0-9])(?:token|secret){_ASSIGNED}{_OPENING})"
        rf"{_NO_MARK}{_DIGIT_WITHIN}[\w-]{{32,}}+",
    ),
)

_CALLED = (
    "password", "passwort", "kennwort", "passcode", "passphrase", "passwd", "pwd", "mot de passe",
    "contrase\u00f1a", "senha", "wachtwoord", "has\u0142o", "l\u00f6senord",
    "\u30d1\u30b9\u30ef\u30fc\u30c9", "\u5bc6\u7801", "\u043f\u0430\u0440\u043e\u043b\u044c",
)  # fmt: skip
_ANY_CALLED = (
    rf"(?:{'|'.join(_CALLED)})s?(?:{_BLANKS}\([^()\n]{{1,40}}\))?"
    rf"(?:{_BLANKS}(?:for|f\u00fcr|pour|para)(?:{_BLANKS}[^\s:=|]{{1,40}}+){{1,3}})?"
)
# What people write where a password could stand. Everything else that stands there alone is one.
_SAYS = (
    "see", "below", "above", "attached", "here", "is", "was", "reset", "changed", "change",
    "expired", "required", "unknown", "forgotten", "forgot", "lost", "hidden", "removed",
    "redacted", "encrypted", "protected", "incorrect", "wrong", "invalid", "missing", "none",
    "same", "null", "true", "false", "yes", "no", "not", "n/a", "sent", "unchanged", "optional",
    "string", "siehe", "unten", "oben", "falsch", "vergessen", "ge\u00e4ndert", "abgelaufen",
    "ver", "abajo", "oubli\u00e9", "chang\u00e9", "expir\u00e9", "olvidada", "cambiada", "voir",
)  # fmt: skip
_NO_WORD = rf"(?!\W{{0,3}}(?:{'|'.join(_SAYS)})(?!\w))(?!https?://)"
_SIGNS = r"@#$%^&+=!_"
_MIXED = rf"(?=[^\s\d{_SIGNS}|]{{0,100}}(?:\d|[{_SIGNS}][^\s*`|]))"
_ALONE = rf"(?={_BLANK}(?:[\n|]|\Z))"
_QUOTED = "|".join(
    rf"{opens}{_NO_MARK}[^{closes}\n]{{1,200}}+(?:{closes}|\Z)"
    for opens, closes in (
        '""', "''", "``", "\u201c\u201d", "\u201e\u201c", "\u201e\u201d", "\u2018\u2019",
        "\u201a\u2018", "\u00ab\u00bb", "\u00bb\u00ab", "\u2039\u203a", "\u300c\u300d",
    )
)  # fmt: skip
_TELLING = rf"{_NO_MARK}(?:{_QUOTED}|(?!https?://){_MIXED}"  # and how long a word it ends in
_PASSWORDS = (
    _Secret(
        "password",
        _CALLED,
        rf"({_ANY_CALLED}{_CLOSING})(?:"
        # Behind a sign: what is quoted, what has a digit or a sign in it, any word that is alone.
        rf"({_BLANK}{_SIGN}{_EMPHASIS}(?:{_NEXT_CELL}|{_BLANK}){_EMPHASIS}){_TELLING}\S{{3,}}+"
        rf"|{_NO_WORD}(?=\S{{0,100}}\w)\S{{3,200}}+{_ALONE})"
        # Behind "is:" any word; in the next line or cell, and after "is", what no sentence has.
        rf"|({_BLANKS}{_IS}{_BLANK}[:=\uff1a]{_EMPHASIS}{_BLANK}{_EMPHASIS})"
        rf"{_NO_MARK}{_NO_WORD}(?=\S{{0,100}}\w)\S{{3,}}+"
        rf"|((?:{_BLANK}{_SIGN}{_EMPHASIS}{_NEXT_LINE}|{_NEXT_CELL}){_EMPHASIS})"
        rf"{_TELLING}\S{{4,200}}+){_ALONE}"
        rf"|({_BLANKS}{_IS}{_BLANKS}{_EMPHASIS}){_TELLING}\S{{4,}}+))",
    ),
    # The short names are words of their own too, so only behind a sign, and a number is none.
    _Secret(
        "password",
        ("pass", "pword", "pw"),
        r"((?<![a-z])(?:pass|passw|pword|pw)"
        rf"{_CLOSING}{_BLANK}{_SIGN}{_EMPHASIS}(?:{_NEXT_CELL}|{_NEXT_LINE}|{_BLANK}){_EMPHASIS})"
        rf"(?=\S{{0,100}}[^\W\d]){_TELLING}\S{{4,}}+)",
    ),
    _Secret(
        "PIN",
        ("pin",),
        rf"((?<![A-Za-z0-9])PIN(?:[ -]?code)?(?:{_ASSIGNED}|{_BLANKS}{_IS}{_BLANKS}){_OPENING})"
        r"\d{4,8}(?!\d)",
    ),
)

_Finder = tuple[tuple[str, ...], re.Pattern[str], str]


def _by_shape(secret: _Secret) -> _Finder:
    shape = re.compile(rf"(?<![A-Za-z0-9_]){secret.shape}")
    return secret.near, shape, f"[{secret.name} redacted]"


def _by_name(secret: _Secret) -> _Finder:
    shape = re.compile(secret.shape, re.IGNORECASE)
    before = "".join(f"\\{group + 1}" for group in range(shape.groups))
    return secret.near, shape, f"{before}[{secret.name} redacted]"


_TOKENS = (*map(_by_shape, _SHAPES), *map(_by_name, _NAMED))
_PARTED = _TOKENS[1 : len(_SHAPES)]  # a private key may hold anything
_SAID = tuple(map(_by_name, _PASSWORDS))
_EMPHATIC = re.compile(r"[*~`]")
_UNEMPHASISED = re.compile(r"[^*~`]+")


def without_tokens(text: str) -> tuple[str, int]:
    """The text with a mark in place of each token, key or credential, and how many."""
    text, whole = _without(text, _TOKENS)
    text, parted = _without_parted(text)
    return text, whole + parted


def without_passwords(text: str) -> tuple[str, int]:
    """The text with a mark in place of each password that is named as one, and how many."""
    return _without(text, _SAID)


def _without(text: str, finders: Iterable[_Finder]) -> tuple[str, int]:
    total = 0
    folded = text.casefold()
    for near, shape, mark in finders:
        if any(word in folded for word in near):
            text, count = shape.subn(mark, text)
            total += count
    return text, total


def _without_parted(text: str) -> tuple[str, int]:
    """The same for shapes that emphasis parts, as in ``AK**IA...**``."""
    kept = [found.span() for found in _UNEMPHASISED.finditer(text)]
    if len(kept) < 2:  # noqa: PLR2004 - nothing is parted
        return text, 0
    plain = "".join(text[start:end] for start, end in kept)
    places = [0, *accumulate(end - start for start, end in kept)]
    folded = plain.casefold()

    def place(at: int) -> int:
        part = bisect_right(places, at) - 1
        return kept[part][0] + at - places[part]

    spans = sorted(
        (place(found.start()), place(found.end() - 1) + 1, mark)
        for near, shape, mark in _PARTED
        if any(word in folded for word in near)
        for found in shape.finditer(plain)
    )
    parts: list[str] = []
    end = count = 0
    for start, after, mark in spans:
        if start >= end and _EMPHATIC.search(text, start, after):
            parts += [text[end:start], mark]
            end = after
            count += 1
    return "".join([*parts, text[end:]]), count
