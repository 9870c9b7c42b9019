"""A tool as clients see it: computed from its spec, and kept beside the catalogue as JSON.

Computing all the schemas at each start would cost more than everything else that we add to it.
The kept file is the tool's snapshot too: a test holds it against the code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mcp_types import Tool

from mcp_server_zendesk.serving.spec import ToolSpec


def compute(spec: ToolSpec) -> dict[str, Any]:
    """The listing of a tool, from its signature, docstring, effect and answer."""
    from mcp.server.mcpserver.tools import Tool as BoundTool  # noqa: PLC0415 - a start reads

    from mcp_server_zendesk.serving.binding import bind  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.serving.inventory import Inventory  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.serving.schemas import output_schema, slim  # noqa: PLC0415 - likewise

    bound = BoundTool.from_function(bind(spec, Inventory(())), structured_output=False)
    return {
        "name": spec.name,
        "title": spec.title,
        "description": spec.description,
        "annotations": {"title": spec.title, **spec.hints},
        "inputSchema": slim(bound.parameters),
        "outputSchema": output_schema(spec),
    }


def read(spec: ToolSpec, kept: Path) -> Tool:
    """The listing of a tool from the folder where it is kept; computed where it is not."""
    file = kept / f"{spec.name}.json"
    found = json.loads(file.read_bytes()) if file.is_file() else compute(spec)
    return Tool.model_validate(found)


def as_text(listing: dict[str, Any]) -> str:
    """A listing as it is kept: JSON that a person can review."""
    return json.dumps(listing, indent=2, ensure_ascii=False) + "\n"
