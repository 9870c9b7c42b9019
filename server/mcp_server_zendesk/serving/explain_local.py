"""What the local store of analytics refuses, explained."""

from __future__ import annotations

from mcp_server_zendesk.serving import local_refusals as refusals
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.explanation import Circumstances, Explanation

_WORDS = 300
_BUSY_SECONDS = 15


def extra_needed(_: refusals.ExtraNeeded, at: Circumstances) -> Explanation:
    """The engine is not installed."""
    return Explanation(
        kind="not_configured",
        message=f"{at.tool} was not carried out: the engine of analytics is not installed.",
        reason="analytics is switched on, but this server was installed without its extra.",
        hint="Tell the user that an admin has to install 'mcp-server-zendesk[analytics]'.",
        who="admin",
    )


def switched_off(_: refusals.SwitchedOff, at: Circumstances) -> Explanation:
    """The admin took it back while it was offered."""
    return Explanation(
        kind="not_configured",
        message=f"{at.tool} was not carried out: analytics has been switched off.",
        reason="An admin has changed the settings since this tool was offered.",
        hint="Do not repeat the call; search_tickets answers smaller questions.",
        who="admin",
    )


def never_synced(_: refusals.NeverSynced, at: Circumstances) -> Explanation:
    """There is nothing to ask yet."""
    return Explanation(
        kind="not_configured",
        message=f"{at.tool} was not carried out: nothing has been synced from Zendesk yet.",
        reason="Analytics answers from a copy of the tickets on this server, and it is empty.",
        hint="Call sync_tickets until it says complete, then call again. Where it is not offered, "
        "an admin has to run the command sync.",
        who="model",
    )


def sync_under_way(_: refusals.SyncUnderWay, at: Circumstances) -> Explanation:
    """One at a time."""
    return Explanation(
        kind="conflict",
        message=f"{at.tool} was not carried out: a sync of this workspace is under way already.",
        reason="One runs at a time, here or in another process.",
        hint="Go on with what is there, or call again in a minute.",
        who="model",
        retryable=True,
        retry_after_seconds=60,
    )


def store_busy(_: refusals.StoreBusy, at: Circumstances) -> Explanation:
    """Somebody else has it open."""
    return Explanation(
        kind="conflict",
        message=f"{at.tool} was not carried out: the store is in use by another process.",
        reason="It is opened for moments only; another process has kept it open for longer.",
        hint=f"Call again in {_BUSY_SECONDS} seconds.",
        who="model",
        retryable=True,
        retry_after_seconds=_BUSY_SECONDS,
    )


def store_unusable(error: refusals.StoreUnusable, at: Circumstances) -> Explanation:
    """It cannot be read as it is."""
    return Explanation(
        kind="not_configured",
        message=f"{at.tool} was not carried out: the store of analytics cannot be used.",
        reason=error.why,
        hint=f"Do not repeat the call. Tell the user what an admin can do: {error.mend}",
        who="admin",
    )


def store_full(error: refusals.StoreFull, at: Circumstances) -> Explanation:
    """It cannot be written."""
    return Explanation(
        kind="not_configured",
        message=f"{at.tool} stopped: the store of analytics cannot be written.",
        reason=f"The system says: {clean_line(error.why, _WORDS)}. What was stored before is kept.",
        hint="Do not repeat the call. Tell the user that an admin has to make room on the disk of "
        "this server, or let it write to its folder; then the sync goes on where it stopped.",
        who="admin",
    )


def other_user(_: refusals.OtherUser, at: Circumstances) -> Explanation:
    """Whoever signs in now may see less than is stored."""
    return Explanation(
        kind="forbidden",
        message=f"{at.tool} was not carried out: the store was filled as another Zendesk user, "
        "or while this one had another role.",
        reason="Who the server acts as has changed since, and may see fewer tickets than are kept.",
        hint="Tell the user that an admin has to run the command purge, then sync as this user.",
        who="admin",
    )


def query_refused(error: refusals.QueryRefused, at: Circumstances) -> Explanation:
    """A statement that is not run."""
    near = f" Nearest: {', '.join(error.nearest)}." if error.nearest else ""
    return Explanation(
        kind="invalid_arguments",
        message=f"{at.tool} did not run the query.",
        reason=clean_line(error.problem, _WORDS) + near,
        hint="Correct the SQL and call again. DESCRIBE tickets tells the columns of a view, SHOW "
        "TABLES the views.",
        who="model",
        details={"nearest": list(error.nearest)} if error.nearest else {},
    )


def query_stopped(error: refusals.QueryStopped, at: Circumstances) -> Explanation:
    """A statement that went too far."""
    return Explanation(
        kind="timeout",
        message=f"{at.tool} stopped the query: it went over {error.limit}.",
        reason="A query is bounded, so that one cannot hold up everything else.",
        hint="Ask for less: filter by a time first, group rather than list, join on ids only.",
        who="model",
    )
