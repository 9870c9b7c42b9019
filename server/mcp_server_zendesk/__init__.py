"""mcp-server-zendesk: hands in Zendesk for AI assistants that an admin can trust."""

__version__ = "0.1.0"
