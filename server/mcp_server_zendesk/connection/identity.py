"""Who the credentials are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_server_zendesk.connection import envelopes
from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.errors import Refusal, Unauthenticated, UnreadableResponse
from mcp_server_zendesk.connection.exchange import Channel, Json, Request
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.paths import api_path
from mcp_server_zendesk.connection.records import UserRecord, parse

if TYPE_CHECKING:
    import httpx

_OK = 200
_NOT_FOUND = 404


async def who_am_i(zendesk: Zendesk) -> UserRecord:
    """The user behind the credentials.

    ``/users/me`` answers 200 to strangers, with a null id (``zendesk-api.md`` §2.3), so only an
    id proves anything.

    Raises:
        Unauthenticated: Zendesk takes us for an anonymous visitor.
        ZendeskError: Zendesk could not be asked.
    """
    body = await zendesk.get("users", "me")
    return somebody(body, zendesk.access.connection.credentials.auth)


async def user_of(connection: Connection) -> UserRecord:
    """Likewise, for a connection that serves no tools. Raises as ``who_am_i`` does."""
    answer = await connection.send("GET", api_path("users", "me"))
    return somebody(answer.body, connection.credentials.auth)


async def help_desk_exists(
    account: Account, transport: httpx.AsyncBaseTransport | None = None
) -> bool:
    """Whether a help desk answers at an account's address. Nothing is signed.

    Raises:
        ZendeskError: Nothing that speaks as Zendesk does answers there.
    """
    channel = Channel(account, transport=transport)
    try:
        raw = await channel.exchange(Request("GET", api_path("users", "me")))
    finally:
        await channel.aclose()
    if raw.status == _NOT_FOUND:
        refusal = envelopes.read_refusal(raw.status, raw.headers, raw.content)
        return not refusal.title_envelope
    if not raw.json_object():
        raise UnreadableResponse("Zendesk's answer is empty", status=raw.status)
    return True


def somebody(body: Json, auth: str) -> UserRecord:
    """The user of an answer of ``/users/me``. Raises as ``who_am_i`` does."""
    user = parse(UserRecord, body, "user")
    if user.id is None:
        raise Unauthenticated(Refusal(status=_OK), auth=auth)
    return user
