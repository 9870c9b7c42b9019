"""Finding and reading Help Center articles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mcp_server_zendesk.connection.errors import EndpointUnavailable, NotFound, ZendeskError
from mcp_server_zendesk.connection.guide_records import (
    ArticleRecord,
    TranslationRecord,
    UserSegmentRecord,
    guide_path,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import count_of, more_to_come, parse, parse_list
from mcp_server_zendesk.serving.cleaning.redaction import suspended, untorn
from mcp_server_zendesk.serving.cleaning.text import Cleaned, clean_html, clean_line, clean_text
from mcp_server_zendesk.serving.cursors import numbered, read_numbered, seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from zendesk_tools.names import Author, Named, Names
from zendesk_tools.sections import (
    GUIDE_SCOPE,
    LocaleName,
    find_category,
    find_section,
    known_contents,
)
from zendesk_tools.tickets import an_id

REACHABLE_ARTICLES = 1_000
"""Articles that a search gives out."""
EVERYONE = "everyone"
LONGEST_BODY = 65_536
"""Characters of a body in one answer."""

_BODY = 12_000
_SNIPPET = 400
_LONGEST_HTML = 256_000
_MOST_SEGMENTS = 100
_MOST_LOCALES = 100
_MOST_LABELS = 50


ArticleId = Annotated[int, Field(gt=0, description="The article's id"), AfterValidator(an_id)]


class ArticleHit(Result):
    """An article that was found."""

    id: int
    title: Line | None = None
    locale: Line | None = None
    section: Named | None = None
    labels: list[Line] | None = None
    draft: bool | None = None
    votes: int | None = None
    updated_at: Time | None = None
    snippet: Body | None = None
    hidden_text_removed: int | None = None


class Translation(Result):
    """A language that an article exists in."""

    locale: Line
    draft: bool | None = None
    outdated: bool | None = None


class Article(Result):
    """An article in one language."""

    id: int
    title: Line | None = None
    locale: Line
    draft: bool
    outdated: Annotated[
        bool | None, Field(description="The original has changed since this was translated")
    ] = None
    section: Named | None = None
    visible_to: Annotated[list[Line], Field(description="Who sees it once published")]
    labels: list[Line] | None = None
    author: Author | None = None
    votes: Annotated[int | None, Field(description="Votes up minus votes down")] = None
    created_at: Time | None = None
    updated_at: Time | None = None
    other_locales: list[Translation] | None = None
    body: Body
    truncated: bool | None = None
    next_offset: Annotated[int | None, Field(description="Pass as `body_offset` to read on")] = None
    hidden_text_removed: int | None = None


async def search_articles(
    zendesk: Zendesk,
    query: Annotated[
        str | None, Field(max_length=1_000, description='Words, e.g. `refund "return label"`')
    ] = None,
    locale: Annotated[
        str | None, Field(description="E.g. `de`, `*` for all; default: main language")
    ] = None,
    labels: Annotated[list[str] | None, Field(description="Any one of them fits")] = None,
    section: Annotated[str | int | None, Field(description="Id or name")] = None,
    category: Annotated[str | int | None, Field(description="Id or name")] = None,
    limit: Annotated[int, Field(ge=1, le=100, description="Articles a page")] = 20,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[ArticleHit]:
    """Find published Help Center articles by words, labels, section or category (give at least
    one).

    Use it to answer from what is published, or before create_article. Hits hold snippets: read one
    with get_article before you quote it. Drafts are not found. For tickets use search_tickets.
    """
    bound_to = {
        "tool": "search_articles",
        "query": query,
        "locale": locale,
        "labels": labels,
        "section": section,
        "category": category,
    }
    page, size = (1, limit) if cursor is None else read_numbered(unseal(cursor, bound_to))
    wanted = await _conditions(zendesk, query, locale, labels, section, category)
    found, answer = await find_articles(zendesk, {**wanted, "page": page, "per_page": size})
    total = count_of(answer)
    more = more_to_come(answer, total, before=(page - 1) * size, found=len(found), size=size)
    more = more and page * size < REACHABLE_ARTICLES
    contents = await known_contents(zendesk) if found else None
    return Page[ArticleHit](
        items=[_hit(one, contents.named(one.section_id) if contents else None) for one in found],
        has_more=more,
        next_cursor=seal(numbered(page + 1, size), bound_to) if more else None,
        total=total,
        reachable=REACHABLE_ARTICLES if total is not None and total > REACHABLE_ARTICLES else None,
    )


async def find_articles(
    zendesk: Zendesk, params: Mapping[str, str | int]
) -> tuple[list[ArticleRecord], dict[str, Any]]:
    """A page of Zendesk's article search, and its whole answer.

    Raises:
        EndpointUnavailable: The account has no Help Center to search.
    """
    try:
        answer = await zendesk.get(*guide_path("articles", "search"), params=params)
    except NotFound as error:
        raise EndpointUnavailable(error.refusal) from error
    return parse_list(ArticleRecord, answer, "results"), answer


async def _conditions(
    zendesk: Zendesk,
    query: str | None,
    locale: str | None,
    labels: list[str] | None,
    section: str | int | None,
    category: str | int | None,
) -> dict[str, str | int]:
    """The search's parameters.

    Raises:
        InvalidArguments: There is no condition, or one is not usable.
    """
    wanted: dict[str, str | int] = {}
    if words := " ".join((query or "").split()):
        wanted["query"] = words
    if labels:
        wanted["label_names"] = ",".join(clean_labels(labels))
    if section is not None:
        wanted["section"] = await find_section(zendesk, section)
    if category is not None:
        wanted["category"] = await find_category(zendesk, category)
    if not wanted:
        raise InvalidArguments.of("query", "is needed, or labels, section or category")
    if locale is not None:
        wanted["locale"] = locale.strip().lower()
    return wanted


def clean_labels(labels: list[str]) -> list[str]:
    """Labels, each once.

    Raises:
        InvalidArguments: One is empty, or has the comma that Zendesk separates labels with.
    """
    names = [" ".join(label.split()) for label in labels]
    if not all(names) or any("," in name for name in names):
        raise InvalidArguments.of("labels", "holds a label that is empty or has a comma in it")
    if len(names) > _MOST_LABELS:
        raise InvalidArguments.of("labels", f"holds more than {_MOST_LABELS} labels")
    return list(dict.fromkeys(names))


def _hit(record: ArticleRecord, section: Named | None) -> ArticleHit:
    snippet = clean_html(record.snippet or "", _SNIPPET)
    return ArticleHit(
        id=record.id,
        title=record.title,
        locale=record.locale,
        section=section,
        labels=record.label_names or None,
        draft=record.draft or None,
        votes=record.vote_sum or None,
        updated_at=record.updated_at,
        snippet=snippet if snippet.text else None,
        hidden_text_removed=snippet.hidden or None,
    )


async def get_article(
    zendesk: Zendesk,
    article_id: ArticleId,
    locale: Annotated[
        LocaleName | None, Field(description="E.g. `de`; default: the original")
    ] = None,
    body_limit: Annotated[
        int, Field(ge=500, le=LONGEST_BODY, description="Characters of the body")
    ] = _BODY,
    body_offset: Annotated[int, Field(ge=0, description="next_offset of the answer before")] = 0,
) -> Article:
    """Read one Help Center article as Markdown, draft or published, with its section, labels,
    author, who may see it and the languages it exists in.

    Use it before you quote or change one; to find one use search_articles. Link targets and
    images are left out.
    """
    texts = await read_article(zendesk, article_id)
    record, shown = texts.article, texts.in_locale(locale)
    body = whole_text(shown.body or "")
    part = body.text[body_offset : body_offset + body_limit]
    end = body_offset + len(part)
    contents = await known_contents(zendesk)
    return Article(
        id=record.id,
        title=shown.title,
        locale=shown.locale,
        draft=bool(shown.draft),
        outdated=shown.outdated or None,
        section=contents.named(record.section_id),
        visible_to=await audience(zendesk, record.segments),
        labels=record.label_names or None,
        author=texts.names.author(record.author_id),
        votes=record.vote_sum or None,
        created_at=record.created_at,
        updated_at=texts.changed_at,
        other_locales=[
            Translation(locale=one.locale, draft=one.draft or None, outdated=one.outdated or None)
            for one in texts.translations.values()
            if one.locale != shown.locale
        ]
        or None,
        body=Cleaned(part),
        truncated=body.truncated or end < len(body.text) or None,
        next_offset=end if end < len(body.text) else None,
        hidden_text_removed=body.hidden or None,
    )


def whole_text(html: str) -> Cleaned:
    """An article's body as Markdown, cleaned: articles grow longer than comments."""
    from mcp_server_zendesk.serving.cleaning.markdown import to_markdown  # noqa: PLC0415 - loads a parser

    markdown, hidden, whole = to_markdown(html[:_LONGEST_HTML])
    whole = whole and len(html) <= _LONGEST_HTML
    cleaned = clean_text(markdown if whole else untorn(markdown), _LONGEST_HTML, hidden=hidden)
    return Cleaned(cleaned.text, not whole, cleaned.hidden)


def same_text(one: str, other: str) -> bool:
    """Whether readers see the same of two bodies, whatever is redacted here."""
    with suspended():
        return whole_text(one).text == whole_text(other).text


@dataclass(frozen=True, slots=True)
class Texts:
    """An article and its text in every language."""

    article: ArticleRecord
    translations: Mapping[str, TranslationRecord]
    names: Names

    def in_locale(self, locale: str | None) -> TranslationRecord:
        """The text in a language, by default the original.

        Raises:
            InvalidArguments: The article does not exist in it.
        """
        wanted = locale or self.article.source_locale or self.article.locale or ""
        found = self.translations.get(wanted.lower())
        if found is None and locale is None and self.translations:
            return next(iter(self.translations.values()))
        if found is None:
            raise InvalidArguments.of(
                "locale",
                "is no language of this article",
                allowed_values=[clean_line(one.locale) for one in self.translations.values()],
            )
        return found

    @property
    def changed_at(self) -> Any:
        """When anything of it last changed."""
        texts = self.translations.values()
        moments = [self.article.updated_at, *(one.updated_at for one in texts)]
        return max((moment for moment in moments if moment), default=None)


async def read_article(zendesk: Zendesk, article_id: int) -> Texts:
    """An article with all its translations, which are what knows draft and outdated.

    Raises:
        ZendeskError: It could not be read.
    """
    params = {"include": "users"} if zendesk.may("users:read") else None
    answer = await zendesk.get(*guide_path("articles", article_id), params=params)
    listed = await zendesk.get(
        *guide_path("articles", article_id, "translations"), params={"per_page": _MOST_LOCALES}
    )
    translations = parse_list(TranslationRecord, listed, "translations")
    return Texts(
        parse(ArticleRecord, answer, "article"),
        {one.locale.lower(): one for one in translations},
        Names.of(answer),
    )


async def user_segments(zendesk: Zendesk) -> dict[int, str]:
    """The names of user segments by id, kept for some minutes."""

    async def load() -> dict[int, str]:
        answer = await zendesk.get(
            *guide_path("user_segments"), params={"per_page": _MOST_SEGMENTS}
        )
        found = parse_list(UserSegmentRecord, answer, "user_segments")
        return {one.id: clean_line(one.name or "") for one in found}

    return await zendesk.cached("user segments", load, scope=GUIDE_SCOPE)


async def audience(zendesk: Zendesk, segments: frozenset[int]) -> list[str]:
    """Who may see an article, in words as far as they are known."""
    if not segments:
        return [EVERYONE]
    try:
        names = await user_segments(zendesk)
    except ZendeskError:
        names = {}
    return [f"{names.get(key) or 'user segment'} ({key})" for key in sorted(segments)]
