"""Side conversations, as far as a tool reads them (``zendesk-api.md`` §5.7). Ids are UUIDs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.records import Moment, Record


class ParticipantRecord(Record):
    """A person, or a group, or a channel of Slack or Teams; one of them is filled in."""

    user_id: int | None = None
    name: str | None = None
    email: str | None = None
    support_group_id: int | None = None
    slack_channel_id: str | None = None
    msteams_channel_id: str | None = None


class SideConversationRecord(Record):
    """A conversation beside a ticket: ``state`` is open or closed."""

    id: str
    subject: str | None = None
    preview_text: str | None = None
    state: str | None = None
    participants: list[ParticipantRecord] | None = None
    created_at: Moment = None
    updated_at: Moment = None
    message_added_at: Moment = None


class FileRecord(Record):
    """A file at a message; it has no id of a ticket's attachment."""

    file_name: str | None = None


class MessageRecord(Record):
    """What was said."""

    sender: Annotated[ParticipantRecord | None, Field(alias="from")] = None
    to: list[ParticipantRecord] | None = None
    body: str | None = None
    html_body: str | None = None
    attachments: list[FileRecord] | None = None


class EventRecord(Record):
    """Something that happened in a conversation. ``message`` is None for a change of its state."""

    id: str
    actor: ParticipantRecord | None = None
    created_at: Moment = None
    message: MessageRecord | None = None
