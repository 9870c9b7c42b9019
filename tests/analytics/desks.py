"""A workspace with analytics switched on and a store that is filled already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analytics.stores import Rows, filled
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID
from mcp_server_zendesk.serving.local_store import Analytics
from mcp_server_zendesk.workspace import analytics_of


def flags(folder: Path, **more: Any) -> dict[str, Any]:
    """For ``open_workspace``."""
    kept = {"analytics": True, "analytics_keep": "texts", "analytics_folder": folder}
    return {"scopes": "read", "toolsets": "analytics", **kept, **more}


def local_of(folder: Path, rows: Rows, **more: Any) -> Analytics:
    """The store of that workspace, filled."""
    local = analytics_of(embedded_settings(flags(folder, **more)))
    assert local is not None
    with filled(local, rows).batch() as batch:
        batch.set_fact("synced_by", str(ADMIN_ID))
    return local
