"""`sync`: brings the local copy of the tickets up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_server_zendesk.commands.options import demo_option, settings_from, workspace_options

if TYPE_CHECKING:
    from mcp_server_zendesk.analytics.syncing.sync import SyncReport
    from mcp_server_zendesk.connection.handle import Progress
    from mcp_server_zendesk.serving.local_store import Analytics
    from mcp_server_zendesk.settings import Settings


@click.command()
@demo_option
@workspace_options
@click.option(
    "--query",
    metavar="SEARCH",
    help="For a user who is no admin: which tickets, as in Zendesk's search; else those that "
    "changed. An admin gets all of them.",
)
@click.option("--json", "as_json", is_flag=True, help="Report for machines, on stdout.")
def sync(
    *, demo: bool, config: Path | None, query: str | None, as_json: bool, **flags: Any
) -> None:
    """Bring the tickets that analytics keeps on this machine up to date, to the end.

    It goes on where the last sync ended, however that did, and waits where Zendesk limits such
    requests. How far it has come goes to stderr; Ctrl-C ends it, and what is stored is kept. One
    runs at a time, here or by the tool sync_tickets. With --demo the copy is gone afterwards.

    \b
    Examples:
      mcp-server-zendesk sync
      mcp-server-zendesk sync --workspace acme --json
      mcp-server-zendesk sync --query "group:support created>2026-01-01"
      mcp-server-zendesk sync --demo --analytics

    \b
    --json prints {"complete", "until", "way", "tickets", "stored", "removed", "requests",
    "stopped", "seconds", ...}: until is as of when the copy is complete, way is incremental for
    an admin and search for others, stored and removed are of this run.

    Exit code 0: all is there. 1: it could not be brought to its end, and says why in a line; what
    is stored is kept. 2: wrong usage. 130: interrupted.
    """
    settings = settings_from(config, flags, demo=demo)
    import time  # noqa: PLC0415 - not for help

    import anyio  # noqa: PLC0415 - likewise

    from mcp_server_zendesk import logs  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.commands.store_problems import explained, switched_on  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.commands.sync_progress import Telling  # noqa: PLC0415 - likewise

    logs.configure("error")
    local = switched_on(settings)
    began, telling = time.monotonic(), Telling(sys.stderr)
    try:
        with explained(settings):
            report = anyio.run(_synced, settings, local, config, demo, query, telling.progress)
    except KeyboardInterrupt:
        telling.end()
        click.echo("Interrupted. What is stored is kept: run it again to go on.", err=True)
        raise
    finally:
        telling.end()
    seconds = time.monotonic() - began
    click.echo(_as_json(report, seconds) if as_json else _as_text(report, seconds))
    if not report.complete:
        sys.exit(1)


async def _synced(
    settings: Settings,
    local: Analytics,
    config: Path | None,
    demo: bool,
    query: str | None,
    progress: Progress,
) -> SyncReport:
    from contextlib import nullcontext  # noqa: PLC0415 - not for help

    import anyio  # noqa: PLC0415 - likewise

    from mcp_server_zendesk.analytics.syncing.sync import Sync, reading  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.embedded import embedded_transport  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.server_settings import load_server  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.workspace import access_to, redaction_of, team_of  # noqa: PLC0415 - likewise

    server = None if demo else load_server({}, config=config)
    team = team_of(server) if server is not None and server.store_url else None
    async with team.running() if team is not None else nullcontext():
        access = access_to(settings, transport=embedded_transport() if demo else None, team=team)
        try:
            await access.learn_granted()
            engine = Sync(access, local, reading(access))
            with redaction_of(settings).acting():
                return await engine.run(seconds=None, query=query, progress=progress)
        finally:
            with anyio.CancelScope(shield=True):
                await access.connection.aclose()


def _as_json(report: SyncReport, seconds: float) -> str:
    from dataclasses import asdict  # noqa: PLC0415 - not for help

    until = None if report.until is None else report.until.isoformat()
    told = {**asdict(report), "until": until, "seconds": round(seconds, 1)}
    return json.dumps(told, indent=2)


def _as_text(report: SyncReport, seconds: float) -> str:
    from mcp_server_zendesk.commands.sync_progress import duration  # noqa: PLC0415 - not for help

    as_of = "" if report.until is None else f", complete as of {report.until:%Y-%m-%d %H:%M} UTC"
    lines = [
        f"{report.tickets:,} tickets are kept{as_of}.",
        (
            f"This run stored {report.stored:,} rows and removed {report.removed:,} tickets, in "
            f"{duration(seconds)} and {report.requests:,} requests."
        ),
    ]
    if report.lacks:
        lines.append(f"Not to be had as this user, or of this account: {', '.join(report.lacks)}.")
    if report.ignored_query:
        lines.append("The query was not needed: an admin gets all tickets.")
    if not report.complete:
        lines.append(f"Not complete: {report.stopped or 'there is more to read.'} Run it again.")
    return "\n".join(lines)
