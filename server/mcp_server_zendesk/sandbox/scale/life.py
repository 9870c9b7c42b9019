"""The life of a generated ticket: what happens to it when, up to the moment that was "now"."""

from __future__ import annotations

from dataclasses import dataclass
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
_SLOWEST_ANSWER, _SLOWEST_SOLUTION, _SLOWEST_SECOND = 3 * _WORKDAY, 15 * _WORKDAY, 3 * _WORKDAY
_BACK_AFTER, _BACK_WITHIN = 3 * 3_600, 60 * 3_600
_OFFERED_AFTER, _RATED_AFTER, _RATED_WITHIN = _DAY, 3_600, 50 * 3_600
_CLOSED_AFTER = 4 * _DAY
LONGEST = 45 * _DAY
"""The seconds within which a ticket is over, or stays as it is.

Three workdays to the answer, fifteen to the solution, three days until it is reopened, three
workdays to the next solution, four days until it is closed; with the weekends 41 days.
"""

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
    created, born = bulk.created(number), bulk.born
    bits, more = mix(number, 11), mix(number, 12)
    priority = bulk.priority(number)
    agents = bulk.agents_for(number)
    pace = _PACE_BY_PRIORITY[priority] * _PACE_BY_CHANNEL[bulk.channel(number)]
    pace *= bulk.pace(agents[0])
    steps = _lived(bulk, number, created, pace, bits, more, urgent=priority == 3)
    if not bulk.differ(agents):
        steps = [one for one in steps if one[1] != "passed on"]
    while steps[-1][0] > born:
        steps.pop()
    return Life(number, agents, bool(bits >> 56 & 1), tuple(steps))


def _lived(
    bulk: Bulk, number: int, created: int, pace: float, bits: int, more: int, *, urgent: bool
) -> list[tuple[int, Step]]:
    steps: list[tuple[int, Step]] = [(created, "came in")]
    stuck = bulk.stuck(number, created)
    if stuck and not more >> 58:
        return steps
    wait = max(60, min(_SLOWEST_ANSWER, int(_TO_ANSWER[bits & 0xFF] * pace)))
    # Somebody is on call for what is urgent; the rest waits for the office to open.
    answered = created + wait if urgent else SCHEDULE.when(SCHEDULE.worked(created) + wait)
    begun = SCHEDULE.worked(answered)
    effort = max(_LEAST, min(_SLOWEST_SOLUTION, int(_TO_SOLVE[bits >> 8 & 0xFF] * pace)))

    def part(of: float) -> int:
        return SCHEDULE.when(begun + int(effort * of))

    waits = bits >> 16 & 0xFF < 141
    steps.append((answered, "asked back" if waits else "answered"))
    if waits and not (stuck and more >> 57 & 1):
        steps.append((part(0.3), "came back"))
    elif waits:
        return steps
    if bits >> 24 & 0xFF < 26:
        steps.append((part(0.4), "passed on"))
    if bits >> 32 & 0xFF < 64:
        steps.append((part(0.45), "noted"))
    if bits >> 40 & 0xFF < 26:
        steps.append((part(0.5), "held"))
        if stuck:
            return steps
        steps.append((part(0.8), "resumed"))
    if stuck:
        return steps
    solved = part(1.0)
    steps.append((solved, "solved"))
    if bits >> 48 & 0xFF < 20:
        back = solved + _BACK_AFTER + (more & 0xFFFF) * _BACK_WITHIN // 0x10000
        again = max(_LEAST, min(_SLOWEST_SECOND, int(_TO_SOLVE[more >> 16 & 0xFF] * pace)))
        solved = SCHEDULE.when(SCHEDULE.worked(back) + again)
        steps += [(back, "reopened"), (solved, "solved")]
    asked = more >> 24 & 0xFF
    if asked < 140:
        offered = solved + _OFFERED_AFTER
        steps.append((offered, "offered"))
        if asked < 40:
            after = _RATED_AFTER + (more >> 32 & 0xFFFF) * _RATED_WITHIN // 0x10000
            steps.append((offered + after, "rated"))
    steps.append((solved + _CLOSED_AFTER, "closed"))
    return steps


def course_of(life: Life) -> Course:
    """The moments that metrics are reckoned from."""
    course = Course(life.created, life.updated)
    agent: int | None = None
    spoke = [0, 0]
    course.spoke = course.requester_spoke = life.created
    if life.grouped_first:
        course.grouped.append(life.created)
    for at, step in life.steps:
        if step in STATUS_AFTER:
            course.statuses.append((at, STATUS_AFTER[step]))
        if step in TAKEN:
            agent = 0
            course.assigned.append(at)
            if not life.grouped_first:
                course.grouped.append(at)
        elif step == "passed on":
            agent = 1
            course.assigned.append(at)
            course.grouped.append(at)
        if step in REPLIES:
            course.replies.append(at)
        if step in ASKED:
            course.asked.append(at)
            course.requester_spoke = at
        if step in REPLIES or step in NOTES:
            spoke[agent or 0] = at
        if step in REPLIES or step in NOTES or step in ASKED:
            course.spoke = at
    if agent is not None:
        # Two agents are never the same person.
        course.assignee_spoke = spoke[agent] or None
    return course
