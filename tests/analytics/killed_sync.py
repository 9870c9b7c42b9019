"""A sync in a process of its own that stops at a point, for somebody to kill it there.

python killed_sync.py FOLDER ACCOUNT batch:2     within the second page's transaction
python killed_sync.py FOLDER ACCOUNT page:4      between the fourth page and the fifth
"""

from __future__ import annotations

import pickle
import sys
import time
from datetime import datetime
from pathlib import Path

import anyio
import httpx

from mcp_server_zendesk.analytics.store import Batch, StreamState
from mcp_server_zendesk.analytics.syncing.sync import Sync, reading
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.workspace import access_to, analytics_of

PAGE = 25


def _stop() -> None:
    sys.stdout.write("here\n")
    sys.stdout.flush()
    time.sleep(600)


async def run(folder: Path, account: bytes, kind: str, number: int) -> None:
    sandbox = Sandbox(pickle.loads(account))  # noqa: S301 - our own
    settings = embedded_settings(
        {
            "scopes": "read",
            "analytics": True,
            "analytics_keep": "texts",
            "analytics_folder": folder,
            "retention_days": 2_000,
        }
    )
    access = access_to(settings, transport=httpx.ASGITransport(app=sandbox))
    local = analytics_of(settings)
    assert local is not None
    batches = pages = 0
    set_state = Batch.set_state

    def stopping(batch: Batch, stream: str, state: StreamState, now: datetime) -> None:
        nonlocal batches
        set_state(batch, stream, state, now)
        batches += 1
        if (kind, number) == ("batch", batches):
            _stop()

    async def progress(done: float, total: float | None, message: str) -> None:
        nonlocal pages
        del done, total, message
        pages += 1
        if (kind, number) == ("page", pages):
            _stop()

    Batch.set_state = stopping  # type: ignore[method-assign, assignment]
    await Sync(access, local, reading(access), per_page=PAGE).run(seconds=None, progress=progress)


if __name__ == "__main__":
    point, _, at = sys.argv[3].partition(":")
    anyio.run(run, Path(sys.argv[1]), Path(sys.argv[2]).read_bytes(), point, int(at))
