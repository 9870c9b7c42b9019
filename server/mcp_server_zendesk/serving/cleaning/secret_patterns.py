"""Secrets in a text by the shape that their makers gave them, or by the word before them.

The shapes are those that the services document for secret scanning. Each pattern is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_QUOTE = r"[\"'`*]{0,3}+"
_BLANK = r"[^\S\n]{0,3}+"
_BLANKS = r"[^\S\n]{1,3}+"
_ASSIGNED = rf"{_QUOTE}{_BLANK}(?:=>|->|[:=\uff1a]){_BLANK}{_QUOTE}"
_NO_MARK = r"(?!\[[a-zA-Z0-9 ]{1,60} redacted\])"


class _Secret(NamedTuple):
    """A kind of secret: its name in the mark, and its shape.

    ``near`` is what stands in any text that holds one, in lower case: most texts are not looked at
    any further.
    """

    name: str
    near: tuple[str, ...]
    shape: str


_SHAPES = (
    _Secret(
        "private key",
        ("private key",),
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?!-----END)[\s\S])*+(?:-----END[A-Z0-9 ]{0,60}-----)?",
    ),
    _Secret("JSON web token", ("eyj",), r"eyJ[\w-]{10,}+\.(?:eyJ)?[\w-]{8,}+(?:\.[\w-]*+)?"),
    _Secret(
        "AWS access key",
        ("a3t", "abia", "acca", "akia", "asia"),
        r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    ),
    _Secret("GitHub token", ("gh",), r"(?:gh[opsur]_[A-Za-z0-9]{30,}+|github_pat_\w{30,}+)"),
    _Secret("GitLab token", ("gl",), r"gl(?:pat|dt|ft|soat|rt|cbt|ptt|agent|oas|imt)-[\w.-]{20,}+"),
    _Secret(
        "Slack token", ("xox", "xapp"), r"(?:xox[a-z](?:\.xox[a-z])?-[\w-]{10,}+|xapp-[\w-]{10,}+)"
    ),
    _Secret(
        "Slack webhook",
        ("hooks.slack",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/-]{20,}+",
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

# The words before stay; Zendesk's own tokens have no shape and are known by them alone.
_NAMED = (
    _Secret(
        "token",
        ("bearer", "token token"),
        rf"(\b(?:Bearer|Token token=){_BLANK}){_NO_MARK}[\w.~+/=\"-]{{12,}}+",
    ),
    _Secret(
        "credentials", ("basic",), rf"(\bBasic{_BLANKS}){_NO_MARK}[A-Za-z0-9+/]{{16,}}+={{0,2}}"
    ),
    _Secret(
        "credentials",
        ("://",),
        rf"(\b[a-z][a-z0-9+.-]{{1,12}}+://){_NO_MARK}[^\s/@:\[\]]{{1,200}}:[^\s/@]{{1,200}}(?=@)",
    ),
    _Secret("token", ("/token:",), rf"([\w.-]@[\w.-]{{1,100}}+/token:){_NO_MARK}[\w-]{{16,}}+"),
    _Secret(
        "token",
        ("key", "token", "secret"),
        r"(\b(?:(?:api|access|auth|oauth|secret|refresh|client|private|bearer|session|zendesk)"
        rf"[ _-]?){{1,3}}(?:key|token|secret)(?:[ _-]?(?:key|id|token))?{_ASSIGNED})"
        rf"{_NO_MARK}(?=[A-Za-z_.~+/=-]{{0,100}}\d)[\w.~+/=-]{{12,}}+",
    ),
)

_CALLED = (
    "password", "passwort", "kennwort", "passcode", "passphrase", "passwd", "pwd", "mot de passe",
    "contrase\u00f1a", "senha", "wachtwoord", "has\u0142o", "l\u00f6senord",
    "\u30d1\u30b9\u30ef\u30fc\u30c9", "\u5bc6\u7801", "\u043f\u0430\u0440\u043e\u043b\u044c",
)  # fmt: skip
_ANY_CALLED = f"(?:{'|'.join(_CALLED)})"
_IS = r"(?:is|was|ist|war|lautet|est|es|:|=)"
_PASSWORDS = (
    # After a colon, whatever stands there; after "is", what no sentence has there.
    _Secret("password", _CALLED, rf"({_ANY_CALLED}{_ASSIGNED}){_NO_MARK}(?!https?://)\S{{3,}}+"),
    _Secret(
        "password",
        _CALLED,
        rf"({_ANY_CALLED}{_BLANKS}{_IS}{_BLANKS}{_QUOTE}){_NO_MARK}"
        r"(?=[^\s\d@#$%^&+=!_]{0,100}[\d@#$%^&+=!_]\S)\S{4,}+",
    ),
    _Secret("PIN", ("pin",), rf"(\bPIN(?:[ -]?code)?{_BLANK}{_IS}{_BLANK})\d{{4,8}}(?!\d)"),
)

_Finder = tuple[tuple[str, ...], re.Pattern[str], str]


def _by_shape(secret: _Secret) -> _Finder:
    shape = re.compile(rf"(?<![A-Za-z0-9_]){secret.shape}")
    return secret.near, shape, f"[{secret.name} redacted]"


def _by_name(secret: _Secret) -> _Finder:
    shape = re.compile(secret.shape, re.IGNORECASE)
    return secret.near, shape, rf"\1[{secret.name} redacted]"


_TOKENS = (*map(_by_shape, _SHAPES), *map(_by_name, _NAMED))
_SAID = tuple(map(_by_name, _PASSWORDS))


def without_tokens(text: str) -> tuple[str, int]:
    """The text with a mark in place of each token, key or credential, and how many."""
    return _without(text, _TOKENS)


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
