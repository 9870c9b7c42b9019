"""Reads one export page by page, each stored together with the place where the next one begins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mcp_server_zendesk.analytics.facts import WAY
from mcp_server_zendesk.analytics.store import Batch, StreamState
from mcp_server_zendesk.analytics.syncing.beginning import BEGINNING, Beginning
from mcp_server_zendesk.analytics.syncing.lists import read_fields
from mcp_server_zendesk.analytics.syncing.places import (
    LARGEST_PAGE,
    UNSETTLED,
    Page,
    Place,
    epoch,
    page_by_cursor,
    page_by_time,
    records_of,
)
from mcp_server_zendesk.analytics.syncing.running import SMALLEST_PAGE, Run
from mcp_server_zendesk.analytics.syncing.streams import TICKET_STREAM, Put, Stream
from mcp_server_zendesk.connection.client import Answer
from mcp_server_zendesk.connection.errors import (
    AnswerTooLarge,
    EndpointUnavailable,
    InvalidRequest,
    NotFound,
    SecondTooFull,
    TimedOut,
    ValidationFailed,
)
from mcp_server_zendesk.connection.reading import next_cursor

_OVERLAP = timedelta(days=1)
_RATED_LATER = timedelta(days=35)
"""A rating may come, or change, until its ticket closes: four weeks after it was solved. Whether
Zendesk's ``start_time`` goes by when it was asked for or given is not documented.
"""
_BACKWARDS = (timedelta(hours=1), timedelta(days=2), timedelta(days=400))
_MOST_SIZES = 12


class Export:
    """One stream in one run."""

    def __init__(self, run: Run, stream: Stream, beginning: Beginning) -> None:
        self._run = run
        self._stream = stream
        self._since = BEGINNING if stream.whole else beginning.since
        self._size = run.per_page
        self._begun_anew = False
        self._steps = iter(_BACKWARDS)
        self.state = beginning.state(stream.name)
        self.came = False
        """Whether anything of it has come in this run."""

    async def read(self) -> None:
        """To its end.

        Raises:
            Paused: The run has to end before.
            ZendeskError: In one of its kinds; what was stored before is kept.
            LocalRefusal: The store cannot be written.
        """
        if self._stream.form == "list":
            await self._read_list()
            return
        place = Place.read(self.state.cursor) or Place(start=self._since)
        ended = False
        while not ended:
            page = await self._page(place)
            if self._stream is TICKET_STREAM:
                await self._know_fields(page)
            until = self._until(page)
            state = self._after(str(page.place), until, page, ended=page.ended)
            await self._store(page, state)
            place, ended = page.place, page.ended

    def _until(self, page: Page) -> datetime | None:
        """Until when all is there. What a record says of itself may lie ahead of any clock."""
        until = self.state.until
        if page.reached is None:
            return until
        reached = min(page.reached, self._run.zendesk_now() - UNSETTLED)
        return reached if page.ended or until is None else max(until, reached)

    def _after(
        self, cursor: str | None, until: datetime | None, page: Page, *, ended: bool
    ) -> StreamState:
        return StreamState(
            cursor=cursor,
            until=until,
            complete=ended or self.state.complete,
            requests=self.state.requests + 1,
            records=self.state.records + len(page.records),
        )

    async def _store(self, page: Page, state: StreamState) -> None:
        stream, run = self._stream, self._run
        now = run.now()

        def put(batch: Batch) -> Put:
            came = stream.put(batch, page, run.keeping, now)
            batch.set_state(stream.name, state, now)
            if stream is TICKET_STREAM and not self.came:
                batch.set_fact(WAY, "incremental")
            return came

        came = await run.write(put)
        self.state, self.came = state, True
        await run.note(came, stream.name, state.records, state.until)

    async def _page(self, place: Place) -> Page:
        """The page at a place, in a size that Zendesk and this server can carry.

        A cursor that Zendesk takes no longer is left for the time until which all is there; a
        start that it finds too recent for one before.
        """
        for _ in range(_MOST_SIZES):
            try:
                return await self._ask(place)
            except (AnswerTooLarge, TimedOut):
                if self._size <= SMALLEST_PAGE or self._run.left() <= 0:
                    raise
                self._size = max(self._size // 2, SMALLEST_PAGE)
            except SecondTooFull:
                if self._size >= LARGEST_PAGE:
                    raise
                self._size = LARGEST_PAGE
            except (InvalidRequest, ValidationFailed, NotFound) as error:
                mended = self._mended(place, there=not isinstance(error, NotFound))
                if mended is None:
                    raise
                place = mended
        return await self._ask(place)

    def _mended(self, place: Place, *, there: bool) -> Place | None:
        """Where to go on instead; None where there is nothing to mend."""
        if place.cursor is not None:
            if self._begun_anew:
                return None
            self._begun_anew = True
            until = self.state.until
            return Place(start=self._since if until is None else epoch(until - _OVERLAP))
        step = next(self._steps, None) if there else None
        if step is None or place.start <= BEGINNING:
            return None
        latest = min(place.start, epoch(self._run.zendesk_now() - 2 * UNSETTLED))
        return Place(start=max(latest - int(step.total_seconds()), BEGINNING))

    async def _ask(self, place: Place) -> Page:
        stream, name = self._stream, self._stream.name
        by_cursor = stream.form == "cursor" and not (
            stream.by_time and place.cursor is None and self.state.cursor is not None
        )
        if by_cursor:
            try:
                answer = await self._answer(stream.path, place)
            except (EndpointUnavailable, NotFound):
                if stream.by_time is None or place.cursor is not None:
                    raise
            else:
                return page_by_cursor(answer.body, name, place, answer.date)
        path = stream.path if stream.form == "time" else stream.by_time or stream.path
        answer = await self._answer(path, place)
        return page_by_time(answer.body, name, place, answer.date, self._size)

    async def _answer(self, path: tuple[str, ...], place: Place) -> Answer:
        stream = self._stream
        params: dict[str, str | int] = {**(stream.params or {}), **place.params}
        params["per_page"] = self._size
        if stream.name == "ticket_events" and self._run.keeping.texts:
            params["include"] = "comment_events"
        return await self._run.ask(*path, params=params)

    async def _know_fields(self, page: Page) -> None:
        """Learn of ticket fields that were made since the list was read, before a value of one is
        judged by its type.
        """
        keeping = self._run.keeping
        unknown = {number for one in page.records for number in keeping.unknown(one)}
        if not unknown:
            return
        await read_fields(self._run)
        kinds = {**dict.fromkeys(unknown), **self._run.keeping.kinds}
        self._run.keeping = replace(self._run.keeping, kinds=kinds)

    async def _read_list(self) -> None:
        """Ratings, by a cursor that is kept with the start of the walk that it belongs to."""
        walk = _walk(self.state.cursor)
        if walk is None:
            until = self.state.until
            start = self._since
            if until is not None:
                start = max(start, epoch(until - _RATED_LATER))
            walk = {"start": start, "began": epoch(self._run.zendesk_now()), "after": None}
        while True:
            params: dict[str, str | int] = {
                **(self._stream.params or {}),
                "start_time": walk["start"],
                "page[size]": 100,
            }
            if walk["after"] is not None:
                params["page[after]"] = walk["after"]
            try:
                answer = await self._run.ask(*self._stream.path, params=params)
            except InvalidRequest:
                if walk["after"] is None or self._begun_anew:
                    raise
                self._begun_anew = True
                walk = {**walk, "after": None}
                continue
            walk = await self._store_listed(answer, walk)
            if walk is None:
                return

    async def _store_listed(self, answer: Answer, walk: Mapping[str, Any]) -> dict[str, Any] | None:
        """Store a page; what comes after it, or None at the end."""
        after = next_cursor(answer.body)
        ended = after is None
        began = datetime.fromtimestamp(walk["began"], UTC)
        records = records_of(answer.body, self._stream.name)
        page = Page(records, Place(), ended, began, answer.body)
        following = {**walk, "after": after}
        cursor = None if ended else json.dumps(following)
        until = began if ended else self.state.until
        await self._store(page, self._after(cursor, until, page, ended=ended))
        return None if ended else following


def _walk(kept: str | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    found = json.loads(kept)
    return found if isinstance(found, dict) else None
