"""The boundary: one subclass of the SDK's server, through which every list and call passes."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskGroup
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import (
    ResourceError,
    ResourceNotFoundError,
    ToolError,
)
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolResult,
    Completion,
    CompletionArgument,
    CompletionContext,
    GetPromptResult,
    InputRequiredResult,
    Prompt,
    PromptReference,
    ResourceTemplate,
    Tool,
)
from pydantic import AnyUrl, SecretStr

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.errors import ScopeMissing, ValidationFailed, ZendeskError
from mcp_server_zendesk.connection.fields import add_allowed_values
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.nearest import nearest, or_nearest
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.serving import confirmation, listing
from mcp_server_zendesk.serving.announcing import Announcer, declare_list_changes
from mcp_server_zendesk.serving.arguments import refuse_unknown, verbatim, without_null
from mcp_server_zendesk.serving.auditing.audit import Audit
from mcp_server_zendesk.serving.binding import bind, current_handle
from mcp_server_zendesk.serving.callers import current_caller
from mcp_server_zendesk.serving.calls import (
    Call,
    as_result,
    caller_of,
    cause_of,
    progress_to,
)
from mcp_server_zendesk.serving.cleaning.redaction import Redaction
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.explain import explain
from mcp_server_zendesk.serving.explanation import META_KEY, Circumstances, Explanation
from mcp_server_zendesk.serving.instructions import instructions
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.policy_words import narrowing
from mcp_server_zendesk.serving.prompts import PromptSpec, completion_of
from mcp_server_zendesk.serving.refusals import (
    ConfirmationDeclined,
    ReadOnlyWorkspace,
    UnknownTool,
)
from mcp_server_zendesk.serving.resources import ResourceSpec, resource_at
from mcp_server_zendesk.serving.results import compact
from mcp_server_zendesk.serving.spec import ToolSpec

if TYPE_CHECKING:
    from mcp_server_zendesk.serving.fairness import Fairness

logger = logging.getLogger(__name__)

SERVER_NAME = "mcp-server-zendesk"

_SECONDS_TO_END = 2.0
_CLOSE_ENOUGH = 0.8
"""Of a tool's name: `search_ticket` is a slip, `create_ticket` is another wish."""


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
        redaction: Redaction | None = None,
        fairness: Fairness | None = None,
        state_keys: Sequence[SecretStr] = (),
    ) -> None:
        self._access = access
        self._fairness = fairness
        self._inventory = inventory
        self._audit = audit
        self._redaction = redaction or Redaction()
        self._tasks: TaskGroup | None = None
        self._listings = listings
        self._prompts = prompts
        self._resources = resources
        self._listed: dict[str, Tool] = {}
        self._bound: set[str] = set()
        self._announcer = Announcer()
        self._learning = False
        self._under_way: dict[anyio.CancelScope, anyio.Event] = {}
        offered = inventory.visible(access.held())
        super().__init__(
            SERVER_NAME,
            title=f"Zendesk ({access.connection.account.subdomain})",
            instructions=instructions(
                access.connection.account.subdomain,
                offered,
                read_only=inventory.policy.read_only,
                redacts=bool(self._redaction.kinds),
                policy=narrowing(inventory.policy),
            ),
            version=version,
            log_level="WARNING",
            subscriptions=self._announcer.bus,
            request_state_security=confirmation.sealing(
                state_keys, f"{access.connection.account.subdomain}/{access.workspace}"
            ),
            middleware=[declare_list_changes, self._announcer.notice],
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

    async def end(self) -> None:
        """Cancel the calls under way, write down how they ended, and accept no more writes."""
        for scope in self._under_way:
            scope.cancel()
        with anyio.move_on_after(_SECONDS_TO_END):
            for ended in [*self._under_way.values()]:
                await ended.wait()
        self._audit.close()

    async def list_tools(self) -> list[Tool]:
        """What the effective scopes and the admin's policy allow, in the catalogue's order."""
        return [self._listing(spec) for spec in self._inventory.visible(self._access.held())]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Permit, check, run, explain and record one call. Never raises for a tool's failure."""
        with anyio.CancelScope() as scope:
            self._under_way[scope] = anyio.Event()
            try:
                return await self._called(name, arguments, context)
            finally:
                self._under_way.pop(scope).set()
        raise MCPError(code=INTERNAL_ERROR, message="The server is ending")

    async def _called(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None
    ) -> CallToolResult | InputRequiredResult:
        known = self._inventory.find(name)
        call = Call(name, arguments, known, self._audit.call(name, known, caller_of(context)))
        kind = "cancelled"
        confirmation.begin()
        self._redaction.begin()
        try:
            spec = self._permitted(call)
            call.arguments = without_null(arguments, spec.parameters)
            refuse_unknown(call.arguments, [p.name for p in spec.parameters], self._elsewhere(spec))
            if call.writes:
                self._redaction.refuse_marks(call.arguments)
            self._learn_granted()
            call.zendesk = Zendesk(
                self._access,
                spec.reach,
                self._access.held(),
                caller=current_caller().key,
                progress=progress_to(context),
                sending=call.announce,
            )
            if call.writes:
                call.lines.intent(call.arguments)
            self._bind(spec)
            current_handle.set(call.zendesk)
            prepared = verbatim(call.arguments, spec.parameters)
            async with self._turn(call.zendesk):
                result = await super().call_tool(name, prepared, context)
            kind = "asked" if isinstance(result, InputRequiredResult) else "ok"
        except MCPError:
            kind = "protocol_error"
            raise
        except Exception as error:  # noqa: BLE001 - the boundary explains everything
            explanation = await self._explained(error, call)
            kind = explanation.kind
            result = as_result(explanation)
        finally:
            if call.zendesk is not None:
                await self._access.guard.settle(call.zendesk)
            call.record(kind)
        return result

    def _turn(self, call: Zendesk) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._fairness is None else self._fairness.turn(call)

    async def list_prompts(self) -> list[Prompt]:
        """Those whose tools are offered."""
        offered = self._visible_names(self._access.held())
        return [p.listed() for p in self._prompts if set(p.uses).issubset(offered)]

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        context: Context[Any, Any] | None = None,
    ) -> GetPromptResult | InputRequiredResult:
        """A prompt with its arguments filled in. Nothing is asked of Zendesk for it."""
        del context
        return self._offered_prompt(name).rendered(arguments or {})

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """Those whose tool is offered."""
        offered = self._visible_names(self._access.held())
        return [resource.listed() for resource in self._resources if resource.tool in offered]

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Any, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """A record as its tool gives it, with the tool's scopes, refusals and audit line."""
        found = resource_at(self._resources, str(uri))
        if found is None:
            kinds = ", ".join(f"zendesk://{resource.kind}/ID" for resource in self._resources)
            raise ResourceNotFoundError(f"Unknown resource. There are: {kinds}")
        resource, record_id = found
        result = await self.call_tool(resource.tool, resource.arguments(record_id), context)
        if isinstance(result, InputRequiredResult):
            raise ResourceError("Reading needs no confirmation")
        if result.is_error:
            told = (result.meta or {})[META_KEY]
            code = INVALID_PARAMS if told["kind"] == "not_found" else INTERNAL_ERROR
            raise MCPError(code=code, message=f"{told['message']} {told['hint']}", data=told)
        text = compact(result.structured_content or {})
        return [ReadResourceContents(content=text, mime_type="application/json")]

    async def _complete(
        self, ref: Any, argument: CompletionArgument, context: CompletionContext | None
    ) -> Completion | None:
        """Names for a prompt's argument, from what is kept for minutes. None where unknown."""
        del context
        self._redaction.begin()
        if not isinstance(ref, PromptReference):
            return None
        source = self._offered_prompt(ref.name).completions.get(argument.name)
        spec = self._inventory.find(source.tool) if source else None
        held = self._access.held()
        if source is None or spec is None or self._inventory.why_hidden(spec, held):
            return None
        try:
            names = await source.load(Zendesk(self._access, spec.reach, held))
        except ZendeskError:
            return None  # a person who types needs no explanation
        return completion_of([clean_line(name) for name in names], argument.value)

    def _offered_prompt(self, name: str) -> PromptSpec:
        offered = self._visible_names(self._access.held())
        usable = {p.name: p for p in self._prompts if set(p.uses).issubset(offered)}
        if name not in usable:
            problem = f"There is no prompt of that name{or_nearest(name, usable)}."
            raise MCPError(code=INVALID_PARAMS, message=problem)
        return usable[name]

    def _permitted(self, call: Call) -> ToolSpec:
        """The spec of a tool that may be called now.

        Raises:
            UnknownTool: There is none, or it is switched off.
            ReadOnlyWorkspace: It writes, and the workspace is read-only.
            PolicyRefused: Its effect is not allowed.
            ScopeMissing: The effective scopes do not allow it.
        """
        held = self._access.held()
        if call.spec is None:
            offered = self._visible_names(held)
            close = nearest(call.tool[:64], offered, at_least=_CLOSE_ENOUGH)
            raise UnknownTool(exists=False, nearest=close)
        why = self._inventory.why_hidden(call.spec, held)
        if why == "read_only":
            raise ReadOnlyWorkspace
        if why == "effect":
            self._access.guard.check_effects([call.spec.effect])
        if why == "scope":
            raise ScopeMissing(call.spec.scopes, held)
        if why is not None:
            raise UnknownTool(exists=True)
        return call.spec

    async def _explained(self, error: Exception, call: Call) -> Explanation:
        cause = cause_of(error)
        if isinstance(cause, ToolError) and confirmation.waits():
            cause = ConfirmationDeclined(mistyped=True)  # an answer that is none
        if isinstance(cause, ValidationFailed) and call.zendesk is not None:
            await add_allowed_values(call.zendesk, cause)
        explanation = explain(cause, self._circumstances(call))
        if explanation.kind == "internal_error":
            logger.error("%s failed", call.circumstances().tool, exc_info=cause)
        return explanation

    def _circumstances(self, call: Call) -> Circumstances:
        return replace(
            call.circumstances(), sign_in=self._access.sign_in, today=self._access.today()
        )

    def _listing(self, spec: ToolSpec) -> Tool:
        if spec.name not in self._listed:
            self._listed[spec.name] = listing.read(spec, self._listings)
        return self._listed[spec.name]

    def _bind(self, spec: ToolSpec) -> None:
        """Register a tool with the SDK at its first call: its argument model takes time."""
        if spec.name not in self._bound:
            self.add_tool(bind(spec, self._inventory), structured_output=False)
            self._bound.add(spec.name)

    def _learn_granted(self) -> None:
        """On the first call, find out beside it what the token was granted."""
        if self._tasks is not None and not self._learning and not self._access.granted_known:
            self._learning = True
            self._tasks.start_soon(self._learn_and_tell, self._visible_names(self._access.held()))

    async def _learn_and_tell(self, before: list[str]) -> None:
        """A failure here is nobody's answer, and must not end the server."""
        try:
            await self._access.learn_granted()
            if self._visible_names(self._access.held()) != before:
                await self._announcer.tell()
        except Exception:
            logger.exception("The granted scopes could not be learned, or not announced")
        finally:
            self._announcer.close()

    def _elsewhere(self, spec: ToolSpec) -> dict[str, str]:
        """Where a tool's foreign arguments belong, as far as that tool is offered."""
        offered = self._visible_names(self._access.held())
        return {name: tool for name, tool in spec.elsewhere.items() if tool in offered}

    def _visible_names(self, held: HeldScopes) -> list[str]:
        return [spec.name for spec in self._inventory.visible(held)]
