"""A tool is a value: everything else about tools is a projection of a tuple of these."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Literal, get_args, get_origin

from mcp_server_zendesk.connection.handle import Reach
from mcp_server_zendesk.connection.scopes import ScopeGroup

Effect = Literal["read", "write", "contact", "irreversible"]

TOOLSETS = (
    "tickets",
    "users",
    "routing",
    "organizations",
    "help_center",
    "attachments",
    "side_conversations",
    "quality",
    "cleanup",
    "admin",
    "analytics",
    "chatgpt",
)
DEFAULT_TOOLSETS = ("tickets", "users", "routing")
ANALYTICS = "analytics"
"""The toolset that an admin switches on by ``analytics``, and nothing else does."""
ALWAYS = "always"
"""The toolset of tools that no toolset switches off."""
EVERY_TOOLSET = "all"
NO_TOOLSET = "none"


Handler = Callable[..., Awaitable[Any]]


@cache
def _function_at(place: str) -> Handler:
    """What stands at ``package.module:function``; its module is imported now."""
    module, _, name = place.partition(":")
    found: Handler = getattr(import_module(module), name)
    return found


@cache
def _signature_of(handler: Callable[..., Any]) -> inspect.Signature:
    """Read once: each call asks for it, and evaluating the annotations takes its time."""
    return inspect.signature(handler, eval_str=True)


@cache
def _arguments_of(handler: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """Likewise."""
    parameters = _signature_of(handler).parameters.values()
    return tuple(p for p in parameters if get_origin(p.annotation) is Annotated)


@dataclass(frozen=True, slots=True)
class Question:
    """What a human is asked before a tool acts.

    ``text`` names what a person recognises, holds all that will be sent, and says as of when (a
    ticket's last change): a yes counts only for the very same question. ``type_back`` is what must
    be typed before something that cannot be undone; without it a yes will do. ``recipients`` are
    all whom the call itself would reach: bare mail addresses, and ``user 123`` or the like where
    the address cannot be seen.
    """

    text: str
    type_back: str | None = None
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool.

    ``handler`` is an async function whose first parameter is the call's ``Zendesk`` handle, or the
    place of one, ``package.module:function``, whose code is imported when it is first needed; its
    name, docstring and signature are the tool's name, description and arguments, its return
    type the answer. A parameter without ``Annotated`` is no argument: the boundary fills it in.
    ``scopes`` are groups, each met by any one member. ``enriched_by`` names scopes that make the
    answer richer where they are held, and are never required. ``elsewhere`` leads from an argument
    that models expect here to the tool that has it.

    ``confirm`` takes what the handler takes and returns the question that a human has to answer
    first, or None where these arguments need none; whatever contacts someone or cannot be undone
    has one.
    """

    handler: Handler | str
    title: str
    toolset: str
    effect: Effect
    scopes: tuple[ScopeGroup, ...] = ()
    enriched_by: tuple[str, ...] = ()
    idempotent: bool = False
    confirm: Callable[..., Awaitable[Question | None]] | str | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict, hash=False)
    name: str = field(init=False)
    """The handler's name."""

    def __post_init__(self) -> None:
        """Fail closed: a tool of these effects without a question is a mistake of ours."""
        handler = self.handler
        name = handler.rpartition(":")[2] if isinstance(handler, str) else handler.__name__
        object.__setattr__(self, "name", name)
        if (self.effect in {"contact", "irreversible"}) != (self.confirm is not None):
            raise TypeError(f"{self.name}: confirm and effect do not agree")

    @property
    def act(self) -> Handler:
        """The handler itself."""
        return _function_at(self.handler) if isinstance(self.handler, str) else self.handler

    @property
    def ask(self) -> Callable[..., Awaitable[Question | None]] | None:
        """The function behind ``confirm``."""
        return _function_at(self.confirm) if isinstance(self.confirm, str) else self.confirm

    def load(self) -> None:
        """Import the code of the tool, which otherwise waits for its first call."""
        _signature_of(self.act)
        if self.ask is not None:
            _signature_of(self.ask)

    @property
    def description(self) -> str:
        """The handler's docstring, one paragraph a line, for a model to read."""
        paragraphs = (inspect.getdoc(self.act) or "").split("\n\n")
        return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    @property
    def parameters(self) -> tuple[inspect.Parameter, ...]:
        """The arguments of the tool."""
        return _arguments_of(self.act)

    @property
    def injected(self) -> dict[str, Any]:
        """What the boundary fills in beside the handle, by type."""
        others = [p for p in self._signature[1:] if get_origin(p.annotation) is not Annotated]
        return {parameter.name: parameter.annotation for parameter in others}

    @property
    def _signature(self) -> tuple[inspect.Parameter, ...]:
        return tuple(_signature_of(self.act).parameters.values())

    @property
    def answer(self) -> Any:
        """The type of the answer."""
        return _signature_of(self.act).return_annotation

    @property
    def reach(self) -> Reach:
        """All that the handle of this tool's calls may do."""
        members = [scope for group in self.scopes for scope in group]
        return Reach(writes=self.effect != "read", scopes=frozenset([*members, *self.enriched_by]))

    @property
    def least_effect(self) -> Effect:
        """What the tool does where its arguments need no question, as its ``confirm`` declares."""
        if self.ask is None or self.effect != "contact":
            return self.effect
        asked = _signature_of(self.ask).return_annotation
        return "write" if type(None) in get_args(asked) else self.effect

    @property
    def hints(self) -> dict[str, bool]:
        """MCP's four annotations, derived from the effect."""
        return {
            "readOnlyHint": self.effect == "read",
            "destructiveHint": self.effect in {"contact", "irreversible"},
            "idempotentHint": self.effect == "read" or self.idempotent,
            "openWorldHint": True,
        }
