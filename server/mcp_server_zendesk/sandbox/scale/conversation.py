"""What was said and done in a generated ticket: the audits of its life, and the comments."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import stamped
from mcp_server_zendesk.sandbox.landmarks import RESOLUTION_FIELD_ID
from mcp_server_zendesk.sandbox.records import via_channel
from mcp_server_zendesk.sandbox.scale import wording
from mcp_server_zendesk.sandbox.scale.life import ASKED, NOTES, STATUS_AFTER, TAKEN, Step, shape_of
from mcp_server_zendesk.sandbox.scale.mixing import mix
from mcp_server_zendesk.sandbox.scale.ratings import rating_of
from mcp_server_zendesk.sandbox.text import html_from_plain
from mcp_server_zendesk.sandbox.vocabulary import PRIORITIES

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.scale.bulk import Bulk

_FIRST_ID = 42_000_000_000_000
_IDS_EACH = 128
_IDS_FIRST, _IDS_STEP = 16, 8
"""The first audit takes 24 ids at most, each of the twelve others eight."""
_AUTOMATION = -1
_SAID: dict[Step, tuple[str, ...]] = {
    "answered": wording.ANSWERS,
    "asked back": wording.QUESTIONS,
    "came back": wording.CAME_BACK,
    "noted": wording.NOTES,
    "held": wording.NOTES,
    "solved": wording.SOLUTIONS,
    "reopened": wording.REOPENED,
}
_BY_RULE: dict[Step, str] = {
    "offered": "Request customer satisfaction rating",
    "closed": "Close ticket 4 days after status is set to solved",
}

_SCORED: frozenset[Step] = frozenset({"offered", "rated"})
_BY_CUSTOMER: frozenset[Step] = ASKED | {"came in", "rated"}


def comments_of(bulk: Bulk, number: int) -> list[Json]:
    """The comments of a ticket."""
    return [
        {
            **comment,
            "via": audit["via"],
            "created_at": audit["created_at"],
            "metadata": audit["metadata"],
        }
        for audit in audits_of(bulk, number)
        for comment in audit["events"]
        if comment["type"] == "Comment"
    ]


def texts_of(bulk: Bulk, number: int) -> list[str]:
    """What was said in a ticket, without making the comments."""
    mine = bulk.traits(number)
    if mine.over:
        steps = shape_of(bulk, number)
    else:
        steps = tuple(step for _, step in bulk.life(number).steps)
    bits = mix(number, 32)
    name = mine.requester["name"]
    said = [
        _text(step, bits >> 4 * place, name) for place, step in enumerate(steps) if step in _SAID
    ]
    return [bulk.description(number), *said]


def audits_of(bulk: Bulk, number: int) -> list[Json]:
    """An audit for each step of its life."""
    return [audit_of(bulk, number, place) for place in range(len(bulk.life(number).steps))]


def audit_of(bulk: Bulk, number: int, place: int) -> Json:
    """The audit of one step, whose ids depend on the steps before only by their number."""
    return _Teller(bulk, number, place).audit


def _text(step: Step, bits: int, name: str) -> str:
    choices = _SAID[step]
    return choices[(bits & 15) % len(choices)].replace("{name}", name)


class _Teller:
    """Tells one step of a ticket's life in an audit."""

    def __init__(self, bulk: Bulk, number: int, place: int) -> None:
        life = bulk.life(number)
        self._bulk = bulk
        self._life = life
        self._mine = bulk.traits(number)
        self._id = _FIRST_ID + number * _IDS_EACH + (_IDS_FIRST + place * _IDS_STEP if place else 0)
        at, step = life.steps[place]
        self._agent: int | None = None
        status: str | None = None
        for _, before in life.steps[:place]:
            status = STATUS_AFTER.get(before, status)
            self._agent = self._taken_by(before)
        taken_by = self._taken_by(step)
        author_id, via = self._author(step, taken_by)
        self.audit: Json = {
            "id": self._id,
            "ticket_id": number,
            "created_at": stamped(at),
            "author_id": author_id,
            "metadata": {"system": {}, "custom": {}},
            "events": [],
            "via": via,
        }
        if step == "came in":
            self._create()
        elif step in _SAID:
            bits = mix(number, 32) >> 4 * place
            text = _text(step, bits, self._mine.requester["name"])
            self._say(text, _markup(text), public=step not in NOTES)
        if taken_by is not None and taken_by != self._agent:
            self._take(taken_by)
        if step == "solved" and "solved" not in (one for _, one in life.steps[:place]):
            self._settle()
        after = STATUS_AFTER.get(step)
        if after is not None and status is not None:
            self._note("Change", "status", after, status)
        if step in _SCORED:
            self._rate(step)

    def _taken_by(self, step: Step) -> int | None:
        if step in TAKEN:
            return self._life.agents[0]
        return self._life.agents[1] if step == "passed on" else self._agent

    def _author(self, step: Step, taken_by: int | None) -> tuple[object, Json]:
        if step in _BY_CUSTOMER:
            return self._mine.requester["id"], via_channel(self._mine.channel)
        if step in _BY_RULE:
            return _AUTOMATION, _by_rule(_BY_RULE[step])
        by = taken_by if self._agent is None else self._agent
        return self._agent_id(by), via_channel("web")

    def _create(self) -> None:
        bulk, mine, number = self._bulk, self._mine, self._mine.number
        text = bulk.description(number)
        self._say(text, html_from_plain(text), public=True)
        values = bulk.values(number, solved=False)
        told = {
            "subject": bulk.subject(number),
            "requester_id": mine.requester["id"],
            "status": "new",
            "priority": PRIORITIES[mine.priority],
            "type": mine.type,
            "assignee_id": None,
            "group_id": self._group_id(None),
            "organization_id": mine.requester["organization_id"],
            "tags": bulk.tags(number, values),
            "ticket_form_id": bulk.form(number),
            "brand_id": bulk.brand(number),
        }
        for name, value in told.items():
            self._note("Create", name, value)
        for key, value in values.items():
            self._note("Create", str(key), value)

    def _take(self, taken_by: int) -> None:
        self._note("Change", "assignee_id", self._agent_id(taken_by), self._agent_id(self._agent))
        group_id, before = self._group_id(taken_by), self._group_id(self._agent)
        if group_id != before:
            self._note("Change", "group_id", group_id, before)

    def _group_id(self, agent: int | None) -> object:
        """Whose group has it; before anybody takes it, some wait in the group that they go to."""
        if agent is None:
            if not self._life.grouped_first:
                return None
            agent = self._life.agents[0]
        return self._bulk.agents[agent]["default_group_id"]

    def _settle(self) -> None:
        """The first solution sets the field that is required for it, and the field's tag."""
        bulk, number = self._bulk, self._mine.number
        before, values = bulk.values(number, solved=False), bulk.values(number, solved=True)
        if RESOLUTION_FIELD_ID in values:
            self._note("Change", str(RESOLUTION_FIELD_ID), values[RESOLUTION_FIELD_ID], None)
            self._note("Change", "tags", bulk.tags(number, values), bulk.tags(number, before))

    def _rate(self, step: Step) -> None:
        """An event of a kind of its own; its keys are those of the reference of audit events."""
        rating = rating_of(self._bulk, self._mine.number) if step == "rated" else None
        self.audit["events"].append(
            {
                "id": self._next(),
                "type": "SatisfactionRating",
                "score": rating["score"] if rating else "offered",
                "assignee_id": self._agent_id(self._agent),
                "body": rating["comment"] if rating else None,
            }
        )

    def _say(self, text: str, markup: str, *, public: bool) -> None:
        self.audit["events"].append(
            {
                "id": self._next(),
                "type": "Comment",
                "author_id": self.audit["author_id"],
                "body": text,
                "html_body": markup,
                "plain_body": text,
                "public": public,
                "attachments": [],
                "audit_id": self.audit["id"],
            }
        )

    def _note(self, kind: str, name: str, value: object, *before: object) -> None:
        event = {"id": self._next(), "type": kind, "value": _told(value), "field_name": name}
        if before:
            event["previous_value"] = _told(before[0])
        self.audit["events"].append(event)

    def _agent_id(self, place: int | None) -> object:
        return None if place is None else self._bulk.agents[place]["id"]

    def _next(self) -> int:
        self._id += 1
        return self._id


def _told(value: object) -> object:
    """A value as events tell it: ids and flags are strings there."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value) if isinstance(value, int) else value


@lru_cache(maxsize=512)
def _markup(text: str) -> str:
    """The same few texts come again and again."""
    return html_from_plain(text)


def _by_rule(title: str) -> Json:
    source = {"from": {"id": 41700000006013, "title": title, "deleted": False}}
    return {"channel": "rule", "source": {**source, "to": {}, "rel": "automation"}}
