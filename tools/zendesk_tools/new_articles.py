"""Writing a new Help Center article, as a draft unless a person agrees to publish it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.guide_records import ArticleRecord, guide_path
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import parse, parse_list
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.article_html import Html, Title, checked_html
from zendesk_tools.articles import (
    EVERYONE,
    audience,
    clean_labels,
    same_text,
    user_segments,
)
from zendesk_tools.names import Named
from zendesk_tools.people import read_id
from zendesk_tools.sections import (
    Contents,
    LocaleName,
    find_section,
    known_contents,
    one_called,
)
from zendesk_tools.ticket_changes import ignored_keys

_NEIGHBOURS = 30
_WAITS = (0.0, 2.0)


class NewArticle(Result):
    """The article as Zendesk holds it."""

    id: int
    title: Line | None = None
    locale: Line | None = None
    draft: bool | None = None
    section: Named | None = None
    visible_to: list[Line]
    labels: list[Line] | None = None
    ignored: Annotated[list[Line] | None, Field(description="Dropped by Zendesk")] = None
    stored_otherwise: Annotated[
        bool | None, Field(description="Zendesk cleaned the HTML: read it before you publish")
    ] = None
    answer_was_lost: Annotated[
        bool | None, Field(description="Zendesk's answer was lost; it was found by looking")
    ] = None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """All that will be sent, and what stood in the section before."""

    section_id: int
    article: dict[str, Any]
    contents: Contents
    known: frozenset[int]

    @property
    def segments(self) -> frozenset[int]:
        segment = self.article["user_segment_id"]
        return frozenset(() if segment is None else (segment,))


async def create_article(
    zendesk: Zendesk,
    section: Annotated[str | int, Field(description="Id, name or `Category > Section`")],
    title: Annotated[Title, Field(description="As readers see it")],
    body: Annotated[Html, Field(description="HTML, e.g. `<p>…</p>`; Markdown is refused")],
    locale: Annotated[
        LocaleName | None, Field(description="E.g. `de`; default: the section's")
    ] = None,
    draft: Annotated[bool, Field(description="false publishes at once")] = True,
    labels: Annotated[list[str] | None, Field(description="Words to find it by")] = None,
    visible_to: Annotated[
        str | int | None,
        Field(description="`everyone`, or a user segment by id or name; default: the section's"),
    ] = None,
    permission_group_id: Annotated[
        int | None, Field(gt=0, description="Who may edit it; default likewise")
    ] = None,
) -> NewArticle:
    """Write a new Help Center article, as a draft that only staff see.

    Look with search_articles whether it exists, and change that one with update_article. To publish
    it, the user is shown it and has to agree first. Followers are not notified. Scripts, embedded
    pages and hidden text are refused.
    """
    prepared = await _prepare(
        zendesk, section, title, body, locale, draft, labels, visible_to, permission_group_id
    )
    path = guide_path("sections", prepared.section_id, "articles")
    try:
        answer = await zendesk.post(
            *path, body={"article": prepared.article, "notify_subscribers": False}
        )
    except ZendeskError as lost:
        if not may_have_arrived(lost):
            raise
        found = await _look_for(zendesk, prepared, lost)
        if found is None:
            raise
        zendesk.outcome = "applied"
        return await _told(zendesk, prepared, found, lost=True)
    record = parse(ArticleRecord, answer.body, "article")
    ignored = ignored_keys(answer.warning, prepared.article)
    return await _told(zendesk, prepared, record, ignored=ignored)


async def _prepare(
    zendesk: Zendesk,
    section: str | int,
    title: str,
    body: str,
    locale: str | None,
    draft: bool,
    labels: list[str] | None,
    visible_to: str | int | None,
    permission_group_id: int | None,
) -> _Prepared:
    """Read what the arguments leave open from the section's other articles.

    Raises:
        InvalidArguments: It cannot be told from them, or an argument is not usable.
    """
    checked_html("body", body)
    named = " ".join(title.split())
    if not named:
        raise InvalidArguments.of("title", "is empty")
    section_id = await find_section(zendesk, section)
    contents = await known_contents(zendesk)
    around = contents.sections.get(section_id)
    main = around.locale if around else None
    others = await _newest(zendesk, section_id, None)
    language = locale or main
    if language is None:
        raise InvalidArguments.of("locale", "is needed: the section's own is not known")
    elsewhere = [] if language == main else await _newest(zendesk, section_id, language)
    article: dict[str, Any] = {
        "title": named,
        "body": body,
        "locale": language,
        "draft": draft,
        "user_segment_id": await _segment(zendesk, visible_to, others),
        "permission_group_id": permission_group_id or await _permission_group(zendesk, others),
    }
    if labels is not None:
        article["label_names"] = clean_labels(labels)
    known = frozenset(one.id for one in (*others, *elsewhere))
    return _Prepared(section_id, article, contents, known)


async def _newest(
    zendesk: Zendesk, section_id: int | None, locale: str | None
) -> list[ArticleRecord]:
    """The latest articles of a section, or of the Help Center, drafts included."""
    below = () if locale is None else (locale,)
    inside = () if section_id is None else ("sections", section_id)
    answer = await zendesk.get(
        *guide_path(*below, *inside, "articles"),
        params={"sort_by": "created_at", "sort_order": "desc", "per_page": _NEIGHBOURS},
    )
    return parse_list(ArticleRecord, answer, "articles")


async def _segment(
    zendesk: Zendesk, said: str | int | None, others: list[ArticleRecord]
) -> int | None:
    """The user segment that may see the article; None for everyone.

    Raises:
        InvalidArguments: It is not known, or was not said and the others of the section differ.
    """
    if said is None:
        audiences = {one.segments for one in others}
        if len(audiences) == 1 and len(only := audiences.pop()) <= 1:
            return next(iter(only), None)
        problem = "differ in who sees them" if others else "are none to go by"
        known = await user_segments(zendesk)
        choices: list[dict[str, str | int]] = [{"name": EVERYONE}]
        choices += [{"id": key, "name": name} for key, name in known.items()]
        raise InvalidArguments.of(
            "visible_to",
            f"is needed: the section's articles {problem}; ask the user",
            candidates=choices,
        )
    text = str(said).strip()
    if text.casefold() == EVERYONE:
        return None
    if (given := read_id("visible_to", text)) is not None:
        return given
    known = await user_segments(zendesk)
    return one_called("visible_to", text, {key: (name,) for key, name in known.items()})


async def _permission_group(zendesk: Zendesk, others: list[ArticleRecord]) -> int:
    """The permission group of most of the others; Zendesk wants one.

    Raises:
        InvalidArguments: There is no article to take it from.
    """
    around = others or await _newest(zendesk, None, None)
    counted = Counter(one.permission_group_id for one in around if one.permission_group_id)
    if not counted:
        raise InvalidArguments.of(
            "permission_group_id", "is needed: there is no article to take it from; ask the user"
        )
    return counted.most_common(1)[0][0]


async def _look_for(
    zendesk: Zendesk, prepared: _Prepared, lost: ZendeskError
) -> ArticleRecord | None:
    """The article when it turns out to have been created; it is never sent again."""
    lost.outcome = "unknown"
    title, body = prepared.article["title"], prepared.article["body"]
    try:
        for wait in _WAITS:
            await zendesk.access.sleep(wait)
            for one in await _newest(zendesk, prepared.section_id, prepared.article["locale"]):
                ours = one.id not in prepared.known and one.title == title
                if ours and same_text(one.body or "", body):
                    return one
    except ZendeskError:
        pass  # the lost answer is what has to be told
    return None


async def _told(
    zendesk: Zendesk,
    prepared: _Prepared,
    record: ArticleRecord,
    *,
    ignored: list[str] | None = None,
    lost: bool = False,
) -> NewArticle:
    stored = record.body
    body = prepared.article["body"]
    return NewArticle(
        id=record.id,
        title=record.title,
        locale=record.locale,
        draft=record.draft,
        section=prepared.contents.named(record.section_id or prepared.section_id),
        visible_to=await audience(zendesk, record.segments),
        labels=record.label_names or None,
        ignored=ignored or None,
        stored_otherwise=(stored is not None and not same_text(stored, body)) or None,
        answer_was_lost=lost or None,
    )


async def confirm_publishing(
    zendesk: Zendesk,
    section: str | int,
    title: str,
    body: str,
    locale: str | None = None,
    draft: bool = True,
    labels: list[str] | None = None,
    visible_to: str | int | None = None,
    permission_group_id: int | None = None,
) -> Question | None:
    """What a human is asked before an article is published."""
    if draft:
        return None
    prepared = await _prepare(
        zendesk, section, title, body, locale, draft, labels, visible_to, permission_group_id
    )
    article = prepared.article
    lines = [
        "Publish this new article in the Help Center?",
        f"Title: {shown.whole(article['title'])}",
        f"Visible to: {shown.short(', '.join(await audience(zendesk, prepared.segments)))}",
        f"Section: {_where(prepared)}",
        f"Language: {shown.whole(article['locale'])}",
        f"Permission group: {article['permission_group_id']}",
    ]
    if labels:
        lines.append(f"Labels: {shown.whole(article['label_names'])}")
    return Question("\n".join([*lines, *shown.letter("Its HTML", article["body"])]))


def _where(prepared: _Prepared) -> str:
    return shown.short(prepared.contents.path(prepared.section_id) or str(prepared.section_id))
