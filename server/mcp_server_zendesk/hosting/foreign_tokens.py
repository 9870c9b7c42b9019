"""Tokens that are somebody else's: Zendesk's, which no client of this server is to send."""

from __future__ import annotations

import re

# API tokens have 40 letters and digits; OAuth access tokens 32, or 64 of a hexadecimal number.
_ZENDESKS = re.compile(r"[A-Za-z0-9]{32}|[A-Za-z0-9]{40}|[A-Za-z0-9]{64}")


def looks_like_zendesks(token: str) -> bool:
    """Whether a token has the shape of Zendesk's; no token of this server has."""
    return _ZENDESKS.fullmatch(token) is not None
