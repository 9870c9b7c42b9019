"""`make bench`: calls a second in one process, and how long each takes, beside bare ones.

One read of one user, three ways: a bare ``httpx`` loop, a bare SDK tool that does the request
itself, and this server's ``get_user``; in process, against the embedded Zendesk.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import anyio
import httpx
from mcp import Client
from mcp.server.mcpserver import MCPServer

from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN, Sandbox
from mcp_server_zendesk.workspace import build_server

CALLS = 640
ROUNDS = 3

Call = Callable[[], Awaitable[object]]


def bare_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=Sandbox()),
        base_url=f"https://{DEMO_SUBDOMAIN}.zendesk.com",
        headers={"Authorization": f"Bearer {DEMO_TOKEN}"},
    )


async def timed(call: Call, at_once: int) -> tuple[float, list[float]]:
    """Calls a second, and the seconds of each."""
    took: list[float] = []

    async def worker() -> None:
        for _ in range(CALLS // at_once):
            begun = time.perf_counter()
            await call()
            took.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(at_once):
            tasks.start_soon(worker)
    return len(took) / (time.perf_counter() - begun), took


async def main() -> None:
    """Print the figures."""
    direct, inside = bare_client(), bare_client()
    bare = MCPServer("bare", log_level="WARNING")

    @bare.tool()
    async def get_user(user: str) -> str:
        """Read a user."""
        return (await inside.get(f"/api/v2/users/{user}")).text

    transport = httpx.ASGITransport(app=Sandbox())
    server = build_server(embedded_settings({"scopes": "read"}), transport=transport)
    async with direct, inside, server.running(), Client(bare) as plain, Client(server) as ours:
        ways: dict[str, Call] = {
            "bare httpx loop": lambda: direct.get("/api/v2/users/me"),
            "bare SDK tool": lambda: plain.call_tool("get_user", {"user": "me"}),
            "this server": lambda: ours.call_tool("get_user", {"user": "me"}),
        }
        for call in ways.values():
            await call()
        print("\none read of one user: calls a second, p50 and p99 in ms")
        for at_once in (1, 64):
            rates: dict[str, list[float]] = {way: [] for way in ways}
            times: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(ROUNDS):
                for way, call in ways.items():
                    rate, took = await timed(call, at_once)
                    rates[way].append(rate)
                    times[way] += took
            for way in ways:
                p50 = statistics.median(times[way]) * 1000
                p99 = statistics.quantiles(times[way], n=100)[98] * 1000
                rate = statistics.median(rates[way])
                print(f"  {at_once:>2} at once  {way:<16} {rate:>6.0f}/s {p50:>8.2f} {p99:>8.2f}")
            pairs = zip(rates["bare SDK tool"], rates["this server"], strict=True)
            ratio = statistics.median(bare_rate / our_rate for bare_rate, our_rate in pairs)
            print(f"  {at_once:>2} at once  {ratio:.2f} x as long as a bare SDK tool")


asyncio.run(main())
