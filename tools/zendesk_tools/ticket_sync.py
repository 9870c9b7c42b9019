"""Brings the local copy of the tickets up to date."""

from __future__ import annotations

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.local_refusals import NeverSynced
from mcp_server_zendesk.serving.results import Result


class SyncState(Result):
    """How far the copy has come."""

    complete: bool


async def sync_tickets(zendesk: Zendesk, inventory: Inventory) -> SyncState:
    """Bring the local copy of the tickets up to date with Zendesk, which query_tickets and
    ticket_report answer from.
    """
    del zendesk, inventory
    raise NeverSynced
