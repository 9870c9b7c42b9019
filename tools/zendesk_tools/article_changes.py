"""Changing a Help Center article: only what was asked for, and told from what is read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.guide_records import TranslationRecord, guide_path
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.article_html import Html, Title, checked_html, with_passage_replaced
from zendesk_tools.articles import (
    ArticleId,
    Texts,
    audience,
    clean_labels,
    read_article,
    same_text,
    whole_text,
)
from zendesk_tools.names import Named
from zendesk_tools.sections import Contents, LocaleName, find_section, known_contents
from zendesk_tools.ticket_changes import Change, ignored_keys

_ARGUMENTS = {"label_names": "labels", "section_id": "section"}
_DIFFERENCE = 250
_AROUND = 20


class ArticleChange(Result):
    """What became of an article."""

    article_id: int
    title: Line | None = None
    locale: Line
    draft: bool
    section: Named | None = None
    changes: list[Change]
    unchanged: Annotated[
        list[Line] | None, Field(description="Asked for, but it was so already, or had no effect")
    ] = None
    ignored: Annotated[
        list[Line] | None, Field(description="Asked for, but dropped by Zendesk")
    ] = None
    stored_otherwise: Annotated[
        list[Line] | None, Field(description="Not stored as sent: Zendesk cleans HTML")
    ] = None
    answer_was_lost: Annotated[
        bool | None, Field(description="An answer was lost, but reading shows the change")
    ] = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What has to be sent so that the article is as asked."""

    texts: Texts
    shown: TranslationRecord
    asked: dict[str, Any]
    of_article: dict[str, Any] = field(default_factory=dict)
    of_translation: dict[str, Any] = field(default_factory=dict)

    @property
    def publishes(self) -> bool:
        return self.of_translation.get("draft") is False

    @property
    def seen_by_readers(self) -> bool:
        """Whether something that is published changes, or becomes it."""
        shown = (self.shown,) if self.of_translation else ()
        concerned = self.texts.translations.values() if self.of_article else shown
        return self.publishes or any(not one.draft for one in concerned)


async def update_article(
    zendesk: Zendesk,
    article_id: ArticleId,
    locale: Annotated[
        LocaleName | None, Field(description="E.g. `de`; default: the original")
    ] = None,
    title: Annotated[Title | None, Field(description="New title")] = None,
    body: Annotated[Html | None, Field(description="The whole new body, in HTML")] = None,
    old_text: Annotated[
        Html | None,
        Field(description="Passage to replace, as get_article shows it; has to occur once"),
    ] = None,
    new_text: Annotated[Html | None, Field(description="What replaces it, in HTML")] = None,
    draft: Annotated[
        bool | None, Field(description="false publishes, true takes it offline")
    ] = None,
    labels: Annotated[list[str] | None, Field(description="The whole new list")] = None,
    section: Annotated[
        str | int | None, Field(description="To move it: id, name or `Category > Section`")
    ] = None,
) -> ArticleChange:
    """Change an article in one language, or publish it; what you do not give stays as it is.

    Read it with get_article first. Prefer old_text with new_text: body also replaces links and
    images, which you do not see. Before anything published changes, the user has to agree first;
    drafts change unasked. For a new article use create_article.
    """
    plan = await _plan(
        zendesk, article_id, locale, title, body, old_text, new_text, draft, labels, section
    )
    warnings: list[str] = []
    lost = False
    try:
        if plan.of_article:
            path = guide_path("articles", article_id)
            answer = await zendesk.put(*path, body={"article": plan.of_article}, harmless=True)
            warnings.append(answer.warning or "")
        if plan.of_translation:
            path = guide_path("articles", article_id, "translations", plan.shown.locale)
            text = {"translation": plan.of_translation}
            answer = await zendesk.put(*path, body=text, harmless=True)
            warnings.append(answer.warning or "")
    except ZendeskError as error:
        if not may_have_arrived(error) or not await _holds_now(zendesk, article_id, plan):
            raise
        zendesk.outcome, lost = "applied", True
    sent = plan.of_article or plan.of_translation
    after = await read_article(zendesk, article_id) if sent else plan.texts
    return await _told(zendesk, plan, after, " ".join(warnings), lost=lost)


async def _plan(
    zendesk: Zendesk,
    article_id: int,
    locale: str | None,
    title: str | None,
    body: str | None,
    old_text: str | None,
    new_text: str | None,
    draft: bool | None,
    labels: list[str] | None,
    section: str | int | None,
) -> _Plan:
    """Read the article and compare it with the arguments.

    Raises:
        InvalidArguments: They ask for nothing, contradict each other or cannot be.
    """
    if body is not None and (old_text is not None or new_text is not None):
        raise InvalidArguments.of("body", "excludes old_text and new_text")
    if (old_text is None) != (new_text is None):
        raise InvalidArguments.of("old_text", "and new_text go together")
    wanted = (title, body, old_text, draft, labels, section)
    if all(one is None for one in wanted):
        raise InvalidArguments.of("arguments", "name nothing to change; give at least one field")
    if title is not None and not title.strip():
        raise InvalidArguments.of("title", "is empty")
    texts = await read_article(zendesk, article_id)
    shown = texts.in_locale(locale)
    now = shown.body or ""
    if old_text is not None and new_text is not None:
        body = with_passage_replaced(now, old_text, new_text)
    if body is not None and body != now:
        checked_html("body" if old_text is None else "new_text", body, before=now)
    asked: dict[str, Any] = {
        "title": None if title is None else " ".join(title.split()),
        "body": body,
        "draft": draft,
        "label_names": None if labels is None else clean_labels(labels),
        "section_id": None if section is None else await find_section(zendesk, section),
    }
    asked = {key: value for key, value in asked.items() if value is not None}
    is_now = _values(texts, shown)
    new = {key: value for key, value in asked.items() if not _same(key, value, is_now[key])}
    return _Plan(
        texts,
        shown,
        asked,
        of_article={key: value for key, value in new.items() if key in _ARGUMENTS},
        of_translation={key: value for key, value in new.items() if key not in _ARGUMENTS},
    )


def _values(texts: Texts, shown: TranslationRecord) -> dict[str, Any]:
    """What an article holds, by Zendesk's keys."""
    return {
        "title": shown.title or "",
        "body": shown.body or "",
        "draft": bool(shown.draft),
        "label_names": texts.article.label_names or [],
        "section_id": texts.article.section_id,
    }


def _same(key: str, one: Any, other: Any) -> bool:
    """Labels have no order."""
    return sorted(one) == sorted(other) if key == "label_names" else bool(one == other)


async def _holds_now(zendesk: Zendesk, article_id: int, plan: _Plan) -> bool:
    """Whether the article turns out to be as asked, after an answer was lost."""
    try:
        texts = await read_article(zendesk, article_id)
        is_now = _values(texts, texts.in_locale(plan.shown.locale))
    except (ZendeskError, InvalidArguments):
        return False  # the lost answer is what has to be told
    return all(_stored(key, value, is_now[key]) for key, value in plan.asked.items())


def _stored(key: str, sent: Any, found: Any) -> bool:
    """Zendesk rewrites HTML; what a reader sees of it counts."""
    if key == "body":
        return same_text(sent, found)
    return _same(key, sent, found)


async def _told(
    zendesk: Zendesk, plan: _Plan, after: Texts, warning: str, *, lost: bool
) -> ArticleChange:
    """What really changed, by comparing the article with what it was."""
    shown = after.in_locale(plan.shown.locale)
    was, now = _values(plan.texts, plan.shown), _values(after, shown)
    contents = await known_contents(zendesk)
    changed = [key for key in now if not _same(key, was[key], now[key])]
    ignored = [key for key in ignored_keys(warning, plan.asked) if key not in changed]

    def in_words(key: str, one: Any, other: Any) -> str | None:
        if key == "body":
            return _difference(one, other)
        if key == "label_names":
            return ", ".join(one) or None
        if key == "section_id":
            return contents.path(one) or str(one)
        return str(one).lower() if isinstance(one, bool) else str(one) or None

    altered = [key for key in changed if key in plan.asked]
    return ArticleChange(
        article_id=after.article.id,
        title=shown.title,
        locale=shown.locale,
        draft=bool(shown.draft),
        section=contents.named(after.article.section_id),
        changes=[
            Change(
                field=_ARGUMENTS.get(key, key),
                before=in_words(key, was[key], now[key]),
                after=in_words(key, now[key], was[key]),
                requested=key in plan.asked,
            )
            for key in changed
        ],
        unchanged=_names(key for key in plan.asked if key not in changed and key not in ignored),
        ignored=_names(ignored),
        stored_otherwise=_names(
            key for key in altered if not _stored(key, plan.asked[key], now[key])
        ),
        answer_was_lost=lost or None,
    )


def _names(keys: Any) -> list[str] | None:
    return [_ARGUMENTS.get(key, key) for key in keys] or None


def _difference(one: str, other: str) -> str | None:
    """Where a body differs from another one, with a little of what stands around it."""
    if same_text(one, other):
        return "the same text in other HTML"
    mine, theirs = whole_text(one).text, whole_text(other).text
    if mine == theirs:
        return "other only in what is redacted here"
    start = max(_in_common(mine, theirs) - _AROUND, 0)
    end = max(_in_common(mine[:start:-1], theirs[:start:-1]) - _AROUND, 0)
    part = mine[start : len(mine) - end]
    return clean_line(f"…{part}" if start else part, _DIFFERENCE) or None


def _in_common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


async def confirm_update(
    zendesk: Zendesk,
    article_id: int,
    locale: str | None = None,
    title: str | None = None,
    body: str | None = None,
    old_text: str | None = None,
    new_text: str | None = None,
    draft: bool | None = None,
    labels: list[str] | None = None,
    section: str | int | None = None,
) -> Question | None:
    """What a human is asked before an article changes."""
    plan = await _plan(
        zendesk, article_id, locale, title, body, old_text, new_text, draft, labels, section
    )
    if not plan.seen_by_readers:
        return None
    contents = await known_contents(zendesk)
    article, now = plan.texts.article, plan.shown
    what = "Publish this article in" if plan.publishes else "Change this published article of"
    lines = [
        f"{what} the Help Center?",
        f"Title: {shown.short(now.title or '(none)')}",
        f"Visible to: {shown.short(', '.join(await audience(zendesk, article.segments)))}",
        f"Article: {article.id}, language {shown.short(now.locale)}",
        f"Section: {_where(contents, article.section_id)}",
    ]
    if plan.texts.changed_at:
        lines.append(f"Article last changed: {stamp(plan.texts.changed_at)}")
    changes = {**plan.of_article, **plan.of_translation}
    if "title" in changes:
        lines.append(f"New title: {shown.whole(changes['title'])}")
    if "section_id" in changes:
        lines.append(f"New section: {_where(contents, changes['section_id'])}")
    if "label_names" in changes:
        lines.append(f"New labels: {shown.whole(changes['label_names']) or 'none'}")
    if changes.get("draft") is True:
        lines.append("It is taken off the Help Center and becomes a draft.")
    if old_text is not None and "body" in changes:
        lines += ["", "This passage:", shown.quoted(old_text)]
        lines += ["", "is replaced by:", shown.quoted(new_text or "")]
    elif "body" in changes:
        lines += shown.letter("The new HTML", changes["body"])
    if plan.publishes and (old_text is not None or "body" not in changes):
        lines += shown.letter("Its HTML as it is now", now.body or "")
    return Question("\n".join(lines))


def _where(contents: Contents, section_id: int | None) -> str:
    return shown.short(contents.path(section_id or 0) or f"section {section_id}")
