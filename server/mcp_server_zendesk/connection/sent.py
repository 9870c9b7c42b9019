"""What was really sent to Zendesk to change something, without a word of its content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from mcp_server_zendesk.connection.paths import Segment

_WORDS = frozenset(
    {
        "articles",
        "help_center",
        "identities",
        "merge",
        "organizations",
        "recover_many",
        "reply",
        "sections",
        "side_conversations",
        "suspended_tickets",
        "tags",
        "tickets",
        "translations",
        "update_many",
        "uploads",
        "users",
    }
)
"""The words of paths that are Zendesk's own. Any other one could be somebody's text."""
_NUMBER = re.compile(r"[0-9]{1,19}")
_NUMBERS = re.compile(r"[0-9]{1,19}(,[0-9]{1,19})*")
_MACHINE_MADE = re.compile(r"(V3-)?[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNTOLD = "*"
_BEYOND_ALL_IDS = 10**19
_MOST_IDS = 100

_ANSWERED = {
    "ticket": "ticket",
    "audit": "audit",
    "user": "user",
    "identity": "identity",
    "organization": "organization",
    "article": "article",
    "translation": "translation",
    "side_conversation": "side_conversation",
    "event": "event",
    "job_status": "job",
}
"""The records whose ids an answer tells, by the key under which they stand."""


@dataclass(slots=True)
class Sent:
    """One request that changes something, with each of its attempts.

    ``path`` has ids and Zendesk's own words; what could be text stands as ``*``, and the query is
    left out but for the ``ids`` in it (or in the body). ``statuses`` has one for each attempt
    that left, None where no answer came; it is empty where nothing was sent. ``answered`` has the
    ids of the records in the answer.
    """

    method: str
    path: str
    ids: tuple[int, ...] = ()
    statuses: list[int | None] = field(default_factory=list)
    answered: dict[str, int | str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        method: str,
        path: Sequence[Segment],
        params: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
    ) -> Sent:
        """A request that is about to be sent."""
        return cls(method, "/".join(map(_told, path)), tuple(_ids(params, body))[:_MOST_IDS])

    def answer(self, body: Mapping[str, Any]) -> None:
        """Take the ids out of an answer."""
        for key, name in _ANSWERED.items():
            self._take(name, body.get(key))
        upload, audit = body.get("upload"), body.get("audit")
        if isinstance(upload, Mapping):
            self._take("attachment", upload.get("attachment"))
        events = audit.get("events") if isinstance(audit, Mapping) else None
        for event in events if isinstance(events, list) else ():
            if isinstance(event, Mapping) and event.get("type") == "Comment":
                self._take("comment", event)

    def facts(self) -> dict[str, Any]:
        """As JSON, without what is empty."""
        ids, statuses, answered = list(self.ids), self.statuses, self.answered
        more = {"ids": ids, "statuses": statuses, "answered": answered}
        return {"method": self.method, "path": self.path, **{k: v for k, v in more.items() if v}}

    def _take(self, name: str, record: Any) -> None:
        found = record.get("id") if isinstance(record, Mapping) else None
        if _is_id(found) or (isinstance(found, str) and _MACHINE_MADE.fullmatch(found)):
            self.answered[name] = found


def _told(segment: Segment) -> str:
    text = str(segment)
    word = text.removesuffix(".json")
    known = word in _WORDS or _NUMBER.fullmatch(word) or _MACHINE_MADE.fullmatch(word)
    return text if known else _UNTOLD


def _ids(params: Mapping[str, Any] | None, body: Mapping[str, Any] | None) -> Iterator[int]:
    listed = str((params or {}).get("ids", ""))
    if _NUMBERS.fullmatch(listed):
        yield from map(int, listed.split(","))
    inside = (body or {}).get("ids")
    yield from filter(_is_id, inside if isinstance(inside, list) else ())


def _is_id(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _BEYOND_ALL_IDS
