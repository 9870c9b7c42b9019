"""Fetches what an issuer publishes about itself: small JSON documents, and nothing else."""

from __future__ import annotations

import json
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx

from mcp_server_zendesk import __version__
from mcp_server_zendesk.server_settings import is_loopback

MOST_BYTES = 262_144
SECONDS = 5.0
"""For one document, from the first byte to the last."""


class Unreadable(Exception):
    """No such document could be had. The message says why, and holds nothing of the answer."""


def client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """An HTTP client for issuers' documents: it follows no redirect and keeps no cookie."""
    return httpx.AsyncClient(
        transport=transport,
        timeout=SECONDS,
        follow_redirects=False,
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"mcp-server-zendesk/{__version__}",
        },
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


async def fetch(http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """The JSON object at an address.

    Raises:
        Unreadable: There is none, or not in time, or it is too large.
    """
    content = bytearray()
    try:
        async with http.stream("GET", url) as answer:
            if answer.status_code != httpx.codes.OK:
                raise Unreadable(f"{url} answered with status {answer.status_code}")
            async for part in answer.aiter_raw():
                content += part
                if len(content) > MOST_BYTES:
                    raise Unreadable(f"{url} is larger than {MOST_BYTES} bytes")
    except (httpx.HTTPError, OSError) as error:
        raise Unreadable(f"{url} cannot be fetched ({type(error).__name__})") from None
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Unreadable(f"{url} is not a JSON object")
    return document


async def keys_address(http: httpx.AsyncClient, issuer: str) -> str:
    """Where an issuer's keys are, by its metadata (RFC 8414, then OpenID Connect Discovery).

    Raises:
        Unreadable: It does not say, or says that it is somebody else.
    """
    problems = []
    for url in _metadata_addresses(issuer):
        try:
            metadata = await fetch(http, url)
        except Unreadable as error:
            problems.append(str(error))
            continue
        if metadata.get("issuer") != issuer:
            raise Unreadable(
                f"{url} is the metadata of another issuer than the one that is configured; they "
                "have to be the same to the letter, a slash at the end included"
            )
        return _https(metadata.get("jwks_uri"), url)
    raise Unreadable("; ".join(problems))


def _metadata_addresses(issuer: str) -> tuple[str, ...]:
    parts = urlsplit(issuer)
    host, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    addresses = (
        f"{host}/.well-known/oauth-authorization-server{path}",
        f"{host}/.well-known/openid-configuration{path}",
        f"{host}{path}/.well-known/openid-configuration",
    )
    return tuple(dict.fromkeys(addresses))


def _https(address: object, metadata: str) -> str:
    try:
        parts = urlsplit(address if isinstance(address, str) else "")
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if host and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        return str(address)
    raise Unreadable(f"{metadata} names no https address of its keys (jwks_uri)")
