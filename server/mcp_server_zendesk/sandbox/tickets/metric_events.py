"""What the clocks of a ticket did: its metric events.

Six kinds of them are documented, in the reference of ticket metric event types. `reply_time` has
an instance for each time that the requester waits for an answer; the other clocks go on under
their first instance when a ticket is reopened. Which events share a moment, and in which order
they then come, is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import stamped
from mcp_server_zendesk.sandbox.tickets.course import Course, course_of
from mcp_server_zendesk.sandbox.tickets.metrics import WAITING, minutes
from mcp_server_zendesk.sandbox.tickets.schedule import spent
from mcp_server_zendesk.sandbox.vocabulary import DONE

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store
    from mcp_server_zendesk.sandbox.tickets.schedule import Schedule

_FIRST_ID = 45_000_000_000_000
EVENTS_EACH = 256
"""The most metric events that one ticket can have ids for."""

_CLOCKS = (
    ("agent_work_time", frozenset({"new", "open"})),
    ("requester_wait_time", WAITING),
    ("resolution_time", frozenset({"new", "open", "pending", "hold"})),
)
_TARGETS = {"reply_time": "first_reply_time", "requester_wait_time": "requester_wait_time"}
"""The metric of an SLA policy that stands for a clock."""

_Span = tuple[int, int | None, bool]
"""From when to when a clock ran, and whether it then only paused."""
_Happened = tuple[int, str, int, str, "Json"]
"""When, on which clock, in which instance, of which kind, and what more is told."""


def metric_events_of(store: Store, ticket: Json, until: int | None = None) -> list[Json]:
    """The metric events of a ticket, in order.

    Args:
        store: The account, for its schedule and its SLA policies.
        ticket: The ticket.
        until: Breaches after this moment, in seconds, have not happened yet; by default now.
    """
    first = _FIRST_ID + ticket["id"] * EVENTS_EACH
    number = ticket["id"]
    return [
        {
            "id": first + place,
            "ticket_id": number,
            "metric": metric,
            "instance_id": instance,
            "type": kind,
            "time": stamped(at),
            **more,
        }
        for place, (at, metric, instance, kind, more) in enumerate(_happened(store, ticket, until))
    ]


def metric_moments(store: Store, ticket: Json, until: int) -> list[int]:
    """When those events happened, in seconds."""
    return [one[0] for one in _happened(store, ticket, until)]


def _happened(store: Store, ticket: Json, until: int | None) -> list[_Happened]:
    if until is None:
        until = int(store.now().timestamp())
    course, schedule = course_of(store, ticket), store.schedule
    happened = _replies(course, schedule)
    for metric, running in _CLOCKS:
        happened += _clock(course, schedule, metric, running)
    happened += _targets(store, ticket, course, until)
    happened.sort(key=lambda one: one[0])
    return happened[:EVENTS_EACH]


def _replies(course: Course, schedule: Schedule | None) -> list[_Happened]:
    events: list[_Happened] = [(course.created, "reply_time", 1, "activate", {})]
    said = sorted([(at, True) for at in course.replies] + [(at, False) for at in course.asked])
    since: int | None = course.created
    instance = 1
    for at, by_staff in said:
        if by_staff and since is not None:
            status = {"status": minutes(*spent(schedule, since, at))}
            events.append((at, "reply_time", instance, "fulfill", {}))
            events.append((at, "reply_time", instance, "update_status", status))
            since = None
        elif not by_staff and since is None:
            since = at
            instance += 1
            events.append((at, "reply_time", instance, "activate", {}))
    return events


def _clock(
    course: Course, schedule: Schedule | None, metric: str, running: frozenset[str]
) -> list[_Happened]:
    events: list[_Happened] = []
    since: int | None = None
    calendar = business = 0
    done = False
    for at, status in course.statuses:
        if status in running:
            if since is None:
                since = at
                events.append((at, metric, 1, "activate", {}))
        elif since is not None or (status in DONE and not done):
            if since is not None:
                passed, worked = spent(schedule, since, at)
                calendar, business, since = calendar + passed, business + worked, None
            kind = "fulfill" if status in DONE else "pause"
            events.append((at, metric, 1, kind, {}))
            told = {"status": minutes(calendar, business)}
            events.append((at, metric, 1, "update_status", told))
        done = status in DONE
    return events


def _targets(store: Store, ticket: Json, course: Course, until: int) -> list[_Happened]:
    """What the first policy asks for, and where it was not kept. Tasks have no policy."""
    policy = next(iter(store.sla_policies.values()), None)
    if policy is None or ticket["type"] == "task":
        return []
    events: list[_Happened] = []
    for metric, named in _TARGETS.items():
        for target in policy["policy_metrics"]:
            if target["metric"] != named or target["priority"] != ticket["priority"]:
                continue
            told = {
                "target": target["target"],
                "business_hours": target["business_hours"],
                "policy": {key: policy[key] for key in ("id", "title", "description")},
                "target_in_seconds": target["target"] * 60,
            }
            events.append((course.created, metric, 1, "apply_sla", {"sla": told}))
            hours = store.schedule if target["business_hours"] else None
            spans = _first_wait(course) if metric == "reply_time" else _waits(course)
            found = _breach(spans, hours, target["target"] * 60, until)
            if found is not None:
                at, withdrawn = found
                events.append((at, metric, 1, "breach", {"deleted": withdrawn}))
    return events


def _first_wait(course: Course) -> list[_Span]:
    return [(course.created, course.replies[0] if course.replies else None, False)]


def _waits(course: Course) -> list[_Span]:
    """The spans in which the requester waited, until the first solution."""
    spans: list[_Span] = []
    since: int | None = None
    for at, status in course.statuses:
        if status in WAITING:
            since = at if since is None else since
            continue
        if since is not None:
            spans.append((since, at, status not in DONE))
            since = None
        if status in DONE:
            return spans
    return spans if since is None else [*spans, (since, None, False)]


def _breach(
    spans: list[_Span], hours: Schedule | None, target: int, until: int
) -> tuple[int, bool] | None:
    """When a target was missed.

    Where the clock paused before, the breach that had been foreseen is told as deleted. That
    breach events may say `deleted` is documented, when they do is not.
    """
    left = target
    foreseen: int | None = None
    for start, end, paused in spans:
        due = start + left if hours is None else hours.when(hours.worked(start) + left)
        if end is None or due < end:
            return (due, False) if due <= until else None
        if foreseen is None and paused:
            foreseen = due
        left -= spent(hours, start, end)[1]
    return (foreseen, True) if foreseen is not None and foreseen <= until else None
