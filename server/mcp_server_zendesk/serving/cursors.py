"""Opaque cursors that continue one query and no other."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from mcp_server_zendesk.connection.errors import UnreadableResponse
from mcp_server_zendesk.serving.refusals import InvalidArguments

_DIGEST_CHARACTERS = 12
_POSITION = re.compile(r"[\x21-\x7e]{1,8192}")  # Zendesk's export cursors pass a thousand
_LONGEST = 24_000  # such a position, escaped and in base64
_LARGEST_PAGE = 100
_NUMBERED = re.compile(r"page\|([1-9][0-9]{0,5})\|([1-9][0-9]{0,2})")


def seal(position: str, query: Mapping[str, Any]) -> str:
    """A cursor at ``position`` (Zendesk's own cursor, or a page) of ``query``.

    Raises:
        UnreadableResponse: Zendesk's cursor is not one that ``unseal`` would accept.
    """
    if not _POSITION.fullmatch(position):
        raise UnreadableResponse("Zendesk's answer holds a cursor that cannot be handed on")
    packed = json.dumps([_digest(query, position), position], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def unseal(cursor: str, query: Mapping[str, Any]) -> str:
    """The position in a cursor that ``seal`` made for the same query.

    Raises:
        InvalidArguments: It is not such a cursor, or belongs to another query.
    """
    try:
        packed = base64.urlsafe_b64decode(cursor[:_LONGEST] + "=" * (-len(cursor) % 4))
        digest, position = json.loads(packed)
        readable = isinstance(position, str) and _POSITION.fullmatch(position)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        readable = None
    if not readable:
        raise InvalidArguments.of(
            "cursor", "is not a cursor of this server; leave it out to start from the beginning"
        )
    if digest != _digest(query, position) or cursor != seal(position, query):
        raise InvalidArguments.of(
            "cursor",
            "belongs to another query, or was altered; repeat the arguments that it came with, or "
            "leave it out",
        )
    return str(position)


def numbered(page: int, size: int) -> str:
    """The position of a page by number, with its size: another ``limit`` must not shift it."""
    return f"page|{page}|{size}"


def read_numbered(position: str) -> tuple[int, int]:
    """Page and size out of a ``numbered`` position.

    Raises:
        InvalidArguments: It is none.
    """
    found = _NUMBERED.fullmatch(position)
    if not found or int(found[2]) > _LARGEST_PAGE:
        raise InvalidArguments.of("cursor", "is not a cursor of this tool")
    return int(found[1]), int(found[2])


def _digest(query: Mapping[str, Any], position: str) -> str:
    canonical = json.dumps([query, position], sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_DIGEST_CHARACTERS]
