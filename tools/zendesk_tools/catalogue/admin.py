"""The toolset `admin`: rules, suspended tickets, tags of the account."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.rules:list_triggers",
        title="List triggers",
        toolset="admin",
        effect="read",
        scopes=(("triggers:read",),),
        enriched_by=("users:read", "groups:read", "read"),
    ),
    ToolSpec(
        handler="zendesk_tools.rules:list_automations",
        title="List automations",
        toolset="admin",
        effect="read",
        scopes=(("automations:read",),),
        enriched_by=("users:read", "groups:read", "read"),
    ),
    ToolSpec(
        handler="zendesk_tools.suspended_tickets:list_suspended_tickets",
        title="List suspended tickets",
        toolset="admin",
        effect="read",
        scopes=(("read",),),
    ),
    ToolSpec(
        handler="zendesk_tools.suspended_tickets:recover_suspended_ticket",
        title="Recover a suspended ticket",
        toolset="admin",
        effect="contact",
        scopes=(("read",), ("write",)),
        confirm="zendesk_tools.suspended_tickets:confirm_recovery",
    ),
    ToolSpec(
        handler="zendesk_tools.tag_lists:list_tags",
        title="List tags",
        toolset="admin",
        effect="read",
        scopes=(("read",),),
    ),
)
