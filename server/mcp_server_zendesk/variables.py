"""Environment variables that only look like those of settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mcp_server_zendesk.connection.nearest import nearest

PREFIX = "ZENDESK_"
SERVER_PREFIX = "ZENDESK_SERVER_"
"""Of the HTTP server's settings, which are checked where HTTP is served."""
_LIMITS = {
    *("allow_effects", "allow_recipients", "allow_groups", "allow_brands", "confirm", "redact"),
    *("read_only", "writes_per_minute", "writes_per_session", "exclude_tools", "toolsets"),
    *("audit_log", "retention_days"),
}
_VARIABLES_OF_LIMITS = {PREFIX + setting.upper() for setting in _LIMITS}
"""Unset, an agent may do or read more, or unseen. (Without ``scopes`` it may only read.)"""

_A_SLIP = 0.8
"""As alike as a name and its misspelling are: `ALLOW_EFFECT`, `READONLY`, but not `CONFIG`; a name
with more behind it (`READ_ONLY_MODE`) is one too.
"""


def unknown_among(environ: Mapping[str, str], known: Collection[str]) -> tuple[str, ...]:
    """Variables with our prefix that are none of the known ones and hold something, by name."""
    return tuple(
        name
        for name in sorted(environ)
        if name.upper().startswith(PREFIX)
        and not name.startswith(SERVER_PREFIX)
        and name not in known
        and name.isprintable()
        and environ[name].strip()
    )


def nearest_variable(unknown: str, known: Collection[str], at_least: float = 0.6) -> str | None:
    """The known variable that is most like another name, its prefix left aside."""
    rests = [name.removeprefix(PREFIX) for name in known]
    found = nearest(unknown.upper().removeprefix(PREFIX), rests, at_least=at_least)
    return None if found is None else PREFIX + found


def mistaken_limit(unknown: str, known: Collection[str]) -> str | None:
    """The variable of a limit that an unknown one most likely means; None for any other.

    Such a slip would leave the limit out without a word.
    """
    longer = (one for one in _VARIABLES_OF_LIMITS if unknown.upper().startswith(f"{one}_"))
    meant = next(longer, None) or nearest_variable(unknown, known, _A_SLIP)
    return meant if meant in _VARIABLES_OF_LIMITS else None
