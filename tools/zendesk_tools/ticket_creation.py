"""Creating tickets: internal unless asked otherwise, and never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from mcp_server_zendesk.connection.audit_records import HistoryAudit
from mcp_server_zendesk.connection.errors import NotFound
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.instants import stamp
from mcp_server_zendesk.connection.records import TicketRecord, UserRecord, parse
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.cleaning.text import clean_line, one_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result, Time
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.custom_fields import CustomFields, as_sent, read_custom_fields
from zendesk_tools.names import Author, Names
from zendesk_tools.note_texts import refuse_images
from zendesk_tools.people import as_said, find_agent, find_group
from zendesk_tools.questions import agent, group_named
from zendesk_tools.ticket_changes import CLOSED, ignored_keys, read_ticket
from zendesk_tools.ticket_history import FieldChange, what_happened
from zendesk_tools.ticket_tags import clean_tags
from zendesk_tools.tickets import Id
from zendesk_tools.uploads import files_named
from zendesk_tools.user_changes import Address
from zendesk_tools.users import read_user

_LONGEST_SUBJECT = 1_000
_LONGEST_COMMENT = 65_536
_JUST_NOW = timedelta(seconds=30)
# Told elsewhere in the answer, or the same for every ticket.
_TOLD = {"subject", "description", "requester", "submitter", "status", "custom_status", "tags"}
_USUAL = {"organization", "brand", "ticket_form", "is_public", "current_collaborators"}
_COMPARED = ("priority", "type", "external_id", "assignee_id", "group_id")


class NewTicket(Result):
    """A ticket that was created, and what Zendesk made of it by itself."""

    ticket_id: int
    status: Line | None = None
    first_comment: Literal["public", "internal"] | None = None
    requester: Author | None = None
    requester_created: bool | None = None
    follow_up_of: int | None = None
    created_at: Time | None = None
    tags: list[Line] | None = None
    set_by_zendesk: list[FieldChange] | None = None
    notified: list[Line] | None = None
    not_set: Annotated[
        list[Line] | None, Field(description="Asked for, but Zendesk did not take it over")
    ] = None


@dataclass(frozen=True, slots=True)
class _Asker:
    """Whom a ticket is for: a user by id, an address that Zendesk finds or makes a user of, or
    the server's own user.
    """

    user_id: int | None = None
    address: str | None = None
    user: UserRecord | None = None

    @property
    def sent(self) -> dict[str, Any]:
        if self.address is not None:
            name = self.address.partition("@")[0]
            return {"requester": {"name": name, "email": self.address}}
        return {} if self.user_id is None else {"requester_id": self.user_id}

    @property
    def shown(self) -> str:
        """As a question names it."""
        if self.address is not None:
            return shown.address(self.address)
        if self.user is not None and self.user.id is not None:
            return Names(users={self.user.id: self.user}).address(self.user.id)
        return "the server's own user" if self.user_id is None else f"user {self.user_id}"

    @property
    def reached(self) -> tuple[str, ...]:
        """Whom a public comment, or the welcome of a new user, is mailed to."""
        if self.user is None and self.user_id is None and self.address is None:
            return ()
        return (self.address or (self.user and self.user.email) or f"user {self.user_id}",)


def _within(text: str, longest: int) -> str:
    """Bounds without a byte in the schema."""
    if not text.strip() or len(text) > longest:
        raise ValueError(f"should have 1 to {longest} characters")
    return text


def _a_subject(text: str) -> str:
    return _within(text, _LONGEST_SUBJECT)


def _a_comment(text: str) -> str:
    return _within(text, _LONGEST_COMMENT)


async def create_ticket(
    zendesk: Zendesk,
    subject: Annotated[str, Field(description="Subject line"), AfterValidator(_a_subject)],
    body: Annotated[
        str, Field(description="First comment; Markdown works"), AfterValidator(_a_comment)
    ],
    requester_email: Annotated[
        Address | None,
        Field(description="A new address creates a user"),
    ] = None,
    requester_id: Annotated[
        Id | None, Field(description="Or by id; default: this server's user")
    ] = None,
    public: Annotated[bool, Field(description="true sends body to the requester")] = False,
    priority: Annotated[
        Literal["low", "normal", "high", "urgent"] | None, Field(description="Priority")
    ] = None,
    type: Annotated[  # noqa: A002 - Zendesk's name for it
        Literal["problem", "incident", "question", "task"] | None, Field(description="Type")
    ] = None,
    tags: Annotated[list[str] | None, Field(description="Tags without spaces")] = None,
    assignee: Annotated[str | int | None, Field(description="Id, name, e-mail or `me`")] = None,
    group: Annotated[str | int | None, Field(description="Id or name")] = None,
    custom_fields: CustomFields = None,
    external_id: Annotated[str | None, Field(description="Another system's id")] = None,
    follow_up_of: Annotated[
        Id | None, Field(description="Closed ticket to go on with, for its requester")
    ] = None,
    upload_tokens: Annotated[list[str] | None, Field(description="From upload_attachment")] = None,
) -> NewTicket:
    """Create a ticket; its first comment is an internal note unless public.

    If search_tickets finds one already, go on with it: reply_to_ticket or add_internal_note. If
    public, or if it may create a user, the user has to agree first. The answer tells what Zendesk
    set or mailed by itself.
    """
    if not public:
        refuse_images(body)
    wanted_tags = clean_tags("tags", tags)
    values, fields = await read_custom_fields(zendesk, custom_fields)
    asker = _as_shown(zendesk) or await _asker(zendesk, requester_email, requester_id, follow_up_of)
    asked: dict[str, Any] = {
        "priority": priority,
        "type": type,
        "external_id": external_id,
        "assignee_id": await find_agent(zendesk, as_said("assignee", assignee))
        if assignee is not None
        else None,
        "group_id": await find_group(zendesk, as_said("group", group))
        if group is not None
        else None,
    }
    asked = {key: value for key, value in asked.items() if value is not None}
    comment: dict[str, Any] = {"body": body, "public": public}
    if upload_tokens:
        comment["uploads"] = upload_tokens
    ticket: dict[str, Any] = {
        "subject": one_line(subject),
        "comment": comment,
        **asker.sent,
        **asked,
    }
    if wanted_tags:
        ticket["tags"] = list(wanted_tags)
    if values:
        ticket["custom_fields"] = as_sent(values)
    if follow_up_of is not None:
        ticket["via_followup_source_id"] = follow_up_of
    answer = await zendesk.post("tickets", body={"ticket": ticket})
    record = parse(TicketRecord, answer.body, "ticket")
    titles = {key: field.title or str(key) for key, field in fields.items()}
    not_set = [
        *(_spoken(key) for key in _COMPARED if key in asked and _differs(record, key, asked[key])),
        *(titles.get(key, str(key)) for key in _untaken(record, values)),
        *ignored_keys(answer.warning, ticket),
    ]
    named = {_spoken(key) for key in asked} | {titles.get(key, str(key)) for key in values}
    return await _new_ticket(
        zendesk,
        answer.body,
        record,
        asker,
        follow_up_of=follow_up_of,
        named=named,
        tags=wanted_tags,
        not_set=list(dict.fromkeys(not_set)),
    )


async def _new_ticket(
    zendesk: Zendesk,
    body: Mapping[str, Any],
    record: TicketRecord,
    asker: _Asker,
    *,
    follow_up_of: int | None,
    named: set[str],
    tags: tuple[str, ...],
    not_set: list[str],
) -> NewTicket:
    audit = parse(HistoryAudit, body, "audit") if body.get("audit") else HistoryAudit(id=0)
    update, people = await what_happened(zendesk, audit)
    public = next((event.public for event in audit.events or [] if event.type == "Comment"), None)
    changes = [
        change
        for change in update.changes or []
        if change.field not in _TOLD | _USUAL and (change.field not in named or change.rule)
    ]
    told = set(record.tags or []) != set(tags)
    return NewTicket(
        ticket_id=record.id,
        status=record.status,
        first_comment=None if public is None else "public" if public else "internal",
        requester=people.author(record.requester_id),
        requester_created=_is_new(people, record, asker),
        follow_up_of=follow_up_of,
        created_at=record.created_at,
        tags=record.tags if told else None,
        set_by_zendesk=changes or None,
        notified=update.notified,
        not_set=not_set or None,
    )


def _is_new(people: Names, record: TicketRecord, asker: _Asker) -> bool | None:
    """Whether the address became a user with this ticket; None where it cannot be told."""
    if asker.address is None:
        return None
    user = people.users.get(record.requester_id or 0)
    born: datetime | None = user.created_at if user else None
    if born is None or record.created_at is None:
        return None
    return abs(record.created_at - born) <= _JUST_NOW


def _differs(record: TicketRecord, key: str, wanted: Any) -> bool:
    return str(getattr(record, key)) != str(wanted)


def _untaken(record: TicketRecord, values: Mapping[int, Any]) -> list[int]:
    """Custom fields that were to have a value and have none."""
    there = {field.id for field in record.custom_fields or [] if field.value not in (None, "", [])}
    return [
        key for key, value in values.items() if value not in (None, "", []) and key not in there
    ]


def _spoken(key: str) -> str:
    return key.removesuffix("_id") if key in {"assignee_id", "group_id"} else key


def _as_shown(zendesk: Zendesk) -> _Asker | None:
    """Whom a human was asked about: the same address may be another user's by now."""
    return zendesk.basis if isinstance(zendesk.basis, _Asker) else None


async def _asker(
    zendesk: Zendesk, email: str | None, user_id: int | None, follow_up_of: int | None
) -> _Asker:
    """Who the requester will be.

    Raises:
        InvalidArguments: There are two of them, or Zendesk will not take this one.
    """
    if email is not None and user_id is not None:
        raise InvalidArguments.of("requester_id", "stands beside requester_email; give one of them")
    if email is not None and clean_line(email) != email:
        raise InvalidArguments.of("requester_email", "holds a character that no address has")
    source = await _followed(zendesk, follow_up_of)
    if email is None and user_id is None and source is not None:
        user_id = source.requester_id
    said, argument = (email, "requester_email") if email is not None else (user_id, "requester_id")
    if said is None or not zendesk.may("users:read"):
        return _Asker(user_id=user_id, address=email)
    try:
        user = await read_user(zendesk, said)
    except NotFound:
        if email is None:
            raise InvalidArguments.of("requester_id", "is the id of no user") from None
        return _Asker(address=email)
    except InvalidArguments:
        return _Asker(address=email)  # several have it, and Zendesk knows whose it is
    if email is not None and (user.email or "").casefold() != email.casefold():
        return _Asker(address=email)
    if user.suspended:
        raise InvalidArguments.of(
            argument,
            "is a suspended user, and Zendesk takes no tickets for those; choose another "
            "requester, or ask the user to have an admin lift the suspension",
        )
    return _Asker(user_id=user.id, user=user)


async def _followed(zendesk: Zendesk, follow_up_of: int | None) -> TicketRecord | None:
    """The ticket to follow up, as far as the scopes allow to read it.

    Raises:
        InvalidArguments: It is not closed.
    """
    if follow_up_of is None or not zendesk.may("tickets:read"):
        return None
    source = await read_ticket(zendesk, follow_up_of)
    if source.status != CLOSED:
        raise InvalidArguments.of(
            "follow_up_of",
            "is not closed, and only closed tickets have follow-ups; go on with the ticket itself",
        )
    return source


async def confirm(
    zendesk: Zendesk,
    subject: str,
    body: str,
    requester_email: str | None = None,
    requester_id: int | None = None,
    public: bool = False,
    priority: str | None = None,
    type: str | None = None,  # noqa: A002 - as the tool's
    tags: list[str] | None = None,
    assignee: str | int | None = None,
    group: str | int | None = None,
    custom_fields: dict[str, Any] | None = None,
    external_id: str | None = None,
    follow_up_of: int | None = None,
    upload_tokens: list[str] | None = None,
) -> Question | None:
    """What a human is asked before a ticket is created in public."""
    if not public and requester_email is None:
        return None  # nobody outside learns of it, and nobody becomes a user
    if not public:
        refuse_images(body)
    zendesk.basis = asker = await _asker(zendesk, requester_email, requester_id, follow_up_of)
    if not public and asker.address is None:
        return None
    await read_custom_fields(zendesk, custom_fields)  # nobody is asked in vain
    set_too = [
        ("Priority", priority),
        ("Type", type),
        ("Tags", clean_tags("tags", tags)),
        ("Assignee", await agent(zendesk, assignee)),
        ("Group", await group_named(zendesk, group)),
        ("External id", external_id),
        *(custom_fields or {}).items(),
    ]
    lines = [
        "Create this ticket, whose text is sent to the requester?"
        if public
        else "Create this ticket, with an internal first note?",
        f"Requester: {asker.shown}",
    ]
    if asker.address is not None:
        lines.append(
            "Where no user has that address, Zendesk creates one and may send a welcome or "
            "verification mail, by the account's settings."
        )
    lines.append(f"Subject: {shown.whole(one_line(subject))}")
    if upload_tokens:
        lines.append(f"Attached files: {await files_named(zendesk, upload_tokens)}")
    lines += [
        f"{shown.whole(name)}: {shown.whole(value)}"
        for name, value in set_too
        if value is not None and value not in ("", ())
    ]
    if follow_up_of is not None:
        lines.append(f"Follow-up of ticket {follow_up_of}{await _subject(zendesk, follow_up_of)}")
    lines += shown.letter("The text" if public else "The internal note", body)
    return Question("\n".join(lines), recipients=asker.reached)


async def _subject(zendesk: Zendesk, ticket_id: int) -> str:
    source = await _followed(zendesk, ticket_id)
    if source is None:
        return ""
    changed = f", last changed {stamp(source.updated_at)}" if source.updated_at else ""
    return f": {shown.short(source.subject or '(no subject)')}{changed}"
