"""Memory and open files of processes over time."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

_KIBIBYTES = 1024
_MEBIBYTE = 1024 * 1024
_FEWEST = 60


@dataclass(frozen=True)
class Sample:
    """A process at a moment. ``memory`` is resident, in bytes."""

    seconds: float
    memory: int
    files: int
    calls: int


@dataclass
class Life:
    """One process of a server, from its first sample to its last."""

    server: str
    pid: int
    samples: list[Sample] = field(default_factory=list)

    def look(self, calls: int) -> None:
        """Take a sample, if the process still runs. ``calls``: how many it has had."""
        process = Path(f"/proc/{self.pid}")
        try:
            status = (process / "status").read_text(encoding="utf-8")
            files = len(list((process / "fd").iterdir()))
        except OSError:
            return
        resident = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
        if resident:
            memory = int(resident[0]) * _KIBIBYTES
            self.samples.append(Sample(time.monotonic(), memory, files, calls))

    @property
    def long_enough(self) -> bool:
        """Whether it lasted some minutes: before, a process grows to its size."""
        return len(self.samples) >= _FEWEST

    @property
    def calls(self) -> int:
        """How many it had in the time that is judged."""
        warm = self.warm
        return warm[-1].calls - warm[0].calls

    @property
    def warm(self) -> list[Sample]:
        """The samples after its first fifth, in which it grows to its size."""
        return self.samples[len(self.samples) // 5 :]

    @property
    def slope(self) -> float:
        """Growth in MiB for 10,000 calls, by least squares."""
        warm = self.warm
        if len({one.calls for one in warm}) < 2:
            return 0.0
        slope: float = statistics.linear_regression(
            [one.calls for one in warm], [one.memory for one in warm]
        ).slope
        return slope * 10_000 / _MEBIBYTE

    @property
    def grown(self) -> float:
        """MiB between the first and the last quarter of that time, by their medians."""
        return self._between("memory") / _MEBIBYTE

    @property
    def files_grown(self) -> float:
        """The same for open files."""
        return self._between("files")

    def _between(self, what: str) -> float:
        values: list[int] = [getattr(one, what) for one in self.warm]
        quarter = max(1, len(values) // 4)
        return statistics.median(values[-quarter:]) - statistics.median(values[:quarter])
