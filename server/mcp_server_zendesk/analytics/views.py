"""The views that a query sees: documented for a model, and the same for every report.

A view's columns, with what they mean, are the one truth behind the resource
``zendesk://analytics/schema``, the documentation and the exported files.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view: its type in SQL, what it means, and the expression behind it."""

    name: str
    kind: str
    meaning: str
    source: str


@dataclass(frozen=True, slots=True)
class View:
    """One view. ``{kept}`` in ``origin`` stands for where the tables are, ``{oldest}`` for the
    last change before which tickets are left out.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    origin: str
    month: str | None = None
    """The column by whose month exported files are divided."""

    def statement(self, *, kept: str, oldest: str) -> str:
        """The statement that makes it."""
        columns = ", ".join(f'{c.source} AS "{c.name}"' for c in self.columns)
        origin = self.origin.format(kept=kept, oldest=oldest)
        return f"CREATE OR REPLACE TEMP VIEW {self.name} AS SELECT {columns} FROM {origin}"


def _minutes(name: str, meaning: str) -> tuple[Column, Column]:
    return (
        Column(
            f"{name}_minutes", "BIGINT", f"{meaning}, in calendar minutes", f"t.{name}.calendar"
        ),
        Column(
            f"{name}_business_minutes",
            "BIGINT",
            "Likewise, in minutes of the account's business hours",
            f"t.{name}.business",
        ),
    )


_TICKET = "{kept}.tickets t"
_YOUNG = "t.updated_at >= {oldest}"
_WITH_TICKET = "JOIN {kept}.tickets t ON t.id = x.ticket_id WHERE " + _YOUNG

TICKETS = View(
    "tickets",
    "One row a ticket that is not deleted, as of the last sync",
    (
        Column("id", "BIGINT", "The ticket's number", "t.id"),
        Column("subject", "VARCHAR", "Where texts are kept, else NULL", "t.subject"),
        Column("status", "VARCHAR", "new, open, pending, hold, solved or closed", "t.status"),
        Column("priority", "VARCHAR", "low, normal, high, urgent or NULL", "t.priority"),
        Column("type", "VARCHAR", "question, incident, problem, task or NULL", "t.type"),
        Column("channel", "VARCHAR", "How it came in: email, web, api, chat, …", "t.channel"),
        Column("requester_id", "BIGINT", "users.id of who asks", "t.requester_id"),
        Column("assignee_id", "BIGINT", "users.id of the agent", "t.assignee_id"),
        Column("assignee", "VARCHAR", "The agent's name", "a.name"),
        Column("group_id", "BIGINT", "The group's id", "t.group_id"),
        Column("group_name", "VARCHAR", "The group's name", "g.name"),
        Column("organization_id", "BIGINT", "organizations.id", "t.organization_id"),
        Column("organization", "VARCHAR", "The organization's name", "o.name"),
        Column("brand", "VARCHAR", "The brand's name", "b.name"),
        Column("form", "VARCHAR", "The ticket form's name", "f.name"),
        Column("problem_id", "BIGINT", "The problem that an incident belongs to", "t.problem_id"),
        Column("due_at", "TIMESTAMPTZ", "When a task is due", "t.due_at"),
        Column("created_at", "TIMESTAMPTZ", "When it came in, UTC", "t.created_at"),
        Column("updated_at", "TIMESTAMPTZ", "Its last change", "t.updated_at"),
        Column("solved_at", "TIMESTAMPTZ", "When it was solved last", "t.solved_at"),
        Column("assigned_at", "TIMESTAMPTZ", "When it was assigned last", "t.assigned_at"),
        Column("latest_comment_at", "TIMESTAMPTZ", "Its latest comment", "t.latest_comment_at"),
        Column("tags", "VARCHAR[]", "Its tags; the view tags has a row each", "t.tags"),
        Column("satisfaction", "VARCHAR", "good, bad, offered or unoffered", "t.satisfaction"),
        Column("replies", "BIGINT", "Public replies by agents", "t.replies"),
        Column("reopens", "BIGINT", "How often it was reopened", "t.reopens"),
        Column("assignees", "BIGINT", "How many agents it went through", "t.assignees"),
        Column("groups", "BIGINT", "How many groups it went through", "t.groups"),
        *_minutes("first_reply", "From coming in to the first public reply"),
        *_minutes("first_resolution", "From coming in to being solved first"),
        *_minutes("full_resolution", "From coming in to being solved last"),
        *_minutes("requester_wait", "Spent new, open or on hold"),
        *_minutes("agent_wait", "Spent pending"),
        *_minutes("on_hold", "Spent on hold"),
    ),
    _TICKET
    + " LEFT JOIN {kept}.users a ON a.id = t.assignee_id"
    + " LEFT JOIN {kept}.groups g ON g.id = t.group_id"
    + " LEFT JOIN {kept}.organizations o ON o.id = t.organization_id"
    + " LEFT JOIN {kept}.brands b ON b.id = t.brand_id"
    + " LEFT JOIN {kept}.forms f ON f.id = t.form_id"
    + " WHERE "
    + _YOUNG,
    month="created_at",
)
COMMENTS = View(
    "comments",
    "One row a comment; empty unless the admin keeps texts",
    (
        Column("id", "BIGINT", "The comment's id", "x.id"),
        Column("ticket_id", "BIGINT", "tickets.id", "x.ticket_id"),
        Column("author_id", "BIGINT", "users.id of who wrote it", "x.author_id"),
        Column("public", "BOOLEAN", "false for an internal note", "x.public"),
        Column("created_at", "TIMESTAMPTZ", "When", "x.created_at"),
        Column("body", "VARCHAR", "What was written, cleaned", "x.body"),
        Column("truncated", "BOOLEAN", "Whether the end was cut off", "x.truncated"),
    ),
    "{kept}.comments x " + _WITH_TICKET,
    month="created_at",
)
STATUS_CHANGES = View(
    "status_changes",
    "One row each time that a ticket's status changed, its first one included",
    (
        Column("id", "BIGINT", "Rises with time, also within a second", "x.id"),
        Column("ticket_id", "BIGINT", "tickets.id", "x.ticket_id"),
        Column("changed_at", "TIMESTAMPTZ", "When", "x.changed_at"),
        Column("from_status", "VARCHAR", "NULL where the ticket came in", "x.from_status"),
        Column("to_status", "VARCHAR", "The status from then on", "x.to_status"),
        Column("actor_id", "BIGINT", "users.id; NULL for the system", "x.actor_id"),
    ),
    "{kept}.status_changes x " + _WITH_TICKET,
    month="changed_at",
)
USERS = View(
    "users",
    "Customers and agents",
    (
        Column("id", "BIGINT", "The user's id", "x.id"),
        Column("name", "VARCHAR", "Of customers only where texts are kept", "x.name"),
        Column("role", "VARCHAR", "end-user, agent or admin", "x.role"),
        Column("email_domain", "VARCHAR", "What stands behind the @", "x.email_domain"),
        Column("organization_id", "BIGINT", "organizations.id", "x.organization_id"),
        Column("active", "BOOLEAN", "false once deleted", "x.active"),
        Column("suspended", "BOOLEAN", "Whether suspended", "x.suspended"),
        Column("time_zone", "VARCHAR", "Their time zone", "x.time_zone"),
        Column("locale", "VARCHAR", "Their language", "x.locale"),
        Column("tags", "VARCHAR[]", "Their tags", "x.tags"),
        Column("created_at", "TIMESTAMPTZ", "When they were added", "x.created_at"),
    ),
    "{kept}.users x",
)
ORGANIZATIONS = View(
    "organizations",
    "Customers' organizations",
    (
        Column("id", "BIGINT", "The organization's id", "x.id"),
        Column("name", "VARCHAR", "Its name", "x.name"),
        Column("tags", "VARCHAR[]", "Its tags", "x.tags"),
        Column("created_at", "TIMESTAMPTZ", "When it was added", "x.created_at"),
    ),
    "{kept}.organizations x",
)
TAGS = View(
    "tags",
    "One row for each tag of each ticket",
    (
        Column("ticket_id", "BIGINT", "tickets.id", "x.ticket_id"),
        Column("tag", "VARCHAR", "The tag", "x.tag"),
    ),
    "(SELECT t.id AS ticket_id, unnest(t.tags) AS tag FROM {kept}.tickets t WHERE "
    + _YOUNG
    + ") x",
)
SATISFACTION = View(
    "satisfaction",
    "One row a rating that a customer gave",
    (
        Column("ticket_id", "BIGINT", "tickets.id", "x.ticket_id"),
        Column("score", "VARCHAR", "good or bad", "x.score"),
        Column("comment", "VARCHAR", "Where texts are kept, else NULL", "x.comment"),
        Column("reason", "VARCHAR", "The reason chosen for a bad one", "x.reason"),
        Column("assignee_id", "BIGINT", "users.id of the agent rated", "x.assignee_id"),
        Column("group_id", "BIGINT", "The group's id", "x.group_id"),
        Column("created_at", "TIMESTAMPTZ", "When it was asked for", "x.created_at"),
        Column("updated_at", "TIMESTAMPTZ", "When it was given", "x.updated_at"),
    ),
    "{kept}.satisfaction x " + _WITH_TICKET,
    month="updated_at",
)
SLA_BREACHES = View(
    "sla_breaches",
    "One row each time that an SLA target was missed",
    (
        Column("ticket_id", "BIGINT", "tickets.id", "x.ticket_id"),
        Column("metric", "VARCHAR", "reply_time, requester_wait_time, …", "x.metric"),
        Column("policy", "VARCHAR", "The SLA policy's name", "x.policy"),
        Column("target_minutes", "BIGINT", "What was promised", "x.target_minutes"),
        Column(
            "business_hours", "BOOLEAN", "Whether counted in business hours", "x.business_hours"
        ),
        Column("breached_at", "TIMESTAMPTZ", "When", "x.at"),
    ),
    "{kept}.sla_events x " + _WITH_TICKET + " AND x.type = 'breach'",
    month="breached_at",
)
SLA_TARGETS = View(
    "sla_targets",
    "One row a promise that an SLA policy made for a ticket: missed, or not so far",
    (
        Column("ticket_id", "BIGINT", "tickets.id", "x.ticket_id"),
        Column("metric", "VARCHAR", "reply_time, requester_wait_time, …", "x.metric"),
        Column("policy", "VARCHAR", "The SLA policy's name", "x.policy"),
        Column("target_minutes", "BIGINT", "What was promised", "x.target_minutes"),
        Column("applied_at", "TIMESTAMPTZ", "When it was promised", "x.applied_at"),
        Column("breached_at", "TIMESTAMPTZ", "When it was missed, else NULL", "x.breached_at"),
    ),
    "(SELECT e.ticket_id, e.metric, e.instance_id, arg_max(e.policy, e.id) AS policy, "
    "arg_max(e.target_minutes, e.id) AS target_minutes, "
    "min(e.at) FILTER (e.type = 'apply_sla') AS applied_at, "
    "min(e.at) FILTER (e.type = 'breach') AS breached_at "
    "FROM {kept}.sla_events e GROUP BY ALL HAVING applied_at IS NOT NULL "
    "OR breached_at IS NOT NULL) x " + _WITH_TICKET,
    month="applied_at",
)
FRESHNESS = View(
    "freshness",
    "One row an export of Zendesk's: until when the copy holds it",
    (
        Column("stream", "VARCHAR", "tickets, ticket_events, users, …", "x.name"),
        Column("until", "TIMESTAMPTZ", "What happened before this is there", "x.until"),
        Column("complete", "BOOLEAN", "Whether the latest sync came to its end", "x.complete"),
    ),
    "{kept}.streams x",
)
CUSTOM_FIELDS = View(
    "custom_fields",
    "One row for each custom field of each ticket that has a value, for each choice of a list",
    (
        Column("ticket_id", "BIGINT", "tickets.id", "x.ticket_id"),
        Column("field_id", "BIGINT", "The field's id", "x.field.id"),
        Column("field", "VARCHAR", "The field's title", "f.title"),
        Column("value", "VARCHAR", "A choice's tag; a number or date as text", "x.field.value"),
    ),
    "(SELECT t.id AS ticket_id, unnest(t.custom_fields) AS field FROM {kept}.tickets t WHERE "
    + _YOUNG
    + ") x LEFT JOIN {kept}.fields f ON f.id = x.field.id",
)

VIEWS = (
    TICKETS,
    COMMENTS,
    STATUS_CHANGES,
    USERS,
    ORGANIZATIONS,
    TAGS,
    SATISFACTION,
    SLA_BREACHES,
    SLA_TARGETS,
    CUSTOM_FIELDS,
    FRESHNESS,
)
