"""Whether the HTTP server could tell its callers, and whom it would let in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcp_server_zendesk.doctor.checks import Check, Doubt, doubtful
from mcp_server_zendesk.hosting.tokens_file import StaticToken, TokensUnusable, read_tokens
from mcp_server_zendesk.server_settings import EVERY_WORKSPACE, ServerSettings

if TYPE_CHECKING:
    import httpx

    from mcp_server_zendesk.sharing.store import Store

_SOON = timedelta(days=14)
_MOST_NAMED = 5


async def look_at_callers(
    server: ServerSettings,
    now: float,
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    store: Store | None = None,
) -> Check:
    """Read the file of tokens, and fetch the issuer's keys. Only serving over HTTP needs it.

    Args:
        server: The HTTP server's settings.
        now: Seconds since 1970.
        transport: Another way to the issuer than the network.
        store: That replicas share, if they do. It is closed.
    """
    if not server.authenticates:
        found = "nobody has to show a token: whoever reaches the port is let in"
        return doubtful("http_callers", found, _of_the_proxy(server))
    known, doubts = [], [*_of_the_proxy(server)]
    if store is not None:
        doubts += await _of_the_store(store)
    if server.tokens_file is not None:
        try:
            tokens = read_tokens(server.tokens_file)
        except TokensUnusable as error:
            return _refused("tokens_unusable", "the static tokens cannot be used", str(error))
        known.append(f"{len(tokens)} static {'token' if len(tokens) == 1 else 'tokens'}")
        doubts += _of_tokens(server, server.tokens_file, tokens, datetime.fromtimestamp(now, UTC))
    if server.issuer is not None:
        from mcp_server_zendesk.hosting import issuer_documents  # noqa: PLC0415 - seldom

        async with issuer_documents.client(transport) as http:
            try:
                address = server.jwks_url or await issuer_documents.keys_address(
                    http, server.issuer
                )
                keys = (await issuer_documents.fetch(http, address)).get("keys")
            except issuer_documents.Unreadable as error:
                found = "the keys of the issuer cannot be fetched"
                return _refused("issuer_unreadable", found, f"{error}.")
        count = len(keys) if isinstance(keys, list) else 0
        known.append(f"signed tokens of {server.issuer} ({count} keys)")
    return doubtful("http_callers", f"callers are known by {' and '.join(known)}", doubts)


def _refused(cause: str, found: str, why: str) -> Check:
    return Check(
        "http_callers",
        "fail",
        found,
        why=f"{why} Without it no caller is let in over HTTP; stdio does not need it.",
        mend="correct tokens_file or issuer below [server] in config.toml, or what they name",
        cause=cause,
    )


def _of_tokens(
    server: ServerSettings, file: Path, tokens: tuple[StaticToken, ...], now: datetime
) -> Iterator[Doubt]:
    if not tokens:
        yield Doubt("no_tokens", "The file holds no token.", f"tokens add NAME --file '{file}'")
    over = [one.name for one in tokens if one.expires is not None and one.expires <= now]
    if over:
        why = f"No good any more: {_named(over)}."
        yield Doubt("tokens_expired", why, "make new ones with 'tokens add', or 'tokens remove'")
    soon = [one.name for one in tokens if one.expires and now < one.expires <= now + _SOON]
    if soon:
        why = f"They end within {_SOON.days} days: {_named(soon)}."
        yield Doubt("tokens_end_soon", why, "make new ones with 'tokens add' in time")
    if server.workspaces and EVERY_WORKSPACE not in server.workspaces:
        served = frozenset(server.workspaces)
        idle = [one.name for one in tokens if one.workspaces and one.workspaces.isdisjoint(served)]
        if idle:
            why = f"They are for workspaces that are not served: {_named(idle)}."
            yield Doubt("tokens_idle", why, "add the workspaces, or remove the tokens")


def _of_the_proxy(server: ServerSettings) -> Iterator[Doubt]:
    if server.public_url is None:
        return
    parts = urlsplit(server.public_url)
    if not {parts.hostname, parts.netloc} & {*server.allowed_hosts}:
        yield Doubt(
            "host_not_allowed",
            "The host of public_url is not among allowed_hosts: a proxy that hands on its name "
            "gets 421.",
            f"add {parts.netloc} to allowed_hosts",
        )


async def _of_the_store(store: Store) -> list[Doubt]:
    try:
        if await store.answers():
            return []
    finally:
        await store.aclose()
    why = (
        "The store that replicas share does not answer, or does not let this server in: until it "
        "does, what has to be counted or confirmed for all of them is refused."
    )
    mend = "look at ZENDESK_SERVER_STORE_URL, its password included, and at the store"
    return [Doubt("store_unreachable", why, mend)]


def _named(names: list[str]) -> str:
    more = "" if len(names) <= _MOST_NAMED else " and others"
    return ", ".join(names[:_MOST_NAMED]) + more
