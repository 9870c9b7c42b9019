"""What sharing costs: the same call alone, with limits of callers, and with a real Redis.

Each in process against the embedded Zendesk, one call at a time and 64; and how often the store
was asked for each.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import anyio
import httpx
import redis
from mcp import Client

from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.workspace import build_server, team_of
from stores import redis_server

CALLS, ROUNDS = 320, 5
READ = ("get_user", {"user": "me"})
WRITE = ("update_ticket", {"ticket_id": OPEN_TICKET, "priority": "low"})


async def timed(call: Callable[[], Awaitable[object]], at_once: int) -> list[float]:
    """The seconds of each call."""
    took: list[float] = []

    async def worker() -> None:
        for _ in range(CALLS // at_once):
            begun = time.perf_counter()
            await call()
            took.append(time.perf_counter() - begun)

    async with anyio.create_task_group() as tasks:
        for _ in range(at_once):
            tasks.start_soon(worker)
    return took


async def main(url: str) -> None:
    """Print the figures."""
    with_limits = {"calls_at_once": 64, "calls_per_minute": 1_000_000}
    store = {"store_url": url, "state_keys": "0" * 32}
    ways = {"alone": None, "with limits": with_limits, "with Redis": with_limits | store}
    flags = {"scopes": "read tickets:write", "writes_per_minute": 1_000_000}
    asked = redis.Redis.from_url(url, decode_responses=True)
    async with AsyncExitStack() as stack:
        clients: dict[str, Client] = {}
        for way, given in ways.items():
            team = team_of(ServerSettings.model_validate(given)) if given else None
            server = build_server(
                embedded_settings(flags), transport=httpx.ASGITransport(app=Sandbox()), team=team
            )
            if team is not None:
                await stack.enter_async_context(team.running())
            await stack.enter_async_context(server.running())
            clients[way] = await stack.enter_async_context(Client(server))
        for tool, arguments in (READ, WRITE):
            for at_once in (1, 64):
                times: dict[str, list[float]] = {way: [] for way in ways}
                asked.config_resetstat()
                for _ in range(ROUNDS):
                    for way, client in clients.items():
                        call = partial(client.call_tool, tool, arguments)
                        times[way] += await timed(call, at_once)
                stats = asked.info("commandstats")
                assert isinstance(stats, dict)
                trips = stats["cmdstat_evalsha"]["calls"] / len(times["with Redis"])
                print(f"\n{tool}, {at_once} at once; {trips:.1f} round trips to the store a call")
                for way, took in times.items():
                    p50 = statistics.median(took) * 1000
                    p99 = statistics.quantiles(took, n=100)[98] * 1000
                    print(f"  {way:<12} {p50:>8.2f} ms {p99:>8.2f} ms (p99)")
    asked.close()


with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder)) as server:
    asyncio.run(main(server.url))
