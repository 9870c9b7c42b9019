"""Business rules and what waits beside them: triggers, automations, suspended tickets, tags."""

from __future__ import annotations

from typing import Any

from mcp_server_zendesk.connection.records import Attachment, Moment, Record


class Condition(Record):
    """One condition. The value is a text, a number, a list or null, by the field."""

    field: str | None = None
    operator: str | None = None
    value: Any = None


class Conditions(Record):
    """All of the first list must hold, and one of the second where it has any."""

    all: list[Condition] | None = None
    any: list[Condition] | None = None


class Action(Record):
    """What a rule does."""

    field: str | None = None
    value: Any = None


class RuleRecord(Record):
    """A trigger or an automation."""

    id: int
    title: str | None = None
    description: str | None = None
    active: bool | None = None
    conditions: Conditions | None = None
    actions: list[Action] | None = None
    updated_at: Moment = None


class SenderRecord(Record):
    """Who wrote a suspended mail; without an id where Zendesk does not know the address."""

    id: int | None = None
    name: str | None = None
    email: str | None = None


class SuspendedRecord(Record):
    """An e-mail that was held back, and is no ticket yet."""

    id: int
    author: SenderRecord | None = None
    subject: str | None = None
    content: str | None = None
    cause: str | None = None
    recipient: str | None = None
    ticket_id: int | None = None
    attachments: list[Attachment] | None = None
    created_at: Moment = None


class TagRecord(Record):
    """A tag, and how often it was used of late."""

    name: str | None = None
    count: int | None = None
