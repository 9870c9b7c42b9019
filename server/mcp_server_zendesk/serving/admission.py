"""What the policy says of a call before a human is asked and before anything is sent for it.

The guard at the connection sees to the same once more, request by request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.connection.guarding.touched import EFFECTS
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.spec import Question, ToolSpec

_CHANGED = ("ticket_id", "ticket_ids", "source_ticket_ids", "target_ticket_id")
_LOOKED_AT = (*_CHANGED, "follow_up_of")
"""Arguments that name the tickets a tool changes, or goes on with."""

_OPENED = "add_domains"
"""The argument by which whoever has an address of a domain becomes one of a company's people."""

_PLACED = frozenset({"group", "assignee"})
"""Arguments that decide in which group a new ticket is."""

_LONGEST_NAME = 100


async def admit(spec: ToolSpec, zendesk: Zendesk, arguments: Mapping[str, Any]) -> None:
    """Look whether the tickets may be touched, and take the places that the call needs.

    A new ticket has to be put into a group where only some are allowed: the model can name one.

    Args:
        spec: Of the tool.
        zendesk: The call's handle.
        arguments: As they were validated.

    Raises:
        InvalidArguments: Where a new ticket goes is left open.
        PolicyRefused: The policy forbids it, or has no place left.
        ZendeskError: The tickets could not be looked at, or the places not counted.
    """
    if spec.effect == "read":
        return
    guard = zendesk.access.guard
    guard.check_recipients(f"*@{domain.strip()}" for domain in arguments.get(_OPENED) or ())
    await guard.check_tickets(zendesk, _tickets(arguments, _LOOKED_AT))
    _check_placed(spec, guard, arguments)
    await guard.reserve(zendesk, max(1, len(_tickets(arguments, _CHANGED))))


def asks(zendesk: Zendesk) -> bool:
    """Whether the policy looks at a tool's question even where no human is to answer it."""
    guard = zendesk.access.guard
    return guard.recipients is not None or guard.effects != EFFECTS


def permit(spec: ToolSpec, zendesk: Zendesk, question: Question | None) -> None:
    """Refuse a call whose question tells that it goes beyond the policy.

    Raises:
        PolicyRefused: By the effect of these very arguments, or by whom they reach.
    """
    guard = zendesk.access.guard
    effects: set[str] = {spec.least_effect if question is None else spec.effect}
    if question is not None and question.recipients:
        effects.add("contact")
        guard.check_recipients(question.recipients)
    guard.check_effects(effects)


def _check_placed(spec: ToolSpec, guard: Guard, arguments: Mapping[str, Any]) -> None:
    names = {parameter.name for parameter in spec.parameters}
    makes_one = _PLACED.issubset(names) and names.isdisjoint(_CHANGED)
    left_open = all(arguments.get(name) is None for name in _PLACED)
    if not (makes_one and left_open and guard.groups is not None and guard.groups.entries):
        return
    raise InvalidArguments.of(
        "group",
        "is required here: an admin lets tickets be made in some groups only (allow_groups), so "
        "name one of them",
        allowed_values=[clean_line(name, _LONGEST_NAME) for name in guard.groups.entries],
    )


def _tickets(arguments: Mapping[str, Any], names: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for name in names:
        value = arguments.get(name)
        found.update(value if isinstance(value, list) else [value] if value is not None else [])
    return found
