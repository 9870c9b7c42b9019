"""Where an export goes is taken apart strictly; what fails there is told in words of ours."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.analytics.parquet.destinations import ExportFailed
from mcp_server_zendesk.analytics.parquet.exported import is_ours, path_of
from mcp_server_zendesk.analytics.parquet.object_store_problems import sentence
from mcp_server_zendesk.analytics.parquet.object_stores import (
    Bucket,
    bucket_of,
    object_store,
    profile,
)

SECRET = "canary-a81f"
AT = Bucket("s3", "acme", "zendesk", "https://minio.acme.com")


def bucket(address: str, *, endpoint: str | None = None, **more: bool) -> Bucket:
    return bucket_of(
        address, endpoint=endpoint, allow_http=more.get("allow_http", False), environment={}
    )


@pytest.mark.parametrize(
    ("address", "name", "prefix"),
    [
        ("s3://acme-data", "acme-data", ""),
        ("s3://acme-data/", "acme-data", ""),
        ("s3://acme.data/zendesk/acme/", "acme.data", "zendesk/acme"),
        ("gs://acme_data/zendesk", "acme_data", "zendesk"),
        ("az://container/year=2026/x.y", "container", "year=2026/x.y"),
    ],
)
def test_an_address_is_taken_apart(address: str, name: str, prefix: str) -> None:
    found = bucket(address)
    assert (found.name, found.prefix) == (name, prefix)
    assert found.shown == address.rstrip("/")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"s3://key:{SECRET}@acme/zendesk", "credentials and options have no place"),
        (f"s3://acme/zendesk?secret={SECRET}", "credentials and options have no place"),
        (f"s3://acme/zendesk#{SECRET}", "credentials and options have no place"),
        ("s3://", "no bucket has such a name"),
        ("s3://Acme", "no bucket has such a name"),
        ("s3://a", "no bucket has such a name"),
        ("s3://../etc", "no bucket has such a name"),
        ("az://my_container", "no bucket has such a name"),
        ("s3://acme/a/../b", "the prefix behind"),
        ("s3://acme/a//b", "the prefix behind"),
        ("s3://acme/a b", "the prefix behind"),
        ("s3://acme/\x00", "the prefix behind"),
        (f"s3://acme/{'x' * 513}", "the prefix behind"),
        ("ftp://acme/x", "begins with one of"),
        ("S3://acme/x", "begins with one of"),
    ],
)
def test_an_address_that_is_none_is_refused_without_saying_a_secret(
    address: str, told: str
) -> None:
    with pytest.raises(ExportFailed, match=told) as refused:
        bucket(address)
    assert SECRET not in str(refused.value)


@given(st.text(max_size=60), st.sampled_from(["s3://", "gs://", "az://", ""]))
def test_whatever_is_given_is_a_bucket_without_a_way_out_of_its_prefix_or_refused(
    text: str, scheme: str
) -> None:
    try:
        found = bucket(scheme + text)
    except ExportFailed:
        pass
    else:
        assert f"{found.scheme}://" in scheme + text
        assert not {"", ".", ".."} & set(found.prefix.split("/")) or not found.prefix
        assert found.name.isascii()
        assert found.name in text


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("http://minio.acme.com", "is not encrypted"),
        ("http://127.0.0.1.acme.com", "is not encrypted"),
        ("http://10.0.0.1:9000", "is not encrypted"),
        (f"https://key:{SECRET}@minio.acme.com", "an address alone"),
        (f"https://minio.acme.com?{SECRET}", "an address alone"),
        ("minio.acme.com", "is https://HOST"),
        ("https://", "is https://HOST"),
        ("https://[::1", "is https://HOST"),
        ("https://host:port", "is https://HOST"),
        ("file:///etc", "is https://HOST"),
    ],
)
def test_an_endpoint_that_leads_astray_is_refused(endpoint: str, told: str) -> None:
    with pytest.raises(ExportFailed, match=told) as refused:
        bucket("s3://acme", endpoint=endpoint)
    assert SECRET not in str(refused.value)


def test_http_is_for_this_machine_or_where_it_is_said() -> None:
    for endpoint in ("http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"):
        assert bucket("s3://acme", endpoint=endpoint).endpoint == endpoint
    for endpoint in ("http://minio:9000", "https://minio.acme.com/s3"):
        assert bucket("s3://acme", endpoint=endpoint, allow_http=True).endpoint == endpoint
    with pytest.raises(ExportFailed, match="belongs to a destination"):
        bucket("gs://acme", endpoint="https://minio.acme.com")


def test_the_endpoint_of_the_environment_is_held_to_the_same() -> None:
    def found(**environment: str) -> str | None:
        return bucket_of(
            "s3://acme", endpoint=None, allow_http=False, environment=environment
        ).endpoint

    assert found() is None
    assert found(AWS_ENDPOINT_URL="https://a.b") == "https://a.b"
    assert found(AWS_ENDPOINT_URL="https://a.b", AWS_ENDPOINT_URL_S3="https://c.d") == "https://c.d"
    with pytest.raises(ExportFailed, match="is not encrypted"):
        found(AWS_ENDPOINT_URL="http://minio:9000")


@given(st.text(max_size=80))
def test_only_what_an_export_leaves_is_ours_to_remove(name: str) -> None:
    assert not is_ours(name)
    assert not is_ours(f"tickets/{name}.parquet")


def test_what_an_export_leaves_is_ours_to_remove() -> None:
    digest = "0123456789abcdef" * 4
    for name in (
        path_of("tickets", "2026-11", digest),
        path_of("sla_breaches", "__HIVE_DEFAULT_PARTITION__", digest),
        path_of("users", None, digest),
        f"_staging/{digest}.parquet",
        "_manifest.json",
    ):
        assert is_ours(name)
        assert is_ours(f"{name}.part")
        assert not is_ours(f"{name}x")
        assert not is_ours(f"../{name}")
    assert not is_ours(f"users/tickets-{digest[:16]}.parquet")


@pytest.fixture
def deaf() -> Iterator[str]:
    """An endpoint that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.anyio
async def test_who_cannot_be_reached_or_does_not_answer_is_told(
    deaf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    for endpoint, told in ((deaf, "did not answer in time"), (nobody, "cannot be reached")):
        store = object_store(bucket("s3://acme", endpoint=endpoint), retries=0, seconds=0.2)
        with pytest.raises(ExportFailed, match=told) as failed:
            await store.read("x")
        assert SECRET not in str(failed.value)
        assert str(failed.value).startswith(f"s3://acme at {endpoint}: ")


@pytest.mark.anyio
async def test_without_credentials_it_says_which_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", nobody)
    store = object_store(bucket("s3://acme", endpoint=nobody), retries=0, seconds=1)
    with pytest.raises(ExportFailed, match="there are no credentials: set AWS_ACCESS_KEY_ID"):
        await store.read("x")


class GenericError(Exception):
    """By the name of obstore's."""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('ConnectError("dns error", Custom { kind: ', "no such host"),
        ("InvalidCertificate(UnknownIssuer)", "point SSL_CERT_FILE"),
        ("InvalidContentType", "does not speak TLS"),
        ("status: 301 <Code>PermanentRedirect</Code>", "another region: set AWS_REGION"),
        ("<Code>RequestTimeTooSkewed</Code>", "the clock of this machine"),
        ("status code: 507 <Code>Strange</Code>", r"it failed \(it answered 507 Strange\)"),
        (f"status: 500 <Code>{SECRET}!</Code> {SECRET}", r"it failed \(it answered 500\)"),
        ("Missing bucket name", "the credentials are not whole"),
        ("whatever", "it failed$"),
    ],
)
def test_a_failure_is_told_in_words_of_ours(words: str, told: str) -> None:
    sentence_ = sentence(GenericError(words), AT)
    assert re.search(told, sentence_)
    assert sentence_.startswith("s3://acme/zendesk at https://minio.acme.com: ")
    assert SECRET not in sentence_


@given(st.text())
def test_what_an_object_store_says_is_never_passed_on(words: str) -> None:
    told = sentence(GenericError(f"{words} {SECRET}"), AT)
    assert SECRET not in told
    assert len(told.splitlines()) == 1


def _aws(home: Path, credentials: str, config: str = "") -> None:
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "credentials").write_text(credentials)
    (home / ".aws" / "config").write_text(config)


def test_a_profile_gives_its_key_and_region(tmp_path: Path) -> None:
    _aws(
        tmp_path,
        f"[default]\naws_access_key_id=D\naws_secret_access_key={SECRET}\n"
        f"[acme]\naws_access_key_id=A\naws_secret_access_key={SECRET}%\naws_session_token=T\n",
        "[default]\nregion=eu-west-1\n[profile acme]\nregion=eu-central-1\n"
        "[profile sso]\nsso_session=x\n",
    )
    home = {"HOME": str(tmp_path)}
    default = {"access_key_id": "D", "secret_access_key": SECRET, "region": "eu-west-1"}
    assert profile(home) == default
    assert profile({**home, "AWS_PROFILE": "acme"}) == {
        "access_key_id": "A",
        "secret_access_key": f"{SECRET}%",
        "session_token": "T",
        "region": "eu-central-1",
    }
    assert profile({**home, "AWS_REGION": "us-east-2"}) == {
        name: value for name, value in default.items() if name != "region"
    }
    assert not profile({**home, "AWS_ACCESS_KEY_ID": "of the environment"})
    with pytest.raises(ExportFailed, match="in no file"):
        profile({**home, "AWS_PROFILE": "none"})
    with pytest.raises(ExportFailed, match="export-credentials"):
        profile({**home, "AWS_PROFILE": "sso"})


def test_a_file_of_profiles_that_is_none_is_refused_without_its_text(tmp_path: Path) -> None:
    _aws(tmp_path, f"aws_secret_access_key={SECRET}\n")
    with pytest.raises(ExportFailed, match="cannot be read") as refused:
        profile({"HOME": str(tmp_path)})
    assert SECRET not in str(refused.value)
    assert not profile({"HOME": str(tmp_path / "none")})


def test_google_and_azure_are_made_from_their_own_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "acme")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")
    assert object_store(bucket("az://container/x")).shown == "az://container/x"
    assert object_store(bucket("gs://acme-data/x")).shown == "gs://acme-data/x"
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME")
    with pytest.raises(ExportFailed, match="set AZURE_STORAGE_ACCOUNT_NAME"):
        object_store(bucket("az://container/x"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/key.json")
    with pytest.raises(ExportFailed, match="GOOGLE_APPLICATION_CREDENTIALS"):
        object_store(bucket("gs://acme-data/x"))
