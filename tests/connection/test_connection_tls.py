"""A real TLS server on the loopback, so that verification itself is what is tested."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.credentials import BearerToken
from mcp_server_zendesk.connection.errors import ConnectionFailed

pytestmark = pytest.mark.anyio

HOST = "acme.zendesk.com"
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"ok":true}'


def _self_made(folder: Path, host: str) -> Path:
    """A certificate for a host, signed by itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{host}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@dataclass
class Served:
    """What arrived at the server, in the clear."""

    requests: list[bytes] = field(default_factory=list)
    connections: list[tuple[str, int]] = field(default_factory=list)


Serve = Callable[[Path | None], AbstractAsyncContextManager[Served]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """A server that TCP connections to Zendesk reach; the name that TLS checks is untouched."""

    @asynccontextmanager
    async def serving(certificate: Path | None) -> AsyncIterator[Served]:
        served = Served()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                end = b"\r\n\r\n" if certificate else b"\x03"  # a TLS record begins 16 03
                served.requests.append(await reader.readuntil(end))
                writer.write(ANSWER)
                await writer.drain()
                await reader.read()
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        connect = anyio.connect_tcp

        async def redirected(remote_host: str, remote_port: int, **options: Any) -> Any:
            served.connections.append((remote_host, remote_port))
            return await connect("127.0.0.1", port, **options)

        with monkeypatch.context() as patch:
            patch.setattr(anyio, "connect_tcp", redirected)
            for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
                patch.delenv(name, raising=False)
            async with server:
                yield served

    return serving


async def _ask() -> dict[str, Any]:
    connection = Connection(Account("acme"), BearerToken(SecretStr("canary-token")))
    try:
        return (await connection.send("GET", "/api/v2/users/me")).body
    finally:
        await connection.aclose()


async def test_a_certificate_of_an_own_authority_is_accepted_where_the_admin_names_it(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = _self_made(tmp_path, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with serve(certificate) as served:
        assert await _ask() == {"ok": True}
    assert served.connections == [(HOST, 443)]
    (request,) = served.requests
    assert request.startswith(b"GET /api/v2/users/me HTTP/1.1\r\n")
    assert b"Authorization: Bearer canary-token" in request


async def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    async with serve(_self_made(tmp_path, HOST)) as served:
        with pytest.raises(ConnectionFailed, match="certificate could not be verified") as caught:
            await _ask()
    assert not caught.value.sent
    assert served.connections == [(HOST, 443)]
    assert served.requests == []


async def test_a_trusted_certificate_of_another_host_is_refused(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = _self_made(tmp_path, "other.zendesk.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with serve(certificate) as served:
        with pytest.raises(ConnectionFailed, match="certificate could not be verified"):
            await _ask()
    assert served.requests == []


async def test_a_server_without_tls_gets_nothing(serve: Serve) -> None:
    async with serve(None) as served:
        with pytest.raises(ConnectionFailed, match="no TLS connection") as caught:
            await _ask()
    assert not caught.value.sent
    assert served.requests
    assert not any(b"canary" in request for request in served.requests)
