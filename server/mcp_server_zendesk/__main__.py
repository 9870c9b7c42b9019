"""``python -m mcp_server_zendesk`` is the command ``mcp-server-zendesk``."""

from mcp_server_zendesk.cli import main

main()
