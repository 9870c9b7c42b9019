"""What costs a test tens of milliseconds and comes out the same each time is made once."""

from __future__ import annotations

import gc
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
from mcp import ClientSession
from mcp.server.mcpserver.tools import Tool as BoundTool
from mcp_types import CallToolResult

from mcp_server_zendesk.sandbox import app
from mcp_server_zendesk.sandbox.clock import Clock, utc_now
from mcp_server_zendesk.sandbox.seed.desk import seeded_store
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.serving.binding import bind
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.server import ZendeskServer
from mcp_server_zendesk.serving.spec import ToolSpec
from zendesk_tools import LISTINGS

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


@contextmanager
def tools_bound_once() -> Iterator[None]:
    """A tool's argument model, which the SDK makes of its signature: 3 ms a tool and server.

    It is the same wherever the server decides the same way about a human's yes.
    """
    bound: dict[tuple[str, str], tuple[ToolSpec, BoundTool]] = {}

    def kept(server: ZendeskServer, spec: ToolSpec) -> None:
        inventory = server._offers.inventory
        if Inventory in spec.injected.values():
            usual(server, spec)
            return
        place = (spec.name, inventory.policy.confirm)
        found = bound.get(place)
        if found is None or found[0] is not spec:
            tool = BoundTool.from_function(bind(spec, inventory), structured_output=False)
            bound[place] = found = (spec, tool)
        server._tool_manager._tools[spec.name] = found[1]
        server._bound.add(spec.name)

    usual = ZendeskServer._bind
    with mock.patch.object(ZendeskServer, "_bind", kept):
        yield


@contextmanager
def answers_known() -> Iterator[None]:
    """What a tool may answer: the SDK's client lists all tools to learn it, in each connection.

    Here it knows the kept listings, and checks each answer against them as ever. That there is
    one for each tool, and that a server lists just these, are tests of their own.
    """
    validate = ClientSession.validate_tool_result
    schemas = {
        file.stem: json.loads(file.read_bytes())["outputSchema"] for file in LISTINGS.glob("*.json")
    }

    async def validated(session: ClientSession, name: str, result: CallToolResult) -> None:
        if name in schemas:
            session._tool_output_schemas.setdefault(name, schemas[name])
        await validate(session, name, result)

    with mock.patch.object(ClientSession, "validate_tool_result", validated):
        yield


def imports_set_aside() -> None:
    """What was imported lives to the end: looking through it for garbage is a fifth of the time.

    So is most of what a test makes, to its end: garbage is looked for less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _authorities_named() -> list[str | None]:
    return [os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")]
