"""The local copy of the tickets: whether it can be kept, whose it is, and how old."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from anyio import to_thread

from mcp_server_zendesk.command_lines import store_command
from mcp_server_zendesk.doctor.authentication import Me
from mcp_server_zendesk.doctor.checks import Check, Name
from mcp_server_zendesk.serving import local_refusals as refusals
from mcp_server_zendesk.serving.local_store import Analytics
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.workspace import local_store_of

STALE_DAYS = 2
"""Reports on a copy that is older than this answer for another week."""

_NAME: Name = "analytics"
_INSTALL = "pip install 'mcp-server-zendesk[analytics]'"


async def look_at_analytics(settings: Settings, user: Me | None, now: datetime) -> Check:
    """Judge the store; it is opened for reading, for a moment, and nothing is made.

    Args:
        settings: Of the workspace.
        user: Whom Zendesk takes the credentials for; None where that is not known.
        now: The time.
    """
    local = local_store_of(settings)
    if not settings.analytics:
        return _off(local, settings)
    obstacle = _obstacle(local)
    if obstacle is not None:
        return obstacle
    from mcp_server_zendesk.analytics.admission import check_readable  # noqa: PLC0415 - seldom
    from mcp_server_zendesk.analytics.store import Store  # noqa: PLC0415 - likewise

    try:
        facts = await to_thread.run_sync(Store(local).facts)
        check_readable(facts, local)
    except refusals.LocalRefusal as error:
        return _unreadable(error, local, settings)
    if user is not None and not facts.open_to(user.id, user.role):
        return _fail(
            "the store was filled as another Zendesk user, or with another role",
            "other_user",
            "That user may see more tickets than this one, so that nothing is answered from it.",
            f"{store_command('purge', settings)} --yes; {store_command('sync', settings)}",
        )
    return _age(facts.until, facts.stored_at, local, settings, now)


def _unreadable(error: refusals.LocalRefusal, local: Analytics, settings: Settings) -> Check:
    if isinstance(error, refusals.NeverSynced):
        return Check(
            _NAME,
            "warn",
            "nothing has been synced yet",
            why="query_tickets and ticket_report have nothing to answer from.",
            mend=store_command("sync", settings),
            cause="never_synced",
        )
    if isinstance(error, refusals.StoreBusy):
        return Check(
            _NAME,
            "warn",
            "the store is in use by another process for long",
            why="It is opened for moments only: a process may hang.",
            mend="run doctor again; if it stays so, end the process that hangs",
            cause="store_busy",
        )
    if isinstance(error, refusals.StoreUnusable):
        return _fail("the store cannot be used", "store_unusable", error.why, error.mend)
    if isinstance(error, refusals.StoreFull):
        return _folder_closed(f"The system says: {error.why}.", local)
    raise error


def _off(local: Analytics, settings: Settings) -> Check:
    if not local.file.exists():
        return Check(_NAME, "ok", "off: no tickets are kept on this machine")
    return Check(
        _NAME,
        "warn",
        "off, but tickets are still kept on this machine from before",
        why="Nothing reads them, nothing takes out what retention_days no longer allows.",
        mend=f"{store_command('purge', settings)} --yes",
        cause="left_behind",
    )


def _obstacle(local: Analytics) -> Check | None:
    """What stands in the way before the store is opened."""
    if find_spec("duckdb") is None:
        return _fail(
            "it is switched on, and its engine is not installed",
            "extra_missing",
            "Its tools are offered, and each call of them fails.",
            _INSTALL,
        )
    there = next(one for one in (local.folder, *local.folder.parents) if one.exists())
    if there.is_dir() and os.access(there, os.R_OK | os.W_OK | os.X_OK):
        return None
    return _folder_closed(f"{there} is no folder that this user may read and write.", local)


def _folder_closed(why: str, local: Analytics) -> Check:
    return _fail(
        "the folder of the store cannot be written to",
        "folder_closed",
        why,
        f"let the user of the server write to {local.folder}, or have analytics_folder name "
        "another folder",
    )


def _age(
    until: datetime | None,
    stored_at: datetime | None,
    local: Analytics,
    settings: Settings,
    now: datetime,
) -> Check:
    kept = "texts as well" if local.texts else "fields only"
    size = local.file.stat().st_size / 1_000_000
    told = f"{kept}, for {settings.retention_days} days, {size:,.1f} MB"
    if until is None:
        at = "" if stored_at is None else f" at {_minute(stored_at)}"
        return Check(
            _NAME,
            "warn",
            f"not synced to its end, stored last{at} ({told})",
            why="Reports count only the tickets that have come so far.",
            mend=store_command("sync", settings),
            cause="sync_unfinished",
        )
    if now - until > timedelta(days=STALE_DAYS):
        return Check(
            _NAME,
            "warn",
            f"synced last as of {_minute(until)}, {(now - until).days} days ago ({told})",
            why="Answers are as old as that. It is synced by sync_tickets, or by the command, "
            "which a scheduler can run.",
            mend=store_command("sync", settings),
            cause="stale",
        )
    return Check(_NAME, "ok", f"synced as of {_minute(until)} ({told})")


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _fail(found: str, cause: str, why: str, mend: str) -> Check:
    return Check(_NAME, "fail", found, why=why, mend=mend, cause=cause)
