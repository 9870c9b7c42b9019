"""The toolset `cleanup`: what cannot be undone, and its jobs."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.merging:merge_tickets",
        title="Merge tickets",
        toolset="cleanup",
        effect="irreversible",
        scopes=(("tickets:read",), ("tickets:write",)),
        enriched_by=("read", "users:read"),
        confirm="zendesk_tools.merging:confirm_merge",
    ),
    ToolSpec(
        handler="zendesk_tools.removal:close_ticket",
        title="Close a ticket for good",
        toolset="cleanup",
        effect="irreversible",
        scopes=(("tickets:read",), ("tickets:write",)),
        enriched_by=("users:read",),
        idempotent=True,
        confirm="zendesk_tools.removal:confirm_closing",
    ),
    ToolSpec(
        handler="zendesk_tools.removal:delete_ticket",
        title="Delete a ticket",
        toolset="cleanup",
        effect="irreversible",
        scopes=(("tickets:read",), ("tickets:write",)),
        enriched_by=("users:read",),
        confirm="zendesk_tools.removal:confirm_deletion",
    ),
    ToolSpec(
        handler="zendesk_tools.bulk_updates:update_tickets",
        title="Update many tickets",
        toolset="cleanup",
        effect="irreversible",
        scopes=(("tickets:read",), ("tickets:write",)),
        enriched_by=("read", "users:read", "groups:read"),
        idempotent=True,
        confirm="zendesk_tools.bulk_updates:confirm_update",
        elsewhere={
            "ticket_id": "update_ticket",
            "subject": "update_ticket",
            "comment": "add_internal_note",
            "body": "add_internal_note",
        },
    ),
    ToolSpec(
        handler="zendesk_tools.job_statuses:get_job_status",
        title="Look up a background job",
        toolset="cleanup",
        effect="read",
        scopes=(("read",),),
    ),
)
