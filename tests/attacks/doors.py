"""The doors of this machine: HTTP on loopback, the browser's way back, files of sign-ins."""

from __future__ import annotations

import os
import select
import socket
import stat
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
from mcp.server.transport_security import TransportSecuritySettings

from attacks.attack import Attacks, Ground, as_it_is, nothing, put_in_place
from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.hosting.app import app_of
from mcp_server_zendesk.hosting.doors import Doors
from mcp_server_zendesk.hosting.host import prepared
from mcp_server_zendesk.hosting.listening import UnsafeAddress, listen
from mcp_server_zendesk.hosting.sources import Embedded
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.signing_in import loopback
from mcp_server_zendesk.signing_in.authorization import AuthorizationRequest, Denied, ForeignAnswer
from mcp_server_zendesk.signing_in.loopback import Loopback, Visit
from mcp_server_zendesk.signing_in.page import Page
from mcp_server_zendesk.signing_in.private_files import write_private
from mcp_server_zendesk.workspace import team_of
from signing_in.ground import Desk

ATTACKS = Attacks("doors of this machine")

SIGNING_IN = "mcp_server_zendesk.signing_in"


HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "page", "version": "1"},
    },
}


async def asked_over_http(headers: dict[str, str]) -> httpx.Response:
    """What one request brings from the HTTP server, with the server's own set of rules."""
    settings = ServerSettings()
    (workspace,) = prepared(settings, Embedded({}, {}), team_of(settings))
    app = app_of(settings, [workspace], Doors())
    async with anyio.create_task_group() as tasks:
        await tasks.start(workspace.run)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as client:
            accept = {"Accept": "application/json, text/event-stream"}
            answer = await client.post("/mcp", json=HELLO, headers={**accept, **headers})
        workspace.end()
    return answer


UNPROTECTED = put_in_place(
    "mcp_server_zendesk.hosting.app:TransportSecuritySettings",
    lambda **_: TransportSecuritySettings(enable_dns_rebinding_protection=False),
)


@ATTACKS.add(
    "DNS rebinding",
    who="web page",
    tries="a page whose name now leads to 127.0.0.1, and so speaks to the server",
    defence="Host is one of loopback's names",
    without=UNPROTECTED,
)
async def _(_: Ground) -> bool:
    return (await asked_over_http({"Host": "evil.example"})).is_success


@ATTACKS.add(
    "request of a foreign page",
    who="web page",
    tries="a page that posts to 127.0.0.1 by itself",
    defence="Origin is one of loopback's names",
    without=UNPROTECTED,
)
async def _(_: Ground) -> bool:
    return (await asked_over_http({"Origin": "https://evil.example"})).is_success


@ATTACKS.add(
    "server on every interface",
    who="network",
    tries="is reached from outside, because somebody serves on 0.0.0.0",
    defence="without authentication only loopback is listened on",
    without=put_in_place("mcp_server_zendesk.hosting.listening:check_address", nothing),
)
async def _(_: Ground) -> bool:
    everywhere = ServerSettings(host="0.0.0.0", port=0)  # noqa: S104 - tried
    with suppress(UnsafeAddress), closing(listen(everywhere)) as opened:
        return bool(opened.getsockname()[0] == "0.0.0.0")  # noqa: S104 - the harm
    return False


def question() -> AuthorizationRequest:
    address = "http://127.0.0.1:8765/callback"
    return AuthorizationRequest(Account(DEMO_SUBDOMAIN), "client", address, frozenset({"read"}))


def _code(asked: AuthorizationRequest, answer: dict[str, str]) -> str | None:
    with suppress(ForeignAnswer, Denied):
        return asked.code_in(answer)
    return None


BELIEVED = put_in_place(
    f"{SIGNING_IN}.authorization:AuthorizationRequest.code_in",
    lambda _, answer: answer["code"],
)


@ATTACKS.add(
    "code of an attacker's sign-in",
    who="web page",
    tries="opens the redirect address with a code of its own, so that the user works as somebody",
    defence="an answer has the question's state",
    without=BELIEVED,
)
async def _(_: Ground) -> bool:
    return _code(question(), {"code": "theirs", "state": "guessed"}) == "theirs"


@ATTACKS.add(
    "answer of another server",
    who="network",
    tries="mixes up two servers: the right state, and the issuer of another one",
    defence="an answer's issuer is this account",
    without=BELIEVED,
)
async def _(_: Ground) -> bool:
    asked = question()
    answer = {"code": "theirs", "state": asked.state, "iss": "https://evil.zendesk.com"}
    return _code(asked, answer) == "theirs"


def _any_host(ports: Any, visits: Any) -> Any:
    """The listener, to which every Host is its own."""
    server = BOUND(ports, visits)

    class Trusting(server.RequestHandlerClass):  # type: ignore[name-defined, misc]
        def parse_request(self) -> bool:
            told = bool(super().parse_request())
            if told:
                self.headers.replace_header("Host", f"127.0.0.1:{server.server_port}")
            return told

    server.RequestHandlerClass = Trusting
    return server


BOUND = loopback._bound


def _visit_or_answer(opened: Loopback, page: socket.socket) -> Visit | None:
    """The visit that is handed on, or None once the page was sent away."""
    visit = None
    while visit is None and not select.select([page], [], [], 0)[0]:
        visit = opened.wait(0.02)
    return visit


@ATTACKS.add(
    "rebinding before a sign-in",
    who="web page",
    tries="a page whose name leads to 127.0.0.1 hands a code to the waiting terminal",
    defence="the listener answers to its own address alone",
    without=put_in_place(f"{SIGNING_IN}.loopback:_bound", _any_host),
)
async def _(_: Ground) -> bool:
    with (
        Loopback((0,)) as opened,
        closing(socket.create_connection(("127.0.0.1", opened.port), timeout=10)) as page,
    ):
        page.sendall(b"GET /callback?code=c&state=s HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        visit = await anyio.to_thread.run_sync(_visit_or_answer, opened, page)
        if visit is not None:
            visit.reply(Page(done=False, title="", text=""))
    return visit is not None


@ATTACKS.add(
    "script in the last page",
    who="agent-side data",
    tries="a user's name with a script, shown by the page at the end of a sign-in",
    defence="a page is escaped",
    without=put_in_place(f"{SIGNING_IN}.page:escape", as_it_is),
)
async def _(_: Ground) -> bool:
    facts = [("User", "<script>fetch('/callback')</script>")]
    return (
        b"<script" in Page(done=True, title="Done", text="You may close this.", facts=facts).html()
    )


@ATTACKS.add(
    "token for another account",
    who="local user",
    tries="another account's name in the configuration, to which the kept token would go",
    defence="a token is bound to its account",
    without=put_in_place(f"{SIGNING_IN}.keeper:misfit", nothing),
)
async def _(ground: Ground) -> bool:
    desk = Desk(ground.folder)
    await desk.sign_in()
    token = desk.kept().token
    assert token is not None
    credentials = desk.credentials(desk.with_settings(subdomain="evil"))
    with suppress(ZendeskError):
        return token.get_secret_value() in await credentials.authorization()
    return False


def _readable(dir: Path, prefix: str) -> tuple[int, str]:  # noqa: A002 - as mkstemp's
    name = dir / f"{prefix}new"
    return os.open(name, os.O_CREAT | os.O_RDWR, 0o644), str(name)


@ATTACKS.add(
    "sign-in that others read",
    who="local user",
    tries="reads the file in which a sign-in is kept without a keyring",
    defence="the file is its owner's alone from its first byte on",
    without=put_in_place(f"{SIGNING_IN}.private_files:tempfile.mkstemp", _readable),
)
async def _(ground: Ground) -> bool:
    file = ground.folder / "sign-in"
    write_private(file, "token")
    return bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
