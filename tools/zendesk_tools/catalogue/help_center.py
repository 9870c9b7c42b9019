"""The toolset `help_center`: articles and their sections."""

from __future__ import annotations

from mcp_server_zendesk.serving.spec import ToolSpec

TOOLS = (
    ToolSpec(
        handler="zendesk_tools.sections:list_sections",
        title="List Help Center sections",
        toolset="help_center",
        effect="read",
        scopes=(("hc:read",),),
    ),
    ToolSpec(
        handler="zendesk_tools.articles:search_articles",
        title="Search Help Center articles",
        toolset="help_center",
        effect="read",
        scopes=(("hc:read",),),
    ),
    ToolSpec(
        handler="zendesk_tools.articles:get_article",
        title="Read a Help Center article",
        toolset="help_center",
        effect="read",
        scopes=(("hc:read",),),
        enriched_by=("users:read",),
        elsewhere={"query": "search_articles"},
    ),
    ToolSpec(
        handler="zendesk_tools.new_articles:create_article",
        title="Write a Help Center article",
        toolset="help_center",
        effect="contact",
        scopes=(("hc:read",), ("hc:write",)),
        confirm="zendesk_tools.new_articles:confirm_publishing",
    ),
    ToolSpec(
        handler="zendesk_tools.article_changes:update_article",
        title="Change a Help Center article",
        toolset="help_center",
        effect="contact",
        scopes=(("hc:read",), ("hc:write",)),
        idempotent=True,
        confirm="zendesk_tools.article_changes:confirm_update",
    ),
)
