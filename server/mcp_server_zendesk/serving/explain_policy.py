"""What the admin's policy forbids, explained."""

from __future__ import annotations

import math
from typing import Any

from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.serving import refusals
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.explanation import Circumstances, Explanation

_MOST_SHOWN = 10
_LONGEST_NAME = 100
_STORE_SECONDS = 30
_CALLS = {"calls_per_minute": "calls a minute", "calls_at_once": "calls at a time"}
_FEWER = (
    "Do it in several calls, each changing no more than {} of them, and wait where a call says "
    "so. Where it cannot be divided, tell the user that an admin set writes_per_minute."
)


def policy_refused(error: errors.PolicyRefused, at: Circumstances) -> Explanation:
    """A limit that repeating does not lift."""
    allowed, asked = _shown(error.allowed), _shown(error.asked)
    beyond = f": {', '.join(asked)}" if asked else ""
    beyond_it = "what goes beyond it is refused"
    if error.misset:
        beyond_it = "while the setting is wrong, every change of a ticket is refused"
    fewer = error.setting == "writes_per_minute"  # more in one call than in any minute
    return Explanation(
        kind="policy_refused",
        message=f"{at.tool} was not carried out: {error.problem}{beyond}.",
        reason=f"The admin set {error.setting} to {', '.join(allowed) or 'nothing'}, and "
        f"{beyond_it}."
        if error.told
        else f"The admin set {error.setting}, and what cannot be told is refused.",
        hint=_FEWER.format(allowed[0] if allowed else 1)
        if fewer
        else "Do not repeat the call, and do not try to reach the same in another way. Tell the "
        f"user what you would have done, and that an admin can "
        f"{'correct' if error.misset else 'change'} {error.setting} in this server's "
        "configuration.",
        who="model" if fewer else "admin",
        details={
            "setting": error.setting,
            **({"allowed": allowed} if error.told else {}),
            **({"asked": asked} if asked else {}),
        },
    )


def ceiling_reached(error: errors.CeilingReached, at: Circumstances) -> Explanation:
    """A limit that time lifts."""
    wait = max(1, math.ceil(error.retry_after))
    return Explanation(
        kind="rate_limited",
        message=f"{at.tool} was not carried out: this server's own ceiling of {error.ceiling} "
        "changed records a minute is reached. It is not Zendesk's limit.",
        reason="The admin set writes_per_minute, so that a mistake cannot run far.",
        hint=f"Wait, then repeat the call in {wait} seconds; tell the user if much is left to do.",
        who="model",
        retryable=True,
        retry_after_seconds=wait,
        details={"limit": error.setting, "allowed": error.ceiling},
    )


def too_many_calls(error: refusals.TooManyCalls, at: Circumstances) -> Explanation:
    """A limit of the caller's own, for which it was waited as long as a call may."""
    wait = max(1, math.ceil(error.retry_after))
    return Explanation(
        kind="rate_limited",
        message=f"{at.tool} was not called: this caller's limit of {error.allowed} "
        f"{_CALLS[error.limit]} is reached. It is this server's own limit, not Zendesk's.",
        reason=f"The admin set {error.limit}, so that all who use this server get their share.",
        hint=f"Repeat the call in {wait} seconds, and make fewer calls side by side.",
        who="model",
        retryable=True,
        retry_after_seconds=wait,
        details={"limit": error.limit, "allowed": error.allowed},
    )


def store_unavailable(error: errors.StoreUnavailable, at: Circumstances) -> Explanation:
    """What protects cannot be asked, so what needs protection is not done."""
    return Explanation(
        kind="network_error",
        message=f"{at.tool} was not carried out: the store that this server's replicas share "
        "cannot be reached.",
        reason=f"Without it, {error.needed}.",
        hint="Repeat the call in half a minute; reading still works. If it fails again, tell the "
        "user that whoever runs this server has to look at its store (store_url).",
        who="admin",
        retryable=True,
        retry_after_seconds=_STORE_SECONDS,
    )


def _shown(names: tuple[Any, ...]) -> list[str]:
    shown = [clean_line(str(name), _LONGEST_NAME) for name in names]
    more = len(shown) - _MOST_SHOWN
    return shown if more <= 0 else [*shown[:_MOST_SHOWN], f"{more} more"]
