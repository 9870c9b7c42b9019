"""One request as an endpoint sees it, and the answer it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_server_zendesk.sandbox.auth import Caller
from mcp_server_zendesk.sandbox.errors import invalid_attribute, too_many_values
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.rules import Rules
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.tickets.writing import Writer
from mcp_server_zendesk.sandbox.wire import Wire

MANY = 100
"""The most records that one call may name (`zendesk-api.md` §3)."""


@dataclass(frozen=True)
class Answer:
    """What an endpoint answers; the headers that every answer has are added later."""

    body: Json | str | bytes | None
    """JSON, text or content of a type that the headers tell, or nothing."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A request that was recognised: who calls, what with, on which records."""

    store: Store
    rules: Rules
    caller: Caller
    wire: Wire
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json
    ids: Mapping[str, Any]
    content: bytes = b""
    """The body as it was sent, for what is no JSON."""

    @property
    def user(self) -> Json:
        """The acting user."""
        return self.caller.user

    def writer(self) -> Writer:
        """Writes tickets as the acting user, now."""
        return Writer.now(self.store, self.rules, self.user)

    def included(self) -> set[str]:
        """The side-loads that `include` asks for."""
        return set(self.query.get("include", "").split(",")) - {""}

    def many(self, name: str) -> list[str]:
        """A list parameter, at most a hundred values long."""
        values = [value for value in self.query.get(name, "").split(",") if value]
        if len(values) > MANY:
            raise too_many_values(MANY)
        return values

    def payload(self, name: str) -> Json:
        """The object under `name` in the request's body."""
        given = self.body.get(name)
        if not isinstance(given, dict):
            raise invalid_attribute(name, "must be an object")
        return given


def number(text: str) -> int:
    """An id out of a query; what is not a number names no record."""
    return int(text) if text.isascii() and text.isdigit() else 0
