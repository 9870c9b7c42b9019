"""Resources: records by address, in the very shape that a tool gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mcp_types import ResourceTemplate


@dataclass(frozen=True, slots=True)
class ResourceSpec:
    """Records of one kind, ``zendesk://KIND/{id}``, read by a tool with one argument."""

    kind: str
    tool: str
    argument: str
    title: str
    description: str
    number: bool = True
    """Whether the tool takes the id as a number."""

    def listed(self) -> ResourceTemplate:
        """As clients list it."""
        return ResourceTemplate(
            uri_template=f"zendesk://{self.kind}/{{id}}",
            name=self.kind,
            title=self.title,
            description=self.description,
            mime_type="application/json",
        )

    def arguments(self, record_id: str) -> dict[str, str | int]:
        """What the tool is called with."""
        return {self.argument: int(record_id) if self.number else record_id}


_ADDRESS = re.compile(r"zendesk://(?P<kind>[a-z_]{1,32})/(?P<id>[1-9][0-9]{0,19})")


def resource_at(specs: Iterable[ResourceSpec], uri: str) -> tuple[ResourceSpec, str] | None:
    """The resource that an address names, and the record's id; None where there is none."""
    found = _ADDRESS.fullmatch(uri)
    if found is None:
        return None
    spec = next((spec for spec in specs if spec.kind == found["kind"]), None)
    return (spec, found["id"]) if spec else None
