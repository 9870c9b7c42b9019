"""Makes the MCP SDK call a handler: the handle goes in, the answer comes out as compact JSON."""

from __future__ import annotations

import base64
import inspect
import secrets
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from typing import Annotated, Any

from mcp_types import CallToolResult, ContentBlock, ImageContent, TextContent
from pydantic import BeforeValidator

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving import confirmation
from mcp_server_zendesk.serving.admission import admit
from mcp_server_zendesk.serving.arguments import unwrapped
from mcp_server_zendesk.serving.cleaning import redaction
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.results import Illustrated, Image, compact, payload_of
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
        zendesk = current_handle.get()
        if spec.ask is None:
            await admit(spec, zendesk, arguments)
        else:
            answer = arguments.pop(confirmation.PARAMETER)
            again = partial(redaction.as_it_is(spec.ask), zendesk, **arguments)
            await confirmation.approved(spec, zendesk, answer, again)
        try:
            result = await spec.act(zendesk, **injected, **arguments)
        except BaseException:
            await confirmation.take_back(zendesk)
            raise
        payload = payload_of(result, random_tag())
        content: list[ContentBlock] = [TextContent(type="text", text=compact(payload))]
        if isinstance(result, Illustrated):
            content += map(_picture, result.images)
        return CallToolResult(content=content, structured_content=payload, _meta=redaction.told())

    parameters = [
        parameter.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[parameter.annotation, BeforeValidator(unwrapped)],
        )
        for parameter in spec.parameters
    ]
    if spec.confirm is not None:
        trusts_client = inventory.policy.confirm == "client"
        asking = confirmation.resolver(spec, current_handle, trusts_client=trusts_client)
        parameters.append(
            inspect.Parameter(
                confirmation.PARAMETER,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=Annotated[confirmation.Answer, asking],
            )
        )
    run.__name__ = spec.name
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        parameters, return_annotation=CallToolResult
    )
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _picture(image: Image) -> ImageContent:
    data = base64.b64encode(image.data).decode("ascii")
    return ImageContent(type="image", data=data, mime_type=image.media_type)
