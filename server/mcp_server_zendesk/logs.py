"""Logging to stderr, without content or secrets at any level."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Literal

from mcp_server_zendesk.connection.credentials import API_TOKENS_END
from mcp_server_zendesk.tracebacks import WordlessFormatter, log_crashes

if TYPE_CHECKING:
    from mcp_server_zendesk.settings import Settings

logger = logging.getLogger(__name__)

# These would log addresses with a search in them, or whole protocol messages, when asked to be
# talkative. Their warnings stay.
_TALKATIVE = ("httpx", "httpcore", "mcp", "sse_starlette", "uvicorn.access", "asyncio")


def configure(level: str, log_format: Literal["text", "json"] = "text") -> None:
    """Send this product's log to stderr at ``level``, and the libraries' warnings.

    An exception is logged without its words, also one that nobody catches. As ``json``, each line
    is an object, Python's own warnings included.
    """
    handler = logging.StreamHandler(sys.stderr)
    if log_format == "json":
        from mcp_server_zendesk.json_lines import JsonFormatter  # noqa: PLC0415 - for HTTP alone

        handler.setFormatter(JsonFormatter())
        logging.captureWarnings(capture=True)
    else:
        handler.setFormatter(WordlessFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("stamina").setLevel(logging.ERROR)  # the handle tells of each repetition
    log_crashes()


def tell_of(settings: Settings) -> None:
    """What an admin should know of the settings, once at the start."""
    if settings.auth == "api_token":
        logger.warning(
            "API tokens end: Zendesk stops them all on %s. Sign in by OAuth before that "
            "(mcp-server-zendesk setup).",
            API_TOKENS_END,
        )
    if settings.unknown_variables:
        logger.warning(
            "No setting of this server, and without effect on it: %s.",
            ", ".join(settings.unknown_variables),
        )
