"""The MCP Inspector's command line, strict, over stdio: `make inspector`."""

from __future__ import annotations

import json
import subprocess

import pytest

from gates.programs import SERVE, run
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from zendesk_tools import CATALOGUE

pytestmark = pytest.mark.timeout(120)

PROGRAM = "inspector/clients/launcher/build/index.js"
REFUSED_BY_A_TOOL = 5
every_era = pytest.mark.parametrize("era", ["legacy", "modern"])


def inspect(era: str, method: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    asked = ["--cli", "--format", "json", "--protocol-era", era]
    return run(PROGRAM, *asked, *SERVE, "--method", method, *arguments)


@every_era
def test_no_tool_is_listed_that_the_strict_check_finds_wrong(era: str) -> None:
    ended = inspect(era, "tools/list", "--strict")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    listed = json.loads(ended.stdout)["result"]["tools"]
    assert [tool["name"] for tool in listed] == [spec.name for spec in CATALOGUE]


@every_era
@pytest.mark.parametrize("method", ["prompts/list", "resources/templates/list"])
def test_what_else_is_offered_is_listed(era: str, method: str) -> None:
    ended = inspect(era, method)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (items,) = (v for v in json.loads(ended.stdout)["result"].values() if isinstance(v, list))
    assert items


@every_era
def test_a_tool_answers_and_explains(era: str) -> None:
    calling = ("tools/call", "--tool-name", "get_ticket", "--tool-arg")
    read = inspect(era, *calling, f"ticket_id={OPEN_TICKET}")
    assert read.returncode == 0, read.stdout + read.stderr
    assert json.loads(read.stdout)["result"]["structuredContent"]["id"] == OPEN_TICKET
    missing = inspect(era, *calling, "ticket_id=999999")
    assert missing.returncode == REFUSED_BY_A_TOOL, missing.stdout + missing.stderr
    assert "not_found" in missing.stdout
