"""The toolset `routing`: views, groups, macros and ticket fields."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec
from zendesk_tools.scopes import NAMES

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.views:list_views",
        title="List views",
        toolset="routing",
        effect="read",
        scopes=(("ticket_views:read",),),
        enriched_by=("groups:read",),
    ),
    ToolSpec(
        handler="zendesk_tools.views:get_view_tickets",
        title="Read a view's tickets",
        toolset="routing",
        effect="read",
        scopes=(("ticket_views:read",),),
        enriched_by=NAMES,
        elsewhere={"query": "search_tickets"},
    ),
    ToolSpec(
        handler="zendesk_tools.groups:list_groups",
        title="List groups",
        toolset="routing",
        effect="read",
        scopes=(("groups:read",),),
        enriched_by=("users:read",),
    ),
    ToolSpec(
        handler="zendesk_tools.macros:list_macros",
        title="List macros",
        toolset="routing",
        effect="read",
        scopes=(("macros:read",),),
        enriched_by=("users:read", "groups:read", "read"),
    ),
    ToolSpec(
        handler="zendesk_tools.macros:preview_macro",
        title="Preview a macro on a ticket",
        toolset="routing",
        effect="read",
        scopes=(("tickets:read",), ("macros:read",)),
        enriched_by=("users:read", "groups:read", "read"),
    ),
    ToolSpec(
        handler="zendesk_tools.macros:apply_macro",
        title="Apply a macro to a ticket",
        toolset="routing",
        effect="contact",
        scopes=(("tickets:read",), ("macros:read",), ("tickets:write",)),
        enriched_by=("users:read", "groups:read", "read"),
        confirm="zendesk_tools.macros:confirm",
        elsewhere={"body": "reply_to_ticket", "comment": "reply_to_ticket"},
    ),
    ToolSpec(
        handler="zendesk_tools.ticket_field_lists:list_ticket_fields",
        title="List ticket fields",
        toolset="routing",
        effect="read",
        scopes=(("read",),),
    ),
)
