"""What `include` adds to tickets (`zendesk-api.md` §5.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.tickets.metrics import dates_of, metric_set_of
from mcp_server_zendesk.sandbox.tickets.slas import sla_metrics_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_server_zendesk.sandbox.call import Call
    from mcp_server_zendesk.sandbox.records import Json


def shown_tickets(call: Call, tickets: Sequence[Json], included: set[str]) -> list[Json]:
    """Tickets with the side-loads that stand inside each."""
    return [_shown(call, ticket, included) for ticket in tickets]


def beside_tickets(call: Call, tickets: Sequence[Json], included: set[str]) -> Json:
    """The side-loads that stand beside the tickets, as top-level lists."""
    beside: Json = {}
    if "users" in included:
        people = [
            ticket[key]
            for ticket in tickets
            for key in ("requester_id", "submitter_id", "assignee_id")
        ]
        copied = [one for ticket in tickets for one in ticket["collaborator_ids"]]
        beside["users"] = call.wire.users([*people, *copied])
    if "groups" in included:
        beside["groups"] = call.wire.groups(ticket["group_id"] for ticket in tickets)
    if "organizations" in included:
        ids = [ticket["organization_id"] for ticket in tickets]
        beside["organizations"] = call.wire.organizations(ids)
    if "custom_statuses" in included:
        ids = [ticket["custom_status_id"] for ticket in tickets]
        beside["custom_statuses"] = call.wire.custom_statuses(ids)
    return beside


def _shown(call: Call, ticket: Json, included: set[str]) -> Json:
    shown = call.wire.ticket(ticket)
    if "comment_count" in included:
        shown["comment_count"] = len(call.store.comments[ticket["id"]])
    if "metric_sets" in included:
        metric_set = metric_set_of(call.store, ticket)
        shown["metric_set"] = call.wire.shown("ticket_metrics", metric_set)
    if "slas" in included:
        shown["slas"] = {"policy_metrics": sla_metrics_of(call.store, ticket)}
    if "dates" in included:
        shown["dates"] = dates_of(call.store, ticket)
    return shown
