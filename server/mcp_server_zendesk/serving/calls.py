"""One tools/call on its way through the boundary: what is known of it, and what is recorded."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ToolError, UnexpectedToolError
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolResult,
    InputRequiredResult,
    TextContent,
)
from pydantic import ValidationError

from mcp_server_zendesk.connection.handle import Progress, Zendesk
from mcp_server_zendesk.connection.observing import CallSeen
from mcp_server_zendesk.connection.sent import Sent
from mcp_server_zendesk.serving.arguments import echoable, problems_in
from mcp_server_zendesk.serving.auditing.audit import CallLines
from mcp_server_zendesk.serving.auditing.lines import client_name
from mcp_server_zendesk.serving.cleaning.redaction import redacted_all
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.explanation import META_KEY, Circumstances, Explanation
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import compact
from mcp_server_zendesk.serving.spec import ToolSpec


@dataclass(slots=True)
class Call:
    """What the boundary knows of a call."""

    tool: str
    arguments: dict[str, Any]
    spec: ToolSpec | None
    lines: CallLines
    started: float = field(default_factory=time.perf_counter)
    zendesk: Zendesk | None = None

    @property
    def writes(self) -> bool:
        """Whether the tool may change something."""
        return self.spec is not None and self.spec.effect != "read"

    def circumstances(self) -> Circumstances:
        """What an explanation of its failure needs."""
        return Circumstances(
            tool=self.spec.name if self.spec else "the tool",
            writes=self.writes,
            outcome=self.zendesk.outcome if self.zendesk else "not_applied",
            request_id=self.zendesk.request_id if self.zendesk else None,
            sent_values=echoable(self.arguments, self.spec.parameters if self.spec else ()),
        )

    def announce(self, sent: Sent) -> None:
        """Write down that a request is about to be sent that changes something.

        Raises:
            AuditUnavailable: It must not be sent.
        """
        zendesk = self.zendesk
        self.lines.sending(sent, self.confirmed, zendesk.question if zendesk else None)

    @property
    def confirmed(self) -> str | None:
        """Whose yes it has: that of a ``human`` who was asked, or the ``client``'s own."""
        if self.zendesk is None or not self.zendesk.confirmed:
            return None
        return "client" if self.zendesk.question is None else "human"

    def record(self, kind: str) -> None:
        """Write down how it ended."""
        milliseconds = (time.perf_counter() - self.started) * 1000
        outcome = self.circumstances().outcome if self.writes else None
        if self.zendesk is None:
            self.lines.outcome(
                self.arguments, kind=kind, outcome=outcome, milliseconds=milliseconds
            )
            return
        self.lines.outcome(
            self.arguments,
            kind=kind,
            outcome=outcome,
            milliseconds=milliseconds,
            requests=self.zendesk.requests,
            request_id=self.zendesk.request_id,
            sent=self.zendesk.sent,
            confirmed=self.confirmed,
            question=self.zendesk.question,
        )

    def seen(self, workspace: str, kind: str) -> CallSeen:
        """What operations may know of it, once it has ended."""
        return CallSeen(
            workspace,
            self.spec.name if self.spec else None,
            self.spec.effect if self.spec else None,
            kind,
            time.perf_counter() - self.started,
            requests=self.zendesk.requests if self.zendesk else 0,
        )


def cause_of(error: Exception) -> Exception:
    """What really happened, below the wrapping of the SDK."""
    cause = error.__cause__
    if isinstance(error, ToolError) and isinstance(cause, ValidationError):
        if isinstance(error, UnexpectedToolError):
            return cause
        return InvalidArguments(problems_in(cause))
    return cause if isinstance(error, ToolError) and isinstance(cause, Exception) else error


def as_result(explanation: Explanation) -> CallToolResult:
    """An error without structured content: older clients check that against the output schema."""
    payload = redacted_all(explanation.payload())
    return CallToolResult(
        is_error=True,
        content=[TextContent(type="text", text=compact(payload))],
        _meta={META_KEY: payload["error"]},
    )


def as_text(text: str) -> CallToolResult:
    """A text of ours as what a call gave."""
    return CallToolResult(content=[TextContent(type="text", text=text)])


def unless_refused(result: CallToolResult | InputRequiredResult) -> str:
    """The text of a result, for whoever reads a resource.

    Raises:
        MCPError: The call failed; the explanation is its data.
        ResourceError: It asked something, which a call that only reads does not.
    """
    if isinstance(result, InputRequiredResult):
        raise ResourceError("Reading needs no confirmation")
    if result.is_error:
        told = (result.meta or {})[META_KEY]
        code = INVALID_PARAMS if told["kind"] == "not_found" else INTERNAL_ERROR
        raise MCPError(code=code, message=f"{told['message']} {told['hint']}", data=told)
    return "".join(one.text for one in result.content if isinstance(one, TextContent))


def client_of(context: Context[Any, Any] | None) -> str | None:
    """The client's name for itself, where there is a client and it tells one."""
    try:
        told = context.session.client_params if context is not None else None
    except ValueError:  # not within a request
        return None
    return client_name(told.client_info.name) if told is not None else None


def progress_to(context: Context[Any, Any] | None) -> Progress:
    """Tells the client how far the call has come; a job's id and state are Zendesk's words."""

    async def report(done: float, total: float | None, message: str) -> None:
        if context is not None:
            await context.report_progress(done, total, clean_line(message))

    return report
