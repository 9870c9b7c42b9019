"""When what happened to a ticket, read off its audits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.vocabulary import DONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store

METRIC_ID_OFFSET = 41_699_000_000_000


def dates_of(store: Store, ticket: Json) -> Json:
    """The `dates` side-load."""
    assigned = _changes(store, ticket, "assignee_id")
    solved = [at for at, value in _changes(store, ticket, "status") if value == "solved"]
    said = store.comments[ticket["id"]]
    by_requester = [one["created_at"] for one in said if one["author_id"] == ticket["requester_id"]]
    by_assignee = [one["created_at"] for one in said if one["author_id"] == ticket["assignee_id"]]
    status_changes = _changes(store, ticket, "status")
    return {
        "assignee_updated_at": _last(by_assignee),
        "requester_updated_at": _last(by_requester) or ticket["created_at"],
        "status_updated_at": status_changes[-1][0] if status_changes else ticket["created_at"],
        "initially_assigned_at": assigned[0][0] if assigned else None,
        "assigned_at": assigned[-1][0] if assigned else None,
        "solved_at": _last(solved) if ticket["status"] in DONE else None,
        "latest_comment_added_at": said[-1]["created_at"],
    }


def metric_set_of(store: Store, ticket: Json) -> Json:
    """The `metric_sets` side-load. There is no business schedule: both clocks are the calendar."""
    statuses = _changes(store, ticket, "status")
    solved = [at for at, value in statuses if value == "solved"]
    customers = {key for key, user in store.users.items() if user["role"] == "end-user"}
    replies = [
        one["created_at"]
        for one in store.comments[ticket["id"]][1:]
        if one["public"] and one["author_id"] not in customers
    ]
    return {
        "id": METRIC_ID_OFFSET + ticket["id"],
        "ticket_id": ticket["id"],
        "created_at": ticket["created_at"],
        "updated_at": ticket["updated_at"],
        "group_stations": _stations(store, ticket, "group_id"),
        "assignee_stations": _stations(store, ticket, "assignee_id"),
        "reopens": _reopens(statuses),
        "replies": len(replies),
        **dates_of(store, ticket),
        "reply_time_in_minutes": _span(ticket["created_at"], replies[:1]),
        "first_resolution_time_in_minutes": _span(ticket["created_at"], solved[:1]),
        "full_resolution_time_in_minutes": _span(ticket["created_at"], solved[-1:]),
        "agent_wait_time_in_minutes": _spent(store, statuses, {"pending"}),
        "requester_wait_time_in_minutes": _spent(store, statuses, {"new", "open", "hold"}),
        "on_hold_time_in_minutes": _spent(store, statuses, {"hold"}),
    }


def _events(store: Store, ticket: Json, field_name: str) -> Iterator[tuple[str, Json]]:
    for audit in store.audits[ticket["id"]]:
        for event in audit["events"]:
            if event.get("field_name") == field_name:
                yield audit["created_at"], event


def _changes(store: Store, ticket: Json, field_name: str) -> list[tuple[str, str]]:
    """When a field got which value, nulls left out."""
    events = _events(store, ticket, field_name)
    return [(at, event["value"]) for at, event in events if event["value"] is not None]


def _stations(store: Store, ticket: Json, field_name: str) -> int:
    return len(_changes(store, ticket, field_name))


def _reopens(statuses: list[tuple[str, str]]) -> int:
    values = [value for _, value in statuses]
    return sum(before == "solved" and after not in DONE for before, after in pairwise(values))


def _span(start: str, ends: list[str]) -> Json:
    if not ends:
        return {"calendar": None, "business": None}
    minutes = int((moment(ends[0]) - moment(start)).total_seconds() // 60)
    return {"calendar": minutes, "business": minutes}


def _spent(store: Store, statuses: list[tuple[str, str]], which: set[str]) -> Json:
    """Minutes spent in certain statuses, until now."""
    now = store.now()
    ends = [moment(at) for at, _ in statuses[1:]] + [now]
    seconds = sum(
        (end - moment(at)).total_seconds()
        for (at, value), end in zip(statuses, ends, strict=False)
        if value in which
    )
    return {"calendar": int(seconds // 60), "business": int(seconds // 60)}


def _last(stamps: list[str]) -> str | None:
    return stamps[-1] if stamps else None


def metric_events_of(store: Store, ticket: Json) -> list[Json]:
    """What the clocks of a ticket did: started with it, stopped at an answer or a solution."""
    metrics = metric_set_of(store, ticket)
    first_id = METRIC_ID_OFFSET * 2 + ticket["id"] * 16
    staff = [
        one["created_at"]
        for one in store.comments[ticket["id"]][1:]
        if one["public"] and one["author_id"] != ticket["requester_id"]
    ]
    ends = {
        "reply_time": staff[0] if staff else None,
        "requester_wait_time": metrics["solved_at"],
        "full_resolution_time": metrics["solved_at"],
    }
    events = [
        (metric, kind, at)
        for metric, end in ends.items()
        for kind, at in (("activate", ticket["created_at"]), ("fulfill", end))
        if at is not None
    ]
    return [
        {"id": first_id + number, "ticket_id": ticket["id"], "metric": metric}
        | {"instance_id": 1, "type": kind, "time": at}
        for number, (metric, kind, at) in enumerate(events)
    ]
