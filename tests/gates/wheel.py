"""The wheel as people install it, spoken to by all clients: `make wheel`."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from gates.clean import build, install
from gates.programs import NODE
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from zendesk_tools import CATALOGUE

pytestmark = [pytest.mark.anyio, pytest.mark.wheel, pytest.mark.timeout(240)]

Json = dict[str, Any]

SCRIPTS = NODE.parents[3]
OUTSIDE = {
    key: value
    for key, value in os.environ.items()
    if key not in {"PYTHONPATH", "VIRTUAL_ENV"} and not key.startswith("ZENDESK_")
}
SERVE = ["-m", "mcp_server_zendesk", "serve", "--demo", "--scopes", "read"]
CALLS = {
    "read": {"name": "get_ticket", "arguments": {"ticket_id": OPEN_TICKET}},
    "missing": {"name": "get_ticket", "arguments": {"ticket_id": 999_999}},
    "refused": {"name": "update_ticket_tags", "arguments": {"ticket_id": OPEN_TICKET}},
}
ERROR = "mcp-server-zendesk/error"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(wheel, tmp_path_factory.mktemp("environment") / "clean")


def outside(command: list[str], folder: Path, **more: Any) -> str:
    """What a command says that knows nothing of the checkout."""
    ended = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=folder, env=OUTSIDE, **more
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return str(ended.stdout)


def test_it_holds_the_two_packages_and_what_they_need_to_read(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {f"zendesk_tools/listings/{spec.name}.json" for spec in CATALOGUE} <= held
    assert not any(name.startswith(("tests", "server/", "tools/")) for name in held)


def test_its_commands_show_the_tools_and_play_the_demo(python: Path, tmp_path: Path) -> None:
    module = [str(python), "-m", "mcp_server_zendesk"]
    listed = json.loads(outside([*module, "tools", "--demo", "--json"], tmp_path))["tools"]
    assert [tool["name"] for tool in listed] == [spec.name for spec in CATALOGUE]
    played = outside([str(python.with_name("mcp-server-zendesk")), "demo"], tmp_path)
    for word in ("update_ticket_tags", "path: update_ticket", "scope_missing", "intent"):
        assert word in played


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_the_python_client_reads_and_is_refused(mode: str, python: Path) -> None:
    server = StdioServerParameters(command=str(python), args=SERVE, env=OUTSIDE)
    async with Client(server, mode=mode) as client:
        assert "get_ticket" in [tool.name for tool in (await client.list_tools()).tools]
        read = await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
        refused = await client.call_tool("update_ticket_tags", {"ticket_id": OPEN_TICKET})
    assert (read.structured_content or {})["id"] == OPEN_TICKET
    assert refused.is_error
    assert (refused.meta or {})[ERROR]["kind"] == "scope_missing"


@pytest.mark.node
@pytest.mark.parametrize(
    ("generation", "negotiation", "revision"),
    [
        ("v1", "legacy", "2025-11-25"),
        ("v2", "legacy", "2025-11-25"),
        ("v2", "auto", "2026-07-28"),
    ],
)
def test_the_typescript_clients_read_and_are_refused(
    generation: str, negotiation: str, revision: str, python: Path, tmp_path: Path
) -> None:
    session = {
        "name": "wheel",
        "transport": "stdio",
        "negotiation": negotiation,
        "server": {"command": str(python), "args": SERVE},
        "calls": CALLS,
    }
    script = [str(NODE), str(SCRIPTS / f"client-{generation}.mjs")]
    heard = json.loads(outside(script, tmp_path, input=json.dumps([session])))["wheel"]
    assert "failure" not in heard
    assert heard["complaints"] == []
    assert heard["protocolVersion"] == revision
    assert "get_ticket" in [tool["name"] for tool in heard["tools"]]
    assert heard["calls"]["read"]["structuredContent"]["id"] == OPEN_TICKET
    assert heard["calls"]["read"]["validated"] == [True]
    assert "thrown" not in heard["calls"]["missing"]
    assert heard["calls"]["missing"]["_meta"][ERROR]["kind"] == "not_found"
    assert heard["calls"]["refused"]["_meta"][ERROR]["kind"] == "scope_missing"
