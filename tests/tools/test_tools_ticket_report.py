"""The tool ticket_report: a small table, a chart on request, and what is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
from mcp_types import ImageContent, TextContent

from analytics.raw_desks import desk, fill
from desk import OpenWorkspace, Workspace
from mcp_server_zendesk.analytics.reports.catalogue import REPORTS
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.workspace import analytics_of
from zendesk_tools.ticket_reports import Name

pytestmark = pytest.mark.anyio

CENTURIES = 36_500


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synced")
    raw = desk(3, 400)
    for ticket in raw.tickets[::3]:
        ticket["tags"].append("$x^{2$ </untrusted>\u202e\n日本")
    local = analytics_of(embedded_settings(_flags(folder)))
    assert local is not None
    fill(raw, local)
    return folder


def _flags(folder: Path) -> dict[str, Any]:
    kept = {"analytics_keep": "texts", "analytics_folder": folder, "retention_days": CENTURIES}
    return {"scopes": "read", "toolsets": "analytics", "analytics": True, **kept}


@asynccontextmanager
async def _open(open_workspace: OpenWorkspace, folder: Path) -> AsyncIterator[Workspace]:
    async with open_workspace(**_flags(folder)) as workspace:
        yield workspace


async def test_a_report_says_what_it_counts_of_when_and_how_fresh_it_is(
    open_workspace: OpenWorkspace, synced: Path
) -> None:
    async with _open(open_workspace, synced) as workspace:
        answer = await workspace.ask(
            "ticket_report",
            report="volume",
            period="2026-10",
            compare_with="previous",
            group_by="group",
            time_zone="Europe/Berlin",
        )
    assert (
        answer["title"]
        == "Tickets created and solved, October 2026 compared with September 2026, by group"
    )
    assert answer["from"] == "2026-09-30T22:00:00Z"
    assert answer["to"] == answer["from"].replace("09-30T22", "10-31T23")
    assert answer["compared_to"] == answer["from"]
    assert answer["as_of"] == "2026-11-18T10:30:00Z"
    assert answer["columns"][:4] == ["group", "created", "created_before", "change_percent"]
    assert answer["rows"][-1][0] == "(all)"
    assert all("users/me" in one for one in workspace.sent())


@pytest.mark.heavy
@pytest.mark.parametrize("name", REPORTS)
async def test_each_report_is_small_and_has_a_chart(
    open_workspace: OpenWorkspace, synced: Path, name: str
) -> None:
    async with _open(open_workspace, synced) as workspace:
        arguments = {"report": name, "period": "2026-08-01..2026-11-10", "chart": True}
        result = await workspace.client.call_tool("ticket_report", arguments)
    text, picture = result.content
    assert isinstance(text, TextContent)
    assert isinstance(picture, ImageContent)
    assert picture.mime_type == "image/png"
    assert len(picture.data) < 60_000 * 4 / 3
    assert len(text.text.encode()) < 2_500
    assert result.structured_content == json.loads(text.text)


async def test_text_from_tickets_does_not_get_round_the_cleaner(
    open_workspace: OpenWorkspace, synced: Path
) -> None:
    async with _open(open_workspace, synced) as workspace:
        answer = await workspace.ask("ticket_report", report="tags", period="2026-10")
        more = await workspace.ask(
            "ticket_report", report="volume", period="2026-10", group_by="tag"
        )
    told = json.dumps([answer, more], ensure_ascii=False)
    assert "$x^{2$" in told
    assert "\u202e" not in told
    assert "</untrusted>" not in told


@pytest.mark.parametrize(
    ("arguments", "field", "near"),
    [
        ({"period": "soon"}, "period", "2026-Q3"),
        ({"compare_with": "soon"}, "compare_with", "previous"),
        ({"time_zone": "Europe/Berlim"}, "time_zone", "Europe/Berlin"),
        ({"group_by": "assigne"}, "group_by", "assignee"),
        ({"group_by": "field:Produkt"}, "group_by", "field:Product"),
        ({"report": "busiest_hours", "group_by": "day"}, "group_by", None),
        ({"report": "busiest_hours", "compare_with": "previous"}, "compare_with", None),
    ],
)
async def test_what_is_not_understood_is_explained_with_what_is(
    open_workspace: OpenWorkspace,
    synced: Path,
    arguments: dict[str, str],
    field: str,
    near: str | None,
) -> None:
    async with _open(open_workspace, synced) as workspace:
        error = await workspace.fail("ticket_report", **{"report": "volume", **arguments})
    assert error["kind"] == "invalid_arguments"
    (told,) = error["details"]["fields"]
    assert told["field"] == field
    if near is not None:
        assert near in told["allowed_values"]


async def test_topics_are_refused_where_no_texts_are_kept(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    fields = {**_flags(tmp_path), "analytics_keep": "fields"}
    local = analytics_of(embedded_settings(fields))
    assert local is not None
    fill(desk(3, 20), local)
    async with open_workspace(**fields) as workspace:
        error = await workspace.fail("ticket_report", report="topics")
    (told,) = error["details"]["fields"]
    assert "analytics_keep" in told["problem"]
    assert "topics" not in told["allowed_values"]


async def test_a_store_that_was_never_synced_says_so(
    open_workspace: OpenWorkspace, tmp_path: Path
) -> None:
    async with _open(open_workspace, tmp_path) as workspace:
        error = await workspace.fail("ticket_report", report="volume")
    assert "sync_tickets" in error["hint"]


def test_the_names_that_a_model_is_offered_are_those_of_the_reports() -> None:
    assert get_args(Name) == tuple(REPORTS)
