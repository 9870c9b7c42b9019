"""The boundary: what becomes of one call, from its name to an answer or an explanation.

Only a call needs it, so that a start imports none of it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, InputRequiredResult

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.errors import ValidationFailed
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.sent import Sent
from mcp_server_zendesk.serving import confirmation
from mcp_server_zendesk.serving.arguments import refuse_unknown, verbatim, without_null
from mcp_server_zendesk.serving.auditing.audit import Audit
from mcp_server_zendesk.serving.binding import current_handle
from mcp_server_zendesk.serving.callers import current_caller
from mcp_server_zendesk.serving.calls import (
    Call,
    as_result,
    cause_of,
    client_of,
    progress_to,
)
from mcp_server_zendesk.serving.cleaning.redaction import Redaction
from mcp_server_zendesk.serving.explain import explain
from mcp_server_zendesk.serving.explanation import Circumstances, Explanation
from mcp_server_zendesk.serving.offers import Offers
from mcp_server_zendesk.serving.refusals import ConfirmationDeclined
from mcp_server_zendesk.serving.spec import ToolSpec

if TYPE_CHECKING:
    from mcp_server_zendesk.serving.fairness import Fairness

logger = logging.getLogger(__name__)

Result = CallToolResult | InputRequiredResult


@dataclass(frozen=True, slots=True)
class Boundary:
    """Permits, checks, explains and records calls of one workspace.

    ``learn_granted`` is called by each that is permitted; ``run`` validates the arguments and
    calls the tool.
    """

    access: Access
    offers: Offers
    audit: Audit
    redaction: Redaction
    fairness: Fairness | None
    learn_granted: Callable[[], None]
    run: Callable[[ToolSpec, dict[str, Any], Context[Any, Any] | None], Awaitable[Result]]

    async def called(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None
    ) -> Result:
        """What one call comes to. Never raises for a tool's failure."""
        known, caller = self.offers.inventory.find(name), current_caller()
        lines = self.audit.call(
            name, known, caller=caller.name, issuer=caller.issuer, client=client_of(context)
        )
        call = Call(name, arguments, known, lines)
        kind = "cancelled"
        confirmation.begin()
        self.redaction.begin()
        try:
            spec = self.offers.permitted(name)
            call.arguments = without_null(arguments, spec.parameters)
            refuse_unknown(
                call.arguments,
                [p.name for p in spec.parameters],
                self.offers.elsewhere(spec, call.arguments),
            )
            if call.writes:
                self.redaction.refuse_marks(call.arguments)
            self.learn_granted()
            call.zendesk = Zendesk(
                self.access,
                spec.reach,
                self.access.held(caller.scopes),
                caller=caller.key,
                progress=progress_to(context),
                sending=partial(self._announce, call),
            )
            if call.writes:
                call.lines.intent(call.arguments)
            current_handle.set(call.zendesk)
            prepared = verbatim(call.arguments, spec.parameters)
            async with self._turn(call.zendesk):
                self.offers.permitted(name)  # by now, the policy may be another one
                call.zendesk.held = self.offers.held()
                result = await self.run(spec, prepared, context)
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
                await self.access.guard.settle(call.zendesk)
            call.record(kind)
            self.access.observer.called(call.seen(self.access.workspace, kind))
        return result

    def _announce(self, call: Call, sent: Sent) -> None:
        """Write down what is about to be sent, unless the policy has forbidden it meanwhile."""
        self.offers.permitted(call.tool)
        call.announce(sent)

    def _turn(self, call: Zendesk) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self.fairness is None else self.fairness.turn(call)

    async def _explained(self, error: Exception, call: Call) -> Explanation:
        cause = cause_of(error)
        if isinstance(cause, ToolError) and confirmation.waits():
            cause = ConfirmationDeclined(mistyped=True)  # an answer that is none
        if isinstance(cause, ValidationFailed) and call.zendesk is not None:
            from mcp_server_zendesk.connection.fields import add_allowed_values  # noqa: PLC0415 - seldom

            await add_allowed_values(call.zendesk, cause)
        explanation = explain(cause, self._circumstances(call))
        if explanation.kind == "internal_error":
            logger.error("%s failed", call.circumstances().tool, exc_info=cause)
        return explanation

    def _circumstances(self, call: Call) -> Circumstances:
        return replace(call.circumstances(), sign_in=self.access.sign_in, today=self.access.today())
