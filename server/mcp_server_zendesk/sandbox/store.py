"""The records of one Zendesk account, in memory."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mcp_server_zendesk.sandbox.clock import Clock, stamp, utc_now
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, DEMO_CLIENT_NUMBER, DEMO_SUBDOMAIN
from mcp_server_zendesk.sandbox.oauth.records import OAuthClient, OAuthRegister
from mcp_server_zendesk.sandbox.records import (
    Json,
    brand_record,
    custom_status_record,
    group_record,
    identity_record,
    organization_record,
    staff_record,
    ticket_field_record,
    ticket_form_record,
    ticket_record,
    user_record,
)
from mcp_server_zendesk.sandbox.tickets.history import record_comment, record_creation
from mcp_server_zendesk.sandbox.tickets.schedule import Schedule
from mcp_server_zendesk.sandbox.tickets.values import blank_custom_fields

_FIRST_TICKET = 1001
_FIRST_ID = 41700000900019
_ID_STEP = 17


@dataclass(frozen=True)
class AccessToken:
    """An OAuth access token. No scopes at all means all of them (`zendesk-api.md` §2.4)."""

    id: int
    token: str
    user_id: int
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
    client_id: int = DEMO_CLIENT_NUMBER


@dataclass
class Job:
    """A background job: what is still to do, or what came of it."""

    id: str
    job_type: str
    items: list[Json]
    by: Json
    submitted_at: datetime
    polls: int = 0
    results: list[Json] | Json | None = None
    finished_at: datetime | None = None
    task: Any = None
    """What is done with each item (`jobs.Task`)."""


@dataclass(frozen=True)
class Deleted:
    """A ticket that was deleted, and can be restored for thirty days."""

    ticket: Json
    actor: Json
    at: str


@dataclass
class Created:
    """What an idempotency key stands for: the request it came with, and its answer."""

    body: Json
    answer: Json
    at: datetime = field(default_factory=utc_now)


class Store:
    """Collections of records by id, and the ways to add one.

    The `add_…` methods put a record in as it is: they fill in what is missing and check nothing,
    so that a test can build any state, whether or not the API would lead there.
    """

    def __init__(self, clock: Clock = utc_now, subdomain: str = DEMO_SUBDOMAIN) -> None:
        self.clock = clock
        self.subdomain = subdomain
        self.users: dict[int, Json] = {}
        self.identities: dict[int, list[Json]] = {}
        self.groups: dict[int, Json] = {}
        self.group_memberships: dict[int, Json] = {}
        self.organizations: dict[int, Json] = {}
        self.custom_roles: dict[int, Json] = {}
        self.ticket_fields: dict[int, Json] = {}
        self.ticket_forms: dict[int, Json] = {}
        self.brands: dict[int, Json] = {}
        self.custom_statuses: dict[int, Json] = {}
        self.tickets: MutableMapping[int, Json] = {}
        self.comments: dict[int, list[Json]] = {}
        self.audits: dict[int, list[Json]] = {}
        self.deleted_tickets: dict[int, Deleted] = {}
        self.scrubbed_tickets: dict[int, Json] = {}
        self.uploads: dict[str, list[Json]] = {}
        self.contents: dict[int, bytes] = {}
        self.attachments: dict[int, Json] = {}
        self.views: dict[int, Json] = {}
        self.macros: dict[int, Json] = {}
        self.triggers: dict[int, Json] = {}
        self.automations: dict[int, Json] = {}
        self.sla_policies: dict[int, Json] = {}
        self.schedule: Schedule | None = None
        self.satisfaction_ratings: dict[int, Json] = {}
        self.suspended_tickets: dict[int, Json] = {}
        self.side_conversations: dict[str, Json] = {}
        self.categories: dict[int, Json] = {}
        self.sections: dict[int, Json] = {}
        self.articles: dict[int, Json] = {}
        self.translations: dict[int, dict[str, Json]] = {}
        self.jobs: dict[str, Job] = {}
        self.idempotency: dict[str, Created] = {}
        self.api_tokens: dict[str, str] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.oauth = OAuthRegister()
        self._last_id = _FIRST_ID
        self._next_ticket = _FIRST_TICKET

    def now(self) -> datetime:
        """The time by the injected clock."""
        return self.clock()

    def new_id(self) -> int:
        """A fresh id of 14 digits, as every record but a ticket has one."""
        self._last_id += _ID_STEP
        return self._last_id

    def new_ticket_id(self) -> int:
        """The next ticket number."""
        number = self._next_ticket
        self._next_ticket += 1
        return number

    def skip_ticket_ids(self, to: int) -> None:
        """Gives the next ticket at least this number."""
        self._next_ticket = max(self._next_ticket, to)

    # people

    def add_user(self, **known: object) -> Json:
        """Adds a user; an agent or admin where `role` says so."""
        blank = user_record if known.get("role", "end-user") == "end-user" else staff_record
        user = self._added(self.users, blank(**known))
        if user["email"]:
            self.add_identity(user_id=user["id"], value=user["email"])
        return user

    def add_identity(self, **known: object) -> Json:
        """Adds an identity to a user; the first one is the primary one."""
        identity = self._dated(identity_record(**known))
        held = self.identities.setdefault(identity["user_id"], [])
        identity["primary"] = not held
        held.append(identity)
        return identity

    def add_group(self, **known: object) -> Json:
        """Adds a group."""
        return self._added(self.groups, group_record(**known))

    def add_membership(self, user_id: int, group_id: int, *, default: bool = False) -> Json:
        """Puts an agent into a group."""
        membership = self._added(
            self.group_memberships,
            {"id": None, "user_id": user_id, "group_id": group_id, "default": default}
            | {"created_at": None, "updated_at": None},
        )
        if default:
            self.users[user_id]["default_group_id"] = group_id
        return membership

    def add_organization(self, **known: object) -> Json:
        """Adds an organization."""
        return self._added(self.organizations, organization_record(**known))

    # the desk's furniture

    def add_ticket_field(self, **known: object) -> Json:
        """Adds a ticket field. Tickets that exist already do not gain its value."""
        return self._added(self.ticket_fields, ticket_field_record(**known))

    def add_ticket_form(self, **known: object) -> Json:
        """Adds a ticket form."""
        return self._added(self.ticket_forms, ticket_form_record(**known))

    def add_brand(self, **known: object) -> Json:
        """Adds a brand."""
        return self._added(self.brands, brand_record(**known))

    def add_custom_status(self, **known: object) -> Json:
        """Adds a custom status."""
        return self._added(self.custom_statuses, custom_status_record(**known))

    def add_custom_role(self, **known: object) -> Json:
        """Adds a custom role; `configuration` holds its permissions."""
        return self._added(
            self.custom_roles,
            {"id": None, "name": "", "description": "", "configuration": {}}
            | {"role_type": 0, "team_member_count": 0, "created_at": None, "updated_at": None}
            | known,
        )

    def add(self, records: dict[int, Json], record: Json) -> Json:
        """Adds any other record, with an id and dates where it has none."""
        return self._added(records, {"id": None, "created_at": None, "updated_at": None, **record})

    # tickets

    def add_ticket(
        self,
        *,
        body: str = "Could you please look into this?",
        comments: Sequence[Mapping[str, Any]] = (),
        custom_fields: Mapping[int, object] | None = None,
        **known: object,
    ) -> Json:
        """Adds a ticket with its first comment, then further ones, and the audits of both.

        Args:
            body: The first comment and description.
            comments: Further ones: `body` or `html_body`, and optionally `author_id`, `public`,
                `created_at`, `attachments`.
            custom_fields: Values by field id.
            known: Any key of a ticket. Times may be given as `datetime`.
        """
        times = {
            key: _stamped(value)
            for key, value in known.items()
            if key in {"created_at", "updated_at", "due_at"} and value is not None
        }
        created_at = times.get("created_at") or stamp(self.now())
        ticket = ticket_record(**{**known, **times, "created_at": created_at})
        ticket["id"] = ticket["id"] or self.new_ticket_id()
        self.skip_ticket_ids(ticket["id"] + 1)
        if ticket["requester_id"] is None:
            ticket["requester_id"] = self._some_end_user()["id"]
        requester = self.users[ticket["requester_id"]]
        ticket["submitter_id"] = ticket["submitter_id"] or requester["id"]
        if "organization_id" not in known:
            ticket["organization_id"] = requester["organization_id"]
        ticket["subject"] = ticket["subject"] or f"Ticket {ticket['id']}"
        ticket["tags"] = sorted(ticket["tags"])
        ticket["brand_id"] = ticket["brand_id"] or self.default_of(self.brands)
        ticket["ticket_form_id"] = ticket["ticket_form_id"] or self.default_of(self.ticket_forms)
        ticket["custom_status_id"] = ticket["custom_status_id"] or self.default_status_id(
            ticket["status"],
        )
        ticket["custom_fields"] = blank_custom_fields(self, custom_fields or {})
        first: Json = {
            "body": body,
            "public": ticket["is_public"],
            "author_id": ticket["submitter_id"],
        }
        record_creation(self, ticket, first, author_id=ticket["submitter_id"], at=created_at)
        for comment in comments:
            at = _stamped(comment.get("created_at", created_at))
            author_id = comment.get("author_id", requester["id"])
            record_comment(self, ticket, comment, author_id=author_id, at=at)
        ticket["updated_at"] = (
            times.get("updated_at") or self.audits[ticket["id"]][-1]["created_at"]
        )
        return ticket

    # look-ups

    def said(self, ticket_id: int) -> list[str]:
        """The plain text of a ticket's comments."""
        texts = getattr(self.comments, "texts", None)
        if texts is not None:
            return list(texts(ticket_id))
        return [comment["plain_body"] for comment in self.comments[ticket_id]]

    def written_tickets(self) -> Iterable[Json]:
        """The tickets that are records of their own; generated ones are linked to no other."""
        kept: Mapping[int, Json] = getattr(self.tickets, "kept", self.tickets)
        return kept.values()

    def attachment(self, wanted: Callable[[Json], bool]) -> Json | None:
        """An attachment of any upload or comment."""
        return next((one for one in self.attachments.values() if wanted(one)), None)

    def user_by_email(self, email: str) -> Json | None:
        """The user whom an address belongs to, primary or not."""
        wanted = email.casefold()
        for user_id, identities in self.identities.items():
            if any(one["value"].casefold() == wanted for one in identities):
                return self.users.get(user_id)
        return None

    def groups_of(self, user_id: int) -> set[int]:
        """The groups that an agent is in."""
        return {
            membership["group_id"]
            for membership in self.group_memberships.values()
            if membership["user_id"] == user_id
        }

    def default_status_id(self, category: str) -> int | None:
        """The default custom status of a category; closed tickets keep the one for solved."""
        category = "solved" if category == "closed" else category
        ids = (
            int(one["id"])
            for one in self.custom_statuses.values()
            if one["status_category"] == category and one["default"]
        )
        return next(ids, None)

    def default_of(self, records: Mapping[int, Json]) -> int | None:
        """The id of the default brand, form or group."""
        return next((key for key, record in records.items() if record["default"]), None)

    def permits(self, user: Json, permission: str) -> bool:
        """Whether a user's custom role grants a permission; an admin has them all (§6.1.5)."""
        if user["role"] == "admin":
            return True
        role = self.custom_roles.get(user["custom_role_id"] or 0) or {"configuration": {}}
        return bool(role["configuration"].get(permission))

    # tokens

    def add_access_token(
        self,
        token: str,
        user_id: int,
        scopes: Iterable[str],
        lifetime: timedelta | None = None,
        client_id: int = DEMO_CLIENT_NUMBER,
    ) -> AccessToken:
        """Registers a bearer token; a negative lifetime makes one that has expired."""
        now = self.now()
        held = AccessToken(
            id=self.new_id(),
            token=token,
            user_id=user_id,
            scopes=frozenset(scopes),
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
            client_id=client_id,
        )
        self.access_tokens[token] = held
        return held

    def revoke_access_token(self, token: str) -> None:
        """Makes a bearer token invalid at once, and the refresh token that came with it."""
        self.access_tokens.pop(token, None)
        refresh = self.oauth.refresh_token_of(token)
        if refresh is not None:
            del self.oauth.refresh_tokens[refresh.token]

    def add_oauth_client(
        self,
        identifier: str,
        *,
        redirect_uris: Iterable[str] = (),
        secret: str | None = None,
        allowed_scopes: Iterable[str] | None = None,
        name: str | None = None,
        user_id: int = ADMIN_ID,
    ) -> OAuthClient:
        """Registers an OAuth client: a public one, or a confidential one with a secret."""
        client = OAuthClient(
            id=self.new_id(),
            identifier=identifier,
            name=name or identifier.replace("_", " ").title(),
            user_id=user_id,
            secret=secret,
            redirect_uris=tuple(redirect_uris),
            allowed_scopes=None if allowed_scopes is None else frozenset(allowed_scopes),
        )
        self.oauth.clients[identifier] = client
        return client

    def _added(self, records: dict[int, Json], record: Json) -> Json:
        self._dated(record)
        records[record["id"]] = record
        return record

    def _dated(self, record: Json) -> Json:
        record["id"] = record["id"] or self.new_id()
        record["created_at"] = record["created_at"] or stamp(self.now())
        record["updated_at"] = record["updated_at"] or record["created_at"]
        return record

    def _some_end_user(self) -> Json:
        users = self.users.values()
        usual = (one for one in users if one["role"] == "end-user" and not one["suspended"])
        return next(usual, None) or self.add_user(name="Robin Hale", email="robin.hale@example.com")


def _stamped(at: object) -> str:
    return stamp(at) if isinstance(at, datetime) else str(at)
