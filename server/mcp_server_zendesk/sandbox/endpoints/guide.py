"""The Help Center: categories, sections, articles and their search (`zendesk-api.md` §7, §9).

Paths exist with and without a locale; an article is shown in the locale of its path.
"""

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.errors import ApiError, invalid_attribute, record_not_found
from mcp_server_zendesk.sandbox.guide import (
    DEFAULT_LOCALE,
    USER_SEGMENTS,
    in_locale,
    shown_article,
    shown_category,
    shown_section,
)
from mcp_server_zendesk.sandbox.paging import Key, offset_frame, offset_numbers, paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import Endpoint, Route, route
from mcp_server_zendesk.sandbox.text import plain_from_html
from mcp_server_zendesk.sandbox.text_match import words_match

_SCOPE = "hc"


def list_categories(call: Call) -> Answer:
    """GET /help_center/categories."""
    page = paged(call, list(call.store.categories.values()), sorts=_BY_POSITION)
    return Answer({"categories": [shown_category(call, one) for one in page.records]} | page.frame)


def show_category(call: Call) -> Answer:
    """GET /help_center/categories/{id}."""
    category = call.store.categories.get(call.ids["id"])
    if category is None:
        raise record_not_found()
    return Answer({"category": shown_category(call, category)})


def list_sections(call: Call) -> Answer:
    """GET /help_center/sections, or those of a category."""
    sections = list(call.store.sections.values())
    if "id" in call.ids:
        sections = [one for one in sections if one["category_id"] == call.ids["id"]]
    page = paged(call, sections, sorts=_BY_POSITION)
    body: Json = {"sections": [shown_section(call, one) for one in page.records], **page.frame}
    if "categories" in call.included():
        ids = dict.fromkeys(one["category_id"] for one in page.records)
        body["categories"] = [shown_category(call, call.store.categories[one]) for one in ids]
    return Answer(body)


def show_section(call: Call) -> Answer:
    """GET /help_center/sections/{id}."""
    section = call.store.sections.get(call.ids["id"])
    if section is None:
        raise record_not_found()
    return Answer({"section": shown_section(call, section)})


def list_articles(call: Call) -> Answer:
    """GET /help_center/articles, or those of a section; by `label_names` where it is given."""
    articles = _in_this_locale(call)
    if "id" in call.ids:
        articles = [one for one in articles if one["section_id"] == call.ids["id"]]
    labels = set(call.many("label_names"))
    if labels:
        articles = [one for one in articles if labels <= set(one["label_names"])]
    sorts: dict[str, Key] = {
        **_BY_POSITION,
        "title": lambda one: one["title"],
        "created_at": lambda one: one["created_at"],
        "updated_at": lambda one: one["updated_at"],
    }
    page = paged(call, articles, sorts=sorts)
    body: Json = {"articles": [shown_article(call, one) for one in page.records], **page.frame}
    return Answer(body | _beside(call, page.records))


def show_article(call: Call) -> Answer:
    """GET /help_center/articles/{id}, drafts too: an agent reads them."""
    article = _article(call)
    locale = call.ids.get("locale")
    if locale and locale not in call.store.translations[article["id"]]:
        raise record_not_found()
    shown = in_locale(call.store, article, locale or article["source_locale"])
    return Answer({"article": shown_article(call, shown)} | _beside(call, [shown]))


def search_articles(call: Call) -> Answer:
    """GET /help_center/articles/search: published ones only, by words, section, label, locale."""
    query = call.query
    if not {"query", "category", "section", "label_names"} & query.keys():
        raise invalid_attribute("query", "one of query, category, section, label_names is needed")
    found = [one for one in _in_this_locale(call, query.get("locale")) if not one["draft"]]
    if "section" in query:
        wanted = set(query["section"].split(","))
        found = [one for one in found if str(one["section_id"]) in wanted]
    if "category" in query:
        wanted = set(query["category"].split(","))
        found = [one for one in found if str(_category_of(call, one)) in wanted]
    labels = set(call.many("label_names"))
    if labels:
        found = [one for one in found if labels & set(one["label_names"])]
    if query.get("query"):
        words = query["query"]
        found = [one for one in found if words_match(words, f"{one['title']} {_text(one)}")]
        found.sort(key=lambda one: not words_match(words, one["title"]))
    page, per_page = offset_numbers(call)
    results = [
        {**shown_article(call, one), "snippet": _text(one)[:200], "result_type": "article"}
        for one in found[(page - 1) * per_page : page * per_page]
    ]
    frame = offset_frame(call, page, per_page, len(found))
    pages = -(-len(found) // per_page)
    numbers = {"page": page, "per_page": per_page, "page_count": pages}
    return Answer({"results": results, **frame, **numbers})


def refuse_unified_search(call: Call) -> Answer:
    """GET /guide/search: 400 without `filter[locales]`; what it answers otherwise is left out."""
    if "filter[locales]" not in call.query:
        raise invalid_attribute("filter[locales]", "must be supplied")
    raise ApiError(404, {"error": "InvalidEndpoint", "description": "Not found"})


def list_locales(call: Call) -> Answer:
    """GET /help_center/locales."""
    locales = sorted({one for held in call.store.translations.values() for one in held})
    return Answer({"locales": locales, "default_locale": DEFAULT_LOCALE})


def list_user_segments(call: Call) -> Answer:
    """GET /help_center/user_segments: the two that every account has."""
    page = paged(call, [dict(one) for one in USER_SEGMENTS])
    return Answer({"user_segments": page.records} | page.frame)


def _in_this_locale(call: Call, asked: str | None = None) -> list[Json]:
    """The articles that exist in the locale of the path or the query; `*` is every locale."""
    store = call.store
    locale = call.ids.get("locale") or asked or DEFAULT_LOCALE
    if locale == "*":
        return [
            in_locale(store, one, name)
            for one in store.articles.values()
            for name in store.translations[one["id"]]
        ]
    return [
        in_locale(store, one, locale)
        for one in store.articles.values()
        if locale in store.translations[one["id"]]
    ]


def _beside(call: Call, articles: list[Json]) -> Json:
    beside: Json = {}
    sections = dict.fromkeys(one["section_id"] for one in articles)
    if "sections" in call.included():
        beside["sections"] = [shown_section(call, call.store.sections[one]) for one in sections]
    if "categories" in call.included():
        ids = dict.fromkeys(call.store.sections[one]["category_id"] for one in sections)
        beside["categories"] = [shown_category(call, call.store.categories[one]) for one in ids]
    if "users" in call.included():
        beside["users"] = call.wire.users(one["author_id"] for one in articles)
    return beside


def _article(call: Call) -> Json:
    article = call.store.articles.get(call.ids["id"])
    if article is None:
        raise record_not_found()
    return article


def _category_of(call: Call, article: Json) -> object:
    return call.store.sections[article["section_id"]]["category_id"]


def _text(article: Json) -> str:
    return plain_from_html(article["body"] or "").replace("\n", " ")


_BY_POSITION: dict[str, Key] = {"position": lambda one: one["position"]}


def _both(path: str, endpoint: Endpoint) -> tuple[Route, Route]:
    return (
        route("GET", f"/help_center{path}", endpoint, _SCOPE),
        route("GET", "/help_center/{locale}" + path, endpoint, _SCOPE),
    )


ROUTES = (
    route("GET", "/help_center/locales", list_locales, _SCOPE),
    route("GET", "/help_center/user_segments", list_user_segments, _SCOPE),
    route("GET", "/guide/search", refuse_unified_search, _SCOPE),
    *_both("/articles/search", search_articles),
    *_both("/categories", list_categories),
    *_both("/categories/{id:int}", show_category),
    *_both("/categories/{id:int}/sections", list_sections),
    *_both("/sections", list_sections),
    *_both("/sections/{id:int}", show_section),
    *_both("/sections/{id:int}/articles", list_articles),
    *_both("/articles", list_articles),
    *_both("/articles/{id:int}", show_article),
)
