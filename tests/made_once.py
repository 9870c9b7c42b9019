"""What costs a test tens of milliseconds and comes out the same each time is made once."""

from __future__ import annotations

import json
import os
import pickle
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import httpx
from jsonschema.validators import Draft202012Validator  # type: ignore[import-untyped]

from mcp_server_zendesk.sandbox import app
from mcp_server_zendesk.sandbox.clock import Clock, utc_now
from mcp_server_zendesk.sandbox.seed.desk import seeded_store
from mcp_server_zendesk.sandbox.store import Store

_SEED_LASTS = 2.0
"""Seconds. The seed's times are relative to now; a test on a slow machine is as late."""


@contextmanager
def trust_read_once() -> Iterator[None]:
    """The authorities that httpx trusts: 30 ms a client.

    Where a test names others, by argument or environment, they are read as ever.
    """
    read = httpx.create_ssl_context
    usual = read()
    named = _authorities_named()

    def trust(
        verify: ssl.SSLContext | str | bool = True, cert: Any = None, trust_env: bool = True
    ) -> ssl.SSLContext:
        if verify is True and cert is None and trust_env and _authorities_named() == named:
            return usual
        return read(verify=verify, cert=cert, trust_env=trust_env)

    with mock.patch("httpx._transports.default.create_ssl_context", trust):
        yield


@contextmanager
def seed_sown_once() -> Iterator[None]:
    """A new account by the real clock: a copy of its own of one that was seeded just now."""
    sown = b""
    until = 0.0

    def seeded(clock: Clock = utc_now, tickets: int = 0) -> Store:
        nonlocal sown, until
        if clock is not utc_now or tickets:
            return seeded_store(clock, tickets)
        if time.monotonic() > until:
            sown = pickle.dumps(seeded_store())
            until = time.monotonic() + _SEED_LASTS
        copy: Store = pickle.loads(sown)  # noqa: S301 - our own
        return copy

    with mock.patch.object(app, "seeded_store", seeded):
        yield


@contextmanager
def schemas_checked_once() -> Iterator[None]:
    """That a tool's schema is one: the SDK's client asks it anew for each connection."""
    check = Draft202012Validator.check_schema
    good: set[str] = set()

    def checked(schema: Any, *how: Any, **named: Any) -> None:
        text = json.dumps([schema, repr(how), repr(named)], sort_keys=True)
        if text not in good:
            check(schema, *how, **named)
            good.add(text)

    with mock.patch.object(Draft202012Validator, "check_schema", checked):
        yield


def _authorities_named() -> list[str | None]:
    return [os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")]
