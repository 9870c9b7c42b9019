"""What became of a comment whose answer was lost: found by re-reading, never sent again."""

from __future__ import annotations

from mcp_server_zendesk.connection.errors import (
    ConnectionFailed,
    Outcome,
    TimedOut,
    Unavailable,
    ZendeskError,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import CommentRecord, parse_list

_LATEST = 10
_WAIT_SECONDS = 2.0
_GATEWAY_GAVE_UP = frozenset({504, 524})


async def known_comments(zendesk: Zendesk, ticket_id: int) -> frozenset[int]:
    """The ids of a ticket's newest comments, before another one is added."""
    return frozenset(comment.id for comment in await _newest(zendesk, ticket_id))


async def look_for_comment(
    zendesk: Zendesk,
    ticket_id: int,
    body: str,
    *,
    public: bool,
    before: frozenset[int],
    lost: ZendeskError,
) -> int | None:
    """The id of the comment when it turns out to have been added.

    Otherwise ``lost.outcome`` says what is known: ``not_applied`` when the ticket has no newer
    comment at all and Zendesk is done with the request, else ``unknown``. Zendesk renders a
    comment's Markdown, so the letters and digits are compared.

    Args:
        zendesk: The call's handle.
        ticket_id: The ticket.
        body: What was sent.
        public: Whether it was sent as a public comment.
        before: ``known_comments`` as it was before.
        lost: How the answer was lost.
    """
    lost.outcome = "unknown"
    try:
        for wait in (0.0, _WAIT_SECONDS):
            if wait:
                await zendesk.access.sleep(wait)
            newer = [c for c in await _newest(zendesk, ticket_id) if c.id not in before]
            for comment in newer:
                text = comment.plain_body or comment.body or comment.html_body or ""
                if comment.public == public and _letters(text) == _letters(body):
                    return comment.id
            if newer:
                return None
    except ZendeskError:
        return None  # the lost answer is what has to be told
    lost.outcome = _without_a_trace(lost)
    return None


def _without_a_trace(lost: ZendeskError) -> Outcome:
    """A request that timed out may still be carried out; a broken one is over."""
    if isinstance(lost, Unavailable):
        return "unknown" if lost.refusal.status in _GATEWAY_GAVE_UP else "not_applied"
    if isinstance(lost, TimedOut):
        return "unknown"
    return "not_applied" if isinstance(lost, ConnectionFailed) else "unknown"


async def _newest(zendesk: Zendesk, ticket_id: int) -> list[CommentRecord]:
    params: dict[str, str | int] = {"sort": "-created_at", "page[size]": _LATEST}
    answer = await zendesk.get("tickets", ticket_id, "comments", params=params)
    return parse_list(CommentRecord, answer, "comments")


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
