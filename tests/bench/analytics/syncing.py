"""A first sync as the command runs it, killed three times on its way and run again."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.team.processes import COMMAND, Zendesk, environment
from bench.team.zendesk import REQUESTS

_SECONDS = 1_800
_KIBIBYTES = 1024


@dataclass
class Synced:
    """What the runs took together."""

    report: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    killed_after: list[int] = field(default_factory=list)
    """Requests that had been sent by then."""
    peaks: list[int] = field(default_factory=list)
    """The most memory of each run, in bytes."""


def sync(zendesk: Zendesk, home: Path, settings: dict[str, str], kills: tuple[int, ...]) -> Synced:
    """Run ``sync`` to its end; each of ``kills`` is a number of requests after which the run
    under way gets SIGKILL.
    """
    told = Synced()
    for requests in (*kills, None):
        begun = time.perf_counter()
        with (home / "sync.err").open("ab") as errors:
            process = subprocess.Popen(
                [COMMAND, "sync", "--json"],
                env=environment(home, **zendesk.variables(), **settings),
                cwd=home,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            peak = _watched(process, zendesk.folder / REQUESTS, requests)
        out = process.stdout.read() if process.stdout else ""
        told.seconds += time.perf_counter() - begun
        told.peaks.append(peak)
        if requests is not None and process.returncode == -signal.SIGKILL:
            told.killed_after.append(_lines(zendesk.folder / REQUESTS))
        elif process.returncode == 0:
            told.report = json.loads(out)
        else:
            raise RuntimeError((home / "sync.err").read_text(encoding="utf-8")[-2_000:])
    return told


def _watched(process: subprocess.Popen[str], log: Path, kill_after: int | None) -> int:
    """Until it has ended, or is killed; the most memory that it had."""
    peak, deadline = 0, time.monotonic() + _SECONDS
    while process.poll() is None:
        peak = max(peak, _peak_of(process.pid))
        if kill_after is not None and _lines(log) >= kill_after:
            process.send_signal(signal.SIGKILL)
            kill_after = None
        if time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("the sync does not end")
        time.sleep(0.05)
    return peak


def _peak_of(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peaks[0]) * _KIBIBYTES if peaks else 0


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0
