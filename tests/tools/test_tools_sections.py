"""The Help Center's table of contents, and accounts that have none."""

from __future__ import annotations

from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox
from mcp_server_zendesk.sandbox.landmarks import RETURNS_SECTION

pytestmark = pytest.mark.anyio

READER: dict[str, Any] = {"scopes": "hc:read", "toolsets": "help_center"}
ORDERING, GEAR = 41700000066017, 41700000066034
SHIPPING, BOOTS = 41700000067034, 41700000067051
CONTENTS = ["GET help_center/categories.json", "GET help_center/sections.json"]


async def test_the_contents_are_a_tree(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**READER) as desk:
        assert await desk.ask("list_sections") == {
            "categories": [
                {
                    "id": ORDERING,
                    "name": "Ordering",
                    "sections": [
                        {"id": RETURNS_SECTION, "name": "Returns and warranty"},
                        {"id": SHIPPING, "name": "Shipping"},
                    ],
                },
                {
                    "id": GEAR,
                    "name": "Gear care and repair",
                    "sections": [{"id": BOOTS, "name": "Boots and shells"}],
                },
            ]
        }
        await desk.ask("list_sections")
        assert desk.sent() == CONTENTS, "read once for some minutes"


async def test_a_section_in_a_section_is_named_by_its_way_down(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    sections = sandbox.store.sections
    sections[SHIPPING]["parent_section_id"] = RETURNS_SECTION
    sections[RETURNS_SECTION]["parent_section_id"] = SHIPPING  # a ring must not go round for ever
    async with open_workspace(sandbox=sandbox, **READER) as desk:
        ordering = (await desk.ask("list_sections"))["categories"][0]
        assert ordering["sections"][1]["name"] == "Returns and warranty > Shipping"


async def test_a_section_without_a_known_category_is_not_lost(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    sandbox.store.sections[BOOTS]["category_id"] = 5
    async with open_workspace(sandbox=sandbox, **READER) as desk:
        contents = await desk.ask("list_sections", locale="DE")
        assert contents["without_category"] == [{"id": BOOTS, "name": "Boots and shells"}]
        assert contents["locale"] == "de"
        assert desk.sent()[0] == "GET help_center/de/categories.json"


@pytest.mark.parametrize("locale", ["", "..", "de/../..", "a b", "x" * 40])
async def test_what_is_no_locale_is_refused_here(
    open_workspace: OpenWorkspace, locale: str
) -> None:
    async with open_workspace(**READER) as desk:
        error = await desk.fail("list_sections", locale=locale)
        assert error["kind"] == "invalid_arguments"
        assert desk.sent() == []


async def test_a_language_without_a_help_center_is_said_to_be_one(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**READER) as desk:
        desk.sandbox.faults.add("GET", "/help_center/xx/", 1, Fault(status=404))
        error = await desk.fail("list_sections", locale="xx")
        assert (error["kind"], error["details"]["fields"][0]["field"]) == (
            "invalid_arguments",
            "locale",
        )


@pytest.mark.parametrize(
    "body", [{}, {"error": "InvalidEndpoint", "description": "Not found"}], ids=["record", "path"]
)
@pytest.mark.parametrize(
    ("tool", "arguments"), [("list_sections", {}), ("search_articles", {"query": "x"})]
)
async def test_an_account_without_a_help_center_is_told_so(
    open_workspace: OpenWorkspace, tool: str, arguments: dict[str, Any], body: dict[str, Any]
) -> None:
    async with open_workspace(**READER) as desk:
        desk.sandbox.faults.add("GET", "/help_center/", None, Fault(status=404, body=body))
        error = await desk.fail(tool, **arguments)
        assert error["kind"] == "endpoint_unavailable"
        assert error["who"] == "admin"
