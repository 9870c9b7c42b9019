"""A ticket on its way to being written: the state before, the keys so far, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.errors import Problems

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.rules import Rules
    from mcp_server_zendesk.sandbox.store import Store


@dataclass
class Draft:
    """Collects the new values of a ticket; nothing is written until all of them are valid.

    Lists in `after` are replaced, never changed in place: `before` may share them.
    """

    store: Store
    rules: Rules
    by: Json
    before: Json
    wanted: Json
    creating: bool = False
    after: Json = field(init=False)
    problems: Problems = field(default_factory=Problems)

    def __post_init__(self) -> None:
        self.after = dict(self.before)

    def changed(self) -> Json:
        """The keys whose values differ from before."""
        return {name: value for name, value in self.after.items() if self.before.get(name) != value}
