"""Canary secrets and canary personal data: where they are planted, and all that was said then."""

from __future__ import annotations

import base64
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from mcp import Client
from mcp_types import CallToolResult

from humans import agree
from mcp_server_zendesk import logs, workspace
from mcp_server_zendesk.connection.credentials import Credentials
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN, Sandbox, landmarks
from mcp_server_zendesk.serving import boundary
from mcp_server_zendesk.serving.explain import explain
from mcp_server_zendesk.serving.server import ZendeskServer
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.credentials import credentials_for
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.turns import turns_in
from mcp_server_zendesk.signing_in.vaults import FileVault
from mcp_server_zendesk.tracebacks import without_words
from mcp_server_zendesk.workspace import build_server

# Put together at run time: a traceback quotes the lines of this file.
SECRETS = {
    name: f"cnry{name}9f3e"
    for name in ("access", "refresh", "renewed", "secret", "apitoken", "elsewhere")
}
EMAIL = "cnry-agent" + "@example.com"
BASIC = base64.b64encode(f"{EMAIL}/token:{SECRETS['apitoken']}".encode()).decode()
SECRET = (*SECRETS.values(), BASIC)
ARGUMENT = "cnry-argument" + "-81c2"
SEARCH = "cnry-search" + "-55d1"
WORDS = "cnry-words" + "-c3a7"
PERSONAL = (ARGUMENT, SEARCH, WORDS, EMAIL)

AUTHS: dict[str, dict[str, str]] = {
    "oauth": {"client_id": "canary_client"},
    "oauth_client_credentials": {
        "client_id": "canary_client",
        "client_secret": SECRETS["secret"],
    },
    "oauth_token": {"oauth_token": SECRETS["access"]},
    "api_token": {"email": EMAIL, "api_token": SECRETS["apitoken"]},
}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("get_ticket", {"ticket_id": landmarks.OPEN_TICKET}),
    ("search_tickets", {"query": f'"{SEARCH}"'}),
    ("get_user", {"user": EMAIL}),
    ("add_internal_note", {"ticket_id": landmarks.OPEN_TICKET, "body": ARGUMENT}),
    ("update_ticket", {"ticket_id": landmarks.OPEN_TICKET, "subject": ARGUMENT}),
    ("reply_to_ticket", {"ticket_id": landmarks.OPEN_TICKET, "body": ARGUMENT}),
    ("get_ticket", {"ticket_id": ARGUMENT}),
    ("get_ticket", {ARGUMENT: SEARCH, "ticket_id": 1}),
    (ARGUMENT, {"query": SEARCH}),
]


@dataclass
class Failing(httpx.AsyncBaseTransport):
    """A Zendesk that issues canary tokens and fails at everything else, as one fault says."""

    fault: Callable[[httpx.Request], httpx.Response] | None
    sandbox: httpx.ASGITransport = field(default_factory=lambda: httpx.ASGITransport(app=Sandbox()))
    signed: set[str] = field(default_factory=set)
    refuses_tokens: str | None = None
    """OAuth's code, and the status."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/tokens" and self.refuses_tokens:
            said = request.content.decode()
            code, _, status = self.refuses_tokens.partition(" ")
            refused: dict[str, Any] = {
                "error": code,
                "error_description": said,
                "description": said,
            }
            refused["details"] = {"base": [{"description": said}]}
            return httpx.Response(int(status), json=refused, request=request)
        if request.url.path == "/oauth/tokens":
            issued = {"access_token": SECRETS["renewed"], "token_type": "bearer"}
            more = {"refresh_token": SECRETS["refresh"], "expires_in": 900, "scope": "read write"}
            return httpx.Response(200, json={**issued, **more}, request=request)
        self.signed.add(request.headers["authorization"].partition(" ")[2])
        if self.fault is None or request.url.path.endswith("/oauth/tokens/current"):
            request.headers["authorization"] = f"Bearer {DEMO_TOKEN}"
            return await self.sandbox.handle_async_request(request)
        answer = self.fault(request)
        answer.request = request
        return answer


@dataclass
class Heard:
    """All that was said in a session, and by whom."""

    records: list[logging.LogRecord] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    results: list[CallToolResult] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def all_said(self) -> Iterator[tuple[str, str]]:
        """Where, and what."""
        for record in self.records:
            yield f"log of {record.name}", f"{record.getMessage()} {record.args!r}"
        for result in self.results:
            if result.is_error:
                yield "error result", str(result)
        for error in self.errors:
            at: BaseException | None = error
            yield "traceback without words", without_words(error)
            while at is not None:
                if type(at).__module__.startswith("mcp_server_zendesk"):
                    yield f"str and repr of {type(at).__name__}", f"{at} {at!r} {vars(at)!r}"
                at = at.__cause__ or at.__context__
        for text in self.told:
            yield "told", text


@contextmanager
def logging_at_debug(heard: Heard) -> Iterator[None]:
    """As the product logs, and heard beside it; undone at the end."""

    class Ears(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.records.append(record)

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    names = (*logs._TALKATIVE, "stamina")
    levels = {name: logging.getLogger(name).level for name in names}
    hook = sys.excepthook
    root.handlers.clear()
    logs.configure("debug")
    root.addHandler(Ears())
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        sys.excepthook = hook
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)


def _settings(auth: str) -> Settings:
    return Settings.model_validate(
        {
            "workspace": "canary",
            "subdomain": DEMO_SUBDOMAIN,
            "auth": auth,
            "scopes": "read write",
            "toolsets": "all",
            **AUTHS[auth],
        }
    )


def _signed_in(folder: Path, auth: str) -> FileVault:
    vault = FileVault(folder)
    if auth == "oauth":
        kept = SignIn.model_validate(
            {
                "auth": "oauth",
                "subdomain": DEMO_SUBDOMAIN,
                "client_id": "canary_client",
                "token": SECRETS["elsewhere"],
                "refresh_token": SECRETS["refresh"],
                "expires_at": 1.0,
            }
        )
        vault.write("canary", kept.text())
    return vault


async def session(
    auth: str, transport: Failing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Heard, ZendeskServer]:
    heard = Heard()
    vault = _signed_in(folder / "vault", auth)

    def known(*given: Any, **named: Any) -> Credentials:
        return credentials_for(
            *given, **{**named, "vault": lambda: vault, "turns": turns_in(folder)}
        )

    monkeypatch.setattr(workspace, "credentials_for", known)

    def explained(error: BaseException, at: Any) -> Any:
        heard.errors.append(error)
        return explain(error, at)

    monkeypatch.setattr(boundary, "explain", explained)

    async def sleep(_: float) -> None:
        await anyio.lowlevel.checkpoint()

    async def told(params: Any) -> None:
        heard.told.append(str(params.data))

    async def heard_of(progress: float, total: float | None, message: str | None) -> None:
        heard.told.append(f"{progress} {total} {message}")

    with logging_at_debug(heard):
        settings = _settings(auth)
        server = build_server(
            settings, audit_log=folder / "audit.jsonl", transport=transport, sleep=sleep
        )
        async with (
            server.running(),
            Client(server, elicitation_callback=agree, logging_callback=told) as client,
        ):
            for tool, arguments in CALLS:
                heard.results.append(
                    await client.call_tool(tool, arguments, progress_callback=heard_of)
                )
            connection = server._access.connection
            for thing in (settings, server, server._access, connection, connection.credentials):
                heard.told += [repr(thing), str(thing)]
                heard.told.append(repr(getattr(thing, "__dict__", "")))
            heard.told.append(settings.model_dump_json())
            heard.told.append(repr(settings.given))
    return heard, server


def leaks(said: Iterator[tuple[str, str]], canaries: tuple[str, ...]) -> list[str]:
    return [f"{canary} in {where}" for where, what in said for canary in canaries if canary in what]


def own(where: str) -> bool:
    return where != "told"
