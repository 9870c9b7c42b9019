"""The toolset `chatgpt`: the two tools that its ordinary connectors require."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.chatgpt:search",
        title="Search Zendesk",
        toolset="chatgpt",
        effect="read",
        scopes=(("read",),),
    ),
    ToolSpec(
        handler="zendesk_tools.chatgpt:fetch",
        title="Read a ticket or an article",
        toolset="chatgpt",
        effect="read",
        scopes=(("read",),),
    ),
)
