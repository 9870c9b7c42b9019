"""Resources: records by address, in the very shape that a tool gives them, and texts of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

from mcp_types import Resource, ResourceTemplate


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


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """A text of ours that explains a tool, ``zendesk://PATH``. It is offered where the tool is, and
    reading it is permitted, counted and recorded as a call of the tool.

    ``text`` is the place of the function that makes it, ``package.module:function``, imported when
    it is first read.
    """

    path: str
    tool: str
    title: str
    description: str
    text: str
    mime_type: str = "text/markdown"

    @property
    def uri(self) -> str:
        """Its address."""
        return f"zendesk://{self.path}"

    def listed(self) -> Resource:
        """As clients list it."""
        return Resource(
            uri=self.uri,
            name=self.path.replace("/", "_"),
            title=self.title,
            description=self.description,
            mime_type=self.mime_type,
        )

    def read(self) -> str:
        """The text."""
        module, _, function = self.text.partition(":")
        return str(getattr(import_module(module), function)())


_ADDRESS = re.compile(r"zendesk://(?P<kind>[a-z_]{1,32})/(?P<id>[1-9][0-9]{0,19})")


def resource_at(specs: Iterable[ResourceSpec], uri: str) -> tuple[ResourceSpec, str] | None:
    """The resource that an address names, and the record's id; None where there is none."""
    found = _ADDRESS.fullmatch(uri)
    if found is None:
        return None
    spec = next((spec for spec in specs if spec.kind == found["kind"]), None)
    return (spec, found["id"]) if spec else None
