"""What a route is: a method on a path, its endpoint, and the OAuth scope it asks for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.convertors import Convertor
from starlette.routing import compile_path

from mcp_server_zendesk.sandbox.auth import READ, WRITE
from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.rules import Rules

Endpoint = Callable[[Call], Answer]

OPEN = "open"
"""No scope is asked for, and no user (`users/me`)."""
PUBLIC = "public"
"""Credentials are not even looked at: what is on another host, and signing in."""
BROAD = "broad"
"""No narrow scope covers it: it takes `read` or `write` (`zendesk-api.md` §2.4)."""
JOBS = "jobs"
"""What reading a job takes is a switch of the rules."""


@dataclass(frozen=True)
class Route:
    """One method on one path."""

    method: str
    pattern: re.Pattern[str]
    convertors: Mapping[str, Convertor[Any]]
    endpoint: Endpoint
    scope: str
    """`OPEN`, `PUBLIC`, `BROAD`, `JOBS`, or the resource whose narrow scopes cover it."""

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


def route(method: str, path: str, endpoint: Endpoint, scope: str) -> Route:
    """A route of a path such as `/tickets/{id:int}/tags`."""
    pattern, _, convertors = compile_path(path)
    return Route(method, pattern, convertors, endpoint, scope)


def match(routes: Mapping[str, list[Route]], method: str, path: str) -> Found | None:
    """The first route of a method that a path meets."""
    for one in routes.get(method, ()):
        found = one.pattern.match(path)
        if found:
            ids = {
                name: one.convertors[name].convert(value)
                for name, value in found.groupdict().items()
            }
            return Found(one, ids)
    return None
