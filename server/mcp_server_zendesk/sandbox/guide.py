"""Help Center records as answers show them, and articles in a locale."""

from typing import Any

from mcp_server_zendesk.sandbox.call import Call
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.store import Store

DEFAULT_LOCALE = "en-us"
USER_SEGMENTS: tuple[Json, ...] = (
    {
        "id": 41700000065034,
        "name": "Signed-in users",
        "user_type": "signed_in_users",
        "built_in": True,
    },
    {"id": 41700000065051, "name": "Agents and admins", "user_type": "staff", "built_in": True},
)
"""Who may see an article, where it is not everyone."""


def article_record(**known: Any) -> Json:
    """An article, without what its translations hold."""
    return {
        "id": None,
        "author_id": None,
        "comments_disabled": False,
        "promoted": False,
        "position": 0,
        "vote_sum": 0,
        "vote_count": 0,
        "section_id": None,
        "created_at": None,
        "updated_at": None,
        "source_locale": DEFAULT_LOCALE,
        "edited_at": None,
        "user_segment_id": None,
        "permission_group_id": 41700000065017,
        "content_tag_ids": [],
        "label_names": [],
        **known,
    }


def add_translation(store: Store, article: Json, locale: str, **known: Any) -> Json:
    """Adds or replaces an article's text in one locale."""
    held = store.translations.setdefault(article["id"], {})
    translation: Json = {
        "id": store.new_id(),
        "source_id": article["id"],
        "source_type": "Article",
        "locale": locale,
        "title": "",
        "body": "",
        "draft": False,
        "outdated": False,
        "hidden": False,
        "created_at": article["created_at"],
        "updated_at": article["updated_at"],
        "created_by_id": article["author_id"],
        "updated_by_id": article["author_id"],
        **held.get(locale, {}),
        **known,
    }
    held[locale] = translation
    return translation


def in_locale(store: Store, article: Json, locale: str) -> Json:
    """An article with the text of one of its translations."""
    translations = store.translations[article["id"]]
    text = translations[locale]
    return {
        **article,
        "locale": locale,
        "name": text["title"],
        "title": text["title"],
        "body": text["body"],
        "draft": text["draft"],
        "outdated": text["outdated"],
        "outdated_locales": [key for key, one in translations.items() if one["outdated"]],
        "updated_at": max(article["updated_at"], text["updated_at"]),
    }


def shown_article(call: Call, article: Json) -> Json:
    """An article in its locale, with its addresses."""
    return _addressed(call, "articles", article, article["locale"])


def shown_section(call: Call, section: Json) -> Json:
    """A section."""
    return _addressed(call, "sections", section, section["locale"])


def shown_category(call: Call, category: Json) -> Json:
    """A category."""
    return _addressed(call, "categories", category, category["locale"])


def shown_translation(call: Call, translation: Json) -> Json:
    """A translation."""
    below = f"articles/{translation['source_id']}/translations/{translation['locale']}"
    return {
        "url": call.wire.address(f"help_center/{below}.json"),
        "html_url": f"{call.wire.origin}/hc/{translation['locale']}/articles/"
        f"{translation['source_id']}",
        **translation,
    }


def _addressed(call: Call, resource: str, record: Json, locale: str) -> Json:
    return {
        "url": call.wire.address(f"help_center/{locale}/{resource}/{record['id']}.json"),
        "html_url": f"{call.wire.origin}/hc/{locale}/{resource}/{record['id']}",
        **record,
    }
