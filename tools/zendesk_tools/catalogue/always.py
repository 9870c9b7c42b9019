"""What no toolset switches off."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ALWAYS, ToolSpec

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.connection_check:check_connection",
        title="Check the connection",
        toolset=ALWAYS,
        effect="read",
    ),
)
