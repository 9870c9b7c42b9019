"""What customers said of the service they got."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.quality_records import RatingRecord
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import parse_list
from mcp_server_zendesk.serving.cleaning.text import clean_text
from mcp_server_zendesk.serving.cursors import seal, unseal
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Body, Line, Page, Result, Time
from zendesk_tools.names import Named, Names, group_names, look_up
from zendesk_tools.ticket_updates import Moment

_COMMENT = 4_000  # nothing else shows the rest
_NO_REASON = (None, 0)

Score = Literal[
    "good",
    "bad",
    "received",
    "offered",
    "unoffered",
    "good_with_comment",
    "bad_with_comment",
    "received_with_comment",
]


class Rating(Result):
    """One rating of one ticket."""

    ticket_id: int | None = None
    score: Line | None = None
    comment: Body | None = None
    truncated: bool | None = None
    hidden_text_removed: int | None = None
    reason: Line | None = None
    requester: Named | None = None
    assignee: Named | None = None
    group: Named | None = None
    created_at: Time | None = None


async def list_satisfaction_ratings(
    zendesk: Zendesk,
    score: Annotated[
        Score | None,
        Field(
            description="received: good or bad; offered: asked, not answered; unoffered: not asked"
        ),
    ] = None,
    since: Annotated[
        Moment | None, Field(description="From then on, ISO 8601, e.g. 2026-01-31")
    ] = None,
    until: Annotated[Moment | None, Field(description="Before then, likewise")] = None,
    limit: Annotated[int, Field(ge=1, le=100, description="Ratings a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[Rating]:
    """List customers' satisfaction ratings of tickets, with their comments, requester and assignee.

    Use it to see what customers praise or complain of, then get_ticket for the story behind a
    rating; how fast they were served is in get_ticket_metrics. Zendesk shows this list to
    administrators only.
    """
    if since and until and since >= until:
        raise InvalidArguments.of("until", "is not after since")
    query = {"tool": "list_satisfaction_ratings", "score": score, "since": since, "until": until}
    params: dict[str, str | int] = {"page[size]": limit}
    if score:
        params["score"] = score
    if since:
        params["start_time"] = int(since.timestamp())
    if until:
        params["end_time"] = int(until.timestamp())
    if cursor is not None:
        params["page[after]"] = unseal(cursor, query)
    answer = await zendesk.get("satisfaction_ratings", params=params)
    found = parse_list(RatingRecord, answer, "satisfaction_ratings")
    people = (who for one in found for who in (one.requester_id, one.assignee_id) if who)
    names = await look_up(zendesk, people)
    if any(one.group_id for one in found):
        names.groups = await group_names(zendesk)
    after = next_cursor(answer)
    return Page[Rating](
        items=[_rating(one, names) for one in found],
        has_more=after is not None,
        next_cursor=seal(after, query) if after else None,
    )


def _rating(record: RatingRecord, names: Names) -> Rating:
    comment = clean_text(record.comment or "", _COMMENT)
    return Rating(
        ticket_id=record.ticket_id,
        score=record.score,
        comment=comment if comment.text else None,
        truncated=comment.truncated or None,
        hidden_text_removed=comment.hidden or None,
        reason=None if record.reason_code in _NO_REASON else record.reason,
        requester=names.user(record.requester_id),
        assignee=names.user(record.assignee_id),
        group=names.group(record.group_id),
        created_at=record.created_at,
    )
