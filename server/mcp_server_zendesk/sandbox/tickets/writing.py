"""Creating and changing tickets by the rules of the API (`zendesk-api.md` §5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import moment, stamp
from mcp_server_zendesk.sandbox.errors import update_conflict
from mcp_server_zendesk.sandbox.records import Json, ticket_record, via_api
from mcp_server_zendesk.sandbox.tickets.draft import Draft
from mcp_server_zendesk.sandbox.tickets.fields import set_fields
from mcp_server_zendesk.sandbox.tickets.history import record_change, record_creation
from mcp_server_zendesk.sandbox.tickets.lifecycle import check_solving, set_lifecycle, settle_status
from mcp_server_zendesk.sandbox.tickets.people import check_suspension, set_people
from mcp_server_zendesk.sandbox.tickets.values import blank_custom_fields
from mcp_server_zendesk.sandbox.vocabulary import LIGHT_AGENT

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.rules import Rules
    from mcp_server_zendesk.sandbox.store import Store

MAX_COMMENTS = 5_000
"""Per ticket; one more is refused (`zendesk-api.md` §5.3)."""


@dataclass(frozen=True)
class Writer:
    """Writes tickets on behalf of one user, at one moment."""

    store: Store
    rules: Rules
    by: Json
    at: str

    @classmethod
    def now(cls, store: Store, rules: Rules, by: Json) -> Writer:
        """A writer at the present time of the store's clock."""
        return cls(store, rules, by, stamp(store.now()))

    def create(self, wanted: Json, via: Json | None = None) -> tuple[Json, Json]:
        """Creates a ticket; returns it with its first audit."""
        blank = ticket_record(
            via=via or via_api(),
            requester_id=self.by["id"],
            organization_id=self.by["organization_id"],
            custom_status_id=self.store.default_status_id("new"),
            brand_id=self.store.default_of(self.store.brands),
            ticket_form_id=self.store.default_of(self.store.ticket_forms),
            custom_fields=blank_custom_fields(self.store, {}),
        )
        draft = Draft(self.store, self.rules, self.by, blank, wanted, creating=True)
        comment = self._comment(wanted) or self._comment({"comment": _described(wanted)})
        if comment is None:
            draft.problems.add("base", "Description: cannot be blank", "BlankValue")
        self._fill(draft)
        source = self._followed_ticket(draft)
        draft.problems.raise_if_any()
        ticket = draft.after
        ticket["id"] = self.store.new_ticket_id()
        ticket["submitter_id"] = wanted.get("submitter_id") or self.by["id"]
        # The submitter is the author of the first comment, and the audit names the caller.
        first = {"public": True, "author_id": ticket["submitter_id"], **(comment or {})}
        ticket["is_public"] = bool(first["public"])
        audit = record_creation(self.store, ticket, first, author_id=self.by["id"], at=self.at)
        audit["metadata"]["custom"] = dict(wanted.get("metadata", {}))
        if source is not None:
            source["followup_ids"] = [*source["followup_ids"], ticket["id"]]
        return ticket, audit

    def change(self, ticket: Json, wanted: Json) -> Json:
        """Changes a ticket; returns the audit. Whether it may change at all was asked before."""
        check_not_outdated(ticket, wanted)
        draft = Draft(self.store, self.rules, self.by, ticket, wanted)
        comment = self._comment(wanted)
        if comment and len(self.store.comments[ticket["id"]]) >= MAX_COMMENTS:
            draft.problems.add("base", "Comments: the ticket has too many of them")
        self._fill(draft)
        draft.problems.raise_if_any()
        return record_change(
            self.store,
            ticket,
            draft.changed(),
            comment,
            author_id=self.by["id"],
            at=self.at,
            metadata=wanted.get("metadata"),
        )

    def _fill(self, draft: Draft) -> None:
        set_people(draft)
        set_fields(draft)
        set_lifecycle(draft)
        settle_status(draft)
        check_suspension(draft)
        check_solving(draft)

    def _comment(self, wanted: Json) -> Json | None:
        """The comment to add; one without text adds nothing."""
        given: Json = wanted.get("comment") or {}
        body = given.get("body") or given.get("value")
        if not (body or given.get("html_body")):
            return None
        comment = {**given, "body": body}
        for token in given.get("uploads", ()):
            comment["attachments"] = [
                *comment.get("attachments", ()),
                *self.store.uploads.get(str(token), ()),
            ]
        if self.by["role_type"] == LIGHT_AGENT or self.by["only_private_comments"]:
            comment["public"] = False
        return comment

    def _followed_ticket(self, draft: Draft) -> Json | None:
        source_id = draft.wanted.get("via_followup_source_id")
        if source_id is None:
            return None
        source = self.store.tickets.get(source_id)
        if source is None or source["status"] != "closed":
            # Only a closed ticket can be followed up (§5.1); the wording is not attested.
            text = "Follow-up: the source ticket is not closed"
            draft.problems.add("via_followup_source_id", text, "InvalidValue")
            return None
        come_from = {"ticket_id": source_id, "subject": source["subject"], "channel": "web"}
        draft.after["via"] = {
            "channel": "web",
            "source": {"from": come_from, "to": {}, "rel": "follow_up"},
        }
        return source


def check_not_outdated(ticket: Json, wanted: Json) -> None:
    """Safe update (§5.4): 409 when `updated_stamp` is older than the ticket, or missing.

    `safe_update` may be `true` or the string of it. What Zendesk does with a missing stamp is
    not known.
    """
    if str(wanted.get("safe_update", "")).lower() != "true":
        return
    try:
        seen = moment(str(wanted.get("updated_stamp") or ""))
    except ValueError as error:
        raise update_conflict() from error
    if seen < moment(ticket["updated_at"]):
        raise update_conflict()


def _described(wanted: Json) -> Json:
    return {"body": wanted.get("description")}
