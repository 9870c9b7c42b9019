"""The toolset `users`."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec
from zendesk_tools.scopes import NAMES

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.users:get_user",
        title="Read a user",
        toolset="users",
        effect="read",
        scopes=(("users:read",),),
        enriched_by=("organizations:read",),
        elsewhere={"query": "search_users", "name": "search_users"},
    ),
    ToolSpec(
        handler="zendesk_tools.users:search_users",
        title="Search users",
        toolset="users",
        effect="read",
        scopes=(("users:read",),),
        enriched_by=("organizations:read",),
    ),
    ToolSpec(
        handler="zendesk_tools.user_tickets:list_user_tickets",
        title="List a user's tickets",
        toolset="users",
        effect="read",
        scopes=(("users:read",), ("tickets:read",)),
        enriched_by=NAMES,
        elsewhere={"query": "search_tickets", "status": "search_tickets"},
    ),
    ToolSpec(
        handler="zendesk_tools.new_users:create_user",
        title="Create a customer",
        toolset="users",
        effect="write",
        scopes=(("users:read",), ("users:write",)),
        enriched_by=("organizations:read",),
    ),
    ToolSpec(
        handler="zendesk_tools.user_changes:update_user",
        title="Update a user",
        toolset="users",
        effect="contact",
        scopes=(("users:read",), ("users:write",)),
        enriched_by=("organizations:read",),
        idempotent=True,
        confirm="zendesk_tools.user_changes:confirm",
    ),
)
