"""Logging to stderr, without content or secrets at any level."""

from __future__ import annotations

import logging
import sys

# These would log addresses with a search in them, or whole protocol messages, when asked to be
# talkative. Their warnings stay.
_TALKATIVE = ("httpx", "httpcore", "mcp", "sse_starlette", "uvicorn.access", "asyncio")


def configure(level: str) -> None:
    """Send this product's log to stderr at ``level``, and the libraries' warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("stamina").setLevel(logging.ERROR)  # the handle tells of each repetition
