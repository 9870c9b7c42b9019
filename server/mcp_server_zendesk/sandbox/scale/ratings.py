"""What customers thought of generated tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import stamped
from mcp_server_zendesk.sandbox.scale import wording
from mcp_server_zendesk.sandbox.scale.mixing import mix

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.scale.bulk import Bulk
    from mcp_server_zendesk.sandbox.scale.life import Life

_PER_SECOND = 1_000_000
"""Ids go by the time, and within a second by the ticket: 16 digits, as JSON still takes them."""
_SLOW = 5 * 86_400
_NO_REASON = (0, "No reason provided")


def rated_at(life: Life) -> int | None:
    """When the rating became what it is: received, or offered only."""
    received = life.reached("rated")
    return life.reached("offered") if received is None else received


def rating_number(life: Life, at: int) -> int:
    """The id of a rating."""
    return at * _PER_SECOND + life.number % _PER_SECOND


def time_of(rating_id: int) -> int:
    """When the generated rating of this id was given, in seconds; long ago for any other id."""
    return rating_id // _PER_SECOND


def score_of(life: Life) -> str:
    """`good` or `bad` where it was rated, else `offered`; worse where it took long."""
    if life.reached("rated") is None:
        return "offered"
    solved = life.reached("solved") or life.created
    liked = 180 if solved - life.created > _SLOW else 232
    return "good" if mix(life.number, 15) & 0xFF < liked else "bad"


def rating_of(bulk: Bulk, number: int) -> Json | None:
    """The rating of a ticket, once it was offered; one that was received replaces the offer."""
    life = bulk.life(number)
    at = rated_at(life)
    if at is None:
        return None
    agent = life.agent()
    assignee = None if agent is None else bulk.agents[agent]
    score = score_of(life)
    reason_id, reason = _reason(number, score)
    return {
        "id": rating_number(life, at),
        "ticket_id": number,
        "requester_id": bulk.traits(number).requester["id"],
        "assignee_id": assignee and assignee["id"],
        "group_id": assignee and assignee["default_group_id"],
        "score": score,
        "comment": _comment(number, score),
        "reason": reason,
        "reason_id": reason_id,
        "reason_code": reason_id,
        "created_at": stamped(at),
        "updated_at": stamped(at),
    }


def shown_rating(bulk: Bulk, life: Life) -> Json:
    """The rating as its ticket shows it."""
    if life.reached("offered") is None:
        return {"score": "unoffered"}
    found = rating_of(bulk, life.number)
    if found is None or found["score"] == "offered":
        return {"score": "offered"}
    return {key: found[key] for key in ("id", "score", "comment", "reason", "reason_id")}


def _comment(number: int, score: str) -> str | None:
    bits = mix(number, 16)
    if score == "offered" or bits & 0xFF > (150 if score == "bad" else 75):
        return None
    said = wording.THANKS if score == "good" else wording.COMPLAINTS
    return said[(bits >> 8) % len(said)]


def _reason(number: int, score: str) -> tuple[int, str]:
    """Only who is not satisfied is asked for a reason."""
    bits = mix(number, 17)
    if score != "bad" or not bits & 3:
        return _NO_REASON
    return wording.REASONS[(bits >> 2) % len(wording.REASONS)]
