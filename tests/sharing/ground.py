"""Replicas that share a real Redis, under a clock of the test's."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
from pydantic import SecretStr

from mcp_server_zendesk.connection.guarding.ceilings import WriteCeilings
from mcp_server_zendesk.connection.shared import Shared
from mcp_server_zendesk.sharing.account import shared_over
from mcp_server_zendesk.sharing.leases import Leases
from mcp_server_zendesk.sharing.store import Store
from stores import RedisServer

_ACCOUNTS = itertools.count()

KEYS = (SecretStr("canary-state-key-" + "0" * 32),)


@dataclass
class Replica:
    """One process of several, without the process."""

    shared: Shared
    leases: Leases
    store: Store

    def ceilings(self, workspace: str, limits: WriteCeilings) -> WriteCeilings:
        ceilings = self.shared.ceilings(workspace, limits)
        assert ceilings is not None
        return ceilings


@dataclass
class Ground:
    """An account that nobody else uses, and a clock that all its replicas and the store go by."""

    redis: RedisServer
    account: str = field(default_factory=lambda: f"acme{next(_ACCOUNTS)}")
    now: float = 1_000_000.0
    passes: float = 1.0
    """How much time passes with a second of sleep."""
    slept: list[float] = field(default_factory=list)
    replicas: list[Replica] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds * self.passes
        await anyio.lowlevel.checkpoint()

    @asynccontextmanager
    async def replica(self, keys: tuple[SecretStr, ...] = KEYS) -> AsyncIterator[Replica]:
        store = Store(SecretStr(self.redis.url), clock=self.clock, now=self.clock)
        leases = Leases(store, sleep=_never)
        shared = shared_over(store, leases, self.account, keys, clock=self.clock, sleep=self.sleep)
        try:
            async with leases.renewing():
                yield Replica(shared, leases, store)
        finally:
            await store.aclose()


async def _never(_: float) -> None:
    """Leases are renewed when a test says so."""
    await anyio.sleep_forever()
