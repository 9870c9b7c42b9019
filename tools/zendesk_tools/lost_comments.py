"""What became of a comment whose answer was lost: found by re-reading, never sent again."""

from __future__ import annotations

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.identity import who_am_i
from mcp_server_zendesk.connection.records import CommentRecord, parse_list

_LATEST = 10
_WAITS = (0.0, 2.0)


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

    Otherwise ``lost.outcome`` is ``unknown``: Zendesk may still be carrying the request out.
    Zendesk renders a comment's Markdown, so the letters and digits are compared.

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
        myself = await who_am_i(zendesk)
        for wait in _WAITS:
            await zendesk.access.sleep(wait)
            for comment in await _newest(zendesk, ticket_id):
                ours = comment.id not in before and comment.author_id == myself.id
                if ours and comment.public == public and _says(comment, body):
                    return comment.id
    except ZendeskError:
        pass  # the lost answer is what has to be told
    return None


async def _newest(zendesk: Zendesk, ticket_id: int) -> list[CommentRecord]:
    params: dict[str, str | int] = {"sort": "-created_at", "page[size]": _LATEST}
    answer = await zendesk.get("tickets", ticket_id, "comments", params=params)
    return parse_list(CommentRecord, answer, "comments")


def _says(comment: CommentRecord, body: str) -> bool:
    shown = comment.plain_body or comment.body or comment.html_body or ""
    letters = _letters(body)
    return letters == _letters(shown) if letters else body.split() == shown.split()


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
