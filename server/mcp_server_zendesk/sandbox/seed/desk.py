"""The seeded account: people, furniture, and every ticket played out by the API's own rules."""

from copy import deepcopy
from datetime import timedelta

from mcp_server_zendesk.sandbox.clock import Clock, stamp, utc_now
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_EMAIL,
    ADMIN_ID,
    DEMO_API_TOKEN,
    DEMO_CLIENT,
    DEMO_CLIENT_SECRET,
    DEMO_CONFIDENTIAL_CLIENT,
    DEMO_REDIRECT_URIS,
    DEMO_TOKEN,
)
from mcp_server_zendesk.sandbox.records import Json, via_channel
from mcp_server_zendesk.sandbox.rules import Rules
from mcp_server_zendesk.sandbox.seed.desk_drawer import add_drawer
from mcp_server_zendesk.sandbox.seed.everyday import EVERYDAY
from mcp_server_zendesk.sandbox.seed.furniture import add_furniture
from mcp_server_zendesk.sandbox.seed.guide import add_guide
from mcp_server_zendesk.sandbox.seed.hostile import HOSTILE
from mcp_server_zendesk.sandbox.seed.landmark_tickets import LANDMARKS
from mcp_server_zendesk.sandbox.seed.people import add_people
from mcp_server_zendesk.sandbox.seed.rules import add_rules
from mcp_server_zendesk.sandbox.seed.story import AUTOMATION, Attached, Story, Turn
from mcp_server_zendesk.sandbox.seed.world import WORLD
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.tickets.writing import Writer


def seeded_store(clock: Clock = utc_now, tickets: int = 0) -> Store:
    """A store with Northwind Outdoor in it: always the same, its times relative to now.

    Args:
        clock: What "now" is.
        tickets: How many generated tickets stand behind the seeded ones, for load.
    """
    store = Store(clock)
    add_people(store)
    add_furniture(store)
    add_rules(store)
    _own(store)
    store.api_tokens[ADMIN_EMAIL] = DEMO_API_TOKEN
    store.add_access_token(DEMO_TOKEN, ADMIN_ID, ("read", "write"))
    store.add_oauth_client(DEMO_CLIENT, redirect_uris=DEMO_REDIRECT_URIS)
    store.add_oauth_client(
        DEMO_CONFIDENTIAL_CLIENT,
        redirect_uris=DEMO_REDIRECT_URIS,
        secret=DEMO_CLIENT_SECRET,
        allowed_scopes=("read", "write", "tickets:read", "tickets:write", "users:read"),
    )
    for story in (*LANDMARKS, *HOSTILE, *WORLD, *EVERYDAY):
        _tell(store, story)
    add_guide(store)
    add_drawer(store)
    if tickets:
        from mcp_server_zendesk.sandbox.scale.collections import (  # noqa: PLC0415 - rarely wanted
            add_generated_tickets,
        )

        add_generated_tickets(store, tickets)
    return store


def _own(store: Store) -> None:
    """Copies what the seed's modules still hold: a change in one store is none in another."""
    for name in (
        "organizations",
        "ticket_fields",
        "ticket_forms",
        "custom_roles",
        "views",
        "macros",
        "triggers",
        "automations",
        "sla_policies",
    ):
        setattr(store, name, deepcopy(getattr(store, name)))


def _tell(store: Store, story: Story) -> None:
    rules = Rules()
    at = store.now() - timedelta(days=story.days_ago)
    first, *later = story.turns
    wanted = {**_wanted(store, first), "subject": story.subject}
    opener = Writer(store, rules, store.users[first.by], stamp(at))
    ticket, _ = opener.create(wanted, via_channel(story.channel))
    if ticket["id"] != story.number:
        raise AssertionError(f"story {story.number} became ticket {ticket['id']}")
    for turn in later:
        at += timedelta(hours=turn.hours)
        by = store.users[ADMIN_ID if turn.by == AUTOMATION else turn.by]
        audit = Writer(store, rules, by, stamp(at)).change(ticket, _wanted(store, turn))
        if by["role"] == "end-user":
            _came_by(store, audit, via_channel(story.channel))
        if turn.by == AUTOMATION:
            audit["author_id"] = AUTOMATION
            audit["via"] = _via_rule(turn.rule)


def _came_by(store: Store, audit: Json, via: Json) -> None:
    """A customer answers by the way they came, and not through the API."""
    audit["via"] = via
    for comment in store.comments[audit["ticket_id"]]:
        if comment["audit_id"] == audit["id"]:
            comment["via"] = via


def _wanted(store: Store, turn: Turn) -> Json:
    sets = dict(turn.sets)
    if turn.due_in_days is not None:
        sets["due_at"] = stamp(store.now() + timedelta(days=turn.due_in_days))
    if not (turn.text or turn.html):
        return sets
    comment: Json = {"public": not turn.note}
    if turn.html:
        comment["html_body"] = turn.html
    else:
        comment["body"] = turn.text
    if turn.attached:
        comment["attachments"] = [_attachment(store, one) for one in turn.attached]
    return {**sets, "comment": comment}


def _attachment(store: Store, attached: Attached) -> Json:
    attachment_id = store.new_id()
    return {
        "id": attachment_id,
        "token": f"t{attachment_id:x}",
        "file_name": attached.file_name,
        "content_type": attached.content_type,
        "size": attached.size,
    }


def _via_rule(title: str) -> Json:
    source = {"from": {"id": 41700000006013, "title": title, "deleted": False}}
    return {"channel": "rule", "source": {**source, "to": {}, "rel": "automation"}}
