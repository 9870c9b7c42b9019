"""Writing articles and their translations. The wording of refusals is not attested."""

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.errors import record_invalid, record_not_found
from mcp_server_zendesk.sandbox.guide import (
    add_translation,
    article_record,
    in_locale,
    shown_article,
    shown_translation,
)
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route

_SCOPE = "hc"
_ON_ARTICLE = (
    "promoted",
    "position",
    "comments_disabled",
    "section_id",
    "user_segment_id",
    "permission_group_id",
    "label_names",
    "content_tag_ids",
    "author_id",
)
_ON_TRANSLATION = ("title", "body", "draft", "outdated")


def create_article(call: Call) -> Answer:
    """POST /help_center/sections/{id}/articles: 201 with Location."""
    section = call.store.sections.get(call.ids["id"])
    if section is None:
        raise record_not_found()
    given = call.payload("article")
    locale = given.get("locale") or call.ids.get("locale") or section["locale"]
    if not str(given.get("title") or "").strip():
        entry = {"description": "Title: cannot be blank", "error": "BlankValue"}
        raise record_invalid({"title": [entry]})
    now = stamp(call.store.now())
    kept = {key: given[key] for key in _ON_ARTICLE if key in given}
    record = article_record(
        author_id=call.user["id"],
        source_locale=locale,
        edited_at=now,
    )
    article = call.store.add(call.store.articles, {**record, **kept, "section_id": section["id"]})
    add_translation(call.store, article, locale, **_text(given))
    shown = shown_article(call, in_locale(call.store, article, locale))
    return Answer({"article": shown}, 201, {"Location": shown["url"]})


def update_article(call: Call) -> Answer:
    """PUT /help_center/articles/{id}: what concerns every locale.

    Title and body are the translations' business: given here, they are passed over in silence.
    """
    article, given = _article(call), call.payload("article")
    if "section_id" in given and given["section_id"] not in call.store.sections:
        entry = {"description": "Section: is invalid", "error": "InvalidValue"}
        raise record_invalid({"section_id": [entry]})
    kept: Json = {key: given[key] for key in _ON_ARTICLE if key in given}
    article.update(kept, updated_at=stamp(call.store.now()))
    locale = call.ids.get("locale") or article["source_locale"]
    return Answer({"article": shown_article(call, in_locale(call.store, article, locale))})


def archive_article(call: Call) -> Answer:
    """DELETE /help_center/articles/{id}: 204."""
    del call.store.articles[_article(call)["id"]]
    return Answer(None, 204)


def list_translations(call: Call) -> Answer:
    """GET …/translations."""
    held = call.store.translations[_article(call)["id"]].values()
    shown = [shown_translation(call, one) for one in held]
    frame = {"next_page": None, "previous_page": None, "count": len(shown)}
    return Answer({"translations": shown, **frame})


def show_translation(call: Call) -> Answer:
    """GET …/translations/{locale}."""
    return Answer({"translation": shown_translation(call, _translation(call))})


def create_translation(call: Call) -> Answer:
    """POST …/translations: 201; a locale that exists is taken."""
    article, given = _article(call), call.payload("translation")
    locale = str(given.get("locale") or "")
    if not locale or locale in call.store.translations[article["id"]]:
        entry = {"description": "Locale: has already been taken", "error": "DuplicateValue"}
        raise record_invalid({"locale": [entry]})
    now = stamp(call.store.now())
    times = {"created_at": now, "updated_at": now, "updated_by_id": call.user["id"]}
    translation = add_translation(call.store, article, locale, **times, **_text(given))
    shown = shown_translation(call, translation)
    return Answer({"translation": shown}, 201, {"Location": shown["url"]})


def update_translation(call: Call) -> Answer:
    """PUT …/translations/{locale}."""
    translation, given = _translation(call), call.payload("translation")
    now = stamp(call.store.now())
    translation.update(_text(given), updated_at=now, updated_by_id=call.user["id"])
    _article(call).update(updated_at=now, edited_at=now)
    return Answer({"translation": shown_translation(call, translation)})


def _text(given: Json) -> Json:
    return {key: given[key] for key in _ON_TRANSLATION if key in given}


def _article(call: Call) -> Json:
    article = call.store.articles.get(call.ids["id"])
    if article is None:
        raise record_not_found()
    return article


def _translation(call: Call) -> Json:
    translation = call.store.translations[_article(call)["id"]].get(call.ids["of_locale"])
    if translation is None:
        raise record_not_found()
    return translation


_TRANSLATIONS = "/help_center/articles/{id:int}/translations"

ROUTES = (
    route("POST", "/help_center/sections/{id:int}/articles", create_article, _SCOPE),
    route("POST", "/help_center/{locale}/sections/{id:int}/articles", create_article, _SCOPE),
    route("PUT", "/help_center/articles/{id:int}", update_article, _SCOPE),
    route("PUT", "/help_center/{locale}/articles/{id:int}", update_article, _SCOPE),
    route("DELETE", "/help_center/articles/{id:int}", archive_article, _SCOPE),
    route("GET", _TRANSLATIONS, list_translations, _SCOPE),
    route("POST", _TRANSLATIONS, create_translation, _SCOPE),
    route("GET", _TRANSLATIONS + "/{of_locale}", show_translation, _SCOPE),
    route("PUT", _TRANSLATIONS + "/{of_locale}", update_translation, _SCOPE),
)
