"""What is left of a link once it can carry nothing out: its host."""

from __future__ import annotations

import re

NO_HOST = "link"
_HOST = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,20}://(?:[^/@\s]{0,200}@)?([^/?#\s:]{1,253})")


def host_of(url: str) -> str:
    """The host of an absolute link, or ``link`` for anything else."""
    found = _HOST.match(url)
    return found[1] if found else NO_HOST
