"""The sandbox as an ASGI app: from a request to a route, and back with Zendesk's headers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mcp_server_zendesk.sandbox.auth import Caller, identify
from mcp_server_zendesk.sandbox.breakage import break_connection, kind_of
from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import Clock, utc_now
from mcp_server_zendesk.sandbox.errors import (
    ApiError,
    forbidden,
    invalid_endpoint,
    no_help_desk,
    unparsable_json,
    unsupported_media_type,
)
from mcp_server_zendesk.sandbox.faults import Fault, Faults
from mcp_server_zendesk.sandbox.jobs import run_due
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID
from mcp_server_zendesk.sandbox.limits import RateLimits
from mcp_server_zendesk.sandbox.records import Json, anonymous_user
from mcp_server_zendesk.sandbox.routes import find_page, find_route
from mcp_server_zendesk.sandbox.routing import OPEN, PUBLIC
from mcp_server_zendesk.sandbox.rules import Rules
from mcp_server_zendesk.sandbox.seed.desk import seeded_store
from mcp_server_zendesk.sandbox.sending import Sleep, respond, send_response
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.wire import Wire

_API = "/api/v2"
_FORM = "application/x-www-form-urlencoded"
_KEPT_REQUESTS = 5_000
_WITHHELD = frozenset({"authorization", "cookie"})


@dataclass(frozen=True)
class RecordedRequest:
    """A request that was answered, even where the answer was then lost on its way."""

    method: str
    path: str
    query: Mapping[str, str]
    status: int
    body: Any = None
    """The parsed JSON, or `None`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """In lower case, credentials left out."""


class Sandbox:
    """A Zendesk that fits in memory, as an ASGI 3 app.

    Args:
        store: The account's records; a freshly seeded one by default.
        rules: The switches of its behaviour.
        clock: Where the time comes from; by default the store's clock, which is the real one.
        sleep: How a fault's delay is waited for.
    """

    def __init__(
        self,
        store: Store | None = None,
        rules: Rules | None = None,
        clock: Clock | None = None,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        self.store = seeded_store(clock or utc_now) if store is None else store
        if clock is not None:
            self.store.clock = clock
        self.rules = rules or Rules()
        self.faults = Faults()
        self.requests: list[RecordedRequest] = []
        self._sleep = sleep
        self._limits = RateLimits()
        self._answered = 0
        self._tokens = 0

    @property
    def clock(self) -> Clock:
        """The clock that everything goes by."""
        return self.store.clock

    def token(
        self,
        scopes: Iterable[str] = ("read", "write"),
        user_id: int | None = None,
        expired: bool = False,
    ) -> str:
        """Registers a fresh bearer token, by default the seeded admin's, and returns it."""
        self._tokens += 1
        token = f"sandbox{self._tokens:04d}" + "7c4a8d09ca3762af61e59520943dc26494f8941b"
        lifetime = timedelta(seconds=-1) if expired else None
        self.store.add_access_token(token, user_id or ADMIN_ID, scopes, lifetime)
        return token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        request = Request(scope, receive)
        content = await request.body()
        fault = self.faults.take(request.method, request.url.path)
        if fault is not None:
            await self._prepare(fault)
            if fault.broken and not fault.applied:
                await self._break(fault, scope, receive)
                return
        if fault is None or fault.applied or not fault.answers_itself:
            response = self._response(request, content)
            self._record(request, content, response.status_code)
            if fault is not None and fault.broken:
                await self._break(fault, scope, receive)
                return
        if fault is not None and fault.status is not None:
            response = self._finished(fault.status, fault.body, fault.headers)
            if not fault.applied:
                self._record(request, content, fault.status)
        await send_response(response, fault, scope, receive, send, self._sleep)

    async def _break(self, fault: Fault, scope: Scope, receive: Receive) -> None:
        if fault.breaks is not None:
            kind = fault.breaks
        else:
            kind = kind_of(fault.exception) if fault.exception else "reset"
        await break_connection(kind, scope, receive, fault.exception)

    async def _prepare(self, fault: Fault) -> None:
        if fault.delay_seconds:
            await self._sleep(fault.delay_seconds)
        if fault.effect is not None:
            fault.effect()

    def _response(self, request: Request, content: bytes) -> Response:
        headers: dict[str, str] = {}
        try:
            answer = self._answer(request, content, headers)
        except ApiError as refused:
            headers |= refused.headers
            return self._finished(refused.status, refused.body, headers)
        return self._finished(answer.status, answer.body, {**headers, **answer.headers})

    def _answer(self, request: Request, content: bytes, headers: dict[str, str]) -> Answer:
        """Takes a request through every gate to its endpoint; notes headers on the way."""
        store, rules, now = self.store, self.rules, self.store.now()
        host = request.url.hostname or ""
        known = rules.any_subdomain or host == f"{store.subdomain}.zendesk.com"
        if host.endswith(".zendesk.com") and not known:
            raise no_help_desk(host)
        if rules.ip_refused:
            raise forbidden()
        path = request.url.path
        below = path.removeprefix(_API).removesuffix(".json")
        headers |= self._limits.account(rules, now, below)
        run_due(store, rules)
        if path.startswith(_API):
            found = find_route(request.method, below)
        else:
            found = find_page(request.method, path)
        caller = Caller(anonymous_user())
        if found is None or found.route.scope != PUBLIC:
            caller = identify(store, rules, request.headers.get("authorization"))
        if found is None or found.route.scope not in {OPEN, PUBLIC}:
            caller.require_staff()
        if found is None:
            raise invalid_endpoint()
        if found.route.scope not in {OPEN, PUBLIC}:
            caller.require_scope(found.route.allowed_scopes(rules))
        if (
            rules.help_center_needs_suffix
            and below.startswith("/help_center")
            and below == path[7:]
        ):
            raise unsupported_media_type()
        headers |= self._limits.endpoint(rules, now, caller.user, request.method, below)
        call = Call(
            store=store,
            rules=rules,
            caller=caller,
            wire=Wire(store, f"{request.url.scheme}://{request.url.netloc}"),
            path=below.strip("/"),
            query=_query(request),
            headers=request.headers,
            body=_body(request, content),
            ids=found.ids,
            content=content,
        )
        return found.route.endpoint(call)

    def _finished(self, status: int, body: object, headers: Mapping[str, str]) -> Response:
        self._answered += 1
        return respond(status, body, headers, self._answered, self.store.now())

    def _record(self, request: Request, content: bytes, status: int) -> None:
        headers = {key: value for key, value in request.headers.items() if key not in _WITHHELD}
        self.requests.append(
            RecordedRequest(
                method=request.method,
                path=request.url.path,
                query=_query(request),
                status=status,
                body=_parsed(content),
                headers=headers,
            ),
        )
        # The newest are kept: a server that runs for days must not grow with each request.
        del self.requests[:-_KEPT_REQUESTS]


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.url.query, keep_blank_values=True))


def _body(request: Request, content: bytes) -> Json:
    """The JSON object in a body; without the right content type there is none (§3).

    Forms are taken beside the API only, by the token endpoint and the consent page.
    """
    kind = request.headers.get("content-type", "")
    if kind.startswith(_FORM) and not request.url.path.startswith(_API):
        return dict(parse_qsl(content.decode(errors="replace"), keep_blank_values=True))
    if not content or not kind.startswith("application/json"):
        return {}
    try:
        parsed = json.loads(content)
    except ValueError as error:
        raise unparsable_json() from error
    return parsed if isinstance(parsed, dict) else {"_json": parsed}


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


async def _live(receive: Receive, send: Send) -> None:
    """The ASGI lifespan: there is nothing to start and nothing to stop."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
