"""What a request that changes something would touch, told by its method, path and body.

What is not listed here is not known, and no limited workspace sends it: whoever adds a tool that
writes elsewhere teaches it to this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from mcp_server_zendesk.connection.paths import Segment

# Keys of a ticket that reach nobody and move it nowhere (``zendesk-api.md`` §5.1).
_QUIET = {
    *("subject", "status", "custom_status_id", "priority", "type", "ticket_form_id", "due_at"),
    *("tags", "additional_tags", "remove_tags", "custom_fields", "external_id", "problem_id"),
    *("organization_id", "safe_update", "updated_stamp", "macro_id"),
}
_PLACES = ("group_id", "brand_id", "assignee_id")
_PEOPLE = ("email_ccs", "collaborators", "additional_collaborators", "collaborator_ids")
_ADDRESSES = ("email", "user_email")
_STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
_ENDED = {"solved", "closed"}
_COMMENT = {"body", "html_body", "public", "uploads"}
_TAGGING = {"tags", "safe_update", "updated_stamp"}
_MERGE = {
    "ids",
    *(f"{side}_comment{part}" for side in ("target", "source") for part in ("", "_is_public")),
}
# Of people and organizations what gives no rights and opens nothing (``zendesk-api.md`` §8).
_PROFILE = {
    *("name", "email", "phone", "alias", "external_id", "organization_id", "tags", "notes"),
    *("details", "user_fields"),
}
_CUSTOMER = "end-user"
_IDENTITY = {"type", "value", "skip_verify_email"}
_COMPANY = {
    *("name", "external_id", "group_id", "domain_names", "tags", "notes", "details"),
    "organization_fields",
}
_ARTICLE = {"label_names", "section_id"}
_TEXT = {"title", "body", "draft"}
_NEW_ARTICLE = {*_TEXT, "label_names", "locale", "user_segment_id", "permission_group_id"}
_PARAMS = {
    ("tickets", "update_many"): {"ids"},
    ("suspended_tickets", "recover_many"): {"ids"},
    ("uploads",): {"filename"},
}


EFFECTS = frozenset({"read", "write", "contact", "irreversible"})

Path = tuple[str, ...]


class Unclear(Exception):
    """A request that nobody can tell the effect of."""


@dataclass(frozen=True, slots=True)
class Write:
    """A request that changes something, as the handle is about to send it."""

    method: str
    path: tuple[Segment, ...]
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Touch:
    """What a write touches.

    Args:
        records: What it changes, to be counted; None stands for one that is made anew. Incidents
            that Zendesk solves together with a problem are not among them.
        tickets: Those that are there already, and have to be where the policy allows.
        creates: A ticket is made.
        places: Where it puts tickets, by Zendesk's names of the fields.
        addresses: Mail addresses in it that may be written to because of it; ``*@acme.com`` for
            all of a domain.
        people: Users in it, likewise.
        conversations: Tickets whose requester and copied people are mailed.
        side_conversation: Its ticket and id, where the participants are mailed.
        suspended: Held-back mail that is let in.
        contacts: Somebody outside may learn of it. Of a change of an article without a word about
            ``draft`` it cannot be told: the tool asks a human where it is published.
        irreversible: It cannot be undone.
        solves: Tickets may be solved by it, and with a problem its incidents.
        brandless: It belongs to a brand that cannot be told.
    """

    records: tuple[str | None, ...]
    tickets: frozenset[int] = frozenset()
    creates: bool = False
    places: Mapping[str, Any] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    people: frozenset[int] = frozenset()
    conversations: frozenset[int] = frozenset()
    side_conversation: tuple[int, str] | None = None
    suspended: tuple[int, ...] = ()
    contacts: bool = False
    irreversible: bool = False
    solves: bool = False
    brandless: bool = False

    @property
    def effects(self) -> frozenset[str]:
        """What it does beyond a change that can be changed back."""
        does = {"contact": self.contacts, "irreversible": self.irreversible}
        return frozenset(effect for effect, done in does.items() if done)


def touch_of(write: Write) -> Touch:
    """What a write touches.

    Raises:
        Unclear: It is none that is known, or not as it is known.
    """
    path = tuple(str(segment).removesuffix(".json") for segment in write.path)
    shape = tuple("#" if part.isdecimal() else part for part in path)
    if "side_conversations" in shape[:-1] or "translations" in shape[:-1]:
        place = 3 if "side_conversations" in shape else 4
        shape = (*shape[:place], "*", *shape[place + 1 :])
    known = _KNOWN.get((write.method, *shape))
    if known is None or set(write.params).difference(_PARAMS.get(shape, ())):
        raise Unclear
    return known(write, path, [int(part) for part in path if part.isdecimal()])


def _one_ticket(write: Write, _: Path, numbers: list[int]) -> Touch:
    return _ticket(_only(write.body, "ticket"), numbers)


def _many_tickets(write: Write, _: Path, __: list[int]) -> Touch:
    return _ticket(_only(write.body, "ticket"), _several(write.params))


def _ticket(ticket: Mapping[str, Any], ids: Iterable[int]) -> Touch:
    known = frozenset(ids)
    followed = frozenset(_ids(ticket.get("via_followup_source_id")))
    named = {key: ticket[key] for key in _PEOPLE if key in ticket}
    strange = set(ticket).difference(
        _QUIET, _PLACES, named, ("comment", "requester", "requester_id", "via_followup_source_id")
    )
    comment = ticket.get("comment")
    if strange or not isinstance(comment, Mapping | None):
        raise Unclear
    _know(comment or {}, _COMMENT)
    if "status" in ticket and ticket["status"] not in _STATUSES:
        raise Unclear
    public = comment is not None and comment.get("public") is not False  # Zendesk's default
    entries = [entry for entries in named.values() for entry in _listed(entries)]
    if ticket.get("requester") is not None:
        entries.append(ticket["requester"])
    addresses, people = _people(entries)
    if "requester_id" in ticket and (public or known):
        people |= frozenset(_ids(ticket["requester_id"]))
    return Touch(
        records=_named(sorted(known)) or (None,),
        tickets=known | followed,
        creates=not known,
        places=_placed(ticket),
        addresses=tuple(addresses),
        people=people,
        conversations=(known | followed) if public else frozenset(),
        contacts=public or bool(addresses or people),
        irreversible=ticket.get("status") == "closed",
        solves=ticket.get("status") in _ENDED or "custom_status_id" in ticket,
    )


def _deletion(_: Write, __: Path, numbers: list[int]) -> Touch:
    return Touch(_named(numbers), frozenset(numbers), irreversible=True)


def _tags(write: Write, _: Path, numbers: list[int]) -> Touch:
    _know(write.body, _TAGGING)
    return Touch(_named(numbers), frozenset(numbers))


def _merge(write: Write, _: Path, numbers: list[int]) -> Touch:
    body, target = write.body, numbers[0]
    _know(body, _MERGE)
    sources = _ids(body.get("ids"))
    told = {
        one
        for side, ids in (("target", [target]), ("source", sources))
        if body.get(f"{side}_comment_is_public") is not False
        for one in ids
    }
    every = [target, *sources]
    return Touch(
        _named(every),
        frozenset(every),
        conversations=frozenset(told),
        contacts=bool(told),
        irreversible=True,
    )


def _new_side_conversation(write: Write, _: Path, numbers: list[int]) -> Touch:
    touch = _side_message(write, numbers[0])
    if not touch.addresses and not touch.people:
        raise Unclear
    return touch


def _side_reply(write: Write, path: Path, numbers: list[int]) -> Touch:
    touch = _side_message(write, numbers[0])
    if touch.addresses or touch.people:
        return touch
    return replace(touch, side_conversation=(numbers[0], path[3]))  # to its participants


def _side_message(write: Write, ticket: int) -> Touch:
    message = _only(write.body, "message")
    _know(message, {"subject", "body", "html_body", "to", "attachment_ids"})
    addresses, people = _people(_listed(message.get("to") or []))
    return Touch(
        _named([ticket]),
        frozenset([ticket]),
        addresses=tuple(addresses),
        people=people,
        contacts=True,
    )


def _recovery(write: Write, _: Path, __: list[int]) -> Touch:
    ids = _several(write.params)
    return Touch((None,) * len(ids), suspended=tuple(ids), contacts=True)


def _new_user(write: Write, _: Path, __: list[int]) -> Touch:
    user = _only(write.body, "user")
    _know(user, {*_PROFILE, "role", "skip_verify_email"})
    if user.get("role", _CUSTOMER) != _CUSTOMER:
        raise Unclear
    addresses = _mails(user.get("email"))
    verified = user.get("skip_verify_email") is not True  # Zendesk mails a new address otherwise
    return Touch((None,), addresses=addresses, contacts=verified and bool(addresses))


def _user(write: Write, _: Path, numbers: list[int]) -> Touch:
    user = _only(write.body, "user")
    _know(user, _PROFILE)
    addresses = _mails(user.get("email"))
    return Touch((f"user {numbers[0]}",), addresses=addresses, contacts=bool(addresses))


def _identity(write: Write, _: Path, numbers: list[int]) -> Touch:
    """Whoever has an address can act as its user."""
    identity = _only(write.body, "identity")
    _know(identity, _IDENTITY)
    if identity.get("type") != "email":
        raise Unclear
    addresses = _texts([identity.get("value")])
    return Touch((f"user {numbers[0]}",), addresses=addresses, contacts=True)


def _organization(write: Write, _: Path, numbers: list[int]) -> Touch:
    """Whoever has an address of its domains becomes one of its people. Zendesk takes the whole
    list, so that those it has had before count too.
    """
    organization = _only(write.body, "organization")
    _know(organization, _COMPANY)
    domains = _texts(_listed(organization.get("domain_names") or []))
    return Touch(
        (f"organization {numbers[0]}",),
        places=_placed(organization),
        addresses=tuple(f"*@{domain}" for domain in domains),
    )


def _upload(_: Write, __: Path, ___: list[int]) -> Touch:
    return Touch((None,))


def _new_article(write: Write, _: Path, __: list[int]) -> Touch:
    if write.body.get("notify_subscribers") is not False:
        raise Unclear  # Zendesk's default mails the section's followers
    _know(write.body, {"article", "notify_subscribers"})
    article = write.body.get("article")
    if not isinstance(article, Mapping):
        raise Unclear
    _know(article, _NEW_ARTICLE)
    return Touch((None,), contacts=article.get("draft") is not True, brandless=True)


def _article(write: Write, _: Path, numbers: list[int]) -> Touch:
    _know(_only(write.body, "article"), _ARTICLE)
    return Touch((f"article {numbers[0]}",), brandless=True)


def _translation(write: Write, _: Path, numbers: list[int]) -> Touch:
    text = _only(write.body, "translation")
    _know(text, _TEXT)
    publishes = text.get("draft", True) is not True
    return Touch((f"article {numbers[0]}",), contacts=publishes, brandless=True)


def _people(entries: Iterable[Any]) -> tuple[list[str], frozenset[int]]:
    """Addresses and users in the forms that Zendesk takes: a record, an id or an address."""
    addresses: list[str] = []
    people: set[int] = set()
    for entry in entries:
        if isinstance(entry, Mapping):
            mails = [entry[key] for key in _ADDRESSES if entry.get(key) is not None]
            ids = [entry["user_id"]] if entry.get("user_id") is not None else []
            if entry.get("action") == "delete" and (mails or ids):
                continue
            if not mails and not ids:
                raise Unclear
            addresses += _texts(mails)
            people.update(*map(_ids, ids))
        elif isinstance(entry, str) and not entry.isdecimal():
            addresses.append(entry)
        else:
            people.update(_ids(entry))
    return addresses, frozenset(people)


def _placed(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in _PLACES if key in record}


def _only(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    if len(body) != 1 or not isinstance(value, Mapping):
        raise Unclear
    return value


def _know(said: Mapping[str, Any], keys: AbstractSet[str]) -> None:
    if set(said) - keys:
        raise Unclear


def _mails(value: Any) -> tuple[str, ...]:
    return () if value is None else _texts([value])


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unclear
    return value


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    found = tuple(values)
    if not all(isinstance(one, str) for one in found):
        raise Unclear
    return found


def _ids(value: Any) -> list[int]:
    """Ids in any form that Zendesk takes; none of None."""
    if value is None:
        return []
    parts = value if isinstance(value, list) else str(value).split(",")
    if any(isinstance(part, bool) or not str(part).isdecimal() for part in parts):
        raise Unclear
    return [int(part) for part in parts]


def _several(params: Mapping[str, str | int]) -> list[int]:
    ids = _ids(params.get("ids"))
    if not ids:
        raise Unclear
    return ids


def _named(ids: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(one) for one in ids)


_KNOWN: Mapping[Path, Callable[[Write, Path, list[int]], Touch]] = {
    ("POST", "tickets"): _one_ticket,
    ("PUT", "tickets", "#"): _one_ticket,
    ("PUT", "tickets", "update_many"): _many_tickets,
    ("DELETE", "tickets", "#"): _deletion,
    **dict.fromkeys([(verb, "tickets", "#", "tags") for verb in ("POST", "PUT", "DELETE")], _tags),
    ("POST", "tickets", "#", "merge"): _merge,
    ("POST", "tickets", "#", "side_conversations"): _new_side_conversation,
    ("POST", "tickets", "#", "side_conversations", "*", "reply"): _side_reply,
    ("PUT", "suspended_tickets", "recover_many"): _recovery,
    ("POST", "users"): _new_user,
    ("PUT", "users", "#"): _user,
    ("POST", "users", "#", "identities"): _identity,
    ("PUT", "organizations", "#"): _organization,
    ("POST", "uploads"): _upload,
    ("POST", "help_center", "sections", "#", "articles"): _new_article,
    ("PUT", "help_center", "articles", "#"): _article,
    ("PUT", "help_center", "articles", "#", "translations", "*"): _translation,
}
