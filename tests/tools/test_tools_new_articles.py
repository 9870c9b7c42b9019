"""New articles: drafts, for the readers that the section has, and never made twice."""

from __future__ import annotations

from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.guide import USER_SEGMENTS
from mcp_server_zendesk.sandbox.landmarks import RETURNS_ARTICLE, RETURNS_SECTION

pytestmark = pytest.mark.anyio

WRITER: dict[str, Any] = {"scopes": "hc:read hc:write", "toolsets": "help_center"}
SHIPPING, BOOTS = 41700000067034, 41700000067051
SIGNED_IN, STAFF = USER_SEGMENTS[0]["id"], USER_SEGMENTS[1]["id"]
NEW = {"section": "Shipping", "title": "Parcel lockers", "body": "<p>Use the <b>code</b>.</p>"}
IN_SHIPPING = f"help_center/sections/{SHIPPING}/articles.json"
CONTENTS = ["GET help_center/categories.json", "GET help_center/sections.json"]


def articles_called(sandbox: Sandbox, title: str) -> list[int]:
    texts = sandbox.store.translations
    return [key for key, held in texts.items() if any(t["title"] == title for t in held.values())]


def first_problem(error: dict[str, Any]) -> dict[str, Any]:
    problem: dict[str, Any] = error["details"]["fields"][0]
    return problem


async def test_a_new_article_is_a_draft_that_nobody_is_told_of(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**WRITER) as desk:
        made = await desk.ask(
            "create_article", **NEW, labels=["locker", "locker", " self  service"]
        )
        article = desk.sandbox.store.articles[made.pop("id")]
        assert made == {
            "title": "Parcel lockers",
            "locale": "en-us",
            "draft": True,
            "section": {"id": SHIPPING, "name": "Ordering > Shipping"},
            "visible_to": ["everyone"],
            "labels": ["locker", "self service"],
        }
        assert desk.sent() == [*CONTENTS, f"GET {IN_SHIPPING}", f"POST {IN_SHIPPING}"]
        body = desk.sandbox.requests[-1].body
        assert body["notify_subscribers"] is False
        assert body["article"] == {
            "title": "Parcel lockers",
            "body": NEW["body"],
            "locale": "en-us",
            "draft": True,
            "user_segment_id": None,
            "permission_group_id": 41700000065017,
            "label_names": ["locker", "self service"],
        }
        assert article["permission_group_id"] == 41700000065017


async def test_it_is_seen_by_those_who_see_the_others_of_the_section(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    for article in sandbox.store.articles.values():
        if article["section_id"] == SHIPPING:
            article |= {"user_segment_id": STAFF, "permission_group_id": 77}
    async with open_workspace(sandbox=sandbox, **WRITER) as desk:
        made = await desk.ask("create_article", **NEW)
        assert made["visible_to"] == [f"Agents and admins ({STAFF})"]
        assert sandbox.store.articles[made["id"]]["permission_group_id"] == 77
        made = await desk.ask("create_article", **NEW, visible_to="Everyone")
        assert made["visible_to"] == ["everyone"]


async def test_where_they_differ_nothing_is_guessed(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    sandbox.store.articles[RETURNS_ARTICLE]["user_segment_id"] = SIGNED_IN
    async with open_workspace(sandbox=sandbox, **WRITER) as desk:
        error = await desk.fail("create_article", **{**NEW, "section": RETURNS_SECTION})
        assert first_problem(error)["candidates"] == [
            {"name": "everyone"},
            {"id": SIGNED_IN, "name": "Signed-in users"},
            {"id": STAFF, "name": "Agents and admins"},
        ]
        assert error["outcome"] == "not_applied"
        assert desk.sent("POST") == []
        for said in ("signed-in USERS", SIGNED_IN):
            made = await desk.ask(
                "create_article", **{**NEW, "section": RETURNS_SECTION}, visible_to=said
            )
            assert made["visible_to"] == [f"Signed-in users ({SIGNED_IN})"]


async def test_in_an_empty_section_the_audience_is_asked_for(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    sandbox.store.articles[41700000068051]["section_id"] = BOOTS
    async with open_workspace(sandbox=sandbox, **WRITER) as desk:
        error = await desk.fail("create_article", **NEW)
        assert first_problem(error)["field"] == "visible_to"
        made = await desk.ask("create_article", **NEW, visible_to="everyone")
        assert sandbox.store.articles[made["id"]]["permission_group_id"] == 41700000065017
        sandbox.store.articles.clear()
        error = await desk.fail("create_article", **NEW, visible_to="everyone")
        assert first_problem(error)["field"] == "permission_group_id"
        made = await desk.ask(
            "create_article", **NEW, visible_to="everyone", permission_group_id=5, locale="de"
        )
        assert made["locale"] == "de"


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"body": "# Markdown\n\n- is not rendered"}, "body", "no HTML"),
        ({"body": "1 < 2 and 3 > 2"}, "body", "no HTML"),
        ({"body": "<p>x</p><script>alert(1)</script>"}, "body", "<script>"),
        ({"body": '<p onclick="x()">x</p>'}, "body", "event handler"),
        ({"body": '<p><a href=" java\nscript:x()">x</a></p>'}, "body", "runs code"),
        ({"body": '<iframe src="https://x.example"></iframe>'}, "body", "<iframe>"),
        ({"body": '<p>x</p><p style="display:none">obey</p>'}, "body", "would not see"),
        ({"body": "<p>x\u200b\u2066y</p>"}, "body", "would not see"),
        ({"title": " \n "}, "title", "empty"),
        ({"title": "x" * 256}, "title", "at most 255"),
        ({"body": "<p>" + "x" * 64_000}, "body", "at most 64000"),
        ({"section": "Shipping and more"}, "section", "not known"),
        ({"labels": ["a,b"]}, "labels", "comma"),
        ({"visible_to": "nobody"}, "visible_to", "not known"),
        ({"locale": "../x"}, "locale", "locale"),
    ],
)
async def test_what_must_not_be_written_is_refused_here(
    open_workspace: OpenWorkspace, changed: dict[str, Any], field: str, said: str
) -> None:
    async with open_workspace(**WRITER) as desk:
        error = await desk.fail("create_article", **{**NEW, **changed})
        assert error["kind"] == "invalid_arguments"
        assert (first_problem(error)["field"], error["outcome"]) == (field, "not_applied")
        assert said in first_problem(error)["problem"]
        assert desk.sent("POST") == []


async def test_a_refused_article_names_its_fields(open_workspace: OpenWorkspace) -> None:
    refusal = {
        "error": "RecordInvalid",
        "description": "Record validation errors",
        "details": {"locale": [{"description": "Locale: is not enabled", "error": "InvalidValue"}]},
    }
    async with open_workspace(**WRITER) as desk:
        desk.sandbox.faults.add("POST", "/articles", 1, Fault(status=422, body=refusal))
        error = await desk.fail("create_article", **NEW, locale="fr")
        assert (error["kind"], error["outcome"]) == ("validation_failed", "not_applied")
        assert first_problem(error)["field"] == "locale"
        desk.sandbox.faults.add("POST", "/articles", 1, misfortunes.forbidden())
        error = await desk.fail("create_article", **NEW)
        assert (error["kind"], error["outcome"]) == ("forbidden", "not_applied")


@pytest.mark.parametrize(
    "fault",
    [
        misfortunes.reset_after_write(),
        misfortunes.html_error(504, applied=True),
        misfortunes.never_answered(applied=True),
        misfortunes.truncated_json(),
    ],
    ids=["reset", "504", "silence", "half"],
)
@pytest.mark.parametrize("locale", ["en-us", "de"])
async def test_after_a_lost_answer_it_is_found_and_not_made_twice(
    open_workspace: OpenWorkspace, fault: Fault, locale: str
) -> None:
    async with open_workspace(**WRITER) as desk:
        await desk.ask("create_article", **NEW, locale=locale)  # its twin must not be taken for it
        desk.sandbox.faults.add("POST", "/articles", 1, fault)
        made = await desk.ask("create_article", **NEW, locale=locale)
        assert made["answer_was_lost"] is True
        assert len(articles_called(desk.sandbox, NEW["title"])) == 2
        assert made["id"] == max(articles_called(desk.sandbox, NEW["title"]))
        assert len(desk.sent("POST")) == 2


async def test_one_that_is_not_found_again_is_unknown(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITER) as desk:
        desk.sandbox.faults.add("POST", "/articles", 1, misfortunes.never_answered())
        error = await desk.fail("create_article", **NEW)
        assert (error["kind"], error["outcome"]) == ("timeout", "unknown")
        assert articles_called(desk.sandbox, NEW["title"]) == [], "a second try would be there"


async def test_html_that_zendesk_cleaned_is_said_to_be(open_workspace: OpenWorkspace) -> None:
    def cleaned(answer: Any) -> Any:
        answer["article"]["body"] = "<p>Use the.</p>"
        return answer

    async with open_workspace(**WRITER) as desk:
        desk.sandbox.faults.add("POST", "/articles", 1, misfortunes.altered(cleaned))
        assert (await desk.ask("create_article", **NEW))["stored_otherwise"] is True
