"""A fresh sandbox with a clock that stands still, and a client signed in as its admin."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN, ManualClock, Sandbox


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, 9, 30, tzinfo=UTC))


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    return Sandbox(clock=clock)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=sandbox),
        base_url=f"https://{DEMO_SUBDOMAIN}.zendesk.com/api/v2/",
        headers={"Authorization": f"Bearer {DEMO_TOKEN}"},
    ) as client:
        yield client
