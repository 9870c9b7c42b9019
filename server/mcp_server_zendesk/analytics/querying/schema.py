"""What the views hold, for a model to read: the resource, and the answers to DESCRIBE and SHOW."""

from __future__ import annotations

from mcp_server_zendesk.analytics.views import VIEWS

Rows = tuple[tuple[str, ...], ...]

_PREFACE = """# Views of query_tickets

DuckDB SQL, one SELECT. Times are UTC (TIMESTAMPTZ); durations are whole minutes. Ids of users are
users.id, of tickets tickets.id. Tickets whose last change is older than the admin keeps are left
out.
"""


def listed() -> tuple[tuple[str, ...], Rows]:
    """The views: the columns of that table, and its rows."""
    rows = tuple((one.name, one.about, ", ".join(c.name for c in one.columns)) for one in VIEWS)
    return ("view", "about", "columns"), rows


def described(view: str) -> tuple[tuple[str, ...], Rows]:
    """The columns of a view: likewise."""
    found = next(one for one in VIEWS if one.name == view)
    rows = tuple((one.name, one.kind, one.meaning) for one in found.columns)
    return ("column", "type", "meaning"), rows


def schema() -> str:
    """All of it, as Markdown."""
    parts = [_PREFACE]
    for view in VIEWS:
        parts.append(
            f"\n## {view.name}\n\n{view.about}.\n\n| column | type | meaning |\n|---|---|---|\n"
        )
        parts += [f"| {one.name} | {one.kind} | {one.meaning} |\n" for one in view.columns]
    return "".join(parts)
