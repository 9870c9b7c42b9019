"""Where an export goes on, and how far its latest answer has come: Zendesk's two forms of paging.

The cursor form (tickets, users) goes on at ``after_cursor``. The time form goes on at ``end_time``
and may repeat what it gave before (developer.zendesk.com, "Using the Incremental Export API").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from mcp_server_zendesk.analytics.syncing.values import Json, moment, whole
from mcp_server_zendesk.connection.errors import SecondTooFull, UnreadableResponse
from mcp_server_zendesk.connection.instants import in_utc

LARGEST_PAGE = 1_000
UNSETTLED = timedelta(minutes=1)
"""What Zendesk leaves out of every incremental export: the latest minute."""

_CURSOR = "cursor:"
_START = "start:"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an export goes on: at a cursor, or at a time in seconds since 1970."""

    cursor: str | None = None
    start: int = 0

    @property
    def params(self) -> Mapping[str, str | int]:
        """What asks for it."""
        return {"start_time": self.start} if self.cursor is None else {"cursor": self.cursor}

    def __str__(self) -> str:
        return f"{_START}{self.start}" if self.cursor is None else f"{_CURSOR}{self.cursor}"

    @classmethod
    def read(cls, kept: str | None) -> Place | None:
        """A place as it was kept; None where there is none."""
        if kept is None:
            return None
        if kept.startswith(_CURSOR):
            return cls(cursor=kept.removeprefix(_CURSOR))
        start = whole(kept.removeprefix(_START))
        return None if start is None else cls(start=start)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of an export. ``reached``: all changes until then are told."""

    records: list[Json]
    place: Place
    ended: bool
    reached: datetime | None
    body: Json


def zendesk_clock(date: str | None) -> datetime | None:
    """Zendesk's time, by the ``Date`` of an answer; None where it does not say."""
    try:
        return None if date is None else in_utc(parsedate_to_datetime(date))
    except (ValueError, OverflowError):
        return None


def records_of(body: Json, key: str) -> list[Json]:
    """The records of an answer.

    Raises:
        UnreadableResponse: There are none, or one has no id.
    """
    found = body.get(key)
    if not isinstance(found, list):
        raise UnreadableResponse(f"Zendesk's answer holds no readable {key!r}")
    for one in found:
        if not isinstance(one, dict) or whole(one.get("id")) is None:
            raise UnreadableResponse(f"Zendesk's answer holds something among {key!r} without id")
    return found


def page_by_cursor(body: Json, key: str, at: Place, date: str | None) -> Page:
    """An answer of the cursor form.

    Raises:
        UnreadableResponse: It cannot be told where to go on.
    """
    records = records_of(body, key)
    ended = _ended(body)
    after = body.get("after_cursor")
    if isinstance(after, str) and after and (ended or after != at.cursor):
        place = Place(cursor=after)
    elif ended:
        place = at
    else:
        raise UnreadableResponse(f"Zendesk's export of {key} claims more and does not go on")
    latest = max(filter(None, (moment(one.get("updated_at")) for one in records)), default=None)
    return Page(records, place, ended, _reached(date, latest, ended=ended), body)


def page_by_time(body: Json, key: str, at: Place, date: str | None, asked: int) -> Page:
    """An answer of the time form, of which ``asked`` records were asked for.

    Where a page ends within the second that it began with, it goes on after that second if all of
    it was there: the page was not full, or Zendesk gave more than was asked for so as not to cut
    the second in two.

    Raises:
        SecondTooFull: It cannot be told where to go on without losing something.
        UnreadableResponse: Likewise, by an answer that is not what Zendesk documents.
    """
    records = records_of(body, key)
    ended = _ended(body) if "end_of_stream" in body else len(records) < asked
    told = whole(body.get("end_time"))
    if told is None and not ended:
        raise UnreadableResponse(f"Zendesk's export of {key} claims more and does not go on")
    start = at.start if told is None else max(told, at.start)
    if not ended and start == at.start:
        if len(records) == asked:
            raise SecondTooFull(key)
        start += 1
    latest = None if told is None else moment(told)
    return Page(records, Place(start=start), ended, _reached(date, latest, ended=ended), body)


def _ended(body: Json) -> bool:
    ended = body.get("end_of_stream")
    if not isinstance(ended, bool):
        raise UnreadableResponse("Zendesk's export does not say whether it goes on")
    return ended


def _reached(date: str | None, latest: datetime | None, *, ended: bool) -> datetime | None:
    """At the end of an export all but Zendesk's latest minute is there, by Zendesk's own clock."""
    clock = zendesk_clock(date) if ended else None
    return latest if clock is None else clock - UNSETTLED


def epoch(at: datetime) -> int:
    """Seconds since 1970."""
    return int(at.astimezone(UTC).timestamp())
