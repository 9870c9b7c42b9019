"""The way to Zendesk's host: its name, a connection, and whom its certificate is for."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib import request

import anyio

from mcp_server_zendesk.doctor.checks import Check

Resolve = Callable[[str], Awaitable[list[str]]]
"""The addresses of a host; raises OSError."""
Connect = Callable[[str], Awaitable[None]]
"""Makes a verified TLS connection to a host and closes it; raises OSError, of which ssl's are."""

_HTTPS = 443
_SECONDS = 10.0
_PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_TRUST_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
# OpenSSL's X509_V_ERR codes.
_NOT_YET_VALID = 9
_EXPIRED = 10
_WRONG_NAME = 62


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way."""

    cause: str
    found: str
    why: str
    mend: str


class TrustUnusable(OSError):
    """The certificates to trust cannot be loaded."""


async def resolve_host(host: str) -> list[str]:
    """The addresses of a host, as the system resolves it."""
    found = await anyio.getaddrinfo(host, _HTTPS, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def connect_with_tls(host: str) -> None:
    """Connect with the trust that the server's own connection has: SSL_CERT_FILE included."""
    import httpx  # noqa: PLC0415 - heavy, and not needed for help

    try:
        context = httpx.create_ssl_context()
    except OSError as error:
        raise TrustUnusable from error
    stream = await anyio.connect_tcp(host, _HTTPS, ssl_context=context, tls_hostname=host)
    await stream.aclose()


async def look_at_network(
    host: str,
    environ: Mapping[str, str],
    proxies: Mapping[str, str],
    resolve: Resolve = resolve_host,
    connect: Connect = connect_with_tls,
) -> Check:
    """Resolve, connect and verify; behind a proxy that is the proxy's business."""
    trust = next((name for name in _TRUST_VARIABLES if environ.get(name)), None)
    trusting = f", trusting {trust}" if trust else ""
    if (proxy := proxy_for(host, environ, proxies)) is not None:
        return Check(
            "network",
            "ok",
            f"{proxy} leads to a proxy, whose business DNS and TCP are{trusting}",
        )
    try:
        with anyio.fail_after(_SECONDS):
            addresses = await resolve(host)
    except (OSError, TimeoutError):
        return _blocked(
            Obstacle(
                "dns",
                f"{host} could not be resolved",
                "This machine has no network or no name server, or the company's network wants a "
                "proxy.",
                f"nslookup {host}",
            )
        )
    try:
        with anyio.fail_after(_SECONDS):
            await connect(host)
    except (OSError, TimeoutError) as error:
        return _blocked(obstacle_of(error, host, trust))
    return Check("network", "ok", f"{host} is {addresses[0]}; TLS to it is verified{trusting}")


def proxy_for(host: str, environ: Mapping[str, str], proxies: Mapping[str, str]) -> str | None:
    """The variable, or the system's setting, that sends requests to a proxy. Never its address.

    Args:
        host: Whom requests are for.
        environ: The environment.
        proxies: As ``urllib.request.getproxies`` tells them, which httpx goes by.
    """
    if not (proxies.get("https") or proxies.get("all")):
        return None
    # Python documents it nowhere, but its own proxy_bypass calls it with the same two.
    if request.proxy_bypass_environment(host, dict(proxies)):  # type: ignore[attr-defined]
        return None
    named = (name for name in _PROXY_VARIABLES if environ.get(name))
    return next(named, "the system's proxy setting")


def obstacle_of(error: BaseException, host: str, trust: str | None = None) -> Obstacle:
    """What a failure to connect means, by the innermost reason that is known."""
    reasons = list(_reasons(error))
    for reason in reasons:
        if isinstance(reason, ssl.SSLCertVerificationError):
            return _certificate(reason.verify_code, host, trust)
    if any(isinstance(reason, TrustUnusable) for reason in reasons):
        return Obstacle(
            "trust_unusable",
            "the certificates to trust cannot be loaded",
            f"{trust or 'SSL_CERT_FILE'} does not lead to certificates in PEM.",
            f"set {trust or 'SSL_CERT_FILE'} to a file of them, or unset it",
        )
    if any(isinstance(reason, ssl.SSLError) for reason in reasons):
        return Obstacle(
            "tls",
            f"no TLS connection to {host}",
            "What answers there speaks no TLS that this machine accepts: a firewall or a proxy "
            "stands in between.",
            f"openssl s_client -connect {host}:443 -servername {host}",
        )
    return Obstacle(
        "tcp",
        f"no connection to {host}:443",
        "Nothing answers: a firewall blocks it, or the company's network wants a proxy.",
        "set HTTPS_PROXY, where the network wants a proxy",
    )


def _certificate(code: int, host: str, trust: str | None) -> Obstacle:
    found = f"the certificate of {host} is not accepted"
    look = f"openssl s_client -connect {host}:443 -servername {host}"
    told = {
        _EXPIRED: Obstacle(
            "certificate_expired",
            f"{found}: it has expired",
            "Something in between shows an old certificate, or this machine's clock is ahead.",
            look,
        ),
        _NOT_YET_VALID: Obstacle(
            "certificate_not_yet_valid",
            f"{found}: it is not valid yet",
            "This machine's clock is behind, or something in between shows another certificate.",
            look,
        ),
        _WRONG_NAME: Obstacle(
            "certificate_wrong_name",
            f"{found}: it is for another name",
            "Something in between answers in Zendesk's place: a proxy, a captive portal, a wrong "
            "entry in the hosts file.",
            look,
        ),
    }
    unknown = Obstacle(
        "certificate_unknown_authority",
        f"{found}: its issuer is unknown",
        "A company proxy that reads TLS shows its own certificates"
        + (f", which are not in what {trust} names." if trust else "."),
        "set SSL_CERT_FILE to a file with the company's certificates (PEM)",
    )
    return told.get(code, unknown)


def _reasons(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that it came from, groups included."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                yield from _reasons(inner)
        error = error.__cause__ or error.__context__


def _blocked(obstacle: Obstacle) -> Check:
    return Check(
        "network",
        "fail",
        obstacle.found,
        why=obstacle.why,
        mend=obstacle.mend,
        cause=obstacle.cause,
    )
