"""The conditions of views, triggers and automations, met by a ticket or not.

Known are the fields and operators that the seeded rules use, and the commonest others; what is
not known is met by no ticket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.tickets.values import values_of
from mcp_server_zendesk.sandbox.vocabulary import PRIORITIES, STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store

_ORDERS: dict[str, Sequence[str]] = {"status": STATUSES, "priority": PRIORITIES}
_CUSTOM = "custom_fields_"
_HOURS = {"NEW": "created_at", "created_at": "created_at", "updated_at": "updated_at"}


def meets(store: Store, ticket: Json, user: Json, conditions: Json) -> bool:
    """Whether a ticket meets all of `all` and, where there are any, one of `any`."""
    every: Sequence[Json] = conditions.get("all") or ()
    some: Sequence[Json] = conditions.get("any") or ()
    return all(_holds(store, ticket, user, one) for one in every) and (
        not some or any(_holds(store, ticket, user, one) for one in some)
    )


def _holds(store: Store, ticket: Json, user: Json, condition: Json) -> bool:
    name, operator, wanted = condition["field"], condition["operator"], condition.get("value")
    if name == "current_tags":
        words = str(wanted or "").split()
        return any(word in ticket["tags"] for word in words) is (operator == "includes")
    if name in _HOURS:
        hours = (store.now() - moment(ticket[_HOURS[name]])).total_seconds() / 3600
        return _compared(hours, operator, float(wanted or 0))
    if name in _ORDERS and operator in _COMPARISONS:
        order = _ORDERS[name]
        value = ticket[name]
        return value in order and _compared(order.index(value), operator, order.index(str(wanted)))
    if name.startswith(_CUSTOM):
        value = values_of(ticket).get(int(name.removeprefix(_CUSTOM)))
    elif name in ticket:
        value = ticket[name]
    else:
        return False
    same = _told(value) in _meant(store, user, name, wanted)
    return same if operator in {"is", "includes"} else not same


def _meant(store: Store, user: Json, name: str, wanted: Any) -> set[str]:
    if wanted == "current_user":
        return {str(user["id"])}
    if wanted == "current_groups":
        return {str(one) for one in store.groups_of(user["id"])}
    if wanted == "requester_id" and name != "requester_id":
        return set()
    return {_told(wanted)}


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _compared(left: float, operator: str, right: float) -> bool:
    comparison = _COMPARISONS.get(operator)
    return comparison is not None and comparison(left, right)


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "less_than": lambda left, right: left < right,
    "less_than_equal": lambda left, right: left <= right,
    "greater_than": lambda left, right: left > right,
    "greater_than_equal": lambda left, right: left >= right,
}
