"""Which tools a workspace shows, and why the others are hidden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from mcp_server_zendesk.connection.guarding.ceilings import Ceilings
from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.connection.guarding.places import Places
from mcp_server_zendesk.connection.guarding.recipients import Recipients
from mcp_server_zendesk.connection.guarding.touched import EFFECTS
from mcp_server_zendesk.connection.nearest import or_nearest
from mcp_server_zendesk.connection.scopes import HeldScopes, without_implied
from mcp_server_zendesk.serving.local_store import Analytics
from mcp_server_zendesk.serving.spec import (
    ALWAYS,
    ANALYTICS,
    DEFAULT_TOOLSETS,
    EVERY_TOOLSET,
    NO_TOOLSET,
    TOOLSETS,
    Effect,
    ToolSpec,
)

Hidden = Literal["excluded", "analytics", "toolset", "read_only", "effect", "scope"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the admin decided. Exclude beats tools, tools beat toolsets, read-only beats all.

    None means no limit, and an empty tuple that nobody and nothing is allowed.
    """

    toolsets: tuple[str, ...] = DEFAULT_TOOLSETS
    tools: tuple[str, ...] = ()
    exclude_tools: tuple[str, ...] = ()
    read_only: bool = False
    confirm: Literal["require", "client"] = "require"
    allow_effects: frozenset[str] = EFFECTS
    allow_recipients: tuple[str, ...] | None = None
    allow_brands: tuple[str, ...] | None = None
    allow_groups: tuple[str, ...] | None = None
    writes_per_minute: int | None = None
    writes_per_session: int | None = None
    redact: tuple[str, ...] = ()
    analytics: Analytics | None = None

    def guard(self) -> Guard:
        """A guard of these limits, with nothing counted yet."""
        recipients, groups, brands = self.allow_recipients, self.allow_groups, self.allow_brands
        ceilings = Ceilings(self.writes_per_minute, self.writes_per_session)
        return Guard(
            effects=self.allow_effects,
            recipients=None if recipients is None else Recipients(recipients),
            groups=None if groups is None else Places("group", groups),
            brands=None if brands is None else Places("brand", brands),
            ceilings=ceilings if self.writes_per_minute or self.writes_per_session else None,
        )

    def check(self, specs: Iterable[ToolSpec]) -> None:
        """Refuse names that do not exist: a typing mistake must not widen or narrow silently.

        Raises:
            ValueError: Names the valid ones and the nearest.
        """
        if NO_TOOLSET in self.toolsets and len(set(self.toolsets)) > 1:
            raise ValueError(f"toolsets: {NO_TOOLSET} stands alone, without other toolsets")
        if ANALYTICS in self.toolsets and self.analytics is None:
            raise ValueError(
                "toolsets: the toolset analytics keeps customer data on this machine; it is "
                "switched on by analytics = true"
            )
        tool_names = [spec.name for spec in specs]
        known = {
            "toolsets": (self.toolsets, [*TOOLSETS, EVERY_TOOLSET, NO_TOOLSET]),
            "tools": (self.tools, tool_names),
            "exclude_tools": (self.exclude_tools, tool_names),
        }
        for setting, (names, valid) in known.items():
            for place, name in enumerate(names, 1):
                if name not in valid:
                    raise ValueError(
                        f"{setting}: entry {place} does not exist{or_nearest(name, valid)}. "
                        f"Valid: {', '.join(valid)}"
                    )


@dataclass(frozen=True, slots=True)
class Inventory:
    """The catalogue seen through a policy."""

    specs: tuple[ToolSpec, ...]
    policy: Policy = field(default_factory=Policy)

    def find(self, name: str) -> ToolSpec | None:
        """A tool of the catalogue, hidden or not."""
        return next((spec for spec in self.specs if spec.name == name), None)

    def why_hidden(self, spec: ToolSpec, held: HeldScopes) -> Hidden | None:
        """The first reason why a tool is not offered; None when it is."""
        policy = self.policy
        if spec.name in policy.exclude_tools:
            return "excluded"
        if why := self._not_chosen(spec):
            return why
        if policy.read_only and spec.effect != "read":
            return "read_only"
        allowed = policy.allow_effects
        if spec.effect not in allowed and spec.least_effect not in allowed:
            return "effect"
        if not held.allows(spec.scopes):
            return "scope"
        return None

    def effect_left(self, spec: ToolSpec) -> Effect:
        """What an offered tool may still do: one that contacts nobody any more only writes."""
        allowed = self.policy.allow_effects
        if self.policy.allow_recipients == ():
            allowed -= {"contact"}
        if spec.effect in allowed or spec.least_effect not in allowed:
            return spec.effect
        return spec.least_effect

    def visible(self, held: HeldScopes) -> tuple[ToolSpec, ...]:
        """What is offered, in the catalogue's order."""
        return tuple(spec for spec in self.specs if self.why_hidden(spec, held) is None)

    def least_scopes(self, configured: frozenset[str]) -> frozenset[str]:
        """What to ask Zendesk for: all that the offered tools can use, and nothing beyond.

        Never empty, which to Zendesk means everything (``zendesk-api.md`` §2.4), and never wider
        than ``configured``.
        """
        held = HeldScopes(configured)
        wanted: set[str] = set()
        for spec in self.visible(held):
            wanted.update(next(filter(held.meets, group)) for group in spec.scopes)
            wanted.update(filter(held.meets, spec.enriched_by))
            if spec.effect != "read":
                wanted.update(filter(held.meets, self.policy.guard().reads_with))
        return without_implied(wanted or configured)

    def _not_chosen(self, spec: ToolSpec) -> Hidden | None:
        toolsets = self.policy.toolsets
        if spec.toolset == ANALYTICS and self.policy.analytics is None:
            return "analytics"
        chosen = (
            spec.toolset == ALWAYS
            or (spec.toolset == ANALYTICS and NO_TOOLSET not in toolsets)
            or spec.name in self.policy.tools
            or spec.toolset in toolsets
            or EVERY_TOOLSET in toolsets
        )
        return None if chosen else "toolset"
