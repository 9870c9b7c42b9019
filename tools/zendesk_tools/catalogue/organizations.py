"""The toolset `organizations`."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec
from zendesk_tools.scopes import NAMES

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.organizations:get_organization",
        title="Read an organization",
        toolset="organizations",
        effect="read",
        scopes=(("organizations:read",),),
        enriched_by=("groups:read",),
        elsewhere={"query": "search_organizations"},
    ),
    ToolSpec(
        handler="zendesk_tools.organizations:search_organizations",
        title="Search organizations",
        toolset="organizations",
        effect="read",
        scopes=(("organizations:read",),),
        enriched_by=("read",),
    ),
    ToolSpec(
        handler="zendesk_tools.organizations:list_organization_tickets",
        title="List an organization's tickets",
        toolset="organizations",
        effect="read",
        scopes=(("organizations:read",), ("tickets:read",)),
        enriched_by=NAMES,
        elsewhere={"query": "search_tickets", "status": "search_tickets"},
    ),
    ToolSpec(
        handler="zendesk_tools.organizations:update_organization",
        title="Update an organization",
        toolset="organizations",
        effect="write",
        scopes=(("organizations:read",), ("organizations:write",)),
        enriched_by=("groups:read",),
        idempotent=True,
    ),
)
