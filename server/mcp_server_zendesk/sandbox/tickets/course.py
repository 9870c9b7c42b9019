"""The course of a ticket: the moments that its metrics are reckoned from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.vocabulary import DONE

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store


@dataclass(slots=True)
class Course:
    """What happened to one ticket, in seconds since the epoch, each list in order."""

    created: int
    statuses: list[tuple[int, str]] = field(default_factory=list)
    """Which status it got when, from `new` on."""
    grouped: list[int] = field(default_factory=list)
    assigned: list[int] = field(default_factory=list)
    replies: list[int] = field(default_factory=list)
    """Public comments of the staff, the first comment left out."""
    asked: list[int] = field(default_factory=list)
    """Comments of customers, the first one left out."""
    requester_spoke: int | None = None
    """The latest comment of the requester."""
    assignee_spoke: int | None = None
    spoke: int = 0
    """The latest comment of all."""

    @property
    def status(self) -> str:
        """The latest status."""
        return self.statuses[-1][1] if self.statuses else "new"

    @property
    def done(self) -> bool:
        """Whether it is solved or closed."""
        return self.status in DONE

    def solutions(self) -> list[int]:
        """When it was solved."""
        return [at for at, status in self.statuses if status == "solved"]


def course_of(store: Store, ticket: Json) -> Course:
    """The course of a ticket: a generated one knows its own, of any other its audits tell."""
    known = getattr(store.audits, "course", None)
    found: Course | None = known(ticket["id"]) if known is not None else None
    return _told(store, ticket) if found is None else found


def _told(store: Store, ticket: Json) -> Course:
    course = Course(seconds(ticket["created_at"]))
    moments = {"group_id": course.grouped, "assignee_id": course.assigned}
    for audit in store.audits.get(ticket["id"], ()):
        at = seconds(audit["created_at"])
        for event in audit["events"]:
            name, value = event.get("field_name"), event.get("value")
            if name == "status":
                course.statuses.append((at, value))
            elif name in moments and value is not None:
                moments[name].append(at)
    for place, comment in enumerate(store.comments.get(ticket["id"], ())):
        _said(store, ticket, course, comment, first=place == 0)
    return course


def _said(store: Store, ticket: Json, course: Course, comment: Json, *, first: bool) -> None:
    at, author_id = seconds(comment["created_at"]), comment["author_id"]
    course.spoke = at
    if author_id == ticket["requester_id"]:
        course.requester_spoke = at
    if author_id == ticket["assignee_id"]:
        course.assignee_spoke = at
    if first:
        return
    author = store.users.get(author_id)
    if author is not None and author["role"] == "end-user":
        course.asked.append(at)
    elif comment["public"]:
        course.replies.append(at)


def seconds(at: str) -> int:
    """A stamp in seconds since the epoch."""
    return int(moment(at).timestamp())
