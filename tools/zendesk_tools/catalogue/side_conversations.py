"""The toolset `side_conversations`."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.side_conversations:list_side_conversations",
        title="List side conversations",
        toolset="side_conversations",
        effect="read",
        scopes=(("tickets:read",),),
        elsewhere={"side_conversation_id": "get_side_conversation"},
    ),
    ToolSpec(
        handler="zendesk_tools.side_conversations:get_side_conversation",
        title="Read a side conversation",
        toolset="side_conversations",
        effect="read",
        scopes=(("tickets:read",),),
    ),
    ToolSpec(
        handler="zendesk_tools.side_conversation_messages:create_side_conversation",
        title="Start a side conversation",
        toolset="side_conversations",
        effect="contact",
        scopes=(("tickets:read",), ("tickets:write",)),
        enriched_by=("users:read",),
        confirm="zendesk_tools.side_conversation_messages:confirm_new",
        elsewhere={"side_conversation_id": "reply_to_side_conversation"},
    ),
    ToolSpec(
        handler="zendesk_tools.side_conversation_messages:reply_to_side_conversation",
        title="Answer in a side conversation",
        toolset="side_conversations",
        effect="contact",
        scopes=(("tickets:read",), ("tickets:write",)),
        enriched_by=("users:read",),
        confirm="zendesk_tools.side_conversation_messages:confirm_reply",
        elsewhere={"subject": "create_side_conversation"},
    ),
)
