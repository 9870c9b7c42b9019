"""The protocol's own test programs, which run on the Node of the TypeScript clients."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NODE = HERE.parent / "typescript" / "node_modules" / "node" / "bin" / "node"
PACKAGES = HERE / "node_modules" / "@modelcontextprotocol"
ENVIRONMENT = {key: v for key, v in os.environ.items() if not key.startswith("ZENDESK_")}
# A program may start the server with little of its own environment: it is this checkout's still.
SERVE = [
    *("env", f"PYTHONPATH={ROOT / 'server'}{os.pathsep}{ROOT / 'tools'}"),
    *(sys.executable, "-m", "mcp_server_zendesk", "serve", "--demo"),
    *("--toolsets", "all", "--analytics", "--scopes", "read write"),
]


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the packages to its end, whatever that is."""
    return subprocess.run(
        [str(NODE), str(PACKAGES / program), *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=ENVIRONMENT,
    )


@contextmanager
def served(log: Path) -> Iterator[str]:
    """The real server over HTTP with all its tools, by its address."""
    command = [*SERVE, "--transport", "streamable-http", "--port", "0"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, stderr=stderr, env=ENVIRONMENT)
    try:
        while not (found := re.search(r"Serving at (http://\S+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield found[1]
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert "Traceback" not in log.read_text(), log.read_text()
