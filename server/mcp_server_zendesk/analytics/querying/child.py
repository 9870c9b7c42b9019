"""Starts the process that runs one statement, and ends it: in time, within bounds, in any case.

A process for each statement costs about a tenth of a second, keeps nothing from one to the next
and nothing in memory between them, and holds the store only while it reads.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from anyio.lowlevel import RunVar

from mcp_server_zendesk.serving.local_refusals import ExtraNeeded, QueryStopped, StoreUnusable

if TYPE_CHECKING:
    from anyio.abc import Process

    from mcp_server_zendesk.analytics.querying.job import Job

AT_ONCE = 2
"""How many run at the same time, of all workspaces of a process; more wait for their turn."""

_STARTER = (
    "import json,sys;sys.path[:0]=json.loads(sys.stdin.buffer.readline());"
    "from mcp_server_zendesk.analytics.querying.worker import main;main()"
)
_COMMAND = ("-I", "-S", "-c", _STARTER)  # no environment, no site, no current folder
_PACKAGES = ("mcp_server_zendesk", "duckdb", "_duckdb")
_NEEDED_BY_WINDOWS = "SYSTEMROOT"
_MEBIBYTE = 1024 * 1024

_turns: RunVar[anyio.CapacityLimiter] = RunVar("turns")


async def run(job: Job, *, seconds: float, most_bytes: int) -> dict[str, Any]:
    """What the process answers to this job.

    Args:
        job: What it is given.
        seconds: How long all of it may take, the wait for a turn included.
        most_bytes: The most that it may answer.

    Raises:
        ExtraNeeded: DuckDB is not installed.
        QueryStopped: It took too long or too much, or ended without an answer.
        StoreUnusable: It does not start.
    """
    paths = _where_packages_are()
    given = b"".join(json.dumps(one).encode() + b"\n" for one in (paths, asdict(job)))
    answer: bytes | None = None
    with _in_time(seconds):
        async with _turn():
            answer = await _asked(given, most_bytes)
    if answer is None:
        raise QueryStopped(f"its time of {math.ceil(seconds)} seconds")
    if not answer:
        raise StoreUnusable(
            "The process that reads it does not start, or ends before it begins.",
            "Install mcp-server-zendesk[analytics] anew, and look whether this machine has "
            f"{job.process_memory // _MEBIBYTE} MiB of memory to spare.",
        )
    try:
        found = json.loads(answer)
    except ValueError:
        memory = job.process_memory // _MEBIBYTE
        raise QueryStopped(f"what one query may take ({memory} MiB of memory)") from None
    if not isinstance(found, dict):
        raise QueryStopped("what the engine can bear")
    return found


async def _asked(given: bytes, most_bytes: int) -> bytes:
    """What a process says that is given this, read up to a bound. It has ended afterwards."""
    with anyio.CancelScope(shield=True):  # one that is half started could not be ended
        process = await anyio.open_process(
            [sys.executable, *_COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(sys.executable).anchor,
            env=_environment(os.environ),
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    try:
        return await _conversation(process, given, most_bytes)
    finally:
        with anyio.CancelScope(shield=True):
            end(process)
            await process.aclose()


async def _conversation(process: Process, given: bytes, most_bytes: int) -> bytes:
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
        await process.stdin.send(given)  # one that ended meanwhile tells so by its answer
    said = bytearray()
    async for chunk in process.stdout:
        said += chunk
        if len(said) > most_bytes:
            raise QueryStopped(f"the {most_bytes // _MEBIBYTE} MiB that an answer may have")
    return bytes(said)


def end(process: Process) -> None:
    """Kill it, with whatever it may have started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        elif process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)


def _in_time(seconds: float) -> anyio.CancelScope:
    return anyio.move_on_after(seconds)


def _turn() -> anyio.CapacityLimiter:
    try:
        return _turns.get()
    except LookupError:
        _turns.set(made := anyio.CapacityLimiter(AT_ONCE))
        return made


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """Empty: a secret of ours is none of its business. Windows finds its libraries by one name."""
    return {key: own[key] for key in own if key.upper() == _NEEDED_BY_WINDOWS and os.name == "nt"}


def _where_packages_are() -> list[str]:
    """The folders in which the process finds our code and the engine, and nothing else of ours.

    Raises:
        ExtraNeeded: The engine is not there.
    """
    found: list[str] = []
    for name in _PACKAGES:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ExtraNeeded
        origin = Path(spec.origin)
        folder = str((origin.parent if spec.submodule_search_locations else origin).parent)
        if folder not in found:
            found.append(folder)
    return found
