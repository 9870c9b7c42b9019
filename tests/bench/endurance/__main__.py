"""`make endurance`: calls with faults for an hour, and every write accounted for at the end.

Four real servers before one embedded Zendesk in bad weather: two over HTTP, two over stdio, ten
real clients of both eras. One server of each kind is killed again and again (SIGKILL); the other's
memory and open files are watched. At the end the clients' own ledger, the audit of each server and
what the embedded Zendesk holds are held against each other.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from itertools import cycle
from pathlib import Path

import anyio

from bench.endurance.adding_up import CallsHeld, held_by, hold_calls
from bench.endurance.ground import Ground, Server, standing
from bench.endurance.watching import Life
from bench.endurance.zendesk import MET
from bench.team.reconciled import Reconciled, reconcile
from bench.team.settling import Called, Task

_SECONDS_BETWEEN_SAMPLES = 5.0
_SECONDS_BETWEEN_WORDS = 60.0
_MOST_MEBIBYTES = 5.0  # for 10,000 calls, as design and `make bench` have it
_MOST_FILES = 16


def main() -> None:
    """Print what was done; exit code 1 where something does not add up, or grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.8, help="between two tasks, seconds")
    parser.add_argument("--killed-each", type=float, default=75.0, help="seconds")
    parser.add_argument("--folder", type=Path, help="keep logs and audits here")
    asked = parser.parse_args()
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # the clients': they are cut off
    with tempfile.TemporaryDirectory(prefix="endurance-") as made:
        folder = asked.folder or Path(made)
        with standing(folder, seed=asked.seed, pause=asked.pause) as ground:
            lives = anyio.run(_endure, ground, asked.seconds, asked.killed_each)
            held = {
                server.name: hold_calls(server.ledger.calls, server.audit)
                for server in ground.servers
            }
            tasks = [task for server in ground.servers for task in server.ledger.tasks]
            audits = [server.audit for server in ground.servers]
            told = reconcile(tasks, held_by(ground.zendesk.held()), audits)
            asked_of_zendesk = len(ground.zendesk.requests())
        met = json.loads((folder / MET).read_text(encoding="utf-8"))
        log = _tracebacks(folder, ground.servers)
    _print_calls(ground.servers, tasks)
    _print_reconciled(ground.servers, told, held, asked_of_zendesk, met)
    steady = _print_lives(ground.servers, lives)
    print(f"  tracebacks in the logs {log:>7}   (bar: 0)")
    wrong = any(one.missing or one.excess for one in held.values())
    sys.exit(0 if told.adds_up and steady and not wrong and not log else 1)


async def _endure(ground: Ground, seconds: float, killed_each: float) -> list[Life]:
    """Let everybody work for so long."""
    over = anyio.Event()
    lives: list[Life] = []
    async with anyio.create_task_group() as beside:
        beside.start_soon(_kill, ground.servers, killed_each)
        beside.start_soon(_watch, ground.servers, lives)
        beside.start_soon(_tell, ground.servers)
        async with anyio.create_task_group() as working:
            for worker in [worker for server in ground.servers for worker in server.workers]:
                working.start_soon(worker.work, over)
            await anyio.sleep(seconds)
            over.set()
        beside.cancel_scope.cancel()
    return lives


async def _kill(servers: list[Server], each: float) -> None:
    for server in cycle([one for one in servers if not one.steady]):
        await anyio.sleep(each)
        await anyio.to_thread.run_sync(server.kill)


async def _watch(servers: list[Server], lives: list[Life]) -> None:
    while True:
        for server in servers:
            _look(server, lives)
        await anyio.sleep(_SECONDS_BETWEEN_SAMPLES)


async def _tell(servers: list[Server]) -> None:
    begun = time.monotonic()
    while True:
        await anyio.sleep(_SECONDS_BETWEEN_WORDS)
        calls = sum(server.ledger.sent for server in servers)
        print(f"  {time.monotonic() - begun:>6.0f} s  {calls:>7} calls", flush=True)


def _look(server: Server, lives: list[Life]) -> None:
    pid = server.pid()
    if pid is None:
        return
    known = [life for life in lives if (life.server, life.pid) == (server.name, pid)]
    life = known[-1] if known else Life(server.name, pid)
    if not known:
        lives.append(life)
    life.look(server.ledger.sent)


def _tracebacks(folder: Path, servers: list[Server]) -> int:
    logs = [log for server in servers for log in (folder / server.name).glob("log.*")]
    return sum(log.read_text(encoding="utf-8").count("Traceback") for log in logs)


def _print_calls(servers: list[Server], tasks: list[Task]) -> None:
    calls: list[Called] = [call for server in servers for call in server.ledger.calls]
    endings = Counter(call.ending for call in calls)
    workers = [worker for server in servers for worker in server.workers]
    print(f"\n{len(tasks)} tasks, of which {sum(bool(t.marker) for t in tasks)} write")
    print(f"  calls sent             {len(calls):>7}")
    for ending in ("answered", "refused", "cut"):
        print(f"  {ending:<22} {endings[ending]:>7}")
    kinds = Counter(call.kind for call in calls if call.ending != "answered")
    for kind, times in kinds.most_common():
        print(f"    {kind:<20} {times:>7}")
    print(f"  cancelled by clients   {sum(one.cancelled for one in workers):>7}")
    print(f"  connected              {sum(one.reconnected for one in workers):>7}")
    print(f"  servers killed         {sum(server.killed for server in servers):>7}")
    print(f"  cut, found done        {sum(task.found for task in tasks):>7}")


def _print_reconciled(
    servers: list[Server],
    told: Reconciled,
    held: dict[str, CallsHeld],
    asked: int,
    met: dict[str, int],
) -> None:
    print("clients, audits and Zendesk against each other")
    print(f"  written                {sum(told.applied.values()):>7}")
    print(f"  without outcome        {told.open_ends:>7}   ({told.open_and_sent} had been sent)")
    for what in ("doubled", "lost", "unasked", "unrecorded", "untrue", "denied", "broken"):
        found = getattr(told, what)
        print(f"  {what:<22} {len(found):>7}   (bar: 0) {' '.join(found[:5])}")
    for server in servers:
        one = held[server.name]
        print(
            f"  {server.name:<22} {one.recorded:>7} recorded, {len(one.missing)} missing, "
            f"{len(one.excess)} of nobody   (bar: 0, 0) {one.missing[:5]} {one.excess[:5]}"
        )
    requests = sum(one.zendesk_requests for one in held.values())
    print(f"  requests to Zendesk    {asked:>7} answered, {requests} told by audits")
    print(f"  faults met             {sum(met.values()):>7}")
    for name, times in sorted(met.items()):
        print(f"    {name:<38} {times:>5}")


def _print_lives(servers: list[Server], lives: list[Life]) -> bool:
    """The steady servers over time; false where one of them grows."""
    steady = True
    print("memory and open files, first quarter to last, once warm")
    names = {server.name for server in servers if server.steady}
    for life in lives:
        if life.server not in names or not life.long_enough:
            continue
        most = _MOST_MEBIBYTES * max(1.0, life.calls / 10_000)
        steady = steady and life.grown <= most and life.files_grown <= _MOST_FILES
        size = life.samples[-1].memory / 1024 / 1024
        print(
            f"  {life.server:<14} pid {life.pid:<8} {size:>6.1f} MiB  {life.grown:>+6.1f} MiB "
            f"(bar: {most:.0f}) over {life.calls} calls, {life.slope:+.1f} MiB for 10,000 calls; "
            f"files {life.files_grown:+.0f} (bar: {_MOST_FILES})"
        )
    return steady


if __name__ == "__main__":
    main()
