"""Every path of the sandbox, with its endpoint and the OAuth scope it asks for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.convertors import Convertor
from starlette.routing import compile_path

from mcp_server_zendesk.sandbox.auth import READ, WRITE
from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.endpoints import (
    account,
    comments,
    desk,
    groups,
    many,
    search,
    tags,
    tickets,
    users,
)
from mcp_server_zendesk.sandbox.rules import Rules

Endpoint = Callable[[Call], Answer]

OPEN = "open"
"""No scope is asked for, and no user (`users/me`)."""
BROAD = "broad"
"""No narrow scope covers it: it takes `read` or `write` (`zendesk-api.md` §2.4)."""
JOBS = "jobs"
"""What reading a job takes is a switch of the rules."""


@dataclass(frozen=True)
class Route:
    """One method on one path."""

    method: str
    pattern: re.Pattern[str]
    convertors: dict[str, Convertor[Any]]
    endpoint: Endpoint
    scope: str
    """`OPEN`, `BROAD`, `JOBS`, or the resource whose narrow scopes cover it."""

    def allowed_scopes(self, rules: Rules) -> frozenset[str]:
        """The scopes any one of which is enough: broad ones satisfy narrow ones (§2.4)."""
        kind = READ if self.method == "GET" else WRITE
        if self.scope == JOBS:
            return rules.job_status_scopes
        narrow = () if self.scope == BROAD else (f"{self.scope}:{kind}",)
        return frozenset({kind, *narrow})


@dataclass(frozen=True)
class Found:
    """A route, and the ids that its path names."""

    route: Route
    ids: dict[str, Any]


def _route(method: str, path: str, endpoint: Endpoint, scope: str) -> Route:
    pattern, _, convertors = compile_path(path)
    return Route(method, pattern, convertors, endpoint, scope)


_ROUTES = (
    _route("GET", "/users/me", account.show_me, OPEN),
    _route("GET", "/oauth/tokens/current", account.show_token, OPEN),
    _route("DELETE", "/oauth/tokens/current", account.revoke_token, OPEN),
    _route("GET", "/account/settings", account.show_settings, BROAD),
    _route("GET", "/users", users.list_users, "users"),
    _route("GET", "/users/show_many", users.show_many_users, "users"),
    _route("GET", "/users/search", users.search_users, "users"),
    _route("GET", "/users/autocomplete", users.autocomplete_users, "users"),
    _route("GET", "/users/{id:int}", users.show_user, "users"),
    _route("GET", "/users/{id:int}/identities", users.list_identities, "users"),
    _route("GET", "/users/{id:int}/related", users.show_related, "users"),
    _route("GET", "/users/{id:int}/group_memberships", groups.list_user_memberships, "groups"),
    _route("GET", "/groups", groups.list_groups, "groups"),
    _route("GET", "/groups/assignable", groups.list_groups, "groups"),
    _route("GET", "/groups/{id:int}", groups.show_group, "groups"),
    _route("GET", "/groups/{id:int}/memberships", groups.list_group_memberships, "groups"),
    _route("GET", "/group_memberships", groups.list_memberships, "groups"),
    _route(
        "GET",
        "/organizations",
        desk.listing("organizations", lambda store: store.organizations),
        "organizations",
    ),
    _route(
        "GET",
        "/organizations/{id:int}",
        desk.showing("organizations", "organization", lambda store: store.organizations),
        "organizations",
    ),
    _route(
        "GET",
        "/ticket_fields",
        desk.listing("ticket_fields", lambda store: store.ticket_fields),
        BROAD,
    ),
    _route(
        "GET",
        "/ticket_fields/{id:int}",
        desk.showing("ticket_fields", "ticket_field", lambda store: store.ticket_fields),
        BROAD,
    ),
    _route(
        "GET",
        "/ticket_forms",
        desk.listing("ticket_forms", lambda store: store.ticket_forms),
        BROAD,
    ),
    _route(
        "GET",
        "/ticket_forms/{id:int}",
        desk.showing("ticket_forms", "ticket_form", lambda store: store.ticket_forms),
        BROAD,
    ),
    _route("GET", "/brands", desk.listing("brands", lambda store: store.brands), "brands"),
    _route(
        "GET",
        "/brands/{id:int}",
        desk.showing("brands", "brand", lambda store: store.brands),
        "brands",
    ),
    _route("GET", "/custom_statuses", desk.list_custom_statuses, BROAD),
    _route("GET", "/tickets", tickets.list_tickets, "tickets"),
    _route("POST", "/tickets", tickets.create_ticket, "tickets"),
    _route("GET", "/tickets/show_many", tickets.show_many_tickets, "tickets"),
    _route("PUT", "/tickets/update_many", many.update_many_tickets, "tickets"),
    _route("GET", "/tickets/{id:int}", tickets.show_ticket, "tickets"),
    _route("PUT", "/tickets/{id:int}", tickets.update_ticket, "tickets"),
    _route("GET", "/tickets/{id:int}/comments", comments.list_comments, "tickets"),
    _route("GET", "/tickets/{id:int}/audits", comments.list_audits, BROAD),
    _route("GET", "/tickets/{id:int}/incidents", tickets.list_incidents, "tickets"),
    _route("GET", "/tickets/{id:int}/tags", tags.list_tags, "tickets"),
    _route("PUT", "/tickets/{id:int}/tags", tags.add_tags, "tickets"),
    _route("POST", "/tickets/{id:int}/tags", tags.set_tags, "tickets"),
    _route("DELETE", "/tickets/{id:int}/tags", tags.remove_tags, "tickets"),
    _route("GET", "/job_statuses/{id}", many.show_job_status, JOBS),
    _route("GET", "/search", search.search, BROAD),
    _route("GET", "/search/count", search.count, BROAD),
    _route("GET", "/search/export", search.export, BROAD),
)

TICKET_UPDATES = frozenset({tickets.update_ticket, tags.add_tags})
"""The PUTs that the limit for updates of one ticket counts (`zendesk-api.md` §4)."""


def find_route(method: str, path: str) -> Found | None:
    """The route of a path below `/api/v2`, if there is one; `.json` at its end is optional."""
    path = path.removesuffix(".json")
    for route in _ROUTES:
        match = route.pattern.match(path) if route.method == method else None
        if match:
            ids = {
                name: route.convertors[name].convert(value)
                for name, value in match.groupdict().items()
            }
            return Found(route, ids)
    return None
