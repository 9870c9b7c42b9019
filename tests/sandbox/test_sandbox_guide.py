"""The Help Center."""

import httpx
import pytest

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import DRAFT_ARTICLE, RETURNS_ARTICLE, RETURNS_SECTION

pytestmark = pytest.mark.anyio

GUIDE = "help_center"
ARTICLE = f"{GUIDE}/articles/{RETURNS_ARTICLE}"


async def test_paths_need_their_suffix_where_the_rules_say_so(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get(ARTICLE)).status_code == 415
    assert (await client.get(f"{ARTICLE}.json")).status_code == 200
    sandbox.rules.help_center_needs_suffix = False
    assert (await client.get(ARTICLE)).status_code == 200


async def test_an_article_is_shown_in_the_locale_of_its_path(client: httpx.AsyncClient) -> None:
    article = (await client.get(f"{ARTICLE}.json?include=sections,categories,users")).json()
    assert article["article"]["title"] == "How to return an item"
    assert article["sections"][0]["id"] == RETURNS_SECTION
    assert len(article["categories"]) == len(article["users"]) == 1
    german = await client.get(f"{GUIDE}/de/articles/{RETURNS_ARTICLE}.json")
    assert german.json()["article"]["locale"] == "de"
    assert german.json()["article"]["source_locale"] == "en-us"
    assert (await client.get(f"{GUIDE}/fr/articles/{RETURNS_ARTICLE}.json")).status_code == 404


async def test_a_search_finds_what_is_published(client: httpx.AsyncClient) -> None:
    async def found(query: str) -> list[int]:
        body = (await client.get(f"{GUIDE}/articles/search.json?{query}")).json()
        assert body["count"] == len(body["results"])
        return [one["id"] for one in body["results"]]

    assert await found("query=refund") == [RETURNS_ARTICLE]
    assert await found("query=rope") == [RETURNS_ARTICLE]
    assert await found("label_names=recall") == []
    assert await found("label_names=warranty,refund&query=return") == [RETURNS_ARTICLE]
    assert len(await found(f"section={RETURNS_SECTION}")) == 2
    assert await found("query=Artikel&locale=de") == [RETURNS_ARTICLE]
    assert (await client.get(f"{GUIDE}/articles/search.json")).status_code == 400
    assert (await client.get("guide/search?query=x")).status_code == 400
    snippet = (await client.get(f"{GUIDE}/articles/search.json?query=refund")).json()
    assert "<" not in snippet["results"][0]["snippet"]


async def test_lists_go_down_from_categories_to_articles(client: httpx.AsyncClient) -> None:
    categories = (await client.get(f"{GUIDE}/categories.json")).json()["categories"]
    path = f"{GUIDE}/categories/{categories[0]['id']}"
    assert (await client.get(f"{path}.json")).json()["category"] == categories[0]
    sections = (await client.get(f"{path}/sections.json?include=categories")).json()
    assert len(sections["sections"]) == 2
    path = f"{GUIDE}/sections/{RETURNS_SECTION}"
    assert (await client.get(f"{path}.json")).json()["section"]["name"]
    listed = (await client.get(f"{path}/articles.json?page[size]=1")).json()
    assert (len(listed["articles"]), listed["meta"]["has_more"]) == (1, True)
    every = (await client.get(f"{GUIDE}/articles.json")).json()["articles"]
    assert DRAFT_ARTICLE in {one["id"] for one in every if one["draft"]}
    labelled = (await client.get(f"{GUIDE}/articles.json?label_names=safety")).json()
    assert [one["id"] for one in labelled["articles"]] == [DRAFT_ARTICLE]
    assert (await client.get(f"{GUIDE}/locales.json")).json()["locales"] == ["de", "en-us"]


async def test_an_article_is_written_and_its_text_is_the_translations(
    client: httpx.AsyncClient,
) -> None:
    body = {"article": {"title": "New", "body": "<p>x</p>", "draft": True, "locale": "en-us"}}
    path = f"{GUIDE}/sections/{RETURNS_SECTION}/articles.json"
    made = await client.post(path, json=body)
    article = made.json()["article"]
    assert (made.status_code, article["draft"]) == (201, True)
    assert made.headers["Location"] == article["url"]
    assert (await client.post(path, json={"article": {}})).status_code == 422
    below = f"{GUIDE}/articles/{article['id']}"
    changes = {"article": {"title": "ignored", "label_names": ["a"], "promoted": True}}
    changed = (await client.put(f"{below}.json", json=changes)).json()["article"]
    assert (changed["title"], changed["label_names"]) == ("New", ["a"])
    text = {"translation": {"title": "Better", "draft": False}}
    await client.put(f"{below}/translations/en-us.json", json=text)
    shown = (await client.get(f"{below}.json")).json()["article"]
    assert (shown["title"], shown["draft"], shown["body"]) == ("Better", False, "<p>x</p>")
    french = {"translation": {"locale": "fr", "title": "Nouveau", "body": ""}}
    assert (await client.post(f"{below}/translations.json", json=french)).status_code == 201
    assert (await client.post(f"{below}/translations.json", json=french)).status_code == 422
    listed = (await client.get(f"{below}/translations.json")).json()["translations"]
    assert {one["locale"] for one in listed} == {"en-us", "fr"}
    assert (await client.get(f"{below}/translations/xx.json")).status_code == 404
    assert (await client.delete(f"{below}.json")).status_code == 204
    assert (await client.get(f"{below}.json")).status_code == 404


async def test_it_has_scopes_of_its_own(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    narrow = {"Authorization": f"Bearer {sandbox.token(('hc:read',))}"}
    assert (await client.get(f"{ARTICLE}.json", headers=narrow)).status_code == 200
    refused = await client.put(f"{ARTICLE}.json", json={"article": {}}, headers=narrow)
    assert "hc:write" in refused.json()["description"]
