"""Makes the MCP SDK call a handler: the handle goes in, the answer comes out as compact JSON."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Annotated, Any

from mcp_types import CallToolResult, TextContent
from pydantic import BeforeValidator

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving.arguments import unwrapped
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.results import compact, payload_of
from mcp_server_zendesk.serving.spec import ToolSpec

current_handle: ContextVar[Zendesk] = ContextVar("current_handle")
"""The handle of the call in this task, set by the boundary and by nobody else."""


def random_tag() -> str:
    """The tag of one result's fences: nobody who wrote a ticket can know it."""
    return secrets.token_hex(4)


def bind(spec: ToolSpec, inventory: Inventory) -> Callable[..., Awaitable[CallToolResult]]:
    """A function with the tool's arguments alone, for the SDK to read and to call."""
    injected = {name: inventory for name, kind in spec.injected.items() if kind is Inventory}

    async def run(**arguments: Any) -> CallToolResult:
        result = await spec.handler(current_handle.get(), **injected, **arguments)
        payload = payload_of(result, random_tag())
        return CallToolResult(
            content=[TextContent(type="text", text=compact(payload))], structured_content=payload
        )

    parameters = [
        parameter.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[parameter.annotation, BeforeValidator(unwrapped)],
        )
        for parameter in spec.parameters
    ]
    run.__name__ = spec.name
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        parameters, return_annotation=CallToolResult
    )
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
