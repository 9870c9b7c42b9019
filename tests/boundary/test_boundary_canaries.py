"""Canary secrets and canary personal data, through every auth type and every way to fail."""

from __future__ import annotations

import base64
import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import anyio
import anyio.lowlevel
import httpx
import pytest
from mcp import Client
from mcp_types import CallToolResult
from pydantic import BaseModel

from humans import agree
from mcp_server_zendesk import logs, workspace
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN, Sandbox, landmarks
from mcp_server_zendesk.serving import server as boundary
from mcp_server_zendesk.serving.explain import explain
from mcp_server_zendesk.serving.server import ZendeskServer
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.credentials import credentials_for
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.turns import turns_in
from mcp_server_zendesk.signing_in.vaults import FileVault
from mcp_server_zendesk.tracebacks import without_words
from mcp_server_zendesk.workspace import build_server

pytestmark = pytest.mark.anyio

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


class _Strict(BaseModel):
    number: int


def _invalid() -> Exception:
    try:
        _Strict.model_validate({"number": WORDS})
    except ValueError as error:
        return error
    raise AssertionError


def _echo(request: httpx.Request) -> httpx.Response:
    """Says again all that was sent, the header included, as a debugging proxy does."""
    said = request.content.decode() + unquote_plus(str(request.url))
    signed = request.headers.get("authorization", "")
    described = {"description": f"{signed} is wrong: {said}"}
    return httpx.Response(
        422,
        json={
            "error": "RecordInvalid",
            "description": f"{said} {request.headers.get('authorization')}",
            "details": {"subject": [described], "base": [described]},
        },
    )


def _raising(error: type[httpx.TransportError]) -> Callable[[httpx.Request], httpx.Response]:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error(f"cannot: {request.url}", request=request)

    return fail


def _answering(status: int, **content: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, **content)


FAULTS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "401": _answering(401, json={"error": "invalid_token", "error_description": SECRETS["access"]}),
    "403": _answering(403, json={"error": "Forbidden", "description": "no"}),
    "404": _answering(404, json={"error": "RecordNotFound"}),
    "409": _answering(409, json={"error": "UpdateConflict"}),
    "422 that echoes": _echo,
    "429": _answering(429, text="slow down", headers={"retry-after": "900"}),
    "500 with HTML": _answering(500, html=f"<html><body>{WORDS}</body></html>"),
    "a redirect elsewhere": _answering(302, headers={"location": f"https://x.com/{WORDS}"}),
    "a redirect that fails": _answering(302, headers={"location": f"http://[{WORDS}"}),
    "no JSON": _answering(200, text=f'{{"ticket": "{WORDS}'),
    "another shape": _answering(200, json={"ticket": {"id": WORDS, "tags": WORDS}, "users": WORDS}),
    "not text": _answering(200, content=b"\xff" + WORDS.encode()),
    "no TLS": _raising(httpx.ConnectError),
    "a timeout": _raising(httpx.ReadTimeout),
    "a reset": _raising(httpx.ReadError),
    "a proxy": _raising(httpx.ProxyError),
}
CRASHES: dict[str, Exception] = {
    "a key": KeyError(WORDS),
    "a value": ValueError(f"bad {WORDS}"),
    "a validation": _invalid(),
    "a decoding": UnicodeDecodeError("ascii", WORDS.encode(), 0, 1, WORDS),
    "a group": ExceptionGroup(WORDS, [KeyError(WORDS), ExceptionGroup(WORDS, [ValueError(WORDS)])]),
    "an attribute": AttributeError(WORDS, name=WORDS),
}


@dataclass
class Zendesk_(httpx.AsyncBaseTransport):  # noqa: N801 - the tools' handle has the name
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
def _logging_at_debug(heard: Heard) -> Iterator[None]:
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


async def _session(
    auth: str, transport: Zendesk_, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Heard, ZendeskServer]:
    heard = Heard()
    vault = _signed_in(folder / "vault", auth)
    known = partial(credentials_for, vault=lambda: vault, turns=turns_in(folder))
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

    with _logging_at_debug(heard):
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


def _leaks(said: Iterator[tuple[str, str]], canaries: tuple[str, ...]) -> list[str]:
    return [f"{canary} in {where}" for where, what in said for canary in canaries if canary in what]


def _own(where: str) -> bool:
    return where != "told"


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_canary_is_in_a_log_an_audit_an_error_or_a_representation(
    auth: str,
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    transport = Zendesk_(FAULTS[fault])
    heard, _ = await _session(auth, transport, tmp_path, monkeypatch)
    out, err = capsys.readouterr()
    audit = (tmp_path / "audit.jsonl").read_text()
    said = [*heard.all_said(), ("stderr", err), ("stdout", out), ("audit", audit)]
    assert not _leaks(iter(said), SECRET)
    # The settings name the user of an API token, as the admin wrote it there.
    assert not _leaks(((w, s) for w, s in said if _own(w)), PERSONAL)
    # It was no empty session: it was signed, logged, audited, and most of it failed.
    assert transport.signed & set(SECRET)
    assert any(result.is_error for result in heard.results)
    assert len(audit.splitlines()) >= len(CALLS)
    assert "answered" in err or "Traceback" not in err


@pytest.mark.parametrize("auth", ["oauth", "oauth_client_credentials"])
@pytest.mark.parametrize("code", ["invalid_grant 400", "invalid_client 401", "other 422"])
async def test_nor_where_the_token_endpoint_echoes_what_it_refuses(
    auth: str,
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    transport = Zendesk_(None, refuses_tokens=code)
    heard, _ = await _session(auth, transport, tmp_path, monkeypatch)
    _, err = capsys.readouterr()
    said = [*heard.all_said(), ("stderr", err), ("results", str(heard.results))]
    assert not _leaks(iter(said), SECRET)
    assert all(result.is_error for result in heard.results)


@pytest.mark.parametrize("auth", AUTHS)
async def test_nor_where_everything_succeeds(
    auth: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    transport = Zendesk_(None)
    heard, _ = await _session(auth, transport, tmp_path, monkeypatch)
    _, err = capsys.readouterr()
    audit = (tmp_path / "audit.jsonl").read_text()
    said = [*heard.all_said(), ("stderr", err), ("audit", audit)]
    assert not _leaks(iter(said), SECRET)
    assert not _leaks(((w, s) for w, s in said if _own(w)), PERSONAL)
    assert sum(not result.is_error for result in heard.results) >= 5
    assert all(secret not in str(heard.results) for secret in SECRET)
    assert "answered 200" in err


@pytest.mark.parametrize("crash", CRASHES)
async def test_a_crash_is_logged_where_it_happened_and_not_with_its_words(
    crash: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def crashes(*_: Any, **__: Any) -> Any:
        try:
            raise LookupError(WORDS)  # noqa: TRY301 - a cause
        except LookupError as error:
            raise CRASHES[crash] from error

    monkeypatch.setattr(Zendesk, "get", crashes)
    heard, _ = await _session("oauth_token", Zendesk_(None), tmp_path, monkeypatch)
    _, err = capsys.readouterr()
    audit = (tmp_path / "audit.jsonl").read_text()
    said = [*heard.all_said(), ("stderr", err), ("audit", audit)]
    assert not _leaks(iter(said), (*SECRET, *PERSONAL[:3]))
    kinds = [json.loads(line).get("kind") for line in audit.splitlines()]
    assert kinds.count("internal_error") >= 3
    assert "get_ticket failed\nTraceback (most recent call last):" in err
    assert "LookupError\nwhich led to:" in err
    assert type(CRASHES[crash]).__name__ in err
    assert "in crashes" in err


def test_what_nobody_catches_is_logged_without_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with _logging_at_debug(Heard()):
        for error in (ExceptionGroup(WORDS, [ValueError(WORDS)]), OSError(28, WORDS)):
            sys.excepthook(type(error), error, None)
        interrupted = KeyboardInterrupt()
        sys.excepthook(KeyboardInterrupt, interrupted, None)
        logging.getLogger("asyncio").error("Task broke\nfuture: <%s>", WORDS)
        logging.getLogger("mcp.server.sse").warning("invalid: %s", "x\n2026 forged\x1b[2K")
    _, err = capsys.readouterr()
    assert WORDS not in err
    assert err.count("The server stopped") == 2
    assert "  | ValueError" in err
    assert "OSError: No space left on device" in err
    assert "asyncio Task broke" in err
    assert r"invalid: x\x0a2026 forged\x1b[2K" in err
    assert "KeyboardInterrupt" in err


def test_a_chain_that_leads_into_itself_ends() -> None:
    first, second = ValueError("one"), KeyError("two")
    first.__cause__, second.__cause__ = second, first
    told = without_words(first)
    assert "ValueError" in told
    assert "KeyError" in told
    assert "one" not in told
    hushed = ValueError("three")
    hushed.__context__ = TypeError("four")
    hushed.__suppress_context__ = True
    assert "TypeError" not in without_words(hushed)
    assert "".join(traceback.format_exception(hushed)).count("three") == 1
