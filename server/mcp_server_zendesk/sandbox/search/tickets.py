"""Searching tickets (`zendesk-api.md` §7)."""

from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.search.matching import (
    Matcher,
    Seeker,
    dated,
    equals,
    listed,
    named,
    person,
    ranked,
    text_matches,
)
from mcp_server_zendesk.sandbox.search.query import Term
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.tickets.metrics import dates_of
from mcp_server_zendesk.sandbox.tickets.values import values_of
from mcp_server_zendesk.sandbox.vocabulary import PRIORITIES, STATUSES


def texts_of(store: Store, ticket: Json) -> list[str | None]:
    """What free words are looked for in: subject and comments, the first being the description."""
    return [ticket["subject"], *store.said(ticket["id"])]


def _status(_: Seeker, ticket: Json, term: Term) -> bool:
    return ranked(ticket["status"], term, STATUSES)


def _priority(_: Seeker, ticket: Json, term: Term) -> bool:
    return ranked(ticket["priority"], term, PRIORITIES)


def _field(key: str) -> Matcher:
    def matches(_: Seeker, ticket: Json, term: Term) -> bool:
        return equals(ticket[key], term)

    return matches


def _person(key: str) -> Matcher:
    def matches(seeker: Seeker, ticket: Json, term: Term) -> bool:
        return person(seeker, ticket[key], term)

    return matches


def _date(key: str) -> Matcher:
    def matches(seeker: Seeker, ticket: Json, term: Term) -> bool:
        return dated(ticket[key], term, seeker.now)

    return matches


def _solved(seeker: Seeker, ticket: Json, term: Term) -> bool:
    return dated(dates_of(seeker.store, ticket)["solved_at"], term, seeker.now)


def _tags(_: Seeker, ticket: Json, term: Term) -> bool:
    return listed(ticket["tags"], term)


def _subject(_: Seeker, ticket: Json, term: Term) -> bool:
    return text_matches(_words(term), [ticket["subject"]])


def _description(_: Seeker, ticket: Json, term: Term) -> bool:
    return text_matches(_words(term), [ticket["description"]])


def _comment(seeker: Seeker, ticket: Json, term: Term) -> bool:
    return text_matches(_words(term), texts_of(seeker.store, ticket)[1:])


def _copied(seeker: Seeker, ticket: Json, term: Term) -> bool:
    return any(person(seeker, one, term) for one in ticket["collaborator_ids"])


def _commenter(seeker: Seeker, ticket: Json, term: Term) -> bool:
    said = seeker.store.comments[ticket["id"]]
    return any(person(seeker, comment["author_id"], term) for comment in said)


def _group(seeker: Seeker, ticket: Json, term: Term) -> bool:
    return named(seeker.store.groups, ticket["group_id"], term)


def _organization(seeker: Seeker, ticket: Json, term: Term) -> bool:
    return named(seeker.store.organizations, ticket["organization_id"], term)


def _brand(seeker: Seeker, ticket: Json, term: Term) -> bool:
    return named(seeker.store.brands, ticket["brand_id"], term)


def _form(seeker: Seeker, ticket: Json, term: Term) -> bool:
    return named(seeker.store.ticket_forms, ticket["ticket_form_id"], term)


def _via(_: Seeker, ticket: Json, term: Term) -> bool:
    return equals(ticket["via"]["channel"], term)


def _has_attachment(seeker: Seeker, ticket: Json, term: Term) -> bool:
    attached = any(comment["attachments"] for comment in seeker.store.comments[ticket["id"]])
    return attached == (term.value.casefold() == "true")


def _custom_field(_: Seeker, ticket: Json, term: Term) -> bool:
    field_id = (term.field or "").removeprefix("custom_field_")
    value = values_of(ticket).get(int(field_id) if field_id.isdigit() else 0)
    return _holds(value, term)


def _any_field(_: Seeker, ticket: Json, term: Term) -> bool:
    return any(_holds(value, term) for value in values_of(ticket).values() if value)


def _holds(value: object, term: Term) -> bool:
    if isinstance(value, list):
        return listed(map(str, value), term)
    if term.value == "*":
        return value not in (None, False)
    return equals(value, term)


def _words(term: Term) -> Term:
    return Term(None, ":", term.value, phrase=term.phrase)


TICKET_FIELDS: dict[str, Matcher] = {
    "status": _status,
    "priority": _priority,
    "ticket_type": _field("type"),
    "id": _field("id"),
    "external_id": _field("external_id"),
    "custom_status_id": _field("custom_status_id"),
    "recipient": _field("recipient"),
    "requester": _person("requester_id"),
    "requester_id": _person("requester_id"),
    "submitter": _person("submitter_id"),
    "assignee": _person("assignee_id"),
    "assignee_id": _person("assignee_id"),
    "created": _date("created_at"),
    "created_at": _date("created_at"),
    "updated": _date("updated_at"),
    "updated_at": _date("updated_at"),
    "due_date": _date("due_at"),
    "solved": _solved,
    "tags": _tags,
    "subject": _subject,
    "description": _description,
    "comment": _comment,
    "cc": _copied,
    "commenter": _commenter,
    "group": _group,
    "group_id": _group,
    "organization": _organization,
    "organization_id": _organization,
    "brand": _brand,
    "form": _form,
    "via": _via,
    "has_attachment": _has_attachment,
    "fieldvalue": _any_field,
    "custom_field_": _custom_field,
}
