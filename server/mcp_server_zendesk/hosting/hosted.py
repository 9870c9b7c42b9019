"""One workspace behind the HTTP server: its server on the transports, or why there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus

import anyio
from anyio.abc import TaskStatus
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_server_zendesk.hosting.bodies import MOST_BYTES
from mcp_server_zendesk.hosting.ended_sessions import EndedSessions
from mcp_server_zendesk.hosting.needed_scopes import ScopesOfWorkspace
from mcp_server_zendesk.hosting.refusals import refusal
from mcp_server_zendesk.serving.server import ZendeskServer
from mcp_server_zendesk.settings import Settings

logger = logging.getLogger(__name__)

Transport = str
STREAMABLE, SSE = "mcp", "sse"
"""The transports, by the last part of their paths."""
MESSAGES = "messages"
"""Where clients of SSE post."""


class HostedWorkspace:
    """A workspace at its path, in a life of its own: what goes wrong in it stays in it.

    Args:
        name: The workspace's; empty where it is the only one, until its settings are read.
        prefix: Before the paths of its transports: empty, or ``/`` and its name.
        load: Reads its settings, each time anew.
        build: Makes its server by them.
        security: Which Host and Origin are accepted.
        stateless: Keep no session for older clients either.
    """

    def __init__(
        self,
        name: str,
        prefix: str,
        load: Callable[[], Settings],
        build: Callable[[Settings], ZendeskServer],
        *,
        security: TransportSecuritySettings,
        stateless: bool = False,
    ) -> None:
        self.name = name
        self.prefix = prefix
        self.load = load
        self.settings: Settings | None = None
        """By which it is served now."""
        self.server: ZendeskServer | None = None
        """While it is served."""
        self._build = build
        self._prepared: ZendeskServer | None = None
        self._scopes: ScopesOfWorkspace | None = None
        self._security = security
        self._stateless = stateless
        self._apps: Mapping[Transport, ASGIApp] = {}
        self._ending = anyio.Event()

    def end(self) -> None:
        """Let ``run`` come to its end."""
        self._ending.set()

    def prepare(self) -> None:
        """Read the settings and make the server. Nothing is sent to Zendesk.

        Raises:
            ConfigurationError: They cannot be used; one line says why.
        """
        settings = self.load()
        server = self._build(settings)
        self._scopes = ScopesOfWorkspace(lambda: server.offers.inventory, server.offers.access.held)
        self.name, self.settings, self._prepared = settings.workspace, settings, server

    def at_first(self, *, steps_up: bool) -> tuple[str, ...]:
        """See ``ScopesNeeded``."""
        return self._scopes.at_first(steps_up=steps_up) if self._scopes else ()

    def for_tool(self, tool: str, held: frozenset[str]) -> tuple[str, ...]:
        """See ``ScopesNeeded``."""
        return self._scopes.for_tool(tool, held) if self._scopes else ()

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve what was prepared until ``end``. A failure is logged, and raised to nobody."""
        server, self._prepared = self._prepared, None
        if server is None:
            task_status.started()
            return
        try:
            self._apps = self._apps_of(server)
            async with server.running(), server.session_manager.run():
                self.server = server
                task_status.started()
                await self._ending.wait()
        except Exception:
            logger.exception("The workspace %s is not served any more", self.name)
        finally:
            if self.server is None:
                task_status.started()
            self.server, self.settings, self._apps = None, None, {}

    def at(self, transport: Transport) -> ASGIApp:
        """The workspace on one of its transports."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await (self._apps.get(transport) or self._absent)(scope, receive, send)

        return app

    async def _absent(self, scope: Scope, receive: Receive, send: Send) -> None:
        words = (
            f"The workspace {self.name} is not being served; others of this server may be. Nothing "
            "was done. Do not repeat the call: tell the user that an admin finds the cause in the "
            "server's log."
        )
        await refusal(HTTPStatus.SERVICE_UNAVAILABLE, words)(scope, receive, send)

    def _apps_of(self, server: ZendeskServer) -> dict[Transport, ASGIApp]:
        return {
            STREAMABLE: EndedSessions(
                server.streamable_http_app(
                    streamable_http_path=f"{self.prefix}/{STREAMABLE}",
                    stateless_http=self._stateless,
                    max_request_body_size=MOST_BYTES,
                    transport_security=self._security,
                )
            ),
            SSE: server.sse_app(
                sse_path=f"{self.prefix}/{SSE}",
                message_path=f"{self.prefix}/{MESSAGES}/",
                max_request_body_size=MOST_BYTES,
                transport_security=self._security,
            ),
        }
