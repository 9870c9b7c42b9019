"""Several workspaces behind one server: each at its own path, none touched by another's trouble."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client

from desk import text_of
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.hosting.host import prepared
from mcp_server_zendesk.hosting.several import names_of
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.serving.explanation import META_KEY
from mcp_server_zendesk.workspace import team_of
from team import JSON_AND_STREAM, Flagged, team, until

pytestmark = pytest.mark.anyio

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


async def names(client: Client) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


class OneIsDown(httpx.AsyncBaseTransport):
    """The Zendesk of one account does not answer."""

    def __init__(self, subdomain: str) -> None:
        self._down = subdomain
        self._well = httpx.ASGITransport(app=Sandbox())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host.startswith(f"{self._down}."):
            raise httpx.ConnectError("nobody there", request=request)
        return await self._well.handle_async_request(request)


async def test_each_has_its_own_policy_connection_and_audit(tmp_path: Path) -> None:
    flags = {
        "reads": {"scopes": "read", "audit_log": tmp_path / "reads.jsonl"},
        "writes": {"scopes": "read tickets:write", "audit_log": tmp_path / "writes.jsonl"},
    }
    async with (
        team(flags, several=True, sse=True) as served,
        served.client(prefix="/reads") as reads,
        served.client(prefix="/writes", mode="legacy", sse=True) as writes,
    ):
        assert "update_ticket" not in await names(reads)
        assert "update_ticket" in await names(writes)
        told = json.loads(text_of(await writes.call_tool("check_connection", {})))
        assert told["workspace"] == "writes"
    assert not (tmp_path / "reads.jsonl").read_text()
    assert '"workspace":"writes"' in (tmp_path / "writes.jsonl").read_text()


async def test_a_session_of_one_is_none_of_another() -> None:
    async with team({"one": {}, "two": {}}, several=True) as served:
        hello = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        }
        async with httpx.AsyncClient(headers=JSON_AND_STREAM, timeout=30) as http:
            begun = await http.post(served.url("/one"), json=hello)
            session = {"Mcp-Session-Id": begun.headers["Mcp-Session-Id"]}
            ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
            here = await http.post(served.url("/one"), json=ping, headers=session)
            there = await http.post(served.url("/two"), json=ping, headers=session)
    assert (here.status_code, there.status_code) == (200, 404)


async def test_one_that_cannot_be_served_explains_it_and_the_others_go_on() -> None:
    async with team({"well": {}, "broken": {"wrong": True}}, several=True) as served:
        async with served.client(prefix="/well") as client:
            assert "get_ticket" in await names(client)
        async with httpx.AsyncClient(headers=JSON_AND_STREAM, timeout=30) as http:
            answer = await http.post(served.url("/broken"), json=LIST)
        assert answer.status_code == 503
        assert "workspace broken is not being served" in answer.json()["error"]["message"]


async def test_one_whose_zendesk_is_down_explains_it_and_the_others_go_on() -> None:
    flags: dict[str, dict[str, Any]] = {"down": {"subdomain": "nobody"}, "up": {}}
    async with (
        team(flags, several=True, transport=OneIsDown("nobody")) as served,
        served.client(prefix="/down") as down,
        served.client(prefix="/up") as up,
    ):
        failed = await down.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
        assert (failed.meta or {})[META_KEY]["kind"] == "network_error"
        assert not (await up.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})).is_error


async def test_one_that_breaks_while_it_runs_takes_nothing_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with team({"one": {}, "two": {}}, several=True) as served:
        broken = served.workspaces[0].server
        assert broken is not None
        assert broken._tasks is not None

        async def breaks() -> None:
            raise RuntimeError("as never before")

        broken._tasks.start_soon(breaks)
        await until(lambda: served.workspaces[0].server is None)
        async with served.client(prefix="/two") as client:
            assert "get_ticket" in await names(client)
        async with httpx.AsyncClient(headers=JSON_AND_STREAM, timeout=30) as http:
            answer = await http.post(served.url("/one"), json=LIST)
        assert answer.status_code == 503
    assert "The workspace one is not served any more" in caplog.text


def test_where_none_can_be_served_the_start_says_why() -> None:
    source = Flagged({"one": {"wrong": True}}, httpx.MockTransport(lambda _: httpx.Response(500)))
    with pytest.raises(ConfigurationError, match="a test made it wrong"):
        prepared(ServerSettings(), source, team_of(ServerSettings()))


TABLES = """
[workspaces.support]
subdomain = "acme"

[workspaces.returns]
subdomain = "acme-returns"

[workspaces."two words"]
subdomain = "acme-two"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(TABLES)
    return file


def chosen(config: Path, names: str, flags: dict[str, Any] | None = None, **env: str) -> Any:
    server = ServerSettings.model_validate({"workspaces": names})
    return names_of(server, flags or {}, config=config, environ=env)


def test_workspaces_are_chosen_by_name(config: Path) -> None:
    assert chosen(config, "returns support") == ("returns", "support")
    assert names_of(ServerSettings(), {}, config=config, environ={}) == ()


@pytest.mark.parametrize(
    ("names", "flags", "env", "says"),
    [
        ("suport", {}, {}, "'support'"),
        ("all", {}, {}, "cannot stand in a path"),
        ("support", {"subdomain": "other"}, {}, "--subdomain means one workspace"),
        ("support", {}, {"ZENDESK_OAUTH_TOKEN": "x"}, "ZENDESK_OAUTH_TOKEN means one workspace"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    config: Path, names: str, flags: dict[str, Any], env: dict[str, str], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        chosen(config, names, flags, **env)


def test_all_are_all_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(TABLES.replace('"two words"', "two"))
    assert chosen(file, "all") == ("support", "returns", "two")
