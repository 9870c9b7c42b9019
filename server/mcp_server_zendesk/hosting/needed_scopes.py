"""Which scopes a workspace's callers need, by its policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mcp_server_zendesk.connection.scopes import HeldScopes, satisfies, without_implied
from mcp_server_zendesk.serving.inventory import Inventory


class ScopesOfWorkspace:
    """What ``Gate`` asks for, of the policy and the scopes in force at that moment.

    Args:
        inventory: The workspace's.
        held: Its configured and granted scopes, without any caller's.
    """

    def __init__(self, inventory: Callable[[], Inventory], held: Callable[[], HeldScopes]) -> None:
        self._inventory = inventory
        self._held = held

    def at_first(self, *, steps_up: bool) -> tuple[str, ...]:
        """What the tools that only read need; for a client that cannot step up, all tools."""
        held = self._held()
        offered = self._inventory().visible(held)
        wanted = set[str]()
        for spec in offered:
            if spec.effect == "read" or not steps_up:
                wanted.update(next(filter(held.meets, group)) for group in spec.scopes)
                wanted.update(filter(held.meets, spec.enriched_by))
            if spec.effect != "read" and not steps_up:
                wanted.update(self._guards(held))
        return tuple(sorted(without_implied(wanted)))

    def for_tool(self, tool: str, held: frozenset[str]) -> tuple[str, ...]:
        """What a caller has to hold for a tool that the workspace itself offers.

        With it what the policy's guard reads with, where the tool writes: it may need that too.
        """
        inventory, workspace = self._inventory(), replace(self._held(), caller=None)
        spec = inventory.find(tool)
        if spec is None or inventory.why_hidden(spec, workspace) is not None:
            return ()
        missing = replace(workspace, caller=held).missing(spec.scopes)
        if not missing:
            return ()
        wanted = {next(filter(workspace.meets, group)) for group in missing}
        if spec.effect != "read":
            wanted.update(one for one in self._guards(workspace) if not satisfies(held, one))
        return tuple(sorted(held | wanted))

    def _guards(self, held: HeldScopes) -> Iterator[str]:
        return filter(held.meets, self._inventory().policy.guard().reads_with)
