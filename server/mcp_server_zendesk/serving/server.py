"""One subclass of the SDK's server, through which every list and call passes."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskGroup
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    CallToolResult,
    Completion,
    CompletionArgument,
    CompletionContext,
    GetPromptResult,
    InputRequiredResult,
    Prompt,
    PromptReference,
    Resource,
    ResourceTemplate,
    Tool,
)
from pydantic import AnyUrl, SecretStr

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.serving import listing, request_state
from mcp_server_zendesk.serving.announcing import Announcer, declare_list_changes
from mcp_server_zendesk.serving.auditing.audit import Audit
from mcp_server_zendesk.serving.callers import by_its_own_token
from mcp_server_zendesk.serving.cleaning.redaction import Redaction
from mcp_server_zendesk.serving.instructions import instructions
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.offers import Offers
from mcp_server_zendesk.serving.policy_words import narrowing
from mcp_server_zendesk.serving.prompts import PromptSpec
from mcp_server_zendesk.serving.resources import DocumentSpec, ResourceSpec, resource_at
from mcp_server_zendesk.serving.spec import ToolSpec

if TYPE_CHECKING:
    from mcp_server_zendesk.serving.fairness import Fairness

logger = logging.getLogger(__name__)

SERVER_NAME = "mcp-server-zendesk"

Run = Callable[
    [ToolSpec, dict[str, Any], Context[Any, Any] | None],
    Awaitable[CallToolResult | InputRequiredResult],
]

_SECONDS_TO_END = 2.0
_ENDING = "The server is being shut down and takes no new calls. Nothing was done: call it again."


class ZendeskServer(MCPServer[Any]):
    """One workspace over MCP: lists what is allowed, and explains what is not.

    Use it inside ``async with server.running()``, which owns its background work.
    """

    def __init__(
        self,
        access: Access,
        inventory: Inventory,
        *,
        audit: Audit,
        version: str,
        listings: Path,
        prompts: tuple[PromptSpec, ...] = (),
        resources: tuple[ResourceSpec, ...] = (),
        documents: tuple[DocumentSpec, ...] = (),
        redaction: Redaction | None = None,
        fairness: Fairness | None = None,
        state_keys: Sequence[SecretStr] = (),
        reloads: bool = False,
    ) -> None:
        self._access = access
        self._fairness = fairness
        self._offers = Offers(access, inventory, prompts, resources, documents)
        self._audit = audit
        self._redaction = redaction or Redaction()
        self._tasks: TaskGroup | None = None
        self._listings = listings
        self._listed: dict[str, Tool] = {}
        self._bound: set[str] = set()
        self._announcer = Announcer(lasting=reloads)
        self._learning = False
        self._refuses = False
        self._under_way: dict[anyio.CancelScope, anyio.Event] = {}
        super().__init__(
            SERVER_NAME,
            title=f"Zendesk ({access.connection.account.subdomain})",
            instructions=self._instructions(),
            version=version,
            log_level="WARNING",
            subscriptions=self._announcer.bus,
            request_state_security=request_state.sealing(
                state_keys, f"{access.connection.account.subdomain}/{access.workspace}"
            ),
            middleware=[
                by_its_own_token,
                declare_list_changes,
                self._instruct,
                self._announcer.notice,
            ],
        )

        self.completion()(self._complete)  # type: ignore[no-untyped-call]  # of the SDK

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Owns the background work, and closes the connection and the audit at the end."""
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                yield
                tasks.cancel_scope.cancel()
        finally:
            self._tasks = None
            self._audit.close()
            with anyio.CancelScope(shield=True):
                await self._access.connection.aclose()

    @property
    def calls_under_way(self) -> int:
        """How many calls have not ended yet."""
        return len(self._under_way)

    def refuse_calls(self) -> None:
        """Take no new call; those under way go on."""
        self._refuses = True

    async def end(self) -> None:
        """Cancel the calls under way, write down how they ended, and accept no more calls."""
        self.refuse_calls()
        for scope in self._under_way:
            scope.cancel()
        with anyio.move_on_after(_SECONDS_TO_END):
            for ended in [*self._under_way.values()]:
                await ended.wait()
        self._audit.close()

    @property
    def offers(self) -> Offers:
        """What it offers, by caller."""
        return self._offers

    async def adopt(
        self,
        inventory: Inventory,
        guard: Guard,
        configured: frozenset[str],
        redaction: Redaction,
    ) -> None:
        """Go by another policy from now on, calls under way included; tell the clients."""
        self._access.guard, self._access.configured = guard, configured
        self._offers.inventory, self._redaction = inventory, redaction
        for name in self._bound:
            self.remove_tool(name)
        self._bound.clear()
        await self._announcer.tell()

    async def list_tools(self) -> list[Tool]:
        """What the admin's policy and the caller's scopes allow, in the catalogue's order."""
        return [self._listing(spec) for spec in self._offers.tools()]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Permit, check, run, explain and record one call. Never raises for a tool's failure."""
        return await self._called(self._run, name, arguments, context)

    async def _called(
        self,
        run: Run,
        name: str,
        arguments: dict[str, Any],
        context: Context[Any, Any] | None,
    ) -> CallToolResult | InputRequiredResult:
        if self._refuses:
            raise MCPError(code=INTERNAL_ERROR, message=_ENDING)
        from mcp_server_zendesk.serving.boundary import Boundary  # noqa: PLC0415 - not for a start

        boundary = Boundary(
            self._access,
            self._offers,
            self._audit,
            self._redaction,
            self._fairness,
            self._learn_granted,
            run,
        )
        with anyio.CancelScope() as scope:
            self._under_way[scope] = anyio.Event()
            try:
                return await boundary.called(name, arguments, context)
            finally:
                self._under_way.pop(scope).set()
        raise MCPError(code=INTERNAL_ERROR, message="The server is ending")

    async def _run(
        self, spec: ToolSpec, arguments: dict[str, Any], context: Context[Any, Any] | None
    ) -> CallToolResult | InputRequiredResult:
        self._bind(spec)
        return await super().call_tool(spec.name, arguments, context)

    async def list_prompts(self) -> list[Prompt]:
        """Those whose tools are offered."""
        return [prompt.listed() for prompt in self._offers.usable_prompts().values()]

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        context: Context[Any, Any] | None = None,
    ) -> GetPromptResult | InputRequiredResult:
        """A prompt with its arguments filled in. Nothing is asked of Zendesk for it."""
        del context
        return self._offers.prompt(name).rendered(arguments or {})

    async def list_resources(self) -> list[Resource]:
        """The texts of ours whose tool is offered."""
        return [document.listed() for document in self._offers.usable_documents()]

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """Those whose tool is offered."""
        return [resource.listed() for resource in self._offers.usable_resources()]

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Any, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """A record as its tool gives it, or a text of ours, with the tool's scopes, refusals and
        audit line.
        """
        from mcp_server_zendesk.serving.calls import as_text, unless_refused  # noqa: PLC0415 - not for a start

        offers = self._offers
        if document := next((one for one in offers.documents if one.uri == str(uri)), None):

            async def read(*_: Any) -> CallToolResult:
                return as_text(document.read())

            told = unless_refused(await self._called(read, document.tool, {}, context))
            return [ReadResourceContents(content=told, mime_type=document.mime_type)]
        found = resource_at(offers.resources, str(uri))
        if found is None:
            there = [f"zendesk://{resource.kind}/ID" for resource in offers.resources]
            there += [document.uri for document in offers.usable_documents()]
            raise ResourceNotFoundError(f"Unknown resource. There are: {', '.join(there)}")
        resource, record_id = found
        result = await self.call_tool(resource.tool, resource.arguments(record_id), context)
        return [ReadResourceContents(content=unless_refused(result), mime_type="application/json")]

    async def _complete(
        self, ref: Any, argument: CompletionArgument, context: CompletionContext | None
    ) -> Completion | None:
        """Names for a prompt's argument, from what is kept for minutes. None where unknown."""
        del context
        self._redaction.begin()
        if not isinstance(ref, PromptReference):
            return None
        from mcp_server_zendesk.serving.completing import completed  # noqa: PLC0415 - not for a start

        return await completed(self._offers, ref, argument)

    def _instructions(self) -> str:
        policy = self._offers.inventory.policy
        return instructions(
            self._access.connection.account.subdomain,
            self._offers.tools(),
            read_only=policy.read_only,
            redacts=bool(self._redaction.kinds),
            policy=narrowing(policy),
        )

    async def _instruct(
        self, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Greet each client with what its caller may do."""
        result = await call_next(ctx)
        if isinstance(result, dict) and "instructions" in result:
            result["instructions"] = self._instructions()
        return result

    def _listing(self, spec: ToolSpec) -> Tool:
        if spec.name not in self._listed:
            self._listed[spec.name] = listing.read(spec, self._listings)
        return self._listed[spec.name]

    def _bind(self, spec: ToolSpec) -> None:
        """Register a tool with the SDK at its first call: its argument model takes time."""
        if spec.name not in self._bound:
            from mcp_server_zendesk.serving.binding import bind  # noqa: PLC0415 - not for a start

            self.add_tool(bind(spec, self._offers.inventory), structured_output=False)
            self._bound.add(spec.name)

    def _learn_granted(self) -> None:
        """On the first call, find out beside it what the token was granted."""
        if self._tasks is not None and not self._learning and not self._access.granted_known:
            self._learning = True
            self._tasks.start_soon(self._learn_and_tell, self._offers.workspace_names())

    async def _learn_and_tell(self, before: list[str]) -> None:
        """A failure here is nobody's answer, and must not end the server."""
        try:
            await self._access.learn_granted()
            if self._offers.workspace_names() != before:
                await self._announcer.tell()
        except Exception:
            logger.exception("The granted scopes could not be learned, or not announced")
        finally:
            self._announcer.granted_known()
