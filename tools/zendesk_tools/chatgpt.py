"""The two tools that ChatGPT's connectors and deep research require, in the shapes they require.

``search`` answers ``{"results": [{"id", "title", "url"}]}`` and ``fetch`` answers ``{"id",
"title", "text", "url", "metadata"}``, as one text block and as structured content. ChatGPT cites
what has a ``url``, which is why there is one here and nowhere else.
"""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

from pydantic import Field, PlainSerializer, SerializationInfo, WithJsonSchema

from mcp_server_zendesk.connection.errors import EndpointUnavailable, Forbidden
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.serving.cleaning.text import Cleaned, fenced
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Page, Result
from zendesk_tools.articles import LONGEST_BODY, find_articles, get_article
from zendesk_tools.ticket_search import search_tickets
from zendesk_tools.tickets import Comment, get_ticket, list_ticket_comments

_TICKETS = 20
_ARTICLES = 10
_COMMENTS = 100
_COMMENT = 16_000
_LOCALE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,3}")
_ID = re.compile(r"(ticket|article):([1-9][0-9]{0,18})")
_NO_HELP_CENTER = (EndpointUnavailable, Forbidden)


class Passage(NamedTuple):
    """A part of a document: our own line about it, and what somebody wrote."""

    heading: str
    body: Cleaned


def _written(passages: tuple[Passage, ...], info: SerializationInfo) -> str:
    """Each body in a fence of its own, so that none can pass for another one's heading."""
    tag = (info.context or {}).get("fence")
    return "\n\n".join(
        f"{heading}\n{fenced(body.text, tag) if tag and body.text else body.text}".strip()
        for heading, body in passages
    )


Text = Annotated[
    tuple[Passage, ...],
    PlainSerializer(_written, return_type=str),
    WithJsonSchema({"type": "string"}),
]


class Hit(Result):
    """Something that was found."""

    id: Line
    title: Line
    url: Line


class Hits(Result):
    """What was found: articles first."""

    results: list[Hit]


class Document(Result):
    """All that there is to read of a ticket or an article."""

    id: Line
    title: Line
    text: Text
    url: Line
    metadata: dict[Line, Line]


async def search(
    zendesk: Zendesk,
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1_000,
            description="Words, or Zendesk search syntax, e.g. `refund status<solved`",
        ),
    ],
) -> Hits:
    """Find Zendesk tickets and published Help Center articles by words: up to 20 tickets and 10
    articles, with id, title and address.

    For ChatGPT's connectors and deep research, which call it by this name. All words must occur,
    so use few; changes of the last minutes may be missing. Read what it finds with fetch. Where
    search_tickets or search_articles is listed, that one filters and pages.
    """
    found = await search_tickets(zendesk, query=query, limit=_TICKETS)
    tickets = [
        Hit(
            id=f"ticket:{one.id}",
            title=f"Ticket {one.id}: {one.subject or ''}",
            url=_ticket_address(zendesk, one.id),
        )
        for one in found.items
    ]
    return Hits(results=[*await _articles(zendesk, query), *tickets])


async def _articles(zendesk: Zendesk, query: str) -> list[Hit]:
    """Articles, where this account has a Help Center for us."""
    try:
        found, _ = await find_articles(zendesk, {"query": query, "per_page": _ARTICLES})
    except _NO_HELP_CENTER:
        return []
    return [
        Hit(
            id=f"article:{one.id}",
            title=one.title or f"Article {one.id}",
            url=_article_address(zendesk, one.locale, one.id),
        )
        for one in found
    ]


async def fetch(
    zendesk: Zendesk,
    id: Annotated[  # noqa: A002 - the name that ChatGPT requires
        str, Field(description="As search gave it: `ticket:123` or `article:456`")
    ],
) -> Document:
    """Read one Zendesk ticket with its latest 100 comments, or one Help Center article, as text.

    For ChatGPT's connectors and deep research; the id comes from search. Private notes of a
    ticket are marked as such: customers have not seen them. Very long texts are cut, and say so.
    Where get_ticket or get_article is listed, that one tells more fields.
    """
    found = _ID.fullmatch(id.strip())
    if found is None:
        raise InvalidArguments.of("id", "is no id that search gives, as ticket:123 or article:456")
    number = int(found[2])
    return await (_ticket if found[1] == "ticket" else _article)(zendesk, number)


async def _ticket(zendesk: Zendesk, ticket_id: int) -> Document:
    ticket = await get_ticket(zendesk, ticket_id=ticket_id, comments=0)
    latest = await list_ticket_comments(
        zendesk, ticket_id=ticket_id, limit=_COMMENTS, body_limit=_COMMENT, quoted=True
    )
    values = {
        "type": "ticket",
        "status": ticket.status,
        "priority": ticket.priority,
        "requester": ticket.requester.name if ticket.requester else None,
        "assignee": ticket.assignee.name if ticket.assignee else None,
        "group": ticket.group.name if ticket.group else None,
        "organization": ticket.organization.name if ticket.organization else None,
        "tags": " ".join(ticket.tags or []),
        "created_at": stamp(ticket.created_at) if ticket.created_at else None,
        "updated_at": stamp(ticket.updated_at) if ticket.updated_at else None,
    }
    return Document(
        id=f"ticket:{ticket_id}",
        title=f"Ticket {ticket_id}: {ticket.subject or ''}",
        text=_conversation(latest),
        url=_ticket_address(zendesk, ticket_id),
        metadata={key: value for key, value in values.items() if value},
    )


def _conversation(latest: Page[Comment]) -> tuple[Passage, ...]:
    """Oldest first, as a person reads it."""
    passages = [_passage(comment) for comment in reversed(latest.items)]
    if latest.has_more:
        earlier = f"(Only the latest {_COMMENTS} comments are here.)"
        passages.insert(0, Passage(earlier, Cleaned("")))
    return tuple(passages)


def _passage(comment: Comment) -> Passage:
    author = comment.author
    who = author.label if author else "somebody"
    marks = [
        *([author.role] if author and author.role else []),
        "public comment" if comment.public else "private note",
        *([stamp(comment.created_at)] if comment.created_at else []),
        *(["cut off"] if comment.truncated else []),
        *(["hidden text removed"] if comment.hidden_text_removed else []),
    ]
    return Passage(f"{who} ({', '.join(marks)}):", comment.body)


async def _article(zendesk: Zendesk, article_id: int) -> Document:
    article = await get_article(zendesk, article_id=article_id, body_limit=LONGEST_BODY)
    marks = [
        *(["cut off"] if article.truncated else []),
        *(["hidden text removed"] if article.hidden_text_removed else []),
    ]
    heading = " ".join(["Help Center article", *(f"({mark})" for mark in marks)])
    values = {
        "type": "article",
        "state": "draft" if article.draft else "published",
        "section": article.section.name if article.section else None,
        "visible_to": ", ".join(article.visible_to),
        "labels": ", ".join(article.labels or []),
        "locale": article.locale,
        "author": article.author.name if article.author else None,
        "updated_at": stamp(article.updated_at) if article.updated_at else None,
    }
    return Document(
        id=f"article:{article_id}",
        title=article.title or f"Article {article_id}",
        text=(Passage(f"{heading}:", article.body),),
        url=_article_address(zendesk, article.locale, article_id),
        metadata={key: value for key, value in values.items() if value},
    )


def _ticket_address(zendesk: Zendesk, ticket_id: int) -> str:
    return f"{zendesk.access.connection.account.origin}/agent/tickets/{ticket_id}"


def _article_address(zendesk: Zendesk, locale: str | None, article_id: int) -> str:
    below = f"hc/{locale}" if locale and _LOCALE.fullmatch(locale) else "hc"
    return f"{zendesk.access.connection.account.origin}/{below}/articles/{article_id}"
