"""The export: the documented views as Parquet by month, in a folder or an object store.

What is new is staged first, out of sight of whoever reads. Only then do files take their names,
the manifest is written, and what it does not name is removed. A run that is ended before its files
take their names has changed nothing; the next one goes on with what is staged.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import anyio
from filelock import FileLock, Timeout

from mcp_server_zendesk.analytics.parquet.destinations import Destination, ExportFailed
from mcp_server_zendesk.analytics.parquet.exported import (
    MANIFEST,
    STAGED_MANIFEST,
    ExportedColumn,
    ExportedTable,
    Manifest,
    Piece,
    is_ours,
    read_manifest,
    superfluous,
)
from mcp_server_zendesk.analytics.parquet.snapshots import Snapshot, snapshot
from mcp_server_zendesk.analytics.views import VIEWS, View
from mcp_server_zendesk.serving.local_refusals import NeverSynced, StoreFull
from mcp_server_zendesk.serving.local_store import Analytics

_LOCK = "export.lock"
_WORKSHOP = "export-"
_AT_ONCE = 3
_NOTHING = "Nothing was written there."

Stage = Literal["writing", "sending", "removing"]


@dataclass(frozen=True, slots=True)
class Step:
    """How far an export has come: ``done`` of ``total`` files, with ``bytes`` of them together.

    ``total`` is None while it is not known.
    """

    stage: Stage
    done: int
    total: int | None
    bytes: int


Progress = Callable[[Step], None]


def silent(_: Step) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export did, or would do where ``dry_run``.

    ``files`` and ``bytes`` are all of the export; of these ``sent`` are new, with ``sent_bytes``.
    ``as_of`` and ``complete`` are the store's.
    """

    destination: str
    account: str
    as_of: datetime | None
    complete: bool
    rows: dict[str, int]
    files: int
    bytes: int
    sent: int
    sent_bytes: int
    removed: int
    dry_run: bool
    seconds: float


@dataclass(slots=True)
class _Plan:
    """What is to be done so that a destination holds a manifest's files and no others."""

    manifest: Manifest
    manifest_file: Path | None
    to_stage: list[tuple[Piece, Path]]
    to_move: list[Piece]
    to_remove: list[str]


@dataclass(slots=True)
class _Former:
    """What was at the destination before."""

    manifest: Manifest | None
    names: dict[str, int]


@dataclass(slots=True)
class Export:
    """One export of a store.

    ``tables`` are the views that the destination holds afterwards, ``since`` the month (as
    ``2026-11``) before which none of their files is there. Others of former exports are removed.
    """

    analytics: Analytics
    destination: Destination
    tables: Sequence[View] = VIEWS
    since: str | None = None
    dry_run: bool = False
    progress: Progress = silent
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    clock: Callable[[], float] = time.perf_counter
    _state: str = field(init=False, default=_NOTHING)

    @property
    def state(self) -> str:
        """What a run that ended early has left at the destination, in a sentence."""
        return self._state

    async def run(self) -> ExportReport:
        """Export.

        Raises:
            ExportFailed: It came to no end; ``state`` says what is there now.
            LocalRefusal: The store cannot be read.
        """
        began = self.clock()
        if not self.analytics.file.exists():
            raise NeverSynced
        with self._turn(), self._workshop() as workshop:
            former = await self._looked()
            plan = await self._planned(workshop, former)
            if not self.dry_run:
                await self._staged(plan)
                await self._committed(plan)
        return self._report(plan, self.clock() - began)

    async def _looked(self) -> _Former:
        """Look at the destination, and refuse one that is somebody else's."""
        shown = self.destination.shown
        content = await self.destination.read(MANIFEST)
        manifest = None if content is None else read_manifest(content, shown)
        if manifest is not None:
            if manifest.account != self.analytics.subdomain:
                raise ExportFailed(f"{shown} holds the export of another account: choose a place")
            self._state = "The former export there is as it was."
        names: dict[str, int] = {}
        async with aclosing(self.destination.names()) as found:
            async for name, size in found:
                if manifest is None and not is_ours(name):
                    raise ExportFailed(f"{shown} is not empty, and holds no export: choose a place")
                names[name] = size
        return _Former(manifest, names)

    async def _planned(self, workshop: Path, former: _Former) -> _Plan:
        made: dict[str, ExportedTable] = {}
        new: list[tuple[Piece, Path]] = []
        written: list[int] = []
        async with self._held(workshop) as held:
            for view in self.tables:
                pieces: list[Piece] = []
                for month in await anyio.to_thread.run_sync(held.months, view, self.since):
                    piece, file = await anyio.to_thread.run_sync(held.write, view, month, workshop)
                    pieces.append(piece)
                    if former.names.get(piece.path) == piece.bytes:
                        file.unlink()
                    else:
                        new.append((piece, file))
                    written.append(piece.bytes)
                    self.progress(Step("writing", len(written), None, sum(written)))
                made[view.name] = _table(view, pieces)
        self.progress(Step("writing", len(written), len(written), sum(written)))
        manifest = Manifest(
            account=self.analytics.subdomain,
            as_of=held.as_of,
            complete=held.complete,
            exported_at=self.now(),
            keep=self.analytics.keep,
            retention_days=self.analytics.retention_days,
            since=self.since,
            tables=made,
        )
        manifest_file = None
        if new or not manifest.same_as(former.manifest):
            manifest_file = workshop / MANIFEST
            self._kept(manifest_file, manifest.to_bytes())
        return _Plan(
            manifest,
            manifest_file,
            [(one, file) for one, file in new if former.names.get(one.staged) != one.bytes],
            [one for one, _ in new],
            superfluous([*former.names], manifest),
        )

    async def _staged(self, plan: _Plan) -> None:
        """Bring what is new there, several files at once; the first failure ends all."""
        total = len(plan.to_stage)
        done: list[int] = []
        files = {piece.staged: file for piece, file in plan.to_stage}
        former = self._state.replace(_NOTHING, "There is no export there yet.")

        async def bring(piece: Piece) -> None:
            await self.destination.put(piece.staged, files[piece.staged])
            done.append(piece.bytes)
            self._state = (
                f"{former} {len(done)} of {total} new files wait there, out of sight, and are not "
                "sent again by the next run."
            )
            self.progress(Step("sending", len(done), total, sum(done)))

        await self._each([piece for piece, _ in plan.to_stage], bring)
        if plan.manifest_file is not None:
            await self.destination.put(STAGED_MANIFEST, plan.manifest_file)

    async def _each(self, pieces: Sequence[Piece], act: Callable[[Piece], Awaitable[None]]) -> None:
        """Several at once; the first failure ends all."""
        failed: list[ExportFailed] = []
        limit = anyio.CapacityLimiter(_AT_ONCE)

        async def one(piece: Piece) -> None:
            async with limit:
                try:
                    await act(piece)
                except ExportFailed as error:
                    failed.append(error)
                    group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for piece in pieces:
                group.start_soon(one, piece)
        if failed:
            raise failed[0]

    async def _committed(self, plan: _Plan) -> None:
        """Let all files take their names, then the manifest, and remove the others."""
        place = self.destination
        if plan.to_move:
            self._state = (
                "Some months there may be old and some new, or there twice, and _manifest.json is "
                "the former one: run it again, which mends that."
            )
        await self._each(plan.to_move, lambda one: place.move(one.staged, one.path))
        if plan.manifest_file is not None:
            await self._verified(plan.manifest)
            await place.move(STAGED_MANIFEST, MANIFEST)
        self._state = (
            "The new export is there and whole, but files of the former one are left beside it: "
            "run it again, which removes them."
        )
        left = [one for one in plan.to_remove if not one.startswith("_")]
        if left:
            self.progress(Step("removing", 0, len(left), 0))
            await place.remove(left)
        staged = {one for one in plan.to_remove if one.startswith("_")}
        staged |= {one.staged for one in plan.to_move}
        staged |= set() if plan.manifest_file is None else {STAGED_MANIFEST}
        if staged:
            await place.remove(sorted(staged))
        self._state = "The new export is there."

    def _kept(self, file: Path, content: bytes) -> None:
        try:
            file.write_bytes(content)
        except OSError as error:
            raise StoreFull(str(error.strerror)) from None

    async def _verified(self, manifest: Manifest) -> None:
        """Ask whether all files are there: nothing else tells of another run at another machine."""
        there = {name: size async for name, size in self.destination.names()}
        missing = [one for one in manifest.pieces if there.get(one.path) != one.bytes]
        if missing:
            raise ExportFailed(
                f"{self.destination.shown}: {len(missing)} files are not there as they were sent. "
                "Does another machine export to the same place?"
            )

    def _report(self, plan: _Plan, seconds: float) -> ExportReport:
        pieces = [*plan.manifest.pieces]
        return ExportReport(
            destination=self.destination.shown,
            account=plan.manifest.account,
            as_of=plan.manifest.as_of,
            complete=plan.manifest.complete,
            rows={name: table.rows for name, table in plan.manifest.tables.items()},
            files=len(pieces),
            bytes=sum(one.bytes for one in pieces),
            sent=len(plan.to_move),
            sent_bytes=sum(one.bytes for one in plan.to_move),
            removed=sum(not name.startswith("_") for name in plan.to_remove),
            dry_run=self.dry_run,
            seconds=seconds,
        )

    @asynccontextmanager
    async def _held(self, workshop: Path) -> AsyncIterator[Snapshot]:
        holding = snapshot(self.analytics, workshop, self.now())
        held = await anyio.to_thread.run_sync(holding.__enter__)
        try:
            yield held
        finally:
            holding.__exit__(None, None, None)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One export of a workspace at a time."""
        try:
            lock = FileLock(self.analytics.folder / _LOCK, timeout=0, mode=0o600)
            lock.acquire()
        except Timeout:
            raise ExportFailed("another export of this workspace is under way") from None
        except OSError as error:
            raise StoreFull(str(error.strerror)) from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _workshop(self) -> Iterator[Path]:
        """A folder for its owner alone. Whoever made another one was killed: this one's turn."""
        for left in self.analytics.folder.glob(f"{_WORKSHOP}*"):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
        try:
            made = tempfile.mkdtemp(prefix=_WORKSHOP, dir=self.analytics.folder)
        except OSError as error:
            raise StoreFull(str(error.strerror)) from None
        try:
            yield Path(made)
        finally:
            shutil.rmtree(made, ignore_errors=True)


def _table(view: View, pieces: list[Piece]) -> ExportedTable:
    return ExportedTable(
        about=view.about,
        rows=sum(one.rows for one in pieces),
        partitioned_by=None if view.month is None else "month",
        month_of=view.month,
        columns=[
            ExportedColumn(name=one.name, type=one.kind, meaning=one.meaning)
            for one in view.columns
        ],
        files=pieces,
    )
