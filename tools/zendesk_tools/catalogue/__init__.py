"""Every tool with what it may do, one module a toolset.

A handler is named here and imported at the tool's first call: a start needs none of their code.
"""

from mcp_server_zendesk.serving.spec import ToolSpec
from zendesk_tools.catalogue import (
    admin,
    always,
    analytics,
    attachments,
    chatgpt,
    cleanup,
    help_center,
    organizations,
    quality,
    routing,
    side_conversations,
    tickets,
    users,
)

CATALOGUE: tuple[ToolSpec, ...] = (
    *always.TOOLS,
    *tickets.TOOLS,
    *users.TOOLS,
    *organizations.TOOLS,
    *routing.TOOLS,
    *help_center.TOOLS,
    *chatgpt.TOOLS,
    *cleanup.TOOLS,
    *quality.TOOLS,
    *admin.TOOLS,
    *attachments.TOOLS,
    *side_conversations.TOOLS,
    *analytics.TOOLS,
)
"""Every tool, in the order in which clients list them."""
