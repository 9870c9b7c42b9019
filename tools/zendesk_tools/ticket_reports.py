"""The reports that every support lead asks for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.local_refusals import NeverSynced
from mcp_server_zendesk.serving.results import Illustrated
from mcp_server_zendesk.serving.tables import Table


class Report(Table, Illustrated):
    """A small table."""


async def ticket_report(
    zendesk: Zendesk,
    inventory: Inventory,
    report: Annotated[str, Field(description="Which")],
    period: Annotated[str, Field(description="Of when")] = "last_30_days",
) -> Report:
    """Report on thousands of tickets at once, from the local copy: volume, backlog, times."""
    del zendesk, inventory, report, period
    raise NeverSynced
