"""Puts the desk into the state that a task begins with; always the same, on the same day."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from functools import cache
from typing import Any

import anyio.lowlevel

from desk_evals.tasks import Meanwhile, NewTicket, Said, Start
from mcp_server_zendesk.sandbox import ManualClock, Rules, Sandbox, Store, misfortunes, seeded_store
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.guide import DEFAULT_LOCALE
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.tickets.history import record_comment

DAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
"""Of the embedded account and of nothing else, so that answers can name times."""


class Moments:
    """One time for the account and the server; nobody waits for it to pass."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._begun = clock()

    def monotonic(self) -> float:
        """Seconds since the task began."""
        return (self._clock() - self._begun).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Passes at once."""
        self._clock.forward(max(0.0, seconds))
        await anyio.lowlevel.checkpoint()


def started(start: Start) -> tuple[Sandbox, Moments]:
    """The embedded Zendesk in that state, and its time."""
    store: Store = pickle.loads(_seeded())  # noqa: S301 - our own
    moments = Moments(_clock(store))
    for user in start.users:
        store.add_user(name=user.name, email=user.email)
    for new in start.tickets:
        _open(store, new)
    for edit in start.edits:
        if edit.of == "articles":  # their texts stand in a translation
            _set(store.translations[edit.id][DEFAULT_LOCALE], edit.sets)
        else:
            _set(getattr(store, edit.of)[edit.id], edit.sets)
    for number, text in start.files.items():
        content = text.encode()
        store.contents[int(number)] = content
        _rename_to_text(store, int(number), len(content))
    sandbox = Sandbox(store, _rules(start.rules), sleep=moments.sleep)
    for trouble in start.troubles:
        fault = getattr(misfortunes, trouble.is_)(**trouble.with_)
        sandbox.faults.add(trouble.method, trouble.path, trouble.times, fault, after=trouble.after)
    return sandbox, moments


def happen(store: Store, meanwhile: Meanwhile) -> None:
    """Somebody comments on a ticket now."""
    ticket = store.tickets[meanwhile.ticket]
    said = _comment(store, meanwhile.said)
    _clock(store).forward(60)
    now = stamp(store.now())
    record_comment(store, ticket, said, author_id=said["author_id"], at=now)
    ticket["updated_at"] = now


def _clock(store: Store) -> ManualClock:
    if not isinstance(store.clock, ManualClock):
        raise TypeError("the desk of a task has a clock of its own")
    return store.clock


@cache
def _seeded() -> bytes:
    return pickle.dumps(seeded_store(ManualClock(DAY)))


def _open(store: Store, new: NewTicket) -> None:
    first = _comment(store, new.first)
    ticket = store.add_ticket(
        subject=new.subject,
        body=new.first.text,
        requester_id=first["author_id"],
        comments=[_comment(store, said) for said in new.then],
        **{"tags": list(new.tags), "status": "new", **new.sets},
    )
    if new.first.html:
        store.comments[ticket["id"]][0].update(html_body=new.first.html)


def _comment(store: Store, said: Said) -> Json:
    author = store.user_by_email(said.by)
    if author is None:
        raise LookupError(f"nobody has the address {said.by}")
    text = {"html_body": said.html} if said.html else {"body": said.text}
    return {"author_id": author["id"], "public": said.public, **text}


def _set(record: Json, sets: dict[str, Any]) -> None:
    if unknown := set(sets) - set(record):
        raise LookupError(f"the record has no {', '.join(sorted(unknown))}")
    record.update(sets)


def _rename_to_text(store: Store, number: int, size: int) -> None:
    for comments in store.comments.values():
        for comment in comments:
            for file in comment.get("attachments") or ():
                if file["id"] == number:
                    file.update(content_type="text/plain", size=size)
                    store.attachments[number].update(content_type="text/plain", size=size)
                    return
    raise LookupError(f"no comment has the attachment {number}")


def _rules(given: dict[str, Any]) -> Rules:
    rules = Rules()
    for name, value in given.items():
        inner = isinstance(value, dict)
        for key, wanted in value.items() if isinstance(value, dict) else [(name, value)]:
            owner = getattr(rules, name) if inner else rules
            if not hasattr(owner, key):
                raise LookupError(f"the embedded Zendesk has no rule {key}")
            setattr(owner, key, wanted)
    return rules
