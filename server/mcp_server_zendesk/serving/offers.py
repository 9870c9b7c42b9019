"""What a workspace offers to whoever makes this very request, and why the rest is refused."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.errors import ScopeMissing
from mcp_server_zendesk.connection.nearest import nearest, or_nearest
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.serving.callers import current_caller
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.prompts import PromptSpec
from mcp_server_zendesk.serving.refusals import ReadOnlyWorkspace, UnknownTool
from mcp_server_zendesk.serving.resources import DocumentSpec, ResourceSpec
from mcp_server_zendesk.serving.spec import ToolSpec

_CLOSE_ENOUGH = 0.8
"""Of a tool's name: `search_ticket` is a slip, `create_ticket` is another wish."""


@dataclass(slots=True)
class Offers:
    """The catalogue, through the policy and the scopes of the workspace and of the caller.

    Nothing here is kept between two requests: the next one may be another caller's, or the same
    caller's with another token. ``inventory`` can be replaced while the server runs.
    """

    access: Access
    inventory: Inventory
    prompts: tuple[PromptSpec, ...] = ()
    resources: tuple[ResourceSpec, ...] = ()
    documents: tuple[DocumentSpec, ...] = ()

    def held(self) -> HeldScopes:
        """The scopes in force for this request."""
        return self.access.held(current_caller().scopes)

    def tools(self) -> tuple[ToolSpec, ...]:
        """In the catalogue's order."""
        return self.inventory.visible(self.held())

    def names(self) -> list[str]:
        """Of the tools."""
        return [spec.name for spec in self.tools()]

    def workspace_names(self) -> list[str]:
        """Of the tools that a caller with every scope is offered."""
        return [spec.name for spec in self.inventory.visible(self.access.held())]

    def usable_prompts(self) -> dict[str, PromptSpec]:
        """Those whose tools are offered, by name."""
        offered = self.names()
        return {p.name: p for p in self.prompts if set(p.uses).issubset(offered)}

    def usable_resources(self) -> list[ResourceSpec]:
        """Those whose tool is offered."""
        offered = self.names()
        return [resource for resource in self.resources if resource.tool in offered]

    def usable_documents(self) -> list[DocumentSpec]:
        """Likewise."""
        offered = self.names()
        return [document for document in self.documents if document.tool in offered]

    def prompt(self, name: str) -> PromptSpec:
        """One by its name.

        Raises:
            MCPError: It is not offered; the nearest that is offered is named.
        """
        usable = self.usable_prompts()
        if name not in usable:
            problem = f"There is no prompt of that name{or_nearest(name, usable)}."
            raise MCPError(code=INVALID_PARAMS, message=problem)
        return usable[name]

    def permitted(self, name: str) -> ToolSpec:
        """The spec of a tool that may be called now.

        Raises:
            UnknownTool: There is none, or it is switched off.
            ReadOnlyWorkspace: It writes, and the workspace is read-only.
            PolicyRefused: Its effect is not allowed.
            ScopeMissing: The effective scopes do not allow it.
        """
        spec, held = self.inventory.find(name), self.held()
        if spec is None:
            close = nearest(name[:64], self.names(), at_least=_CLOSE_ENOUGH)
            raise UnknownTool(exists=False, nearest=close)
        why = self.inventory.why_hidden(spec, held)
        if why == "read_only":
            raise ReadOnlyWorkspace
        if why == "effect":
            self.access.guard.check_effects([spec.effect])
        if why == "scope":
            raise ScopeMissing(spec.scopes, held)
        if why is not None:
            raise UnknownTool(exists=True)
        return spec

    def elsewhere(self, spec: ToolSpec, given: Container[str]) -> dict[str, str]:
        """Where those of a tool's foreign arguments that were given belong, as far as that tool is
        offered.
        """
        foreign = {name: tool for name, tool in spec.elsewhere.items() if name in given}
        offered = self.names() if foreign else ()
        return {name: tool for name, tool in foreign.items() if tool in offered}
