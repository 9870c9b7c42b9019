"""Records, and texts of ours, that a client can attach to a conversation by their address."""

from __future__ import annotations

from mcp_server_zendesk.serving.resources import DocumentSpec, ResourceSpec

RESOURCES = (
    ResourceSpec(
        kind="tickets",
        tool="get_ticket",
        argument="ticket_id",
        title="Ticket",
        description="A ticket with its latest comments, as get_ticket gives it",
    ),
    ResourceSpec(
        kind="users",
        tool="get_user",
        argument="user",
        title="User",
        description="A customer or agent, as get_user gives it",
        number=False,
    ),
    ResourceSpec(
        kind="articles",
        tool="get_article",
        argument="article_id",
        title="Article",
        description="A Help Center article, as get_article gives it",
    ),
)

DOCUMENTS = (
    DocumentSpec(
        path="analytics/schema",
        tool="query_tickets",
        title="Views of query_tickets",
        description="The views and columns that query_tickets can ask, with what they mean",
        text="mcp_server_zendesk.analytics.querying.schema:schema",
    ),
)
