"""Brings the store up to date with Zendesk: resumable at every page, and the same when repeated."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import anyio

from mcp_server_zendesk.analytics.facts import LACKS
from mcp_server_zendesk.analytics.folder import make_private
from mcp_server_zendesk.analytics.purging import no_sync
from mcp_server_zendesk.analytics.rewriting import tidy
from mcp_server_zendesk.analytics.store import Batch, Store, StreamState
from mcp_server_zendesk.analytics.syncing.beginning import SEARCHES, Beginning, begin
from mcp_server_zendesk.analytics.syncing.exporting import Export
from mcp_server_zendesk.analytics.syncing.lists import fresh, read_agents, read_lists, refused
from mcp_server_zendesk.analytics.syncing.places import LARGEST_PAGE
from mcp_server_zendesk.analytics.syncing.rereading import reread
from mcp_server_zendesk.analytics.syncing.rows import Keeping, Way
from mcp_server_zendesk.analytics.syncing.running import Paused, Run
from mcp_server_zendesk.analytics.syncing.searching import LACKING, name_of, read_search
from mcp_server_zendesk.analytics.syncing.streams import STREAMS, TICKET_STREAM, Stream
from mcp_server_zendesk.analytics.tables import STREAMS as STATES
from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.errors import (
    Forbidden,
    InvalidRequest,
    Refused,
    UnreadableResponse,
    ValidationFailed,
    ZendeskError,
)
from mcp_server_zendesk.connection.handle import Progress, Reach, Zendesk, silent
from mcp_server_zendesk.connection.identity import somebody
from mcp_server_zendesk.serving.local_refusals import StoreBusy, StoreFull
from mcp_server_zendesk.serving.local_store import Analytics

logger = logging.getLogger(__name__)

_MOST_ROUNDS = 3
_OF_THE_STREAM = (InvalidRequest, UnreadableResponse, ValidationFailed)
"""What stands in the way of one export and not of the others."""


def utc_now() -> datetime:
    """This machine's time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a run came to, and how the store stands.

    ``until``: as of when the store is complete, by Zendesk's answers. ``tickets`` are those in the
    store now; ``stored`` are the rows of all tables that this run put in, ``removed`` the tickets
    that left, ``requests`` what it cost. ``stopped`` says in a sentence why it ended before the
    end. ``lacks`` names what this user, or this account, does not get. ``ignored_query``: a query
    was given and not needed.
    """

    complete: bool
    until: datetime | None
    way: Way
    tickets: int
    stored: int
    removed: int
    requests: int
    stopped: str | None
    continue_in_seconds: int | None
    lacks: tuple[str, ...] = ()
    ignored_query: bool = False


def reading(access: Access) -> Callable[[], Zendesk]:
    """Handles for a sync that no tool call carries: each has a time of its own, and only reads."""
    reach = Reach(writes=False, scopes=frozenset({"read"}))
    return lambda: Zendesk(access, reach, access.held())


class Sync:
    """Syncs one workspace.

    Args:
        access: The workspace's way into Zendesk.
        analytics: What the admin decided about its store.
        handle: Gives a handle for each request, whose scopes need be ``read`` only.
        now: This machine's time; what is complete goes by Zendesk's.
        per_page: How many records an incremental export is asked for at once.
    """

    def __init__(
        self,
        access: Access,
        analytics: Analytics,
        handle: Callable[[], Zendesk],
        *,
        now: Callable[[], datetime] = utc_now,
        per_page: int = LARGEST_PAGE,
    ) -> None:
        self._access = access
        self._analytics = analytics
        self._handle = handle
        self._now = now
        self._per_page = per_page

    async def run(
        self, *, seconds: float | None, query: str | None = None, progress: Progress = silent
    ) -> SyncReport:
        """Read on where the last run ended.

        An admin gets everything by the incremental exports, and a query is ignored: the store is
        a copy as the settings say, and a query could only leave holes in it. Whoever is no admin
        gets the tickets that the query finds, or all that changed.

        Args:
            seconds: Ends ahead of it, at the end of a page, with everything stored; None to run
                to the end, waiting out every limit.
            query: In Zendesk's search syntax, for whoever is no admin.
            progress: Hears of each page, and of waiting.

        Raises:
            SyncUnderWay: Another one runs.
            OtherUser: The store was filled as somebody else.
            LocalRefusal: The store cannot be used, or not be written.
            ZendeskError: Before anything could be stored.
        """
        store = Store(self._analytics)
        keeping = Keeping(self._analytics.texts)
        await anyio.to_thread.run_sync(make_private, self._analytics)
        with no_sync(self._analytics):
            run = Run(
                access=self._access,
                analytics=self._analytics,
                handle=self._handle,
                seconds=seconds,
                progress=progress,
                now=self._now,
                per_page=self._per_page,
                store=store,
                keeping=keeping,
            )
            return await _Work(run, query).report()


async def _tidied(run: Run) -> None:
    """Where the file cannot be written anew, what was removed is still in it, and all else is well:
    the next run tries again.
    """
    try:
        await anyio.to_thread.run_sync(tidy, run.analytics, run.now())
    except (StoreBusy, StoreFull) as error:
        logger.warning("The store could not be written anew (%s)", type(error).__name__)


class _Work:
    """One run, from who we are to the report."""

    def __init__(self, run: Run, query: str | None) -> None:
        self._run = run
        self._query = query
        self._way: Way = "incremental"
        self._begun = False
        self._lacks: dict[str, str] = {}
        self._states: dict[str, StreamState] = {}
        self._failed: ZendeskError | None = None

    async def report(self) -> SyncReport:
        """Do all of it, and tell what it came to."""
        run, stopped, wait = self._run, None, None
        try:
            await self._everything()
            if self._failed is not None:
                raise self._failed
        except Paused as paused:
            stopped, wait = paused.why, paused.continue_in_seconds
        except ZendeskError as error:
            if not run.pages:
                raise
            stopped = f"{str(error)[:1].upper()}{str(error)[1:]}."
        tickets, pending = await run.write(self._ended)
        if stopped is None:
            await _tidied(run)
        until = [one.until for name, one in self._states.items() if name not in self._lacks]
        return SyncReport(
            complete=stopped is None and not pending,
            until=None if None in until else min(filter(None, until), default=None),
            way=self._way,
            tickets=tickets,
            stored=run.stored,
            removed=run.removed,
            requests=run.requests,
            stopped=stopped,
            continue_in_seconds=wait,
            lacks=self._lacking(),
            ignored_query=self._query is not None and self._way == "incremental",
        )

    def _lacking(self) -> tuple[str, ...]:
        return LACKING if self._way == "search" else tuple(self._lacks.values())

    def _ended(self, batch: Batch) -> tuple[int, int]:
        """How many tickets there are, and how many are to be read again."""
        if self._begun:
            batch.set_fact(LACKS, json.dumps(self._lacking()))
            if self._way == "incremental":
                batch.remove(STATES, SEARCHES)
        found = batch.execute(
            "SELECT (SELECT count(*) FROM kept.tickets), (SELECT count(*) FROM kept.reread)"
        )
        return int(found[0][0]), int(found[0][1]) if self._way == "incremental" else 0

    async def _everything(self) -> None:
        run = self._run
        answer = await run.ask("users", "me")
        me = somebody(answer.body, run.access.connection.credentials.auth)
        clock = run.zendesk_now()
        beginning = await run.write(lambda batch: begin(batch, run.analytics, me, clock))
        run.keeping = replace(run.keeping, kinds=beginning.kinds)
        self._take_up(beginning)
        for name in await read_lists(run, beginning.lists_read):
            self._lacks[name] = name
        await self._streams(beginning)

    def _take_up(self, beginning: Beginning) -> None:
        """As it was left, until it is known better."""
        self._begun = True
        self._run.removed += beginning.removed
        if beginning.searched:
            self._searching(beginning)
            return
        self._states = {stream.name: beginning.state(stream.name) for stream in STREAMS}
        lacking = (one for one in STREAMS if one.lacking in beginning.lacked)
        self._lacks = {stream.name: stream.lacking for stream in lacking}

    def _searching(self, beginning: Beginning) -> None:
        name = name_of(self._query)
        self._way, self._states = "search", {name: beginning.state(name)}

    async def _streams(self, beginning: Beginning) -> None:
        """Those that have not come to their end first; then all, until none of them is old."""
        exports = {stream.name: Export(self._run, stream, beginning) for stream in STREAMS}
        done: set[str] = set()
        for _ in range(_MOST_ROUNDS):
            waiting = [one for one in STREAMS if self._waits(exports[one.name], one.name in done)]
            for stream in sorted(waiting, key=lambda one: _turn(exports[one.name].state)):
                if not await self._exported(stream, exports):
                    await self._search(beginning)
                    return
                done.add(stream.name)
            if not waiting:
                break
        await reread(self._run)

    async def _exported(self, stream: Stream, exports: Mapping[str, Export]) -> bool:
        """Read one stream. False where this user gets no export of tickets."""
        try:
            await exports[stream.name].read()
        except _OF_THE_STREAM as error:
            self._failed = error
        except Refused as error:
            if not refused(error):
                raise
            if stream is TICKET_STREAM:
                if isinstance(error, Forbidden):
                    return False
                raise
            self._lacks[stream.name] = stream.lacking
        else:
            self._lacks.pop(stream.name, None)
        finally:
            self._note(stream, exports)
        return True

    def _note(self, stream: Stream, exports: Mapping[str, Export]) -> None:
        """How far it is now; where tickets come this way, the store is no searched one any more."""
        if stream is TICKET_STREAM and self._way == "search" and exports[stream.name].came:
            self._way = "incremental"
            self._states = {name: export.state for name, export in exports.items()}
        if self._way == "incremental":
            self._states[stream.name] = exports[stream.name].state

    def _waits(self, export: Export, done: bool) -> bool:
        """Whether a stream is to be read (again) in this run."""
        if not done:
            return True
        clock, until = self._run.clock, export.state.until
        if clock is None or until is None or not export.state.complete:
            return False
        return not fresh(until, clock)

    async def _search(self, beginning: Beginning) -> None:
        self._searching(beginning)
        await read_agents(self._run)
        self._states = {name_of(self._query): await read_search(self._run, beginning, self._query)}


def _turn(state: StreamState) -> tuple[bool, float]:
    """First what has never come to its end, then what is oldest."""
    done = state.complete and state.until is not None
    return done, state.until.timestamp() if done and state.until is not None else 0.0
