"""Reads the settings that limit what an agent does and reads. No message here repeats a value."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from mcp_server_zendesk.connection.guarding.recipients import Recipients
from mcp_server_zendesk.connection.guarding.touched import EFFECTS
from mcp_server_zendesk.connection.nearest import or_nearest

ALL, NONE = "all", "none"
REDACTED_KINDS = ("cards", "bank_accounts", "national_ids", "tokens", "passwords")
"""The kinds of ``redact``; ``serving.cleaning.redaction`` knows what each takes out."""

_LONGEST_NAME = 200
_MOST_DIGITS = 9
_EMPTY = "is empty; leave it out for no limit, or write [] in the file to allow none"


def _effects(value: object) -> object:
    """Effects, with ``read`` in them whether it was named or not."""
    names = _known(_words(value), "effect", (*sorted(EFFECTS), ALL))
    return EFFECTS if ALL in names else frozenset({"read", *names})


def _redactions(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError(f"is empty; leave it out, or write {NONE}")
    names = _known(_words(value), "kind", (*REDACTED_KINDS, ALL, NONE))
    if NONE in names and len(set(names)) > 1:
        raise ValueError(f"{NONE} stands alone, without other kinds")
    if ALL in names:
        return (ALL,)
    return tuple(name for name in dict.fromkeys(names) if name != NONE)


def _known(names: list[str], kind: str, valid: tuple[str, ...]) -> list[str]:
    """The names in small letters, each of which has to be valid."""
    lowered = [name.lower() for name in names]
    for place, name in enumerate(lowered, 1):
        if name not in valid:
            raise ValueError(
                f"entry {place} is no {kind} that there is{or_nearest(name, valid)}. "
                f"Valid: {', '.join(valid)}"
            )
    return lowered


def _recipients(value: object) -> object:
    return None if value is None else Recipients.of(_words(value)).entries


def _places(value: object) -> object:
    """Ids, or names, which may hold spaces: so commas stand between them."""
    if value is None:
        return None
    if isinstance(value, str):
        words = value.split()
        if not words:
            raise ValueError(_EMPTY)
        ids = "," not in value and all(word.isdecimal() for word in words)
        value = words if ids else value.split(",")
    names = tuple(dict.fromkeys(name.strip() for name in _listed(value)))
    for place, name in enumerate(names, 1):
        if not (name.isprintable() and 0 < len(name) <= _LONGEST_NAME):
            raise ValueError(f"entry {place} is empty or too long, or holds what cannot be seen")
    return names


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        value = value.replace(",", " ").split()
        if not value:
            raise ValueError(_EMPTY)
    return [name.strip() for name in _listed(value)]


def _listed(value: object) -> list[str]:
    one = [value] if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(one, list | tuple | set | frozenset):
        raise ValueError(  # noqa: TRY004 - pydantic tells of these alone
            "has to be names, in one text or a list"
        )
    for place, name in enumerate(one, 1):
        if not isinstance(name, str | int) or isinstance(name, bool):
            raise ValueError(f"entry {place} is no name")  # noqa: TRY004 - likewise
    return [str(name) for name in one]


def _number(value: object) -> object:
    if value is None:
        return None
    text = str(value).strip() if isinstance(value, str | int) else "unreadable"
    if not text:
        raise ValueError("is empty; leave it out for no limit")
    if not (text.isascii() and text.isdecimal()) or len(text) > _MOST_DIGITS or not int(text):
        raise ValueError(
            "has to be a whole number, 1 or more; to allow no change at all, use read_only"
        )
    return int(text)


Effects = Annotated[frozenset[str], BeforeValidator(_effects)]
MailDomains = Annotated[tuple[str, ...] | None, BeforeValidator(_recipients)]
PlaceNames = Annotated[tuple[str, ...] | None, BeforeValidator(_places)]
Ceiling = Annotated[int | None, BeforeValidator(_number)]
Redactions = Annotated[tuple[str, ...], BeforeValidator(_redactions)]
