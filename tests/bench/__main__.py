"""`make bench`: figures as ratios against a baseline of the same run, into docs/performance.md."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import answers, calling, starting, tasks

_DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
_HEAD = """# Performance

Written by `make bench`, which anyone can run; nothing here is written by hand. Each figure stands
beside a baseline of the same run, measured in turn with it: the ratios hold on another machine, the
milliseconds do not. Zendesk is the embedded one, on the loopback: a real one answers in 100 ms and
more, which neither side pays here.
"""


def main() -> None:
    """Measure, print and write."""
    head = f"{_HEAD}\n{_circumstances()}"
    print(head)
    sections = [head]
    for measured in (answers.tables, tasks.tables, starting.tables, calling.tables):
        for table in measured():
            print(table.text(), flush=True)
            sections.append(table.markdown())
    _DOCUMENT.write_text("\n".join(sections), encoding="utf-8")


def _circumstances() -> str:
    """The machine and the day, without the machine's name."""
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {platform.system()} on {platform.machine()}, "
        f"{os.cpu_count()} cores, load {busy:.1f} when it began; "
        f"Python {platform.python_version()}, MCP SDK {version('mcp')}, "
        f"this server {version('mcp-server-zendesk')}.\n"
    )


if __name__ == "__main__":
    main()
