"""The way to Zendesk: names, proxies, certificates, and the port to serve on."""

from __future__ import annotations

import errno
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.doctor import binding
from mcp_server_zendesk.doctor.binding import look_at_binding
from mcp_server_zendesk.doctor.network import TrustUnusable, look_at_network, proxy_for
from mcp_server_zendesk.sandbox import DEMO_TOKEN, certificate
from mcp_server_zendesk.server_settings import ServerSettings
from reach import Ran, Reach, reachable

pytestmark = pytest.mark.anyio

HOST = "northwind-demo.zendesk.com"
SIGNED_IN = {
    "ZENDESK_SUBDOMAIN": "northwind-demo",
    "ZENDESK_AUTH": "oauth_token",
    "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN,
}


def examine(reach: Reach, *flags: str, **environ: str) -> Ran:
    return replace(reach, extra={**SIGNED_IN, **environ}).invoke("doctor", *flags)


def checks_of(reach: Reach, **environ: str) -> dict[str, dict[str, Any]]:
    ran = examine(reach, "--json", **environ)
    assert ran.err == ""
    assert DEMO_TOKEN not in ran.out
    return {check["name"]: check for check in json.loads(ran.out)["checks"]}


def test_a_name_that_does_not_resolve_is_told(tmp_path: Path) -> None:
    with reachable(tmp_path) as reach:
        checks = checks_of(reach, REDIRECTED_PORT="")
    assert (checks["network"]["state"], checks["network"]["cause"]) == ("fail", "dns")
    assert checks["account"]["state"] == "skipped"
    assert checks["http_binding"]["state"] != "skipped"


def test_a_closed_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with reachable(tmp_path) as reach:
        checks = checks_of(reach, REDIRECTED_PORT=str(port))
    assert checks["network"]["cause"] == "tcp"


def test_an_unknown_authority_is_told(tmp_path: Path) -> None:
    with reachable(tmp_path) as reach:
        checks = checks_of(reach, SSL_CERT_FILE="")
    assert checks["network"]["cause"] == "certificate_unknown_authority"
    assert "SSL_CERT_FILE" in checks["network"]["mend"]


@pytest.mark.parametrize(
    ("attribute", "value", "cause"),
    [
        ("NAMES", ("elsewhere.example",), "certificate_wrong_name"),
        ("_LIFETIME", timedelta(minutes=-5), "certificate_expired"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attribute: str, value: object, cause: str
) -> None:
    monkeypatch.setattr(certificate, attribute, value)
    with reachable(tmp_path) as reach:
        checks = checks_of(reach)
    assert checks["network"]["cause"] == cause
    assert checks["network"]["mend"]


def test_certificates_that_cannot_be_loaded_are_told(tmp_path: Path) -> None:
    with reachable(tmp_path) as reach:
        checks = checks_of(reach, SSL_CERT_FILE=str(tmp_path / "missing.pem"))
    assert checks["network"]["cause"] == "trust_unusable"
    assert "SSL_CERT_FILE" in checks["network"]["mend"]


def test_behind_a_proxy_dns_and_tcp_are_its_business(tmp_path: Path) -> None:
    with reachable(tmp_path) as reach:
        checks = checks_of(
            reach, REDIRECTED_PORT="", HTTPS_PROXY="http://me:s3same@127.0.0.1:9/", NO_PROXY=""
        )
    assert checks["network"]["state"] == "ok"
    assert "HTTPS_PROXY" in checks["network"]["found"]
    assert checks["account"]["cause"] == "unreachable"
    assert "s3same" not in json.dumps(checks)


def test_a_proxy_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with reachable(tmp_path) as reach:
        checks = checks_of(reach, HTTPS_PROXY="nonsense://127.0.0.1:9/", NO_PROXY="")
    assert checks["account"]["cause"] == "setup_unusable"
    assert "HTTPS_PROXY" in checks["account"]["mend"]


@pytest.mark.parametrize(
    ("environ", "proxies", "name"),
    [
        ({}, {}, None),
        ({"HTTPS_PROXY": "x"}, {"https": "x"}, "HTTPS_PROXY"),
        ({"https_proxy": "x"}, {"https": "x"}, "https_proxy"),
        ({"ALL_PROXY": "x"}, {"all": "x"}, "ALL_PROXY"),
        ({"HTTP_PROXY": "x"}, {"http": "x"}, None),
        ({"HTTPS_PROXY": "x"}, {"https": "x", "no": "localhost,.zendesk.com"}, None),
        ({}, {"https": "x"}, "the system's proxy setting"),
    ],
)
def test_the_proxy_in_use_is_named(
    environ: dict[str, str], proxies: dict[str, str], name: str | None
) -> None:
    assert proxy_for(HOST, environ, proxies) == name


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ssl.SSLError("wrong version"), "tls"),
        (TrustUnusable(), "trust_unusable"),
        (TimeoutError(), "tcp"),
        (ExceptionGroup("all attempts", [OSError("a"), ssl.SSLError("b")]), "tls"),
        (ssl.SSLCertVerificationError("x"), "certificate_unknown_authority"),
    ],
)
async def test_failures_to_connect_are_told_apart(error: Exception, cause: str) -> None:
    async def resolve(_: str) -> list[str]:
        return ["192.0.2.1"]

    async def connect(_: str) -> None:
        raise OSError from error

    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_code = 20
    check = await look_at_network(HOST, {}, {}, resolve, connect)
    assert (check.state, check.cause) == ("fail", cause)


async def test_a_certificate_of_tomorrow_is_told() -> None:
    error = ssl.SSLCertVerificationError("x")
    error.verify_code = 9

    async def resolve(_: str) -> list[str]:
        return ["192.0.2.1"]

    async def connect(_: str) -> None:
        raise error

    check = await look_at_network(HOST, {}, {}, resolve, connect)
    assert check.cause == "certificate_not_yet_valid"
    assert "clock is behind" in (check.why or "")


# where HTTP is served


@contextmanager
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_is_taken_is_told_with_a_free_one() -> None:
    with taken() as port:
        check = look_at_binding(ServerSettings(port=port), None)
    assert (check.state, check.cause) == ("warn", "port_taken")
    assert f"127.0.0.1:{port}" in check.found
    assert "serve --transport streamable-http --host 127.0.0.1 --port" in (check.mend or "")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", ""])  # noqa: S104 - refused
def test_an_address_that_strangers_reach_is_refused(host: str) -> None:
    check = look_at_binding(ServerSettings(host=host), None)
    assert (check.state, check.cause) == ("fail", "address_not_loopback")
    assert "authentication" in (check.why or "") or not host


def test_a_port_that_is_not_ours_to_take_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(settings: ServerSettings) -> socket.socket:
        raise PermissionError(errno.EACCES, str(settings.port))

    monkeypatch.setattr(binding, "listen", refusing)
    check = look_at_binding(ServerSettings(port=80), None)
    assert (check.state, check.cause) == ("warn", "address_unusable")
    assert check.mend is None


def test_the_wishes_of_the_command_line_are_checked(tmp_path: Path) -> None:
    with reachable(tmp_path) as reach, taken() as port:
        reach.extra.update(SIGNED_IN)
        good = reach.invoke("doctor", "--port", str(port))
        refused = examine(reach, "--host", "0.0.0.0")  # noqa: S104 - likewise
    assert good.code == 0, good.out
    assert f"127.0.0.1:{port} is taken" in good.out
    assert refused.code == 1
    assert "without authentication (issuer or tokens_file)" in " ".join(refused.out.split())
