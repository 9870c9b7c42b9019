"""An export to a real object store that speaks S3: SeaweedFS, on loopback."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analytics.exports import (
    VIEW,
    assert_same_as_views,
    exported,
    manifest_in,
    parquet,
    report_of,
    rows_in,
    store_with_everything,
    ticket,
)
from analytics.stores import NOW
from mcp_server_zendesk.analytics.parquet.destinations import ExportFailed
from mcp_server_zendesk.analytics.parquet.exporting import Export
from mcp_server_zendesk.analytics.parquet.object_stores import Prefix, bucket_of, object_store
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.analytics.tables import TICKETS
from mcp_server_zendesk.serving.local_store import Analytics
from object_stores import EXPORTER, OWNER, READER, SeaweedFS, Stalling, needs_s3, seaweedfs

pytestmark = [
    pytest.mark.heavy,
    needs_s3,
    pytest.mark.s3,
    pytest.mark.anyio,
    pytest.mark.timeout(120),
]

BUCKET = "exports"
SECRETS = [secret for _, secret in (OWNER, EXPORTER, READER)]
FEW = (VIEW["tickets"], VIEW["users"])
FEW_TABLES = ("--tables", "tickets,users")
COMMAND = Path(sys.executable).with_name("mcp-server-zendesk")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    with seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as running:
        running.bucket(BUCKET)
        yield running


@dataclass
class Spot:
    """A prefix of a test's own in the one bucket."""

    server: SeaweedFS
    prefix: str

    @property
    def address(self) -> str:
        return f"s3://{BUCKET}/{self.prefix}"

    def place(self) -> Prefix:
        address = bucket_of(
            self.address, endpoint=self.server.endpoint, allow_http=False, environment={}
        )
        return object_store(address)

    def files(self) -> dict[str, bytes]:
        found = self.server.files(BUCKET, self.prefix)
        return {name.removeprefix(f"{self.prefix}/"): content for name, content in found.items()}

    def command(self, local: Analytics, endpoint: str, *more: str) -> list[str]:
        return [
            str(COMMAND), "export", self.address, "--endpoint", endpoint,
            "--subdomain", "acme", "--analytics", "--analytics-keep", "texts",
            "--analytics-folder", str(local.folder.parent), *more,
        ]  # fmt: skip


@pytest.fixture
def spot(server: SeaweedFS, request: pytest.FixtureRequest) -> Spot:
    return Spot(server, f"analytics/{hashlib.sha256(request.node.name.encode()).hexdigest()[:16]}")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    signed_in(monkeypatch, EXPORTER)


def signed_in(monkeypatch: pytest.MonkeyPatch, who: tuple[str, str]) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", who[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", who[1])


def started(command: list[str]) -> subprocess.Popen[str]:
    """A process that hears Ctrl-C even where the shell that runs the tests ignores it."""
    return subprocess.Popen(
        ["/usr/bin/env", "--default-signal=INT", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


async def test_another_engine_reads_back_from_it_each_row_of_each_view(
    spot: Spot, tmp_path: Path
) -> None:
    local = store_with_everything(tmp_path)
    await exported(local, spot.place())
    assert_same_as_views(spot.files(), local)


async def test_a_second_export_sends_nothing_and_a_changed_month_is_sent_alone(
    spot: Spot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = store_with_everything(tmp_path)
    await exported(local, spot.place(), tables=FEW)
    signed_in(monkeypatch, READER)  # who sends anything now is refused
    second = await exported(local, spot.place(), tables=FEW)
    assert (second.sent, second.removed) == (0, 0)
    signed_in(monkeypatch, EXPORTER)
    with Store(local).batch() as batch:
        batch.put(TICKETS, [ticket(2, 100, status="solved")])
    third = await exported(local, spot.place(), tables=FEW)
    assert (third.sent, third.removed) == (1, 1)
    assert_same_as_views(spot.files(), local)


async def test_a_ticket_that_was_deleted_leaves_it(spot: Spot, tmp_path: Path) -> None:
    local = store_with_everything(tmp_path)
    await exported(local, spot.place(), tables=FEW)
    with Store(local).batch() as batch:
        batch.remove_tickets([1], NOW)
    await exported(local, spot.place(), tables=FEW)
    left = spot.files()
    assert_same_as_views(left, local)
    assert all(row[0] != 1 for row in rows_in(parquet(left, "tickets")))


async def test_a_large_file_is_sent_in_parts(spot: Spot, tmp_path: Path) -> None:
    import obstore  # noqa: PLC0415 - an extra

    file = tmp_path / "large"
    file.write_bytes(os.urandom(9_000_000))
    await spot.place().put("large", file)
    store = spot.server.store(BUCKET)
    tag = obstore.head(store, f"{spot.prefix}/large")["e_tag"]
    assert tag is not None
    assert tag.strip('"').endswith("-2")
    assert bytes(obstore.get(store, f"{spot.prefix}/large").bytes()) == file.read_bytes()


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ((EXPORTER[0], "wrong"), "the secret key is not the one of the access key"),
        (("nobody", "wrong"), "the access key is not known there"),
        (READER, "the credentials may not do this there"),
    ],
    ids=["wrong secret", "unknown key", "may only read"],
)
async def test_who_may_not_write_is_told_so_and_nothing_is_written(
    spot: Spot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    who: tuple[str, str],
    told: str,
) -> None:
    signed_in(monkeypatch, who)
    run = Export(store_with_everything(tmp_path), spot.place())
    with pytest.raises(ExportFailed) as failed:
        await run.run()
    assert str(failed.value).endswith(told)
    assert "\n" not in str(failed.value)
    assert not any(secret in str(failed.value) for secret in [*SECRETS, who[1]])
    assert run.state == "Nothing was written there."
    assert not spot.files()


async def test_a_bucket_that_is_not_there_is_told(server: SeaweedFS, tmp_path: Path) -> None:
    address = bucket_of(
        "s3://not-there/x", endpoint=server.endpoint, allow_http=False, environment={}
    )
    with pytest.raises(ExportFailed, match="there is no bucket of that name"):
        await exported(store_with_everything(tmp_path), object_store(address))


async def test_a_prefix_that_holds_something_else_is_refused_and_left_alone(
    spot: Spot, tmp_path: Path
) -> None:
    import obstore  # noqa: PLC0415 - an extra

    obstore.put(spot.server.store(BUCKET), f"{spot.prefix}/thesis.txt", b"mine")
    with pytest.raises(ExportFailed, match="not empty"):
        await exported(store_with_everything(tmp_path), spot.place())
    assert spot.files() == {"thesis.txt": b"mine"}


async def test_files_beside_the_prefix_are_none_of_its_business(spot: Spot, tmp_path: Path) -> None:
    import obstore  # noqa: PLC0415 - an extra

    names = (f"{spot.prefix}2/thesis.txt", "analytics/thesis.txt")
    for name in names:
        obstore.put(spot.server.store(BUCKET), name, b"mine")
    await exported(store_with_everything(tmp_path), spot.place(), tables=FEW)
    beside = spot.server.files(BUCKET, "analytics")
    assert all(beside[name] == b"mine" for name in names)


async def test_a_run_that_is_killed_while_it_sends_changes_nothing_and_the_next_goes_on(
    spot: Spot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = store_with_everything(tmp_path)
    await exported(local, spot.place(), tables=FEW)
    former = spot.files()
    with Store(local).batch() as batch:
        batch.put(TICKETS, [ticket(n, n % 300, subject="x" * n) for n in range(1, 400)])
    with (
        Stalling(spot.server.ports["s3"], 20_000).running() as stalling,
        started(spot.command(local, stalling.endpoint, *FEW_TABLES)) as process,
    ):
        assert stalling.stalled.wait(30)
        process.kill()
    left = spot.files()
    staged = {name for name in left if name.startswith("_staging/")}
    assert staged
    assert {name: left[name] for name in left.keys() - staged} == former

    sent: list[str] = []
    put = Prefix.put

    async def recorded(self: Prefix, name: str, file: Path) -> None:
        sent.append(name)
        await put(self, name, file)

    monkeypatch.setattr(Prefix, "put", recorded)
    await exported(local, spot.place(), tables=FEW)
    assert sent
    assert staged.isdisjoint(sent)
    assert_same_as_views(spot.files(), local)


async def test_ctrl_c_ends_it_and_says_that_the_former_export_is_as_it_was(
    spot: Spot, tmp_path: Path
) -> None:
    local = store_with_everything(tmp_path)
    await exported(local, spot.place(), tables=FEW)
    former = spot.files()
    with Store(local).batch() as batch:
        batch.put(TICKETS, [ticket(n, n % 300) for n in range(1, 400)])
    with (
        Stalling(spot.server.ports["s3"], 14_000).running() as stalling,
        started(spot.command(local, stalling.endpoint, *FEW_TABLES)) as process,
    ):
        assert stalling.stalled.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "The former export there is as it was" in err
    assert "Traceback" not in err
    assert out == ""
    left = spot.files()
    assert {name: left[name] for name in left if not name.startswith("_staging/")} == former
    assert not list(local.folder.glob("export-*"))


async def test_over_tls_it_trusts_whom_ssl_cert_file_names_and_nobody_else(
    spot: Spot, tmp_path: Path
) -> None:
    local = store_with_everything(tmp_path)
    command = spot.command(local, spot.server.secure_endpoint, "--json")
    refused = ran(command)
    assert refused.returncode == 1
    assert "its certificate is not trusted: point SSL_CERT_FILE" in refused.stderr
    assert not spot.files()
    trusted = ran(command, SSL_CERT_FILE=str(spot.server.certificate.authority_file))
    assert trusted.returncode == 0, trusted.stderr
    report = report_of(trusted.stdout)
    assert report["sent"] == report["files"] > 0
    assert report["destination"] == spot.address
    assert_same_as_views(spot.files(), local)
    assert not any(secret in trusted.stdout + trusted.stderr for secret in SECRETS)


async def test_the_profile_of_the_tools_of_aws_signs_in_where_the_environment_holds_no_key(
    spot: Spot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        f"[acme]\naws_access_key_id = {EXPORTER[0]}\naws_secret_access_key = {EXPORTER[1]}\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "acme")
    local = store_with_everything(tmp_path)
    await exported(local, spot.place(), tables=FEW)
    assert manifest_in(spot.files()).account == "acme"


async def test_nothing_that_is_said_or_shown_holds_a_secret(spot: Spot) -> None:
    shown: list[Any] = [spot.place()]
    shown += [shown[0].bucket, shown[0].shown]
    assert not any(secret in f"{one!r} {one}" for one in shown for secret in SECRETS)
