"""`make bench-analytics`: many tickets synced over a real socket, asked, and counted again.

The embedded Zendesk with its limits lifted; the command `sync` as a process, killed three times on
its way; the server as a process before a real client. The figures go to the terminal.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp_types import ImageContent, TextContent

from analytics.independent import Raw, differences
from analytics.test_analytics_reports import case
from bench.analytics.counted import reconciled
from bench.analytics.questions import QUERIES, QUESTIONS
from bench.analytics.raw import download
from bench.analytics.syncing import Synced, sync
from bench.figures import Table
from bench.team.processes import COMMAND, Zendesk, environment, zendesk_running
from mcp_server_zendesk.analytics.querying.reading import Reader
from mcp_server_zendesk.analytics.reports.catalogue import REPORTS
from mcp_server_zendesk.analytics.reports.running import Wish, run
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN
from mcp_server_zendesk.serving.local_store import Analytics

_MEBIBYTE = 1024 * 1024
_DAYS = 3_650
_TURNS = 10


def main() -> None:
    """Print the figures; exit code 1 where something does not add up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=200_000)
    parser.add_argument("--charts", type=Path, help="a folder for the charts that are asked for")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-analytics-") as made:
        folder = Path(made)
        number = str(asked.tickets)
        with zendesk_running(folder, "bench.analytics.zendesk", number) as zendesk:
            wrong = _measured(zendesk, folder, asked.tickets, asked.charts)
    sys.exit(1 if wrong else 0)


def _measured(zendesk: Zendesk, folder: Path, tickets: int, charts: Path | None) -> bool:
    kept = folder / "kept"
    settings = {
        "ZENDESK_SUBDOMAIN": DEMO_SUBDOMAIN,
        "ZENDESK_AUTH": "oauth_token",
        "ZENDESK_SCOPES": "read",
        "ZENDESK_LOG_LEVEL": "error",
        "ZENDESK_ANALYTICS": "true",
        "ZENDESK_ANALYTICS_KEEP": "texts",
        "ZENDESK_RETENTION_DAYS": str(_DAYS),
        "ZENDESK_ANALYTICS_FOLDER": str(kept),
    }
    pages = tickets // 1_000
    synced = sync(zendesk, folder, settings, kills=(pages // 2, pages * 3, pages * 12))
    local = Analytics(kept / DEMO_SUBDOMAIN, DEMO_SUBDOMAIN, "texts", _DAYS)
    _print_sync(synced, local)
    begun = time.perf_counter()
    raw = download(zendesk, datetime.fromisoformat(synced.report["until"]))
    print(f"the same downloaded without the product: {time.perf_counter() - begun:.0f} s")
    counts = reconciled(local.file, raw)
    print(counts.table.text())
    reports, differing = anyio.run(_reported, local, raw)
    print(reports.text())
    variables = {**zendesk.variables(), **settings}
    for table in anyio.run(_asked, environment(folder, **variables), charts):
        print(table.text())
    return bool(counts.differing or differing)


def _print_sync(synced: Synced, local: Analytics) -> None:
    rows = synced.report["rows"] if "rows" in synced.report else synced.report["stored"]
    print(f"synced in {synced.seconds:.0f} s, killed after {synced.killed_after} requests")
    print(f"the last run: {json.dumps(synced.report)}")
    print(f"peak of each run, MiB: {[round(peak / _MEBIBYTE) for peak in synced.peaks]}")
    print(f"rows of the last run: {rows}; the store: {local.file.stat().st_size / 1e6:.0f} MB")


async def _reported(local: Analytics, raw: Raw) -> tuple[Table, int]:
    """Each report by the product, and what it tells otherwise than the raw exports."""
    reader, rows, differing = Reader(local), [], 0
    for name, report in REPORTS.items():
        compare = None if report.compares == "never" else "previous"
        for by in (None, *[one for one in ("week", "group", "channel") if one in report.groupings]):
            wish = Wish(name, "last_90_days", by, compare)
            begun = time.perf_counter()
            made = await run(wish, local, reader.ask)
            seconds = time.perf_counter() - begun
            small = made.small
            wrong = differences(raw, case(wish, made), small.columns, small.rows)
            differing += len(wrong)
            numbers = sum(isinstance(v, int | float) for row in small.rows for v in row)
            rows.append((name, by or "-", f"{seconds:.2f}", str(numbers), str(len(wrong))))
            for one in wrong[:3]:
                print(f"  {name} by {by}: {one}")
    head = ("report", "by", "seconds", "numbers", "other than counted from the raw exports")
    return Table("Reports against the raw exports", "", head, rows), differing


async def _asked(variables: Mapping[str, str], charts: Path | None) -> tuple[Table, Table]:
    server = StdioServerParameters(command=COMMAND, args=["serve"], env=dict(variables))
    async with Client(server) as client:
        rows = [await _question(client, *one, charts) for one in QUESTIONS]
        times = [(await _query(client, sql), sql) for sql in QUERIES for _ in range(_TURNS)]
    every = sorted(milliseconds for milliseconds, _ in times)
    by_query = [
        (sql[:70], f"{statistics.median(ms for ms, one in times if one == sql):.0f}")
        for sql in QUERIES
    ]
    p99 = every[min(len(every) - 1, int(len(every) * 0.99))]
    by_query.append((f"all {len(every)}: p50, p99", f"{statistics.median(every):.0f}, {p99:.0f}"))
    return (
        Table("Ten questions", "", ("asked", "calls", "bytes read", "ms"), rows),
        Table("Queries", "", ("statement", "ms"), by_query),
    )


async def _question(
    client: Client, asked: str, calls: tuple[Any, ...], charts: Path | None
) -> tuple[str, str, str, str]:
    size, begun = 0, time.perf_counter()
    for tool, arguments in calls:
        result = await client.call_tool(tool, arguments)
        texts = [one.text for one in result.content if isinstance(one, TextContent)]
        if result.is_error:
            raise RuntimeError(f"{asked}: {texts}")
        size += sum(len(text.encode()) for text in texts)
        pictures = [one for one in result.content if isinstance(one, ImageContent)]
        if charts is not None:
            _keep(charts, asked, texts, pictures)
    milliseconds = (time.perf_counter() - begun) * 1000
    return asked, str(len(calls)), f"{size:,}", f"{milliseconds:.0f}"


def _keep(charts: Path, asked: str, texts: list[str], pictures: list[ImageContent]) -> None:
    import base64  # noqa: PLC0415 - seldom

    charts.mkdir(parents=True, exist_ok=True)
    with (charts / "answers.txt").open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC):%H:%M:%S} {asked}\n" + "\n".join(texts) + "\n\n")
    for picture in pictures:
        name = "".join(c if c.isalnum() else "-" for c in asked[:40])
        (charts / f"{name}.png").write_bytes(base64.b64decode(picture.data))


async def _query(client: Client, sql: str) -> float:
    begun = time.perf_counter()
    result = await client.call_tool("query_tickets", {"sql": sql})
    if result.is_error:
        raise RuntimeError(str(result.content))
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
