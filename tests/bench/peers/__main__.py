"""`make bench-peers`: the same work by this server and by those that PyPI offers, in one table.

`python -m bench.peers FOLDER` keeps the environments in a folder; without it they go to a temporary
one. PyPI is asked for the peers; apart from that nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Table
from bench.ground import Started, size, spawn
from bench.peers import trials
from bench.peers.contestants import CONTESTANTS
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.certificate import Certificate, make_certificate
from mcp_server_zendesk.sandbox.port import Served

ROUNDS = 7
_SEEN = ("name", "description", "inputSchema")

Cells = dict[str, str]


def main(folder: Path | None) -> None:
    """Measure and print."""
    with ExitStack() as opened:
        scratch = Path(opened.enter_context(TemporaryDirectory()))
        programs = {one.name: one.installed(folder or scratch) for one in CONTESTANTS}
        certificate = make_certificate(scratch / "certificate")
        told: dict[str, Cells] = defaultdict(dict)
        for name, cells in _starts(programs, certificate, scratch).items():
            told[name] |= cells
        for contestant in CONTESTANTS:
            for trial in (trials.work, trials.mishaps, trials.tags):
                name = contestant.name
                told[name] |= asyncio.run(trial(contestant, programs[name], certificate))
    names = [one.name for one in CONTESTANTS]
    rows = [(row, *(told[name][row] for name in names)) for row in told[names[0]]]
    print(Table("This server and its peers", "", ("", *names), rows).text())


def _starts(programs: dict[str, str], certificate: Certificate, scratch: Path) -> dict[str, Cells]:
    """Time and memory until tools/list, in turn, and what is listed."""
    measured: dict[str, list[Started]] = defaultdict(list)
    with Served(Sandbox(), certificate) as served:
        homes = {}
        for one in CONTESTANTS:
            home = scratch / f"home of {one.name}"
            home.mkdir()
            authority = str(certificate.authority_file)
            homes[one.name] = trials.variables(one, home, served.port, authority)
        for _ in range(ROUNDS + 1):
            for name, env in homes.items():
                measured[name].append(spawn([programs[name]], env))
    return {name: _listed(starts[1:]) for name, starts in measured.items()}


def _listed(starts: list[Started]) -> Cells:
    tools = [{key: tool.get(key) for key in _SEEN} for tool in starts[0].tools]
    whole = size(tools)
    return {
        "until tools/list": f"{statistics.median(one.seconds for one in starts) * 1000:.0f} ms",
        "memory then": f"{statistics.median(one.memory for one in starts) / 1024:.0f} MiB",
        "tools": f"{len(tools)}",
        "bytes of their list": f"{whole:,}, {whole / len(tools):.0f} a tool",
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
