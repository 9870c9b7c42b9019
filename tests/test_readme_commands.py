"""Every command that README gives, typed from top to bottom, as far as no account is needed.

The embedded Zendesk stands where an account would: over TLS, under Zendesk's names. Flags are added
for what a test has not got: a browser, a keyring, port 8000.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters

from mcp_server_zendesk.sandbox.landmarks import CLOSED_TICKET
from reach import COMMAND, Ran, Reach, reachable
from setting_up import answer, sign_in
from signing_in.ground import kept_by

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.compile(r"(?:mcp-server-zendesk|make|export) \S.*")

pytestmark = pytest.mark.timeout(120)


def blocks(*languages: str) -> list[str]:
    fenced = re.findall(r"^ *```(\w+)\n(.*?)^ *```", README, re.MULTILINE | re.DOTALL)
    return [text for language, text in fenced if language in languages]


def given() -> list[str]:
    """The commands of README, without remarks: first those in blocks, then those in sentences."""
    lines = "".join(blocks("sh", "console")).splitlines()
    lines += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", README)
    bare = [line.removeprefix("$ ").partition("  #")[0].strip() for line in lines]
    return list(dict.fromkeys(line for line in bare if COMMANDS.fullmatch(line)))


class Typist:
    """Types README's commands, and knows which were not typed yet."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.left = given()

    def line(self, beginning: str) -> str:
        """The one command that begins so."""
        (line,) = [line for line in self.left if line.startswith(beginning)]
        self.left.remove(line)
        return line

    def arguments(self, command: str) -> list[str]:
        """What the product is given by the one line that begins with this command of it."""
        words = shlex.split(self.line(f"mcp-server-zendesk {command}"))
        return [re.sub(r"^~(?=/)", str(self.reach.home), word) for word in words[1:]]

    def run(self, command: str, *more: str) -> Ran:
        return self.reach.invoke(*self.arguments(command), *more)

    def shell(self, line: str) -> str:
        """What a shell in the clone says to a line."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        ended = subprocess.run(
            ["/bin/sh", "-c", line], cwd=ROOT, env=bare, capture_output=True, check=False, text=True
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture
def typist(tmp_path: Path) -> Iterator[Typist]:
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("the product is not installed where `make` installs it: run `make test`")
    with reachable(tmp_path) as reach:
        yield Typist(reach)


async def tag_a_closed_ticket(arguments: list[str], log: Path) -> None:
    """By a server that a client starts as README says."""
    server = StdioServerParameters(command=COMMAND, args=[*arguments, "--audit-log", str(log)])
    async with Client(server) as client:
        told = await client.call_tool(
            "update_ticket_tags", {"ticket_id": CLOSED_TICKET, "add": ["churn_risk"]}
        )
    assert not told.is_error, told.content


def in_a_clone(typist: Typist) -> None:
    # What is installed is taken as it is: other tests run beside this one.
    demo = typist.line("make demo").replace("make", "make -o .venv/.product")
    assert "scope_missing" in typist.shell(demo)
    found = typist.shell(f"{typist.line('export PATH')}; command -v mcp-server-zendesk")
    assert found.strip() == COMMAND
    assert re.search(r"^packages ", typist.shell(typist.line("make help")), re.MULTILINE)
    for planned in ("make test", "make heavy", "make check"):
        line = typist.line(planned).replace("make", "make -n -o .venv/.test -o .venv/.quality")
        assert "pytest" in typist.shell(line)


def from_nothing_to_a_signed_in_workspace(typist: Typist) -> None:
    reach = typist.reach
    terminal = reach.start(*typist.arguments("setup"), "--no-browser", "--insecure-storage")
    answer(terminal)
    sign_in(reach, terminal)
    assert terminal.wait() == 0, terminal.transcript
    assert typist.run("config claude-desktop").code == 0
    written = reach.home / ".config" / "Claude" / "claude_desktop_config.json"
    entry = json.loads(written.read_text(encoding="utf-8"))["mcpServers"]["zendesk"]
    assert Path(entry["command"]).name == "mcp-server-zendesk"
    status = typist.run("auth status")
    assert (status.code, "Ada Okafor" in status.out) == (0, True), status.out


def what_it_may_do_is_read_aloud(typist: Typist) -> None:
    (policy,) = blocks("toml")
    (shown,) = blocks("console")
    file = typist.reach.home / "config.toml"
    file.write_text(policy, encoding="utf-8")
    told = typist.run("tools", "--config", str(file))
    assert told.out.startswith(shown.partition("\n")[2])


def tickets_are_kept(typist: Typist) -> None:
    filled = typist.run("sync", "--analytics")
    assert (filled.code, "tickets are kept, complete as of" in filled.out) == (0, True), filled.err


def it_serves_http(typist: Typist) -> None:
    arguments = typist.arguments("serve --transport")
    terminal = typist.reach.start(*arguments, "--port", "0")
    terminal.expect("Serving at ")
    address = terminal.expect("/mcp")
    hello = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    heard = httpx.post(
        address,
        headers={"Accept": "application/json, text/event-stream"},
        json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
    )
    assert (heard.status_code, "Zendesk" in heard.text) == (200, True), heard.text
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.wait() == 128 + signal.SIGTERM, terminal.transcript
    assert "Traceback" not in terminal.transcript


def test_every_command_can_be_typed_from_top_to_bottom(typist: Typist) -> None:
    in_a_clone(typist)
    log = typist.reach.home / "zendesk-audit.jsonl"
    anyio.run(tag_a_closed_ticket, typist.arguments("serve --demo"), log)
    from_nothing_to_a_signed_in_workspace(typist)
    what_it_may_do_is_read_aloud(typist)
    told = typist.run("audit")
    assert (told.code, "update_ticket_tags" in told.out) == (0, True), told.out
    tickets_are_kept(typist)
    it_serves_http(typist)
    examined = typist.run("doctor")
    assert examined.code == 0, examined.out
    assert typist.run("auth logout").code == 0
    assert kept_by(typist.reach.home, "support") is None
    assert typist.left == []
