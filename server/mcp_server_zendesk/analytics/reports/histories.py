"""Statuses over time, read off the changes: from when until when a ticket was what."""

from __future__ import annotations

DONE = "('solved', 'closed')"

SPANS = (
    "(SELECT ticket_id, to_status AS status, changed_at AS since, lead(changed_at) "
    "OVER (PARTITION BY ticket_id ORDER BY changed_at, id) AS until FROM status_changes)"
)
"""A row a status of a ticket; ``until`` is NULL for the one it has."""

_WITHOUT = "t.id NOT IN (SELECT ticket_id FROM status_changes)"

UNSOLVED = (
    f"(SELECT ticket_id, since, until FROM {SPANS} WHERE status NOT IN {DONE} UNION ALL "
    "SELECT t.id, t.created_at, "
    f"CASE WHEN t.status IN {DONE} THEN coalesce(t.solved_at, t.created_at) END "
    f"FROM tickets t WHERE {_WITHOUT})"
)
"""When a ticket was not solved. One without a history was so from its creation to its solution."""

SOLUTIONS = (
    "(SELECT ticket_id, min(changed_at) AS solved_at FROM status_changes WHERE "
    "to_status = 'solved' AND changed_at >= {begins} AND changed_at < {ends} GROUP BY ticket_id "
    "UNION ALL SELECT t.id, t.solved_at FROM tickets t WHERE "
    f"{_WITHOUT} AND t.status IN {DONE} AND t.solved_at >= {{begins}} AND t.solved_at < {{ends}})"
)
"""When a ticket was first solved within a span."""

REOPENINGS = (
    "(SELECT ticket_id, changed_at FROM (SELECT ticket_id, changed_at, to_status, lag(to_status) "
    "OVER (PARTITION BY ticket_id ORDER BY changed_at, id) AS before FROM status_changes) "
    f"WHERE before = 'solved' AND to_status NOT IN {DONE})"
)
"""When a solved ticket was opened again."""
