"""The protocol's own test programs, which run on the Node of the TypeScript clients."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
NODE = HERE.parent / "typescript" / "node_modules" / "node" / "bin" / "node"
PACKAGES = HERE / "node_modules" / "@modelcontextprotocol"
ENVIRONMENT = {key: v for key, v in os.environ.items() if not key.startswith("ZENDESK_")}
SERVE = [
    *(sys.executable, "-m", "mcp_server_zendesk", "serve", "--demo"),
    *("--toolsets", "all", "--scopes", "read write"),
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
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stderr
    heard: list[str] = []
    try:
        for line in process.stderr:
            heard.append(line)
            if found := re.search(r"Serving at (http://\S+)", line):
                break
        else:
            raise AssertionError("".join(heard))
        with log.open("w") as rest:
            yield found[1]
    finally:
        process.terminate()
        _, more = process.communicate(timeout=20)
        log.write_text("".join(heard) + more)
        assert "Traceback" not in more, more
