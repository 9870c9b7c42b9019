"""One connection to acme.zendesk.com, with nothing behind it but what a test mocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import respx
from pydantic import SecretStr

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.credentials import BearerToken

TOKEN = "canary-bearer-5f1c"


@pytest.fixture
def zendesk_mock() -> Iterator[respx.MockRouter]:
    """Every address there is: a request that a test did not expect fails it."""
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    opened = Connection(Account("acme"), BearerToken(SecretStr(TOKEN)))
    yield opened
    await opened.aclose()


@pytest.fixture
def access(connection: Connection) -> Access:
    return Access(connection, configured=frozenset({"read", "write"}))
