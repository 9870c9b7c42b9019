"""One token refresh at a time across the processes of this machine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mcp_server_zendesk.signing_in.vaults import VaultUnavailable, default_folder, file_name

if TYPE_CHECKING:
    from filelock import FileLock

Turns = Callable[[str], AbstractAsyncContextManager[None]]
"""Waits for a workspace's turn, and holds it."""

PATIENCE_SECONDS = 30.0
"""Longer than any holder needs: a refresh takes at most 20 seconds."""
_POLL_SECONDS = 0.05


def turns_in(
    folder: Path | None = None,
    *,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Turns:
    """Turns by a lock file for each workspace.

    The system releases the lock of a process that dies, so that nobody waits for the dead.
    """

    @asynccontextmanager
    async def turn(workspace: str) -> AsyncIterator[None]:
        from filelock import FileLock  # noqa: PLC0415 - only a refresh needs it

        where = folder or default_folder()
        file = where / f"{file_name(workspace)}.lock"
        lock = FileLock(file, mode=0o600, thread_local=False)
        until = clock() + PATIENCE_SECONDS
        try:
            where.mkdir(mode=0o700, parents=True, exist_ok=True)
            while not _taken(lock):
                if clock() > until:
                    raise VaultUnavailable(
                        f"another process has held {file} for {PATIENCE_SECONDS:.0f} seconds; if "
                        "none is at work, end the one that hangs"
                    )
                await sleep(_POLL_SECONDS)
        except OSError as error:
            raise VaultUnavailable(f"{file} cannot be locked: {error.strerror}") from None
        try:
            yield
        finally:
            lock.release()

    return turn


def _taken(lock: FileLock) -> bool:
    from filelock import Timeout  # noqa: PLC0415 - likewise

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
