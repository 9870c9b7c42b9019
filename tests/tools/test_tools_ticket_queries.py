"""query_tickets: an answer of few bytes, errors that help, and the schema beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import TextResourceContents

from analytics.desks import flags, local_of
from analytics.engines import ticket
from analytics.stores import NOW
from audited import lines_of
from desk import OpenWorkspace
from mcp_server_zendesk.analytics.store import Store, StreamState
from mcp_server_zendesk.analytics.views import VIEWS
from mcp_server_zendesk.connection.instants import stamp
from team import team

pytestmark = pytest.mark.anyio

SCHEMA = "zendesk://analytics/schema"


def _filled(folder: Path, **more: Any) -> None:
    groups = [{"id": 7, "name": "Billing"}]
    tickets = [
        ticket(n, subject=f"subject {n}", group_id=7, tags=["vip", "refund"], **more)
        for n in range(1, 8)
    ]
    local_of(folder, {"tickets": tickets, "groups": groups})


async def test_an_answer_is_columns_and_rows_as_of_the_last_sync(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    _filled(tmp_path)
    async with open_workspace(**flags(tmp_path)) as desk:
        answer = await desk.ask(
            "query_tickets",
            sql="SELECT group_name, count(*) AS n, max(created_at) AS last, list(id ORDER BY id) "
            "AS ids FROM tickets GROUP BY ALL",
        )
        assert answer == {
            "columns": ["group_name", "n", "last", "ids"],
            "rows": [["Billing", 7, stamp(NOW), "[1,2,3,4,5,6,7]"]],
            "as_of": stamp(NOW),
        }
        few = await desk.ask("query_tickets", sql="SELECT id FROM tickets ORDER BY id", limit=2)
        assert few["rows"] == [[1], [2]]
        assert few["truncated"] is True
        assert few["total"] == 7


async def test_long_texts_are_short_and_fenced_and_an_answer_has_room_for_so_many(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    _filled(tmp_path)
    async with open_workspace(**flags(tmp_path)) as desk:
        answer = await desk.ask("query_tickets", sql="SELECT repeat('word ', 900) AS words")
        ((words,),) = answer["rows"]
        assert words.startswith("<untrusted ")
        assert len(words) < 600
        assert answer["truncated"] is True
        sql = "SELECT r, repeat('word ', 100) AS words FROM range(900) x(r)"
        many = await desk.ask("query_tickets", sql=sql, limit=1000)
        assert 20 < len(many["rows"]) < 100
        assert len(json.dumps(many).encode()) < 34 * 1024
        assert many["total"] == 900


async def test_a_copy_that_is_not_complete_or_came_by_search_says_so(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    local = local_of(tmp_path, {"tickets": [ticket(1)]})
    with Store(local).batch() as batch:
        batch.set_state("search_tickets", StreamState("x", NOW), NOW)
        batch.set_fact("way", "search")
        batch.set_fact("lacks", '["status histories"]')
    async with open_workspace(**flags(tmp_path)) as desk:
        answer = await desk.ask("query_tickets", sql="SELECT count(*) AS n FROM tickets")
    assert answer == {
        "columns": ["n"],
        "rows": [[1]],
        "complete": False,
        "way": "search",
        "lacks": ["status histories"],
    }


async def test_a_mistake_is_explained_with_what_is_nearest(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    _filled(tmp_path)
    async with open_workspace(**flags(tmp_path)) as desk:
        error = await desk.fail("query_tickets", sql="SELECT stauts FROM tickets")
        assert error["kind"] == "invalid_arguments"
        assert error["who"] == "model"
        assert error["details"]["nearest"][0] == "tickets.status"
        assert "stauts" in error["reason"]
        assert "DESCRIBE" in error["hint"]
        secret = "SELECT * FROM read_text('/etc/passwd') -- canary-of-a-query"
        error = await desk.fail("query_tickets", sql=secret)
        assert "passwd" not in json.dumps(error)
        assert (await desk.fail("query_tickets", sql="x" * 10_001))["kind"] == "invalid_arguments"
        assert (await desk.ask("query_tickets", sql="DESCRIBE tickets"))["columns"] == [
            "column",
            "type",
            "meaning",
        ]


async def test_before_the_first_sync_it_is_told_what_to_do(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    async with open_workspace(**flags(tmp_path)) as desk:
        error = await desk.fail("query_tickets", sql="SELECT 1")
    assert error["kind"] == "not_configured"
    assert "sync" in error["hint"]


async def test_the_schema_is_listed_and_read_where_the_tool_is_offered(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    log = tmp_path / "audit.jsonl"
    async with open_workspace(**flags(tmp_path / "kept"), audit_log=log) as desk:
        (listed,) = (await desk.client.list_resources()).resources
        assert (str(listed.uri), listed.mime_type) == (SCHEMA, "text/markdown")
        (content,) = (await desk.client.read_resource(SCHEMA)).contents
        assert isinstance(content, TextResourceContents)
        assert content.mime_type == "text/markdown"
        for view in VIEWS:
            assert f"## {view.name}" in content.text
            assert all(f"| {one.name} | {one.kind} |" in content.text for one in view.columns)
        assert len(content.text) < 9_000
        assert desk.sent() == []
    (line,) = [line for line in lines_of(log) if line["phase"] == "outcome"]
    assert (line["tool"], line["kind"]) == ("query_tickets", "ok")


@pytest.mark.parametrize(
    ("without", "says"),
    [
        ({"analytics": None, "toolsets": None}, "switched off"),
        ({"exclude_tools": "query_tickets"}, "switched off"),
        ({"scopes": "tickets:read"}, "scope"),
    ],
    ids=["off", "excluded", "scope"],
)
async def test_the_schema_is_neither_listed_nor_read_where_the_tool_is_not(
    without: dict[str, Any], says: str, tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    async with open_workspace(**flags(tmp_path) | without) as desk:
        assert not (await desk.client.list_resources()).resources
        with pytest.raises(MCPError) as refused:
            await desk.client.read_resource(SCHEMA)
        assert says in str(refused.value)


async def test_over_http_the_schema_and_the_tool_follow_the_caller(tmp_path: Path) -> None:
    _filled(tmp_path)
    callers = {"reads": "read", "people": "users:read"}
    async with (
        team({"demo": flags(tmp_path)}, callers=callers) as served,
        served.client("reads") as reads,
        served.client("people") as people,
    ):
        assert [str(one.uri) for one in (await reads.list_resources()).resources] == [SCHEMA]
        assert (await reads.read_resource(SCHEMA)).contents
        found = await reads.call_tool("query_tickets", {"sql": "SELECT count(*) n FROM tickets"})
        assert found.structured_content == {"columns": ["n"], "rows": [[7]], "as_of": stamp(NOW)}
        assert not (await people.list_resources()).resources
        with pytest.raises(MCPError, match="scope"):
            await people.read_resource(SCHEMA)
