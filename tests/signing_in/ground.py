"""What the tests of signing in share: flags, a person who consents, and a desk in this process."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio
import httpx
from pydantic import SecretStr

from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.credentials import Credentials
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, DEMO_CLIENT, DEMO_REDIRECT_URIS
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.authorization import AuthorizationRequest
from mcp_server_zendesk.signing_in.credentials import credentials_for
from mcp_server_zendesk.signing_in.login import Login, SignedIn
from mcp_server_zendesk.signing_in.sign_in import SignIn, read_sign_in
from mcp_server_zendesk.signing_in.turns import Turns, turns_in
from mcp_server_zendesk.signing_in.vaults import FileVault, Vault
from reach import Reach

ORIGIN = f"https://{DEMO_SUBDOMAIN}.zendesk.com"
ACCOUNT = ("--subdomain", DEMO_SUBDOMAIN)
CLIENT = (*ACCOUNT, "--client-id", DEMO_CLIENT)
SCOPES = frozenset({"read", "tickets:write"})
TOKENS = r"^/oauth/tokens$"
"""The path of the token endpoint, for faults."""


def sign_ins(home: Path) -> Path:
    """Where a process with this home keeps files of sign-ins."""
    return home / ".local" / "share" / "mcp-server-zendesk" / "sign-ins"


def kept_by(home: Path, workspace: str = DEMO_SUBDOMAIN) -> dict[str, Any] | None:
    """What `--insecure-storage` has kept."""
    text = FileVault(sign_ins(home)).read(workspace)
    return None if text is None else dict(json.loads(text))


def holding(folder: Path, *words: str) -> list[Path]:
    """The files below a folder that hold one of some words, in any way it could be seen."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    wanted = [word.encode() for word in words]
    return [file for file in files if any(word in file.read_bytes() for word in wanted)]


def consent(reach: Reach, address: str, decision: str = "allow") -> str:
    """Answers Zendesk's consent page for a person, and returns where it leads."""
    context = ssl.create_default_context(cafile=reach.authority_file)
    page = f"https://127.0.0.1:{reach.port}/oauth/authorizations"
    form = {**dict(parse_qsl(urlsplit(address).query)), "decision": decision}
    answer = httpx.post(page, data=form, verify=context)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


@dataclass
class Desk:
    """One workspace in this process: its vault in a folder, and a Zendesk whose clock is ours."""

    folder: Path
    auth: str = "oauth"
    client: str = DEMO_CLIENT
    clock: ManualClock = field(default_factory=ManualClock)
    log: list[str] = field(default_factory=list)
    """What happened, in its order: requests, and what the vault was given."""

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(clock=self.clock)
        self.vault: Vault = Noted(FileVault(self.folder), self.log)
        self.transport = httpx.ASGITransport(app=self.sandbox)
        self.settings = self.with_settings()

    def with_settings(self, **other: Any) -> Settings:
        given = {
            "workspace": "main",
            "subdomain": DEMO_SUBDOMAIN,
            "auth": self.auth,
            "client_id": self.client,
            "scopes": "read tickets:write",
        }
        return Settings.model_validate({**given, **other})

    def now(self) -> float:
        return self.clock().timestamp()

    def seconds(self) -> float:
        """A clock that nothing sets, for what must not depend on the time of day."""
        return self.now()

    async def consent(self, question: AuthorizationRequest) -> str:
        """The code that a person's consent brings back."""
        form = {**dict(parse_qsl(urlsplit(question.address).query)), "decision": "allow"}
        async with httpx.AsyncClient(transport=self.transport) as browser:
            answer = await browser.post(f"{ORIGIN}/oauth/authorizations", data=form)
        return question.code_in_address(answer.headers["location"])

    async def sign_in(
        self, user_id: int = ADMIN_ID, *, vault: Vault | None = None, secret: str | None = None
    ) -> SignedIn:
        """Signs a person in, as `auth login` does."""
        self.sandbox.store.oauth.browser_user_id = user_id
        account = Account(DEMO_SUBDOMAIN)
        question = AuthorizationRequest(account, self.client, DEMO_REDIRECT_URIS[0], SCOPES)
        code = await self.consent(question)
        login = Login(
            self.settings, vault or self.vault, turns_in(self.folder), self.now, self.transport
        )
        signed_in = await login.by_code(code, question, SecretStr(secret) if secret else None)
        self.log.clear()
        self.sandbox.requests.clear()
        return signed_in

    def credentials(
        self,
        settings: Settings | None = None,
        *,
        vault: Callable[[], Vault] | None = None,
        turns: Turns | None = None,
    ) -> Credentials:
        return credentials_for(
            settings or self.settings,
            SCOPES,
            vault=vault or (lambda: self.vault),
            turns=turns or turns_in(self.folder),
            transport=self.transport,
            now=self.now,
            clock=self.seconds,
        )

    @asynccontextmanager
    async def connected(
        self, credentials: Credentials | None = None, **options: Any
    ) -> AsyncIterator[Connection]:
        """A connection of this workspace, as a server of its own would have."""
        connection = Connection(
            Account(DEMO_SUBDOMAIN),
            credentials or self.credentials(**options),
            transport=LoggingTransport(self.transport, self.log),
        )
        try:
            yield connection
        finally:
            await connection.aclose()

    def kept(self) -> SignIn:
        text = self.vault.read("main")
        assert text is not None
        kept = read_sign_in(text)
        assert kept is not None
        return kept

    def put(self, **changed: Any) -> SignIn:
        """Changes what is kept, behind the server's back."""
        kept = self.kept().model_copy(update=changed)
        self.vault.write("main", kept.text())
        self.log.clear()
        return kept

    @property
    def asked(self) -> int:
        """How often the token endpoint was asked."""
        return sum(request.path == "/oauth/tokens" for request in self.sandbox.requests)

    @property
    def refreshes(self) -> tuple[int, int]:
        """How many refreshes succeeded, and how many were refused."""
        done = self.sandbox.store.oauth.refreshes
        return done.succeeded, done.refused


@dataclass
class Noted:
    """A vault that tells what it is given; it can be out of order."""

    inner: Vault
    log: list[str]
    broken: Exception | None = None
    """Raised instead of writing."""
    insecure: bool = False

    def describe(self) -> str:
        return self.inner.describe()

    def read(self, workspace: str) -> str | None:
        return self.inner.read(workspace)

    def write(self, workspace: str, text: str) -> None:
        if self.broken is not None:
            raise self.broken
        self.inner.write(workspace, text)
        self.log.append(f"stored {json.loads(text).get('token')}")

    def forget(self, workspace: str) -> bool:
        return self.inner.forget(workspace)


class LoggingTransport(httpx.AsyncBaseTransport):
    """Notes with which token each request goes out."""

    def __init__(self, inner: httpx.AsyncBaseTransport, log: list[str]) -> None:
        self._inner = inner
        self._log = log

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        authorization = request.headers.get("authorization", "")
        self._log.append(f"used {authorization.partition(' ')[2]}")
        return await self._inner.handle_async_request(request)


async def at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    """Runs something many times at the same time; what each returned or raised."""
    results: list[Any] = []

    async def one() -> None:
        try:
            results.append(await work())
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            results.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(one)
    return results


def headers_of(answer: bytes) -> Mapping[str, str]:
    """The headers of a raw answer of HTTP, in lower case."""
    lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    pairs = (line.split(": ", 1) for line in lines)
    return {name.lower(): value for name, value in pairs}
