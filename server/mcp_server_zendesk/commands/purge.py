"""`purge`: empties the local copy of the tickets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_server_zendesk.commands.options import settings_from, workspace_options

if TYPE_CHECKING:
    from mcp_server_zendesk.serving.local_store import Analytics
    from mcp_server_zendesk.settings import Settings

_KIB = 1024


@click.command()
@workspace_options
@click.option(
    "--expired",
    is_flag=True,
    help="Remove only the tickets that retention_days no longer allows to be kept.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Report for machines, on stdout.")
def purge(*, config: Path | None, expired: bool, yes: bool, as_json: bool, **flags: Any) -> None:
    """Remove the tickets that analytics keeps on this machine, with all that was read of them.

    Nothing is changed in Zendesk, and a sync reads it all again. It also removes what is kept
    where analytics is switched off by now. Not while a sync runs. Backups, and copies made by
    export, are not reached; a disk may keep what was on it until it writes over it.

    \b
    Examples:
      mcp-server-zendesk purge
      mcp-server-zendesk purge --workspace acme --yes
      mcp-server-zendesk purge --expired

    Exit code 0: removed, or there was nothing. 1: it could not be removed, and says why in a line;
    or the answer was no. 2: wrong usage.
    """
    settings = settings_from(config, flags)
    from mcp_server_zendesk.commands.store_problems import explained  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.workspace import local_store_of  # noqa: PLC0415 - likewise

    local = local_store_of(settings)
    with explained(settings):
        told, report = _expired(local) if expired else _everything(local, settings, ask=not yes)
    click.echo(json.dumps(report, indent=2) if as_json else told)


def _everything(local: Analytics, settings: Settings, *, ask: bool) -> tuple[str, dict[str, Any]]:
    from mcp_server_zendesk.analytics.purging import purge as purged  # noqa: PLC0415 - not for help

    if ask and local.folder.exists():
        click.confirm(
            f"Remove the tickets of the workspace {settings.workspace!r} that are kept in "
            f"{local.folder}?",
            abort=True,
            err=True,
        )
    done = purged(local)
    told = (
        f"Removed the store in {local.folder} ({_size(done.bytes)})."
        if done.files
        else f"Nothing is kept in {local.folder}."
    )
    if done.left:
        told += f" Left, as it is none of its files: {', '.join(done.left)}."
    return told, {"files": done.files, "bytes": done.bytes, "left": list(done.left)}


def _expired(local: Analytics) -> tuple[str, dict[str, Any]]:
    from datetime import UTC, datetime  # noqa: PLC0415 - not for help

    from mcp_server_zendesk.analytics.purging import purge_expired  # noqa: PLC0415 - likewise

    gone = purge_expired(local, datetime.now(UTC))
    told = (
        f"Removed {gone.tickets:,} tickets whose last change is more than {local.retention_days} "
        f"days ago, and {gone.customers:,} customers whom no ticket that is kept names."
    )
    return told, {"tickets": gone.tickets, "customers": gone.customers}


def _size(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if count < _KIB:
            return f"{count:,.0f} {unit}"
        count /= _KIB
    return f"{count:,.1f} GiB"
