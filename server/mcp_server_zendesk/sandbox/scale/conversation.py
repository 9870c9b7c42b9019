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
from mcp_server_zendesk.sandbox.scale.ratings import score_of
from mcp_server_zendesk.sandbox.text import html_from_plain
from mcp_server_zendesk.sandbox.vocabulary import PRIORITIES

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.scale.bulk import Bulk

_FIRST_ID = 42_000_000_000_000
_IDS_EACH = 64
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
    return _Teller(bulk, number).told()


def _text(step: Step, bits: int, name: str) -> str:
    choices = _SAID[step]
    return choices[(bits & 15) % len(choices)].replace("{name}", name)


class _Teller:
    """Tells one ticket's life in audits."""

    def __init__(self, bulk: Bulk, number: int) -> None:
        self._bulk = bulk
        self._number = number
        self._life = bulk.life(number)
        self._id = _FIRST_ID + number * _IDS_EACH - 1
        self._mine = bulk.traits(number)
        self._requester_id = self._mine.requester["id"]
        self._via = via_channel(self._mine.channel)
        self._by_staff = via_channel("web")
        self._bits = mix(number, 32)
        self._status = "new"
        self._score = "unoffered"
        self._agent: int | None = None
        self._group_id: object = None
        self._values = bulk.values(number, solved=False)
        self._tags = bulk.tags(number, self._values)

    def told(self) -> list[Json]:
        return [self._audit(place, at, step) for place, (at, step) in enumerate(self._life.steps)]

    def _audit(self, place: int, at: int, step: Step) -> Json:
        taken_by = self._taken_by(step)
        author_id, via = self._author(step, taken_by)
        audit: Json = {
            "id": self._next(),
            "ticket_id": self._number,
            "created_at": stamped(at),
            "author_id": author_id,
            "metadata": {"system": {}, "custom": {}},
            "events": [],
            "via": via,
        }
        if step == "came in":
            text = self._bulk.description(self._number)
            self._say(audit, text, html_from_plain(text), step)
            self._create(audit)
        elif step in _SAID:
            text = _text(step, self._bits >> 4 * place, self._mine.requester["name"])
            self._say(audit, text, _markup(text), step)
        if taken_by is not None and taken_by != self._agent:
            self._take(audit, taken_by)
        if step == "solved":
            self._settle(audit)
        after = STATUS_AFTER.get(step)
        if after is not None and after != self._status:
            self._note(audit, "Change", "status", after, self._status)
            self._status = after
        if step in _SCORED:
            score = "offered" if step == "offered" else score_of(self._life)
            self._note(audit, "Change", "satisfaction_score", score, self._score)
            self._score = score
        return audit

    def _taken_by(self, step: Step) -> int | None:
        if step in TAKEN:
            return self._life.agents[0]
        return self._life.agents[1] if step == "passed on" else self._agent

    def _author(self, step: Step, taken_by: int | None) -> tuple[object, Json]:
        if step in _BY_CUSTOMER:
            return self._requester_id, self._via
        if step in _BY_RULE:
            return _AUTOMATION, _by_rule(_BY_RULE[step])
        return self._agent_id(taken_by if self._agent is None else self._agent), self._by_staff

    def _create(self, audit: Json) -> None:
        bulk, number = self._bulk, self._number
        if self._life.grouped_first:
            self._group_id = bulk.agents[self._life.agents[0]]["default_group_id"]
        told = {
            "subject": bulk.subject(number),
            "requester_id": self._requester_id,
            "status": "new",
            "priority": PRIORITIES[self._mine.priority],
            "type": self._mine.type,
            "assignee_id": None,
            "group_id": self._group_id,
            "organization_id": self._mine.requester["organization_id"],
            "tags": self._tags,
            "ticket_form_id": bulk.form(number),
            "brand_id": bulk.brand(number),
        }
        for name, value in told.items():
            self._note(audit, "Create", name, value)
        for key, value in self._values.items():
            self._note(audit, "Create", str(key), value)

    def _take(self, audit: Json, taken_by: int) -> None:
        before = None if self._agent is None else self._agent_id(self._agent)
        self._note(audit, "Change", "assignee_id", self._agent_id(taken_by), before)
        group_id = self._bulk.agents[taken_by]["default_group_id"]
        if group_id != self._group_id:
            self._note(audit, "Change", "group_id", group_id, self._group_id)
        self._agent, self._group_id = taken_by, group_id

    def _settle(self, audit: Json) -> None:
        """The first solution sets the field that is required for it, and the field's tag."""
        values = self._bulk.values(self._number, solved=True)
        resolution = values.get(RESOLUTION_FIELD_ID)
        if resolution is None or RESOLUTION_FIELD_ID in self._values:
            return
        tags = self._bulk.tags(self._number, values)
        self._note(audit, "Change", str(RESOLUTION_FIELD_ID), resolution, None)
        self._note(audit, "Change", "tags", tags, self._tags)
        self._values, self._tags = values, tags

    def _say(self, audit: Json, text: str, markup: str, step: Step) -> None:
        audit["events"].append(
            {
                "id": self._next(),
                "type": "Comment",
                "author_id": audit["author_id"],
                "body": text,
                "html_body": markup,
                "plain_body": text,
                "public": step not in NOTES,
                "attachments": [],
                "audit_id": audit["id"],
            }
        )

    def _note(self, audit: Json, kind: str, name: str, value: object, *before: object) -> None:
        event = {
            "id": self._next(),
            "type": kind,
            "value": _told(value),
            "field_name": name,
        }
        if before:
            event["previous_value"] = _told(before[0])
        audit["events"].append(event)

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
