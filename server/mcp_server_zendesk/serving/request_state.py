"""How the SDK seals what a client carries between a question and a human's answer."""

from __future__ import annotations

from collections.abc import Sequence

from mcp.server.request_state import RequestStateSecurity
from pydantic import SecretStr

ANSWER_SECONDS = 600.0
"""How long an answer counts for its question, whichever way it was put."""


def sealing(keys: Sequence[SecretStr] = (), audience: str | None = None) -> RequestStateSecurity:
    """How the SDK seals a question that today's clients carry back with its answer.

    Args:
        keys: The first seals, all open; without any, this process alone can open what it sealed.
        audience: Which workspace of which account it is for.
    """
    if not keys:
        return RequestStateSecurity.ephemeral(ttl=ANSWER_SECONDS, audience=audience)
    known = [key.get_secret_value() for key in keys]
    return RequestStateSecurity(keys=known, ttl=ANSWER_SECONDS, audience=audience)
