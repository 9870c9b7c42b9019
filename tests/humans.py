"""People who are asked before something happens."""

from __future__ import annotations

import re
from typing import Any

from mcp_types import ElicitRequestFormParams, ElicitResult


def yes_to(params: Any) -> ElicitResult:
    """Reads the question, and does as it says."""
    assert isinstance(params, ElicitRequestFormParams)
    if "typed" not in params.requested_schema["properties"]:
        return ElicitResult(action="accept", content={"agree": True})
    wanted = re.findall(r"type [^:\n]*: ([0-9]+)", params.message)
    return ElicitResult(action="accept", content={"typed": wanted[-1]})


def not_quite(params: Any) -> ElicitResult:
    """Leaves the box unticked, or types something else."""
    assert isinstance(params, ElicitRequestFormParams)
    if "typed" in params.requested_schema["properties"]:
        return ElicitResult(action="accept", content={"typed": "yes"})
    return ElicitResult(action="accept", content={"agree": False})


async def _agree(_: Any, params: Any) -> ElicitResult:
    return yes_to(params)


agree: Any = _agree
"""Does as the question says: as a client's elicitation callback."""
