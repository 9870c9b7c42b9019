"""Zendesk's OAuth scopes: their names, what satisfies what, and what a request needs.

Source: ``zendesk-api.md`` §2.4. The list of names is not certified complete, so an unknown name
is an error in a configuration (a typing mistake there grants nothing) but not in a token.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mcp_server_zendesk.connection.nearest import or_nearest

ScopeGroup = tuple[str, ...]
"""Alternatives: any one of them meets the need."""

_BOTH = (
    "tickets",
    "users",
    "organizations",
    "hc",
    "apps",
    "automations",
    "targets",
    "triggers",
    "macros",
    "requests",
    "satisfaction_ratings",
    "dynamic_content",
    "themes",
    "zis",
    "webhooks",
    "account_settings",
    "brands",
    "custom_objects",
    "deletion_schedules",
    "groups",
    "sla_policies",
    "ticket_attachments",
    "ticket_views",
)
_SINGLE = ("auditlogs:read", "security:read", "any_channel:write", "web_widget:write")

KNOWN_SCOPES: frozenset[str] = frozenset(
    {
        "read",
        "write",
        "impersonate",
        *_SINGLE,
        *(f"{name}:{kind}" for name in _BOTH for kind in ("read", "write")),
    }
)

# The first segment of a path, and the resource whose narrow scopes cover it. What is not here
# (search, ticket fields, job statuses, …) has no narrow scope and needs broad `read` or `write`.
_NARROW = {
    "tickets": "tickets",
    "users": "users",
    "organizations": "organizations",
    "groups": "groups",
    "group_memberships": "groups",
    "macros": "macros",
    "brands": "brands",
    "views": "ticket_views",
    "uploads": "ticket_attachments",
    "attachments": "ticket_attachments",
    "satisfaction_ratings": "satisfaction_ratings",
    "slas": "sla_policies",
    "triggers": "triggers",
    "automations": "automations",
    "help_center": "hc",
}
_NO_SCOPE = {("users", "me"), ("oauth", "tokens", "current")}
# Ticket sub-resources that the narrow ticket scopes do not cover.
_BROAD_BELOW_TICKETS = {"audits", "metrics"}


def parse_scopes(text: str | Iterable[str]) -> frozenset[str]:
    """Read space-separated scope names.

    Raises:
        ValueError: A name is unknown, or none is given; names the nearest valid one.
    """
    names = text.replace(",", " ").split() if isinstance(text, str) else list(text)
    if not names:
        raise ValueError("no scope is given; the least is 'read'")
    for name in map(str, names):
        if name not in KNOWN_SCOPES:
            raise ValueError(
                f"a scope is not one of Zendesk's{or_nearest(name, KNOWN_SCOPES)}. "
                f"Valid: {', '.join(sorted(KNOWN_SCOPES))}"
            )
    return frozenset(names)


def satisfies(held: Iterable[str], scope: str) -> bool:
    """Whether ``held`` meets ``scope``: ``read`` covers every ``*:read``, ``write`` ``*:write``."""
    held = frozenset(held)
    _, colon, kind = scope.partition(":")
    return scope in held or bool(colon and kind in held)


def without_implied(scopes: Iterable[str]) -> frozenset[str]:
    """The same rights in fewer names: with ``read``, ``tickets:read`` says nothing more."""
    given = frozenset(scopes)
    return frozenset(scope for scope in given if not satisfies(given - {scope}, scope))


def requirement(method: str, path: Sequence[str | int]) -> str | None:
    """The narrowest scope that a request to this path needs; None where Zendesk asks for none."""
    segments = tuple(str(segment) for segment in path)
    if segments in _NO_SCOPE and method == "GET":
        return None
    kind = "read" if method == "GET" else "write"
    narrow = _NARROW.get(segments[0])
    if narrow == "tickets" and _BROAD_BELOW_TICKETS.intersection(segments[1:]):
        narrow = None
    return f"{narrow}:{kind}" if narrow else kind


@dataclass(frozen=True, slots=True)
class HeldScopes:
    """The three layers whose common part is effective. A None layer limits nothing."""

    configured: frozenset[str]
    granted: frozenset[str] | None = None
    caller: frozenset[str] | None = None

    @property
    def layers(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Each layer that limits, by the name of who can widen it."""
        named = (("workspace", self.configured), ("token", self.granted), ("caller", self.caller))
        return tuple((name, held) for name, held in named if held is not None)

    def meets(self, scope: str) -> bool:
        """Whether every layer meets one scope."""
        return all(satisfies(held, scope) for _, held in self.layers)

    def allows(self, groups: Iterable[ScopeGroup]) -> bool:
        """Whether every group is met by one of its members in every layer."""
        return all(any(self.meets(scope) for scope in group) for group in groups)

    def missing(self, groups: Iterable[ScopeGroup]) -> tuple[ScopeGroup, ...]:
        """The groups that are not met."""
        return tuple(group for group in groups if not any(self.meets(scope) for scope in group))

    def lacking(self, groups: Iterable[ScopeGroup]) -> tuple[str, ...]:
        """Which layers fall short of the groups: ``workspace``, ``token`` or ``caller``."""
        wanted = tuple(groups)
        short = tuple(
            name
            for name, held in self.layers
            if not all(any(satisfies(held, scope) for scope in group) for group in wanted)
        )
        if short or self.allows(wanted):
            return short
        return tuple(name for name, _ in self.layers)  # each holds another member of a group

    @property
    def effective(self) -> tuple[str, ...]:
        """Every scope that some layer names and all layers meet, sorted."""
        named = frozenset[str]().union(*(held for _, held in self.layers))
        return tuple(sorted(scope for scope in named if self.meets(scope)))
