"""People who are asked before something happens."""

from __future__ import annotations

import re
from typing import Any

from mcp_types import ElicitRequestFormParams, ElicitResult


async def _agree(_: Any, params: Any) -> ElicitResult:
    assert isinstance(params, ElicitRequestFormParams)
    if "typed" not in params.requested_schema["properties"]:
        return ElicitResult(action="accept", content={"agree": True})
    wanted = re.findall(r"type [^:\n]*: ([0-9]+)", params.message)
    return ElicitResult(action="accept", content={"typed": wanted[-1]})


agree: Any = _agree
"""Reads the question, and does as it says: as a client's elicitation callback."""
