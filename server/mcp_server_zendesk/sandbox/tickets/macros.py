"""What a macro would do to a ticket. Nothing is written: that is the caller's business."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.tickets.values import clean_tags

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store

_CUSTOM = "custom_fields_"
_PLAIN = ("status", "custom_status_id", "priority", "type", "subject", "ticket_form_id", "brand_id")
_IDS = ("custom_status_id", "ticket_form_id", "brand_id", "group_id", "assignee_id")
_PLACEHOLDER = re.compile(r"{{\s*([\w.]+)\s*}}")


def outcome(store: Store, macro: Json, user: Json, ticket: Json | None) -> Json:
    """The keys that a macro sets, tags and comment among them.

    Args:
        store: The account.
        macro: Whose actions are read.
        user: The acting agent, `current_user`.
        ticket: What it is tried on; without one, placeholders and added tags stay as they are.
    """
    result: Json = {}
    comment: Json = {}
    tags = set(ticket["tags"]) if ticket else set()
    fields: list[Json] = []
    for action in macro["actions"]:
        name, value = action["field"], action["value"]
        if name in {"current_tags", "set_tags", "remove_tags"}:
            given = clean_tags([value])
            if name == "remove_tags":
                tags -= given
            else:
                tags = given if name == "set_tags" else tags | given
            result["tags"] = sorted(tags)
        elif name in {"comment_value", "comment_value_html"}:
            text = value[-1] if isinstance(value, list) else value
            key = "html_body" if name.endswith("html") else "body"
            comment[key] = _filled(store, str(text), user, ticket)
        elif name == "comment_mode_is_public":
            comment["public"] = str(value).lower() == "true"
        elif name.startswith(_CUSTOM):
            fields.append({"id": int(name.removeprefix(_CUSTOM)), "value": value})
        elif name in _PLAIN or name in _IDS:
            result[name] = _meant(store, name, value, user)
    if fields:
        result["custom_fields"] = fields
    if comment:
        comment.setdefault("public", True)
        body = comment.get("html_body") or comment.get("body", "")
        result["comment"] = {**comment, "scoped_body": [["channel:all", body]]}
    return result


def _meant(store: Store, name: str, value: object, user: Json) -> object:
    if value == "current_user":
        return user["id"]
    if value == "current_groups":
        groups = store.groups_of(user["id"])
        return user["default_group_id"] or next(iter(sorted(groups)), None)
    if name in _IDS:
        return int(str(value)) if str(value).isdigit() else None
    return value


def _filled(store: Store, text: str, user: Json, ticket: Json | None) -> str:
    if ticket is None:
        return text
    requester = store.users.get(ticket["requester_id"]) or {}
    assignee = store.users.get(ticket["assignee_id"] or 0) or {}
    known = {
        "ticket.id": ticket["id"],
        "ticket.title": ticket["subject"],
        "ticket.status": ticket["status"],
        "ticket.requester.name": requester.get("name"),
        "ticket.requester.first_name": str(requester.get("name") or "").partition(" ")[0],
        "ticket.requester.email": requester.get("email"),
        "ticket.assignee.name": assignee.get("name"),
        "current_user.name": user["name"],
        "current_user.first_name": str(user["name"]).partition(" ")[0],
    }
    return _PLACEHOLDER.sub(lambda found: str(known.get(found[1]) or ""), text)
