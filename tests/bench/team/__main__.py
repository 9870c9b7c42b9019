"""`make bench-team`: a team's calls, while one replica is killed and another is asked to end.

Two real replicas behind a real nginx with TLS, a real Redis, the embedded Zendesk as a process of
its own, and two hundred real MCP clients of mixed scopes. At a third of the way one replica gets
SIGKILL and is started again; at two thirds the other gets SIGTERM.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import tempfile
import time
from functools import partial
from itertools import cycle
from pathlib import Path

import anyio

from bench.team.callers import (
    LEGACY_EACH,
    LIMITED,
    READER,
    SCOPES,
    SUPPORT,
    Caller,
    at_work,
    trusting,
)
from bench.team.ground import Ground, standing
from bench.team.processes import memory_of
from bench.team.reconciled import Reconciled, reconcile, written_by
from bench.team.settling import Ledger

_MEBIBYTE = 1024 * 1024


def main() -> None:
    """Print the figures; exit code 1 where something does not add up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=12, help="of each client")
    parser.add_argument("--callers", type=int, default=24, help="who share the clients")
    asked = parser.parse_args()
    kinds = (READER, SUPPORT, LIMITED, SUPPORT)
    names = {f"{kinds[n % 4]}-{n}": kinds[n % 4] for n in range(asked.callers)}
    with tempfile.TemporaryDirectory(prefix="bench-team-") as made:
        folder = Path(made)
        with standing(folder, {name: SCOPES[kind] for name, kind in names.items()}) as ground:
            ledger, begun = Ledger(), time.perf_counter()
            trusted = trusting(ground.authority)
            callers = [
                Caller(
                    name,
                    ledger,
                    url=ground.url,
                    token=ground.tokens[name],
                    trusted=trusted,
                    legacy=number % LEGACY_EACH == 0,
                    number=number,
                    kind=kind,
                )
                for number, (name, kind) in zip(range(asked.clients), cycle(names.items()))
            ]
            whole = asked.clients * asked.tasks
            anyio.run(at_work, callers, asked.tasks, partial(_midway, ground, whole))
            seconds = time.perf_counter() - begun
            for replica in ground.replicas:
                replica.note_memory()
            used = {"nginx": memory_of(ground.proxy_pid), "redis": memory_of(ground.store_pid)}
            codes = [replica.end(signal.SIGTERM) for replica in ground.replicas]
            told = reconcile(
                ledger.tasks,
                written_by(ground.zendesk.requests()),
                [replica.audit for replica in ground.replicas],
            )
        _print(ground, ledger, told, seconds, used)
        print(f"  ended by SIGTERM with {' and '.join(map(str, codes))}")
    sys.exit(0 if told.adds_up else 1)


async def _midway(ground: Ground, whole: int, ledger: Ledger) -> None:
    """What happens to the replicas meanwhile."""
    one, other = ground.replicas

    await ledger.until(whole // 3)
    one.end(signal.SIGKILL)
    print("  a third is done: replica 1 was killed", flush=True)
    await anyio.sleep(1)
    await anyio.to_thread.run_sync(one.start)
    print("  it runs again", flush=True)
    await ledger.until(whole * 2 // 3)
    code = await anyio.to_thread.run_sync(other.end, signal.SIGTERM)
    print(f"  two thirds are done: replica 2 was asked to end, and did, with {code}", flush=True)
    await anyio.to_thread.run_sync(other.start)


def _print(
    ground: Ground, ledger: Ledger, told: Reconciled, seconds: float, used: dict[str, int]
) -> None:
    tasks = ledger.tasks
    writes = [task for task in tasks if task.marker]
    print(f"\n{len(tasks)} tasks, of which {len(writes)} write, in {seconds:.0f} s")
    print(f"  calls sent        {ledger.sent:>7}   {ledger.sent / seconds:.0f} a second")
    for ending in ("answered", "refused", "cut"):
        print(f"  {ending:<17} {ledger.endings[ending]:>7}")
    for why, times in ledger.refusals.most_common():
        print(f"    {why:<25} {times:>7}")
    print(f"  cut, found done   {sum(task.found for task in tasks):>7}")
    print(f"  doubled           {len(told.doubled):>7}   (bar: 0)")
    print(f"  lost              {len(told.lost):>7}   (bar: 0)")
    print(f"  all, p50 and p99  {_quantiles([s * 1000 for s in ledger.seconds])}")
    for replica in ground.replicas:
        took = _quantiles(told.milliseconds[replica.audit])
        print(f"  replica {replica.number}         {took}   {replica.peak / _MEBIBYTE:.0f} MiB")
    for name, most in used.items():
        print(f"  {name:<17} {most / _MEBIBYTE:>7.0f} MiB")
    print("the audit against Zendesk's own log")
    print(f"  written           {sum(told.applied.values()):>7}")
    killed = f"{told.open_and_sent} of them had been sent"
    print(f"  without outcome   {told.open_ends:>7}   (their process was killed; {killed})")
    for what in ("unrecorded", "untrue", "denied", "unasked", "broken"):
        print(f"  {what:<17} {len(getattr(told, what)):>7}   (bar: 0)")


def _quantiles(milliseconds: list[float]) -> str:
    if len(milliseconds) < 2:
        return "      -"
    p50 = statistics.median(milliseconds)
    p99 = statistics.quantiles(milliseconds, n=100)[98]
    return f"{p50:>7.0f} ms {p99:>7.0f} ms"


if __name__ == "__main__":
    main()
