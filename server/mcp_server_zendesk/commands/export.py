"""`export`: the tables of analytics as Parquet, for the engine that a team already has."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_server_zendesk.commands.options import settings_from, workspace_options

if TYPE_CHECKING:
    from mcp_server_zendesk.analytics.parquet.destinations import Destination
    from mcp_server_zendesk.analytics.parquet.exporting import ExportReport, Step
    from mcp_server_zendesk.analytics.views import View
    from mcp_server_zendesk.serving.local_store import Analytics

_SECONDS_BETWEEN_LINES = 5.0
_KILO = 1000
_UNREADABLE = "The store cannot be read."
_DOING = {"writing": "Written here", "sending": "Sent", "removing": "Removing"}


@click.command()
@click.argument("destination")
@click.option(
    "--tables",
    metavar="NAMES",
    help="Only these, e.g. tickets,tags. Files of the others leave the destination.",
)
@click.option(
    "--since",
    metavar="MONTH",
    help="Only months from this one on, e.g. 2026-01. Files of older ones leave the destination.",
)
@click.option(
    "--endpoint",
    metavar="URL",
    help="Another store that speaks S3: R2, MinIO and the like; else AWS_ENDPOINT_URL counts.",
)
@click.option("--allow-http", is_flag=True, help="Let an endpoint elsewhere be one without TLS.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent and removed, and do neither.")
@click.option("--json", "as_json", is_flag=True, help="A report for machines, on stdout.")
@workspace_options
def export(
    *,
    destination: str,
    tables: str | None,
    since: str | None,
    endpoint: str | None,
    allow_http: bool,
    dry_run: bool,
    as_json: bool,
    config: Path | None,
    **flags: Any,
) -> None:
    """Write what was synced as Parquet, to a folder or an object store.

    The tables are those that analytics answers from, divided by month:
    tickets/month=2026-11/tickets-….parquet. Trino, Athena, Spark, BigQuery, DuckDB and others read
    them where they are. Nothing is asked of Zendesk; the command sync is what makes it fresh.

    DESTINATION is a folder, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX. It
    has to be empty, or hold a former export of the same account. Afterwards it holds what this
    command names and nothing else of it: months that did not change are not sent again, and files
    with tickets that were deleted, or are kept no longer, are removed.

    Credentials are never an argument. They come from where the cloud's own tools look: for S3
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or the role of the machine, with
    AWS_REGION; GOOGLE_APPLICATION_CREDENTIALS; AZURE_STORAGE_ACCOUNT_NAME with its key or SAS
    token. SSL_CERT_FILE tells whom to trust.

    \b
    Examples:
      mcp-server-zendesk export /srv/zendesk
      mcp-server-zendesk export s3://acme-analytics/zendesk --workspace acme
      mcp-server-zendesk export s3://zendesk/acme --endpoint https://minio.acme.com
      mcp-server-zendesk export gs://acme-analytics/zendesk --tables tickets,tags --since 2026-01
      mcp-server-zendesk export /srv/zendesk --dry-run --json

    Exit code 0: exported. 1: it could not be done, and a line says why and what is there now. 2:
    wrong usage. 130: interrupted; what was there before is whole, unless a line says otherwise.
    """
    settings = settings_from(config, flags)
    import anyio  # noqa: PLC0415 - not for help

    from mcp_server_zendesk.analytics.parquet.exporting import Export  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.workspace import analytics_of  # noqa: PLC0415 - likewise

    analytics = analytics_of(settings)
    if analytics is None:
        raise click.ClickException(
            "analytics is switched off, so there is nothing to export: set analytics = true, then "
            "run the command sync"
        )
    chosen = _tables(tables)
    month = _month(since)
    with _explained(lambda: ""):
        place = _destination(destination, analytics, endpoint=endpoint, allow_http=allow_http)
    told = _Told()
    run = Export(analytics, place, chosen, month, dry_run=dry_run, progress=told)
    with _explained(lambda: run.state):
        try:
            report = anyio.run(run.run)
        finally:
            told.end()
    click.echo(_json(report) if as_json else _text(report))
    if not report.complete:
        click.echo(
            "Note: the sync has not come to its end, and neither has what was exported.", err=True
        )


def _tables(names: str | None) -> tuple[View, ...]:
    from mcp_server_zendesk.analytics.views import VIEWS  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.connection.nearest import or_nearest  # noqa: PLC0415 - likewise

    if names is None:
        return VIEWS
    known = {view.name: view for view in VIEWS}
    wanted = names.replace(",", " ").split()
    for name in wanted:
        if name not in known:
            raise click.BadParameter(
                f"it names a table that there is not{or_nearest(name, known)}. There are: "
                f"{', '.join(known)}",
                param_hint="--tables",
            )
    if not wanted:
        raise click.BadParameter("name a table, or leave it out", param_hint="--tables")
    return tuple(view for view in VIEWS if view.name in wanted)


def _month(text: str | None) -> str | None:
    from mcp_server_zendesk.analytics.parquet.snapshots import check_month  # noqa: PLC0415 - not for help

    try:
        return None if text is None else check_month(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from None


def _destination(
    address: str, analytics: Analytics, *, endpoint: str | None, allow_http: bool
) -> Destination:
    import os  # noqa: PLC0415 - not for help

    from mcp_server_zendesk.analytics.parquet.destinations import folder_of  # noqa: PLC0415 - likewise

    if "://" in address:
        from mcp_server_zendesk.analytics.parquet.object_stores import (  # noqa: PLC0415 - seldom
            bucket_of,
            object_store,
        )

        bucket = bucket_of(
            address, endpoint=endpoint, allow_http=allow_http, environment=os.environ
        )
        return object_store(bucket)
    if endpoint is not None or allow_http:
        raise click.UsageError("--endpoint and --allow-http belong to a destination s3://…")
    if not address.strip():
        raise click.BadParameter("name a folder", param_hint="DESTINATION")
    return folder_of(Path(address), apart_from=analytics.folder)


@contextmanager
def _explained(state: Callable[[], str]) -> Iterator[None]:
    """A failure as a line, and what is at the destination now."""
    from mcp_server_zendesk.analytics.parquet.destinations import ExportFailed  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.serving.local_refusals import LocalRefusal  # noqa: PLC0415 - likewise

    try:
        yield
    except ExportFailed as error:
        raise click.ClickException(f"{error}. {state()}".strip()) from None
    except LocalRefusal as error:
        raise click.ClickException(f"{_words(error)} {state()}".strip()) from None
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted. {state()}", err=True)
        raise


def _words(refusal: Exception) -> str:
    from mcp_server_zendesk.serving import local_refusals as refusals  # noqa: PLC0415 - seldom

    if isinstance(refusal, refusals.StoreUnusable):
        return f"{refusal.why} {refusal.mend}"
    if isinstance(refusal, refusals.StoreFull):
        return f"There is no room beside the store, or it may not be written to: {refusal.why}."
    told: dict[type, str] = {
        refusals.ExtraNeeded: "It takes more than is installed: pip install "
        "'mcp-server-zendesk[analytics]'.",
        refusals.NeverSynced: "Nothing has been synced yet: run the command sync first.",
        refusals.StoreBusy: "Another process writes to the store all the time: run it again later.",
    }
    return next((words for kind, words in told.items() if isinstance(refusal, kind)), _UNREADABLE)


class _Told:
    """Progress on stderr: one line that changes on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = time.monotonic()
        self._open = False

    def __call__(self, step: Step) -> None:
        of = "" if step.total is None else f" of {step.total}"
        count = step.total if step.stage == "removing" else f"{step.done}{of}"
        size = f", {_size(step.bytes)}" if step.bytes else ""
        line = f"{_DOING[step.stage]}: {count} files{size}"
        if self._terminal:
            click.echo(f"\r\033[K{line}", err=True, nl=False)
            self._open = True
        elif time.monotonic() - self._last >= _SECONDS_BETWEEN_LINES or step.done == step.total:
            self._last = time.monotonic()
            click.echo(line, err=True)

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            click.echo("\r\033[K", err=True, nl=False)


def _size(count: int) -> str:
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < _KILO:
            break
        size, unit = size / _KILO, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def _text(report: ExportReport) -> str:
    fresh = (
        "no sync has ended" if report.as_of is None else f"as of {report.as_of:%Y-%m-%d %H:%M} UTC"
    )
    would, remove, be = "Sent", "removed", "are"
    if report.dry_run:
        would, remove, be = "Would send", "remove", "would be"
    changed = f"{would} {report.sent} files ({_size(report.sent_bytes)}) and {remove}"
    lines = [
        f"{report.destination}: {report.account}, {fresh}.",
        f"{changed} {report.removed}; {report.files} files ({_size(report.bytes)}) {be} there.",
    ]
    width = max(map(len, report.rows), default=0)
    lines += [f"  {name:<{width}} {rows:>12,} rows" for name, rows in report.rows.items()]
    return "\n".join(lines)


def _json(report: ExportReport) -> str:
    from dataclasses import asdict  # noqa: PLC0415 - not for help

    as_of = None if report.as_of is None else report.as_of.isoformat()
    return json.dumps({**asdict(report), "as_of": as_of}, indent=2)
