"""The configuration of a client as a person would paste it."""

from __future__ import annotations

from mcp_server_zendesk.clients.catalogue import SERVER_NAME, Client, check_server_name
from mcp_server_zendesk.clients.formats import FORMATS
from mcp_server_zendesk.clients.launch import Launch


def snippet(client: Client, launch: Launch, server_name: str = SERVER_NAME) -> str:
    """The whole minimal document of a client, in its format, with a line end.

    Raises:
        EntryRefused: The name does not fit.
    """
    check_server_name(server_name)
    entry = client.entry(launch, server_name)
    return FORMATS[client.format].put("", client.table, server_name, entry)
