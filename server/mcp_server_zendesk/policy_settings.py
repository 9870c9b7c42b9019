"""Reads the settings that limit changes. No message here repeats a value."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from mcp_server_zendesk.connection.guarding.recipients import Recipients
from mcp_server_zendesk.connection.guarding.touched import EFFECTS
from mcp_server_zendesk.connection.nearest import or_nearest

_LONGEST_NAME = 200


def _effects(value: object) -> object:
    """Effects, with ``read`` in them whether it was named or not."""
    names = _words(value)
    for name in names:
        if name not in EFFECTS:
            valid = ", ".join(sorted(EFFECTS))
            raise ValueError(
                f"one of the effects does not exist{or_nearest(name, EFFECTS)}. Valid: {valid}"
            )
    return frozenset({"read", *names})


def _recipients(value: object) -> object:
    return None if value is None else Recipients.of(_words(value)).entries


def _places(value: object) -> object:
    """Ids, or names, which may hold spaces: so commas stand between them."""
    if value is None:
        return None
    if isinstance(value, str):
        words = value.split()
        ids = "," not in value and all(word.isdecimal() for word in words)
        value = words if ids else value.split(",")
    names = tuple(dict.fromkeys(name.strip() for name in _listed(value)))
    if not all(name.isprintable() and 0 < len(name) <= _LONGEST_NAME for name in names):
        raise ValueError("a name is empty or too long, or holds what cannot be seen")
    return names


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        value = value.replace(",", " ").split()
        if not value:
            raise ValueError("is empty; leave it out for no limit, or write [] in the file")
    return [name.strip() for name in _listed(value)]


def _listed(value: object) -> list[str]:
    one = [value] if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(one, list | tuple | set | frozenset):
        raise ValueError("is no list of names")  # noqa: TRY004 - pydantic tells of these alone
    if not all(isinstance(name, str | int) and not isinstance(name, bool) for name in one):
        raise ValueError("holds something that is no name")
    return [str(name) for name in one]


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("is no number")  # noqa: TRY004 - likewise
    return value


Effects = Annotated[frozenset[str], BeforeValidator(_effects)]
MailDomains = Annotated[tuple[str, ...] | None, BeforeValidator(_recipients)]
PlaceNames = Annotated[tuple[str, ...] | None, BeforeValidator(_places)]
Ceiling = Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(_number)]
