"""`make bench`: figures as ratios against a baseline taken in the same run.

The baseline is the SDK's own server with one tool (`bare_server.py`); the raw answers are those
of the embedded Zendesk to the same requests.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from mcp import Client

from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN, Sandbox
from mcp_server_zendesk.sandbox.landmarks import ATTACHMENT_TICKET, OPEN_TICKET, TABLE_TICKET
from mcp_server_zendesk.serving import listing
from mcp_server_zendesk.workspace import build_server
from zendesk_tools import CATALOGUE

RUNS = 15
BARE = [sys.executable, str(Path(__file__).with_name("bare_server.py"))]
OURS = [sys.executable, "-m", "mcp_server_zendesk"]
ENVIRONMENT = {**os.environ, "ZENDESK_SUBDOMAIN": "acme", "ZENDESK_SCOPES": "read write"}


def main() -> None:
    """Print the figures."""
    catalogue()
    start()
    asyncio.run(answers())


def catalogue() -> None:
    print("tools/list as a model sees it (name, description, input schema), bytes")
    sizes = []
    for spec in CATALOGUE:
        shown = listing.compute(spec)
        seen = {key: shown[key] for key in ("name", "description", "inputSchema")}
        sizes.append(size(seen))
        print(f"  {spec.name:<22} {sizes[-1]:>5}")
    print(f"  {'average':<22} {sum(sizes) / len(sizes):>5.0f}   (bar: 900)")


def start() -> None:
    pairs = [(spawn(BARE), spawn(OURS)) for _ in range(RUNS + 1)][1:]
    ratios = [ours[0] / bare[0] for bare, ours in pairs]
    memory = [ours[1] / bare[1] for bare, ours in pairs]
    bare, ours = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
    print(f"\nspawn to tools/list, median of {RUNS} pairs")
    print(f"  bare one-tool server   {bare:.3f} s")
    print(
        f"  this server            {ours:.3f} s   ratio {statistics.median(ratios):.2f} (bar: 1.10)"
    )
    print(f"  memory at rest         ratio {statistics.median(memory):.2f} (bar: 1.2)")
    print(f"\ncommands, median of {RUNS} (bar: 0.3 s)")
    for arguments in ("--help", "auth --help", "auth status", "doctor --help", "config cursor"):
        seconds = [once(arguments.split()) for _ in range(RUNS)]
        print(f"  {arguments:<22} {statistics.median(seconds):.3f} s")


def once(arguments: Sequence[str]) -> float:
    """Seconds that a command takes."""
    begun = time.perf_counter()
    subprocess.run([*OURS, *arguments], env=ENVIRONMENT, capture_output=True, check=False)
    return time.perf_counter() - begun


def spawn(command: Sequence[str]) -> tuple[float, int]:
    """Seconds until tools/list is answered, and the memory then in KiB."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stdout
    client = {"name": "bench", "version": "1"}
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
    for message in (
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ):
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        if "id" in message:
            process.stdout.readline()
    seconds = time.perf_counter() - begun
    memory = resident(process.pid)
    process.communicate(timeout=30)
    return seconds, memory


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 1
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


async def answers() -> None:
    sandbox = Sandbox()
    transport = httpx.ASGITransport(app=sandbox)
    server = build_server(embedded_settings({"scopes": "read write"}), transport=transport)
    print("\nan answer against the raw JSON of the same requests, bytes")
    async with server.running(), Client(server) as client:
        await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})  # fills the small cache
        for tool, arguments in (
            ("search_tickets", {"query": "created>2000-01-01", "limit": 25}),
            ("get_ticket", {"ticket_id": OPEN_TICKET}),
            ("get_ticket", {"ticket_id": TABLE_TICKET}),
            ("get_ticket", {"ticket_id": ATTACHMENT_TICKET}),
            ("list_ticket_comments", {"ticket_id": OPEN_TICKET}),
            ("search_users", {"query": "role:end-user"}),
        ):
            before = len(sandbox.requests)
            result = await client.call_tool(tool, arguments)
            sent = sandbox.requests[before:]
            raw = await raw_bytes(transport, [(r.path, dict(r.query)) for r in sent])
            shown = size(result.structured_content)
            print(
                f"  {tool:<22} {shown:>6} of {raw:>6}   {raw / shown:4.1f} x smaller, "
                f"{len(sent)} request(s)"
            )


async def raw_bytes(
    transport: httpx.ASGITransport, requests: list[tuple[str, dict[str, str]]]
) -> int:
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
    base = f"https://{DEMO_SUBDOMAIN}.zendesk.com"
    client = httpx.AsyncClient(transport=transport, base_url=base, headers=headers)
    return sum([len((await client.get(path, params=query)).content) for path, query in requests])


def size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


main()
