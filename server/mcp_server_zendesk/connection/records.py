"""Zendesk's records, as far as a tool reads them.

Every field but the id may be missing or null: plans, roles and years differ. One odd field does not
cost the record, let alone its page: a number stands for a text, a date that cannot be read is None,
a null in a list is left out. Any other type than Zendesk documents is an ``UnreadableResponse``,
never a crash further on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from mcp_server_zendesk.connection.errors import UnreadableResponse
from mcp_server_zendesk.connection.instants import in_utc

RecordT = TypeVar("RecordT", bound=BaseModel)

_LONGEST_NUMBER = 20


def _moment(value: Any, read: ValidatorFunctionWrapHandler) -> datetime | None:
    try:
        return None if value is None else in_utc(read(value))
    except (ValueError, OverflowError):  # not readable, or before all years in UTC
        return None


def _without_nulls(value: Any) -> Any:
    return [entry for entry in value if entry is not None] if isinstance(value, list) else value


Moment = Annotated[datetime | None, WrapValidator(_moment)]
Texts = Annotated[list[str] | None, BeforeValidator(_without_nulls)]
Ids = Annotated[list[int] | None, BeforeValidator(_without_nulls)]


class Record(BaseModel):
    """What all records share: unknown keys are left aside."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,
        coerce_numbers_to_str=True,
    )


class CustomField(Record):
    """A ticket's value of one custom field."""

    id: int
    value: str | int | float | bool | list[str | int] | None = None


class Via(Record):
    """How something came in: ``channel`` is ``web``, ``email``, ``api``, ``rule`` …."""

    channel: str | int | None = None


class TicketRecord(Record):
    """A ticket (``zendesk-api.md`` §5.1)."""

    id: int
    subject: str | None = None
    description: str | None = None
    status: str | None = None
    custom_status_id: int | None = None
    type: str | None = None
    priority: str | None = None
    requester_id: int | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    organization_id: int | None = None
    brand_id: int | None = None
    ticket_form_id: int | None = None
    problem_id: int | None = None
    has_incidents: bool | None = None
    followup_ids: Ids = None
    external_id: str | None = None
    tags: Texts = None
    custom_fields: list[CustomField] | None = None
    email_cc_ids: Ids = None
    collaborator_ids: Ids = None
    follower_ids: Ids = None
    via: Via | None = None
    due_at: Moment = None
    created_at: Moment = None
    updated_at: Moment = None
    is_public: bool | None = None
    comment_count: int | None = None
    metric_set: MetricSet | None = None


class Minutes(Record):
    """A duration in minutes, by the calendar and by business hours."""

    calendar: int | None = None
    business: int | None = None


class MetricSet(Record):
    """A ticket's times and counts (side-load ``metric_sets``)."""

    reopens: int | None = None
    replies: int | None = None
    solved_at: Moment = None
    assigned_at: Moment = None
    latest_comment_added_at: Moment = None
    requester_updated_at: Moment = None
    reply_time_in_minutes: Minutes | None = None
    first_resolution_time_in_minutes: Minutes | None = None
    full_resolution_time_in_minutes: Minutes | None = None
    agent_wait_time_in_minutes: Minutes | None = None
    requester_wait_time_in_minutes: Minutes | None = None
    on_hold_time_in_minutes: Minutes | None = None


class UserRecord(Record):
    """A user, as an agent sees one (``zendesk-api.md`` §8). ``id`` is null for a stranger."""

    id: int | None = None
    name: str | None = None
    email: str | None = None
    role: str | None = None
    role_type: int | None = None
    phone: str | None = None
    alias: str | None = None
    details: str | None = None
    notes: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    organization_id: int | None = None
    default_group_id: int | None = None
    external_id: str | None = None
    tags: Texts = None
    user_fields: dict[str, Any] | None = None
    suspended: bool | None = None
    active: bool | None = None
    verified: bool | None = None
    restricted_agent: bool | None = None
    created_at: Moment = None
    updated_at: Moment = None
    last_login_at: Moment = None


class NamedRecord(Record):
    """A group, an organization, a brand: whatever is shown by its name."""

    id: int
    name: str | None = None


class Attachment(Record):
    """A file at a comment."""

    id: int
    file_name: str | None = None
    content_type: str | None = None
    size: int | None = None
    malware_scan_result: str | None = None


class CommentRecord(Record):
    """A comment (``zendesk-api.md`` §5.3)."""

    id: int
    author_id: int | None = None
    html_body: str | None = None
    plain_body: str | None = None
    body: str | None = None
    public: bool | None = None
    attachments: list[Attachment] | None = None
    via: Via | None = None
    created_at: Moment = None


class AuditEvent(Record):
    """One change in an audit. Values are strings, lists, numbers or null, by the field."""

    type: str | None = None
    field_name: str | None = None
    value: Any = None
    previous_value: Any = None
    id: int | None = None
    public: bool | None = None


class AuditRecord(Record):
    """What one update really did."""

    id: int
    events: list[AuditEvent] | None = None


class FieldOption(Record):
    """A choice: ``value`` is what the API and the tags use."""

    name: str | None = None
    raw_name: str | None = None
    value: str | None = None


class TicketField(Record):
    """A ticket field. System fields have types such as ``status`` or ``priority``."""

    id: int
    type: str | None = None
    title: str | None = None
    active: bool | None = None
    required: bool | None = None
    custom_field_options: list[FieldOption] | None = None
    system_field_options: list[FieldOption] | None = None

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that the field allows; empty for a free field."""
        options = self.custom_field_options or self.system_field_options or []
        return tuple(option.value for option in options if option.value)


class JobResult(Record):
    """One item of a job. A failed one has ``error`` and no ``success`` (§5.6)."""

    id: int | None = None
    index: int | None = None
    success: bool | None = None
    error: str | None = None
    details: str | None = None

    @property
    def failed(self) -> bool:
        """Whether this item was not done, whatever the job's own status says."""
        return self.error is not None or self.success is False


class JobStatus(Record):
    """A background job: queued, working, completed, failed or killed."""

    id: str
    status: str | None = None
    total: int | None = None
    progress: int | None = None
    results: list[JobResult] | JobResult | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in {"completed", "failed", "killed"}

    @property
    def items(self) -> list[JobResult]:
        """The outcome of each item, as far as there is one."""
        return self.results if isinstance(self.results, list) else []


class Token(Record):
    """The token in use (``GET /oauth/tokens/current``)."""

    id: int | None = None
    scopes: list[str] | None = None
    expires_at: Moment = None


def parse(model: type[RecordT], body: Mapping[str, Any], key: str) -> RecordT:
    """One record out of an answer.

    Raises:
        UnreadableResponse: The key is missing, or a field has another type than documented.
    """
    try:
        return model.model_validate(body[key])
    except (KeyError, ValidationError) as error:
        raise UnreadableResponse(f"Zendesk's answer holds no readable {key!r}") from error


def parse_list(model: type[RecordT], body: Mapping[str, Any], key: str) -> list[RecordT]:
    """A list of records out of an answer; an absent side-load is an empty list.

    Raises:
        UnreadableResponse: A record in it is not readable.
    """
    found = body.get(key) or []
    try:
        return [model.model_validate(item) for item in found]
    except (TypeError, ValidationError) as error:
        raise UnreadableResponse(f"Zendesk's answer holds no readable {key!r}") from error


def count_of(body: Mapping[str, Any]) -> int | None:
    """How many there are, where the answer says so readably."""
    said = body.get("count")
    if isinstance(said, str) and said.isdecimal() and len(said) <= _LONGEST_NUMBER:
        return int(said)
    return said if isinstance(said, int) and not isinstance(said, bool) and said >= 0 else None


def more_to_come(
    body: Mapping[str, Any], total: int | None, *, before: int, found: int, size: int
) -> bool:
    """Whether a list by page number goes on: by its count, else by the link to its next page.

    Args:
        body: The answer.
        total: Its count, if it has one.
        before: What the pages before this one held.
        found: What this one holds.
        size: What it may hold.

    Raises:
        UnreadableResponse: The answer claims more and holds nothing.
    """
    if not found:
        if before < total if total is not None else body.get("next_page"):
            raise UnreadableResponse("Zendesk's answer is empty where it claims more")
        return False
    return before + size < total if total is not None else bool(body.get("next_page"))
