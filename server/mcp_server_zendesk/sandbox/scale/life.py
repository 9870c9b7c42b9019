"""The life of a generated ticket: what happens to it when, up to the moment that was "now"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

from mcp_server_zendesk.sandbox.scale.mixing import mix
from mcp_server_zendesk.sandbox.tickets.course import Course
from mcp_server_zendesk.sandbox.tickets.schedule import Schedule

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.scale.bulk import Bulk

Step = Literal[
    "came in",
    "answered",
    "asked back",
    "came back",
    "passed on",
    "noted",
    "held",
    "resumed",
    "solved",
    "reopened",
    "offered",
    "rated",
    "closed",
]
"""`asked back` is an answer that waits for the customer, `came back` the customer's reply."""

STATUS_AFTER: dict[Step, str] = {
    "came in": "new",
    "answered": "open",
    "asked back": "pending",
    "came back": "open",
    "held": "hold",
    "resumed": "open",
    "solved": "solved",
    "reopened": "open",
    "closed": "closed",
}
"""Steps that leave the status alone are left out."""
TAKEN: frozenset[Step] = frozenset({"answered", "asked back"})
REPLIES: frozenset[Step] = frozenset({"answered", "asked back", "solved"})
"""Steps with a public comment of the staff."""
NOTES: frozenset[Step] = frozenset({"noted", "held"})
ASKED: frozenset[Step] = frozenset({"came back", "reopened"})
"""Steps with a comment of the requester."""

SCHEDULE = Schedule()
_DAY = 86_400
_WORKDAY = SCHEDULE.closes - SCHEDULE.opens


def _skewed(median: float, spread: float, most: int) -> tuple[int, ...]:
    """256 quantiles of a log-normal distribution, cut at the most that may be."""
    normal = NormalDist()
    quantiles = (normal.inv_cdf((part + 0.5) / 256) for part in range(256))
    return tuple(min(most, int(median * exp(spread * one))) for one in quantiles)


_TO_ANSWER = _skewed(40 * 60, 1.15, 3 * _WORKDAY)
_TO_SOLVE = _skewed(5 * 3_600, 1.3, 12 * _WORKDAY)
_LEAST = 1_200
_PARTS: dict[Step, float] = {
    "came back": 0.3,
    "passed on": 0.4,
    "noted": 0.45,
    "held": 0.5,
    "resumed": 0.8,
    "solved": 1.0,
}
"""How much of the work between the answer and the first solution is done by then."""
_SLOWEST_ANSWER, _SLOWEST_SOLUTION, _SLOWEST_SECOND = 3 * _WORKDAY, 15 * _WORKDAY, 3 * _WORKDAY
_BACK_AFTER, _BACK_WITHIN = 3 * 3_600, 60 * 3_600
_OFFERED_AFTER, _RATED_AFTER, _RATED_WITHIN = _DAY, 3_600, 50 * 3_600
_CLOSED_AFTER = 4 * _DAY
LONGEST = 45 * _DAY
"""The seconds within which a ticket is over, or stays as it is.

Three workdays to the answer, fifteen to the solution, three days until it is reopened, three
workdays to the next solution, four days until it is closed; with the weekends 41 days.
"""

_URGENT = 3
_PACE_BY_PRIORITY = (1.6, 1.0, 0.6, 0.35)
_PACE_BY_CHANNEL = {"email": 1.0, "web": 1.1, "api": 1.3, "native_messaging": 0.5, "voice": 0.4}


@dataclass(frozen=True, slots=True)
class Life:
    """What has happened, in order; in seconds since the epoch."""

    number: int
    agents: tuple[int, int]
    """Who takes it, and to whom it is passed on: places in `Bulk.agents`."""
    grouped_first: bool
    """Whether a group has it from the beginning."""
    steps: tuple[tuple[int, Step], ...]

    @property
    def created(self) -> int:
        """When it came in."""
        return self.steps[0][0]

    @property
    def updated(self) -> int:
        """When the latest thing happened."""
        return self.steps[-1][0]

    @property
    def status(self) -> str:
        """Its status."""
        return next(STATUS_AFTER[step] for _, step in reversed(self.steps) if step in STATUS_AFTER)

    def agent(self) -> int | None:
        """Whose it is by now, a place in `Bulk.agents`; nobody's before it was answered."""
        agent = None
        for _, step in self.steps:
            if step in TAKEN:
                agent = self.agents[0]
            elif step == "passed on":
                agent = self.agents[1]
        return agent

    def reached(self, wanted: Step) -> int | None:
        """When a step was last taken, if it was."""
        return next((at for at, step in reversed(self.steps) if step == wanted), None)


def life_of(bulk: Bulk, number: int) -> Life:
    """Lives a ticket through, as far as it came by `Bulk.born`."""
    mine, born = bulk.traits(number), bulk.born
    bits = mix(number, 11)
    pace = _PACE_BY_PRIORITY[mine.priority] * _PACE_BY_CHANNEL[mine.channel]
    pace *= bulk.pace(mine.agents[0])
    shape = shape_of(bulk, number)
    steps = _timed(shape, mine.created, pace, bits, urgent=mine.priority == _URGENT)
    while steps[-1][0] > born:
        steps.pop()
    return Life(number, mine.agents, bool(bits >> 63), tuple(steps))


def shape_of(bulk: Bulk, number: int) -> tuple[Step, ...]:
    """What happens to a ticket in the end, without the times."""
    mine = bulk.traits(number)
    bits = mix(number, 12)
    if mine.stuck:
        return _lying(bits & 3)
    rated = bits & 0xFF
    return _settled(
        bits >> 8 & 0xFF < 141,
        bits >> 16 & 0xFF < 26 and bulk.differ(mine.agents),
        bits >> 24 & 0xFF < 64,
        bits >> 32 & 0xFF < 26,
        bits >> 40 & 0xFF < 20,
        2 if rated < 40 else 1 if rated < 140 else 0,
    )


@cache
def _lying(kind: int) -> tuple[Step, ...]:
    """Never looked at; forgotten by the customer; set on hold; or just left."""
    rest: tuple[tuple[Step, ...], ...]
    rest = ((), ("asked back",), ("answered", "held"), ("asked back", "came back", "noted"))
    return ("came in", *rest[kind])


@cache
def _settled(
    waits: bool, passed: bool, noted: bool, held: bool, reopened: bool, rated: int
) -> tuple[Step, ...]:
    steps: list[Step] = ["came in"]
    steps += ["asked back", "came back"] if waits else ["answered"]
    if passed:
        steps.append("passed on")
    if noted:
        steps.append("noted")
    if held:
        steps += ["held", "resumed"]
    steps.append("solved")
    if reopened:
        steps += ["reopened", "solved"]
    if rated:
        steps.append("offered")
    if rated > 1:
        steps.append("rated")
    return (*steps, "closed")


def _timed(
    shape: tuple[Step, ...], created: int, pace: float, bits: int, *, urgent: bool
) -> list[tuple[int, Step]]:
    wait = max(60, min(_SLOWEST_ANSWER, int(_TO_ANSWER[bits & 0xFF] * pace)))
    # Somebody is on call for what is urgent; the rest waits for the office to open.
    answered = created + wait if urgent else SCHEDULE.when(SCHEDULE.worked(created) + wait)
    begun = SCHEDULE.worked(answered)
    effort = max(_LEAST, min(_SLOWEST_SOLUTION, int(_TO_SOLVE[bits >> 8 & 0xFF] * pace)))
    steps: list[tuple[int, Step]] = []
    at = solved = 0
    for step in shape:
        if step in _PARTS and not solved:
            at = SCHEDULE.when(begun + int(effort * _PARTS[step]))
        elif step == "came in":
            at = created
        elif step in TAKEN:
            at = answered
        elif step == "solved":
            again = int(_TO_SOLVE[bits >> 16 & 0xFF] * pace)
            again = max(_LEAST, min(_SLOWEST_SECOND, again))
            at = SCHEDULE.when(SCHEDULE.worked(at) + again)
        elif step == "reopened":
            at = solved + _BACK_AFTER + (bits >> 24 & 0xFFFF) * _BACK_WITHIN // 0x10000
        elif step == "offered":
            at = solved + _OFFERED_AFTER
        elif step == "rated":
            at += _RATED_AFTER + (bits >> 40 & 0xFFFF) * _RATED_WITHIN // 0x10000
        else:
            at = solved + _CLOSED_AFTER
        if step == "solved":
            solved = at
        steps.append((at, step))
    return steps


def course_of(life: Life) -> Course:
    """The moments that metrics are reckoned from."""
    course = Course(life.created)
    course.spoke = course.requester_spoke = life.created
    if life.grouped_first:
        course.grouped.append(life.created)
    for at, step in life.steps:
        if step in STATUS_AFTER:
            course.statuses.append((at, STATUS_AFTER[step]))
        if step in TAKEN or step == "passed on":
            course.assigned.append(at)
            if step == "passed on" or not life.grouped_first:
                course.grouped.append(at)
            # Whoever gets it now has said nothing yet; two agents are never the same person.
            course.assignee_spoke = None
        _spoken(course, at, step)
    return course


def _spoken(course: Course, at: int, step: Step) -> None:
    if step in REPLIES or step in NOTES:
        course.assignee_spoke = course.spoke = at
        if step in REPLIES:
            course.replies.append(at)
    elif step in ASKED:
        course.asked.append(at)
        course.requester_spoke = course.spoke = at
