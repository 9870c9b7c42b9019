"""A sync as tests run it: the real engine over an open workspace, in small pages."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from desk import OpenWorkspace, Workspace
from generated_desk import client_of
from mcp_server_zendesk.analytics.store import Store as Kept
from mcp_server_zendesk.analytics.syncing.sync import Sync, SyncReport, reading, utc_now
from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.sandbox import ManualClock, Rules, Sandbox, Store, seeded_store
from mcp_server_zendesk.serving.local_store import Analytics

RETENTION = 2_000
PAGE = 250


@dataclass
class Synced:
    """A workspace with analytics, and its store."""

    workspace: Workspace
    access: Access
    analytics: Analytics
    clock: Any
    told: list[str] = field(default_factory=list)

    @property
    def sandbox(self) -> Sandbox:
        return self.workspace.sandbox

    async def sync(
        self,
        *,
        seconds: float | None = None,
        query: str | None = None,
        per_page: int = PAGE,
        now: Callable[[], datetime] = utc_now,
        analytics: Analytics | None = None,
    ) -> SyncReport:
        async def progress(done: float, total: float | None, message: str) -> None:
            del done, total
            self.told.append(message)

        engine = Sync(
            self.access,
            analytics or self.analytics,
            reading(self.access),
            now=now,
            per_page=per_page,
        )
        return await engine.run(seconds=seconds, query=query, progress=progress)

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the store holds, as it lies there."""
        with Kept(self.analytics).batch() as batch:
            return batch.execute(statement, parameters)

    def numbers(self, table: str, column: str = "id") -> list[int]:
        found = self.rows(f"SELECT {column} FROM kept.{table} ORDER BY 1")  # noqa: S608 - ours
        return [int(one) for (one,) in found]

    async def agent(self, method: str, path: str, body: Any = None) -> Any:
        """Somebody does something in Zendesk; then time goes by, so that exports tell of it."""
        async with client_of(self.sandbox) as client:
            answer = await client.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        self.later()
        return answer.json() if answer.content else None

    def later(self, seconds: float = 180) -> None:
        self.clock.forward(seconds)

    def asked(self, part: str) -> list[dict[str, str]]:
        """The queries of the requests to a path so far."""
        return [dict(one.query) for one in self.sandbox.requests if part in one.path]

    def forget_requests(self) -> None:
        self.sandbox.requests.clear()


_accounts: list[bytes] = []
_stores: dict[str, dict[str, bytes]] = {}


def account(tickets: int = 0) -> Store:
    """An account of its own with a clock of its own; all the small ones are alike."""
    if tickets:
        return seeded_store(ManualClock(), tickets=tickets)
    copy: Store = pickle.loads(pickled_account())  # noqa: S301 - our own
    return copy


def pickled_account() -> bytes:
    """The small account, for another process too."""
    if not _accounts:
        _accounts.append(pickle.dumps(seeded_store(ManualClock())))
    return _accounts[0]


@asynccontextmanager
async def synced(
    open_workspace: OpenWorkspace,
    folder: Path,
    *,
    tickets: int = 0,
    rules: Rules | None = None,
    keep: str = "texts",
    **flags: Any,
) -> AsyncIterator[Synced]:
    """A workspace with analytics whose store is in the folder, empty at first."""
    sandbox = Sandbox(account(tickets), rules)
    clock = sandbox.store.clock
    assert isinstance(clock, ManualClock)
    flags = {"retention_days": RETENTION, "scopes": "read", **flags}
    async with open_workspace(
        sandbox=sandbox, analytics=True, analytics_folder=folder, analytics_keep=keep, **flags
    ) as workspace:
        access = workspace.server._access
        analytics = workspace.server._offers.inventory.policy.analytics
        assert analytics is not None
        yield Synced(workspace, access, analytics, clock)


@asynccontextmanager
async def begun(
    open_workspace: OpenWorkspace, folder: Path, *, keep: str = "texts", **more: Any
) -> AsyncIterator[Synced]:
    """The same after a first sync of the small account, which is run once for all tests."""
    async with synced(open_workspace, folder, keep=keep, **more) as one:
        if keep not in _stores:
            assert (await one.sync()).complete
            made = one.analytics.folder.iterdir()
            _stores[keep] = {file.name: file.read_bytes() for file in made if file.is_file()}
            one.forget_requests()
            one.told.clear()
        else:
            one.analytics.folder.mkdir(mode=0o700, parents=True)
            for name, content in _stores[keep].items():
                file = one.analytics.folder / name
                file.write_bytes(content)
                file.chmod(0o600)
        yield one
