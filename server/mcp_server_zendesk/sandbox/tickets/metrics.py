"""How long what took in a ticket: the side-loads `dates` and `metric_sets`."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import stamped
from mcp_server_zendesk.sandbox.tickets.course import Course, course_of
from mcp_server_zendesk.sandbox.tickets.schedule import spent
from mcp_server_zendesk.sandbox.vocabulary import DONE

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store
    from mcp_server_zendesk.sandbox.tickets.schedule import Schedule

METRIC_ID_OFFSET = 41_699_000_000_000
WAITING = frozenset({"new", "open", "hold"})
"""The statuses in which the requester waits."""


def dates_of(store: Store, ticket: Json) -> Json:
    """The `dates` side-load."""
    return _dates(course_of(store, ticket))


def metric_set_of(store: Store, ticket: Json) -> Json:
    """The `metric_sets` side-load, in minutes by the calendar and by the account's schedule.

    Without a schedule both are the calendar.
    """
    course, schedule = course_of(store, ticket), store.schedule
    solved = course.solutions()
    now = int(store.now().timestamp())
    return {
        "id": METRIC_ID_OFFSET + ticket["id"],
        "ticket_id": ticket["id"],
        "created_at": ticket["created_at"],
        "updated_at": ticket["updated_at"],
        "group_stations": len(course.grouped),
        "assignee_stations": len(course.assigned),
        "reopens": _reopens(course),
        "replies": len(course.replies),
        **_dates(course),
        "reply_time_in_minutes": _span(schedule, course.created, course.replies[:1]),
        "first_resolution_time_in_minutes": _span(schedule, course.created, solved[:1]),
        "full_resolution_time_in_minutes": _span(
            schedule, course.created, solved[-1:] if course.done else []
        ),
        "agent_wait_time_in_minutes": _in(schedule, course, frozenset({"pending"}), now),
        "requester_wait_time_in_minutes": _in(schedule, course, WAITING, now),
        "on_hold_time_in_minutes": _in(schedule, course, frozenset({"hold"}), now),
    }


def minutes(calendar: int, business: int) -> Json:
    """Seconds by both clocks, told in whole minutes."""
    return {"calendar": calendar // 60, "business": business // 60}


def _dates(course: Course) -> Json:
    solved = course.solutions()
    spoke = course.requester_spoke
    return {
        "assignee_updated_at": _stamp(course.assignee_spoke),
        "requester_updated_at": stamped(course.created if spoke is None else spoke),
        "status_updated_at": stamped(course.statuses[-1][0] if course.statuses else course.created),
        "initially_assigned_at": _stamp(next(iter(course.assigned), None)),
        "assigned_at": _stamp(course.assigned[-1] if course.assigned else None),
        "solved_at": stamped(solved[-1]) if solved and course.done else None,
        "latest_comment_added_at": stamped(course.spoke),
    }


def _reopens(course: Course) -> int:
    values = [status for _, status in course.statuses]
    return sum(before == "solved" and after not in DONE for before, after in pairwise(values))


def _span(schedule: Schedule | None, start: int, ends: list[int]) -> Json:
    if not ends:
        return {"calendar": None, "business": None}
    return minutes(*spent(schedule, start, ends[0]))


def _in(schedule: Schedule | None, course: Course, which: frozenset[str], now: int) -> Json:
    """Minutes in certain statuses, until now."""
    calendar = business = 0
    statuses = course.statuses
    for place, (at, status) in enumerate(statuses):
        if status in which:
            end = statuses[place + 1][0] if place + 1 < len(statuses) else now
            passed, worked = spent(schedule, at, end)
            calendar += passed
            business += worked
    return minutes(calendar, business)


def _stamp(at: int | None) -> str | None:
    return None if at is None else stamped(at)
