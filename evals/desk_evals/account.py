"""What is different in an account: each change as a line that a person can read.

    ticket 1002: priority none → high
    ticket 1006: tags +churn_risk
    ticket 1001: public comment by Ada Okafor: It is on its way.
    user lena.bergstrom@fjallgarden.example: phone +46 63 555 0142 → +46 8 555 012 34
    mail on ticket 1025 to jo@tentworkshop.example: Do you have a pole?

A record that came has its name and ``created``, one that went ``deleted``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from mcp_server_zendesk.sandbox import Store
from mcp_server_zendesk.sandbox.records import Json

Facts = dict[str, str | tuple[str, ...]]
"""What is so of a record: a text for what is replaced, several for what is added to."""
Account = dict[str, Facts]

_NOTHING = "none"
_TICKET = ("subject", "status", "priority", "type", "problem_id", "due_at", "external_id")
_USER = ("name", "phone", "alias", "notes", "details", "external_id", "role", "suspended")
_ORGANIZATION = ("name", "notes", "details", "external_id")
_ARTICLE = ("draft", "section_id", "promoted", "user_segment_id", "permission_group_id")


def account_of(store: Store) -> Account:
    """All that an agent could change, by the name of its record."""
    account: Account = {}
    for ticket in store.tickets.values():
        account[f"ticket {ticket['id']}"] = _ticket(store, ticket)
    for user in store.users.values():
        account[f"user {_address(store, user['id'])}"] = _user(store, user)
    for organization in store.organizations.values():
        account[f"organization {organization['id']}"] = {
            **_plain(organization, _ORGANIZATION),
            "group": _named(store.groups, organization.get("group_id")),
            "tags": tuple(organization["tags"]),
            "domains": tuple(organization["domain_names"]),
        }
    for article in store.articles.values():
        account[f"article {article['id']}"] = _article(store, article)
    for conversation in store.side_conversations.values():
        name = f"mail on ticket {conversation['ticket_id']} ({conversation['id']})"
        account[name] = {"state": conversation["state"], "mails": tuple(_mails(conversation))}
    for suspended in store.suspended_tickets.values():
        account[f"suspended mail {suspended['id']}"] = {"subject": suspended["subject"]}
    return account


def changes(before: Account, after: Account) -> list[str]:
    """Each difference as a line, in the order of the records."""
    lines: list[str] = []
    for name in (*before, *(name for name in after if name not in before)):
        lines += _changed(name, before.get(name), after.get(name))
    return lines


def _changed(name: str, before: Facts | None, after: Facts | None) -> Iterator[str]:
    if after is None:
        yield f"{name}: deleted"
        return
    if before is None:
        yield f"{name}: created"
    for fact, now in after.items():
        was = (before or {}).get(fact, () if isinstance(now, tuple) else _NOTHING)
        if isinstance(now, str):
            if now != was:
                yield f"{name}: {fact} {was} → {now}"
            continue
        yield from _members(name, fact, Counter(was), Counter(now))


def _members(name: str, fact: str, was: Counter[str], now: Counter[str]) -> Iterator[str]:
    for one in (now - was).elements():
        if fact == "mails":
            yield f"{name.rpartition(' (')[0]} {one}"
        else:
            yield f"{name}: {one}" if fact == "comments" else f"{name}: {fact} +{one}"
    for one in (was - now).elements():
        yield f"{name}: {fact} -{one}"


def _ticket(store: Store, ticket: Json) -> Facts:
    titles = {field["id"]: field["title"] for field in store.ticket_fields.values()}
    return {
        **_plain(ticket, _TICKET),
        "custom status": _named(
            store.custom_statuses, ticket["custom_status_id"], key="agent_label"
        ),
        "requester": _address(store, ticket["requester_id"]),
        "assignee": _named(store.users, ticket["assignee_id"]),
        "group": _named(store.groups, ticket["group_id"]),
        "organization": _named(store.organizations, ticket["organization_id"]),
        "form": _named(store.ticket_forms, ticket["ticket_form_id"]),
        "brand": _named(store.brands, ticket["brand_id"]),
        "tags": tuple(ticket["tags"]),
        "copies to": tuple(_address(store, one) for one in ticket.get("email_cc_ids") or ()),
        "followers": tuple(_address(store, one) for one in ticket.get("follower_ids") or ()),
        "follow-ups": tuple(map(str, ticket.get("followup_ids") or ())),
        "comments": tuple(_said(store, one) for one in store.comments[ticket["id"]]),
        **{titles[one["id"]]: _told(one["value"]) for one in ticket["custom_fields"]},
    }


def _said(store: Store, comment: Json) -> str:
    kind = "public comment" if comment["public"] else "note"
    files = "".join(f" [{file['file_name']}]" for file in comment.get("attachments") or ())
    author = store.users.get(comment["author_id"], {"name": "nobody known"})
    return f"{kind} by {author['name']}: {_line(comment['plain_body'])}{files}"


def _user(store: Store, user: Json) -> Facts:
    return {
        **_plain(user, _USER),
        "organization": _named(store.organizations, user["organization_id"]),
        "tags": tuple(user["tags"]),
        "addresses": tuple(one["value"] for one in store.identities.get(user["id"], ())),
        **{f"field {key}": _told(value) for key, value in (user.get("user_fields") or {}).items()},
    }


def _article(store: Store, article: Json) -> Facts:
    facts: Facts = {**_plain(article, _ARTICLE), "labels": tuple(article["label_names"])}
    for locale, text in store.translations.get(article["id"], {}).items():
        facts |= {f"{locale} {key}": _told(text[key]) for key in ("title", "body", "draft")}
    return facts


def _mails(conversation: Json) -> Iterator[str]:
    for event in conversation["events"]:
        message = event["message"]
        to = ", ".join(str(one.get("email") or one.get("user_id")) for one in message["to"])
        yield f"to {to}: {_line(message['body'])}"


def _plain(record: Json, keys: tuple[str, ...]) -> Facts:
    return {key: _told(record.get(key)) for key in keys}


def _named(records: dict[int, Json], number: int | None, key: str = "name") -> str:
    return _NOTHING if number is None else _told(records[number][key])


def _address(store: Store, number: int) -> str:
    user = store.users[number]
    return str(user["email"] or number)


def _told(value: Any) -> str:
    return _NOTHING if value in (None, "", []) else _line(str(value))


def _line(text: str) -> str:
    return " ".join(text.split())
