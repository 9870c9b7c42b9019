"""What the admin's policy forbids, explained."""

from __future__ import annotations

import math
from typing import Any

from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.explanation import Circumstances, Explanation

_MOST_SHOWN = 10
_LONGEST_NAME = 100


def policy_refused(error: errors.PolicyRefused, at: Circumstances) -> Explanation:
    """A limit that repeating does not lift."""
    allowed, asked = _shown(error.allowed), _shown(error.asked)
    beyond = f" ({', '.join(asked)})" if asked else ""
    return Explanation(
        kind="policy_refused",
        message=f"{at.tool} was not carried out: {error.problem}{beyond}.",
        reason=f"The admin set {error.setting} to {', '.join(allowed) or 'nothing'}, and what goes "
        "beyond it is refused.",
        hint="Do not repeat the call, and do not try to reach the same in another way. Tell the "
        f"user what you would have done, and that an admin can change {error.setting} in this "
        "server's configuration.",
        who="admin",
        details={
            "setting": error.setting,
            "allowed": allowed,
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


def _shown(names: tuple[Any, ...]) -> list[str]:
    shown = [clean_line(str(name), _LONGEST_NAME) for name in names]
    more = len(shown) - _MOST_SHOWN
    return shown if more <= 0 else [*shown[:_MOST_SHOWN], f"{more} more"]
