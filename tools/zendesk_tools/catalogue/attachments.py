"""The toolset `attachments`: files at comments, both ways."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.attachments:get_attachment",
        title="Look at an attachment",
        toolset="attachments",
        effect="read",
        scopes=(("tickets:read",), ("ticket_attachments:read",)),
        elsewhere={"ticket_id": "list_ticket_comments"},
    ),
    ToolSpec(
        handler="zendesk_tools.uploads:upload_attachment",
        title="Upload a file",
        toolset="attachments",
        effect="write",
        scopes=(("ticket_attachments:write",),),
        elsewhere={"ticket_id": "add_internal_note", "body": "add_internal_note"},
    ),
)
