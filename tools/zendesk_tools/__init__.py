"""The tools: one module a Zendesk resource, each exporting a tuple of specs."""

from pathlib import Path

from mcp_server_zendesk.serving.spec import ToolSpec
from zendesk_tools import (
    connection_check,
    ticket_search,
    ticket_tags,
    ticket_updates,
    tickets,
    users,
)

CATALOGUE: tuple[ToolSpec, ...] = (
    *connection_check.TOOLS,
    *ticket_search.TOOLS,
    *tickets.TOOLS,
    *ticket_updates.TOOLS,
    *ticket_tags.TOOLS,
    *users.TOOLS,
)
"""Every tool, in the order in which clients list them."""

LISTINGS = Path(__file__).parent / "listings"
"""Where each tool's listing is kept, as clients see it; `make snapshots` writes them anew."""
