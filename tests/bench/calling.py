"""What a call costs beside the same call by a bare SDK tool, and what many of them leave behind.

Both servers are processes over stdio before the same Zendesk, over TLS on the loopback.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TextIO

import anyio
from mcp import Client, StdioServerParameters, stdio_client

from bench.figures import Table, ratio, within
from bench.ground import BARE, OURS, resident, settings, zendesk

ROUNDS, CALLS, AT_ONCE, MANY = 15, 40, 64, 10_000
_OVERHEAD, _GROWTH_MIB = 1.25, 5.0


def tables() -> list[Table]:
    """Measure."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        return asyncio.run(_measured(nowhere))


async def _measured(nowhere: TextIO) -> list[Table]:
    """With the servers' logs, which are written as ever, going nowhere."""
    with zendesk() as reaching:
        env = {**reaching, **settings("read")}
        async with AsyncExitStack() as opened:
            clients, pids = [], []
            for command in (BARE, OURS):
                before = _children()
                server = StdioServerParameters(command=command[0], args=command[1:], env=env)
                transport = stdio_client(server, errlog=nowhere)
                clients.append(await opened.enter_async_context(Client(transport)))
                (pid,) = _children() - before
                pids.append(pid)
            bare, ours = clients
            for client in clients:
                await _calls(client, AT_ONCE * 2, AT_ONCE)
            rows = [await _beside(bare, ours, at_once) for at_once in (1, AT_ONCE)]
            return [_overhead(rows), await _memory(clients, pids)]


async def _beside(bare: Client, ours: Client, at_once: int) -> tuple[str, ...]:
    seconds: list[tuple[float, float]] = []
    calls = max(CALLS, at_once * 2)
    for turn in range(ROUNDS):
        order = (bare, ours) if turn % 2 else (ours, bare)
        took = {id(client): await _calls(client, calls, at_once) / calls for client in order}
        seconds.append((took[id(bare)], took[id(ours)]))
    bares, ourss = zip(*seconds, strict=True)
    times = ratio(ourss, bares)
    return (
        f"{at_once} at once",
        f"{statistics.median(bares) * 1000:.2f} ms",
        f"{statistics.median(ourss) * 1000:.2f} ms",
        f"{times:.2f}",
        f"{_OVERHEAD:.2f}",
        within(times, _OVERHEAD),
    )


def _overhead(rows: list[tuple[str, ...]]) -> Table:
    return Table(
        "Calls",
        "The time of one call that reads one user, over stdio, until the client has the answer; "
        f"with {AT_ONCE} at once, the time divided by the calls. The baseline is a tool of the "
        "SDK's server that does the same request itself and returns the raw JSON: without "
        "validation, permission, rate gate, retries, cleaning, output schema or audit. "
        f"Medians of {ROUNDS} rounds, the two in turn.",
        ("", "baseline", "this server", "ratio", "bar", "met"),
        rows,
    )


async def _memory(clients: list[Client], pids: list[int]) -> Table:
    before = [resident(pid) for pid in pids]
    for client in clients:
        await _calls(client, MANY, AT_ONCE)
    grown = [(resident(pid) - old) / 1024 for pid, old in zip(pids, before, strict=True)]
    bare, ours = grown
    return Table(
        "Memory after many calls",
        f"What the process has grown by after {MANY:,} more calls, {AT_ONCE} at once.",
        ("", "baseline", "this server", "bar", "met"),
        [
            (
                f"{MANY:,} calls",
                f"{bare:+.1f} MiB",
                f"{ours:+.1f} MiB",
                f"+{_GROWTH_MIB:.0f} MiB",
                within(ours, _GROWTH_MIB),
            )
        ],
    )


async def _calls(client: Client, calls: int, at_once: int) -> float:
    """Seconds of so many calls."""
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            result = await client.call_tool("get_user", {"user": "me"})
            assert not result.is_error

    begun = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(at_once):
            tasks.start_soon(worker)
    return time.perf_counter() - begun


def _children() -> set[int]:
    """The processes that this one started and that still run."""
    told = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="ascii")
    return set(map(int, told.split()))
