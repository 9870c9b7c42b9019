"""Changing an article: what was asked for and nothing by the way, told from what is read back."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import (
    DRAFT_ARTICLE,
    RETURNS_ARTICLE,
    RETURNS_SECTION,
)

pytestmark = pytest.mark.anyio

WRITER: dict[str, Any] = {"scopes": "hc:read hc:write", "toolsets": "help_center"}
TRUSTED: dict[str, Any] = {**WRITER, "confirm": "client"}
BOOTS = 41700000067051
CONTENTS = ["GET help_center/categories.json", "GET help_center/sections.json"]
ARTICLE = f"help_center/articles/{RETURNS_ARTICLE}"
DRAFT = f"help_center/articles/{DRAFT_ARTICLE}"
READ_DRAFT = [f"GET {DRAFT}.json", f"GET {DRAFT}/translations.json"]


def first_problem(error: dict[str, Any]) -> dict[str, Any]:
    problem: dict[str, Any] = error["details"]["fields"][0]
    return problem


async def test_a_draft_is_changed_unasked_and_told_from_what_is_read_back(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        before = deepcopy(desk.sandbox.store.translations[DRAFT_ARTICLE]["en-us"])
        changed = await desk.ask("update_article", article_id=DRAFT_ARTICLE, title="Rope recall")
        assert changed == {
            "article_id": DRAFT_ARTICLE,
            "title": "Rope recall",
            "locale": "en-us",
            "draft": True,
            "section": {"id": BOOTS, "name": "Gear care and repair > Boots and shells"},
            "changes": [
                {
                    "field": "title",
                    "from": "Rope recall 24-07",
                    "to": "Rope recall",
                    "requested": True,
                }
            ],
        }
        put = f"PUT {DRAFT}/translations/en-us.json"
        assert desk.sent() == [*READ_DRAFT, put, *READ_DRAFT, *CONTENTS]
        bodies = [one.body for one in desk.sandbox.requests if one.method == "PUT"]
        assert bodies == [{"translation": {"title": "Rope recall"}}]
        after = desk.sandbox.store.translations[DRAFT_ARTICLE]["en-us"]
        assert {key for key in after if after[key] != before[key]} == {"title", "updated_at"}


async def test_a_passage_is_replaced_and_the_rest_stays(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        text = desk.sandbox.store.translations[RETURNS_ARTICLE]["en-us"]
        before = text["body"]
        changed = await desk.ask(
            "update_article", article_id=RETURNS_ARTICLE, old_text="60 days", new_text="90 days"
        )
        assert text["body"] == before.replace("60 days", "90 days")
        (change,) = changed["changes"]
        assert "**60 days**" in change["from"]
        assert "**90 days**" in change["to"]
        assert "parcel" not in change["to"], "only what differs is told"
        german = desk.sandbox.store.translations[RETURNS_ARTICLE]["de"]
        assert "60 Tage" in german["body"]


async def test_a_passage_is_found_as_it_is_read(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        text = desk.sandbox.store.translations[DRAFT_ARTICLE]["en-us"]
        text["body"] = "<p>Ropes &amp; slings</p><p>again and again</p>"
        await desk.ask(
            "update_article", article_id=DRAFT_ARTICLE, old_text="Ropes & slings", new_text="Ropes"
        )
        assert text["body"] == "<p>Ropes</p><p>again and again</p>"
        error = await desk.fail(
            "update_article", article_id=DRAFT_ARTICLE, old_text="again", new_text="x"
        )
        assert "2 times" in first_problem(error)["problem"]
        error = await desk.fail(
            "update_article", article_id=DRAFT_ARTICLE, old_text="Harness", new_text="x"
        )
        assert "not in the article" in first_problem(error)["problem"]
        await desk.ask(
            "update_article",
            article_id=DRAFT_ARTICLE,
            old_text="<p>again and again</p>",
            new_text="",
        )
        assert text["body"] == "<p>Ropes</p>"


async def test_text_and_settings_go_their_own_ways(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        changed = await desk.ask(
            "update_article",
            article_id=RETURNS_ARTICLE,
            locale="de",
            title="Rückgabe",
            labels=["returns"],
            section="shipping",
        )
        assert [(one["field"], one["from"], one["to"]) for one in changed["changes"]] == [
            ("title", "So senden Sie einen Artikel zurück", "Rückgabe"),
            ("labels", "returns, refund", "returns"),
            ("section", "Ordering > Returns and warranty", "Ordering > Shipping"),
        ]
        assert desk.sent("PUT") == [
            f"PUT {ARTICLE}.json",
            f"PUT {ARTICLE}/translations/de.json",
        ]
        english = desk.sandbox.store.translations[RETURNS_ARTICLE]["en-us"]
        assert english["title"] == "How to return an item"


async def test_what_is_so_already_is_not_sent(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITER) as desk:
        changed = await desk.ask(
            "update_article",
            article_id=RETURNS_ARTICLE,
            title="How to return  an item",
            draft=False,
            labels=["refund", "returns"],
            section=RETURNS_SECTION,
        )
        assert changed["changes"] == []
        assert changed["unchanged"] == ["title", "draft", "labels", "section"]
        assert desk.sent("PUT") == []


async def test_what_zendesk_drops_or_rewrites_is_told(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        store = desk.sandbox.store
        warn = Fault(
            headers={"X-Zendesk-API-Warn": "Removed restricted keys [:label_names]"},
            status=200,
            body={"article": {}},
        )
        desk.sandbox.faults.add("PUT", rf"{ARTICLE}\.json", 1, warn)
        changed = await desk.ask("update_article", article_id=RETURNS_ARTICLE, labels=["new"])
        assert (changed["changes"], changed["ignored"]) == ([], ["labels"])

        def clean() -> None:
            store.translations[DRAFT_ARTICLE]["en-us"]["body"] = "<p>less</p>"

        desk.sandbox.faults.add(
            "GET", f"{DRAFT_ARTICLE}/translations", 1, Fault(effect=clean), after=1
        )
        changed = await desk.ask(
            "update_article", article_id=DRAFT_ARTICLE, body="<p>less <mark>and more</mark></p>"
        )
        assert changed["stored_otherwise"] == ["body"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "arguments"),
        ({"locale": "de"}, "arguments"),
        ({"body": "<p>x</p>", "old_text": "a", "new_text": "b"}, "body"),
        ({"old_text": "60 days"}, "old_text"),
        ({"new_text": "60 days"}, "old_text"),
        ({"title": "x", "locale": "fr"}, "locale"),
        ({"body": "just words"}, "body"),
        ({"title": " "}, "title"),
        ({"old_text": "", "new_text": "x"}, "old_text"),
        ({"old_text": "60 days", "new_text": "<script>x()</script>"}, "new_text"),
        ({"old_text": "60 days", "new_text": "<span hidden>obey me</span>"}, "new_text"),
        ({"old_text": "<p>You can", "new_text": '<p onmouseover="x()">You can'}, "new_text"),
        ({"section": "Nowhere"}, "section"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_here(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace(**TRUSTED) as desk:
        error = await desk.fail("update_article", article_id=RETURNS_ARTICLE, **arguments)
        assert (error["kind"], error["outcome"]) == ("invalid_arguments", "not_applied")
        assert first_problem(error)["field"] == field
        assert desk.sent("PUT") == []


async def test_what_a_person_embedded_before_may_stay(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        text = desk.sandbox.store.translations[DRAFT_ARTICLE]["en-us"]
        film = '<iframe src="https://films.example/1"></iframe>'
        text["body"] = f"<p>Look:</p>{film}"
        await desk.ask(
            "update_article", article_id=DRAFT_ARTICLE, old_text="Look", new_text="Watch"
        )
        assert text["body"] == f"<p>Watch:</p>{film}"
        error = await desk.fail("update_article", article_id=DRAFT_ARTICLE, body=film * 2)
        assert "<iframe>" in first_problem(error)["problem"]


async def test_after_a_lost_answer_the_article_is_read(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        faults = desk.sandbox.faults
        faults.add("PUT", "/translations/", None, misfortunes.reset_after_write())
        changed = await desk.ask("update_article", article_id=DRAFT_ARTICLE, title="Seen")
        assert (changed["answer_was_lost"], changed["title"]) == (True, "Seen")
        faults.clear()
        faults.add("PUT", "/translations/", None, misfortunes.never_answered())
        error = await desk.fail("update_article", article_id=DRAFT_ARTICLE, title="Unseen")
        assert (error["kind"], error["outcome"]) == ("timeout", "unknown")


async def test_half_a_change_is_not_called_none(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**TRUSTED) as desk:
        desk.sandbox.faults.add("PUT", "/translations/", 1, misfortunes.forbidden())
        error = await desk.fail(
            "update_article", article_id=DRAFT_ARTICLE, title="x", labels=["half"]
        )
        assert (error["kind"], error["outcome"]) == ("forbidden", "unknown")
        assert desk.sandbox.store.articles[DRAFT_ARTICLE]["label_names"] == ["half"]


async def test_an_article_that_is_not_there_cannot_be_changed(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**WRITER) as desk:
        error = await desk.fail("update_article", article_id=5, title="x")
        assert (error["kind"], error["outcome"]) == ("not_found", "not_applied")


async def test_hostile_text_stays_clean_in_a_report(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    text = sandbox.store.translations[DRAFT_ARTICLE]["en-us"]
    text |= {"title": "a\u202eb\nc", "body": '<p>x<span style="display:none">obey</span></p>'}
    async with open_workspace(sandbox=sandbox, **TRUSTED) as desk:
        changed = await desk.ask(
            "update_article", article_id=DRAFT_ARTICLE, title="t", body="<p>y</p>"
        )
        assert [one["from"] for one in changed["changes"]] == ["ab c", "x"]
