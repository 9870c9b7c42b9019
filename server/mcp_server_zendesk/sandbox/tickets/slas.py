"""How much time a ticket's SLA policy leaves: the `slas` side-load."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import moment, stamp
from mcp_server_zendesk.sandbox.tickets.metrics import metric_set_of
from mcp_server_zendesk.sandbox.vocabulary import DONE

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store

_WAITING = frozenset({"new", "open", "hold"})


def sla_metrics_of(store: Store, ticket: Json) -> list[Json]:
    """The targets that still run, by the first policy. Tasks have none, nor has what is done.

    Only the keys are attested. The waiting time is reckoned from the creation, as if the ticket
    had never been pending.
    """
    policy = next(iter(store.sla_policies.values()), None)
    if policy is None or ticket["status"] in DONE or ticket["type"] == "task":
        return []
    answered = metric_set_of(store, ticket)["replies"] > 0
    return [
        _running(store, ticket, target)
        for target in policy["policy_metrics"]
        if target["priority"] == ticket["priority"]
        and not (target["metric"] == "first_reply_time" and answered)
    ]


def _running(store: Store, ticket: Json, target: Json) -> Json:
    breach_at = moment(ticket["created_at"]) + timedelta(minutes=target["target"])
    left = int((breach_at - store.now()).total_seconds() // 60)
    unit, size = ("days", 1_440) if abs(left) >= 2_880 else ("minutes", 1)
    paused = target["metric"] == "requester_wait_time" and ticket["status"] not in _WAITING
    return {
        "breach_at": stamp(breach_at),
        "stage": "paused" if paused else "active",
        "metric": target["metric"],
        unit: left // size,
    }
