"""A ticket's history: audits and the events in them, as far as a tool reads them.

Source: Zendesk's ticket audit events reference. Event types are added at any time, so an unknown
one is no error.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mcp_server_zendesk.connection.records import Moment, Record, Via


class Origin(Record):
    """Where something came from: a rule by its title, or another ticket."""

    id: str | None = None
    title: str | None = None
    ticket_id: int | None = None


class Source(Record):
    """``rel`` is ``trigger``, ``automation``, ``macro``, ``follow_up``, ``merge`` …."""

    rel: str | None = None
    origin: Origin | None = Field(default=None, alias="from")


class SourcedVia(Via):
    """How something came in, and from where."""

    source: Source | None = None


class HistoryEvent(Record):
    """One thing that happened in an audit; which keys it has depends on its type."""

    id: int | None = None
    type: str | None = None
    via: SourcedVia | None = None
    field_name: str | None = None
    value: Any = None
    previous_value: Any = None
    public: bool | None = None
    recipients: list[int | str] | None = None
    comment_id: int | None = None
    macro_id: str | None = None
    macro_title: str | None = None
    score: str | None = None
    previous_email_ccs: list[str] | None = None
    current_email_ccs: list[str] | None = None
    previous_followers: list[str] | None = None
    current_followers: list[str] | None = None


class HistoryAudit(Record):
    """One update of a ticket. ``author_id`` is -1 where a business rule did it."""

    id: int
    author_id: int | None = None
    created_at: Moment = None
    via: SourcedVia | None = None
    events: list[HistoryEvent] | None = None
