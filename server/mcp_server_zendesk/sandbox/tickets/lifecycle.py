"""Status, priority and type: which values there are, and where each may go (§5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import moment, stamp
from mcp_server_zendesk.sandbox.tickets.values import SYSTEM_TYPES, values_of
from mcp_server_zendesk.sandbox.vocabulary import (
    DONE,
    PRIORITIES,
    REOPENED_BY_REQUESTER,
    STATUSES,
    TICKET_TYPES,
)

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.tickets.draft import Draft

_FIELD_CLASSES = {
    "tickettype": "FieldTicketType",
    "custom_status": "FieldCustomStatus",
    "tagger": "FieldTagger",
    "multiselect": "FieldMultiselect",
}


def field_class(field: Json) -> str:
    """The name that `ticket_field_type` gives a field in error details, `FieldTagger` (§3)."""
    kind: str = field["type"]
    return _FIELD_CLASSES.get(kind, f"Field{kind.title()}")


def set_lifecycle(draft: Draft) -> None:
    """Takes over status, priority, type and what hangs on the type."""
    _set_status(draft)
    _set_priority(draft)
    _set_type(draft)


def settle_status(draft: Draft) -> None:
    """Side effects: assigning moves new to open, an end user's comment reopens (§5.2)."""
    after = draft.after
    if after["status"] == "new" and after["assignee_id"] is not None:
        move_to(draft, "open")
    spoke = "comment" in draft.wanted and not draft.creating
    if spoke and draft.by["role"] == "end-user" and after["status"] in REOPENED_BY_REQUESTER:
        move_to(draft, "open")


def check_solving(draft: Draft) -> None:
    """Refuses to solve without an assignee or without the fields required on solve (§3, §5.2).

    Whether setting `closed` directly asks for the same is not known; here it does.
    """
    after = draft.after
    if after["status"] not in DONE or draft.before["status"] in DONE:
        return
    values = values_of(after)
    form = draft.store.ticket_forms.get(after["ticket_form_id"] or 0)
    hidden, asked = by_conditions(form, after)
    for field in draft.store.ticket_fields.values():
        required = field["id"] in asked or (field["required"] and field["id"] not in hidden)
        if not (required and field["active"]):
            continue
        # Only fields of the ticket's form are asked for; seen on a live account by others.
        shown = form is None or field["id"] in form["ticket_field_ids"]
        if field["type"] == "assignee":
            missing = after["assignee_id"] is None
        elif field["type"] in SYSTEM_TYPES:
            key = "type" if field["type"] == "tickettype" else str(field["type"])
            missing = shown and not after.get(key, True)
        else:
            missing = shown and values.get(field["id"]) in (None, False)
        if missing:
            draft.problems.add(
                "base",
                f"{field['title']}: is required when solving a ticket",
                ticket_field_id=field["id"],
                ticket_field_type=field_class(field),
            )


def by_conditions(form: Json | None, ticket: Json) -> tuple[set[int], set[int]]:
    """What a form's `agent_conditions` hide, and what they require on solve.

    A field that is the child of conditions is shown where one of them holds. Statuses other than
    solved may ask for fields too; whether the API refuses there is not known, here it does not.
    """
    children: set[int] = set()
    shown: set[int] = set()
    asked: set[int] = set()
    values = values_of(ticket)
    for condition in (form or {}).get("agent_conditions", ()):
        value = values.get(condition["parent_field_id"])
        held = value if isinstance(value, list) else [value]
        holds = condition["value"] in held
        for child in condition["child_fields"]:
            children.add(child["id"])
            if holds:
                shown.add(child["id"])
                if _asked_on_solve(child):
                    asked.add(child["id"])
    return children - shown, asked


def _asked_on_solve(child: Json) -> bool:
    on = child.get("required_on_statuses") or {}
    if on.get("type") == "SOME_STATUSES":
        return "solved" in on.get("statuses", ())
    return on.get("type") == "ALL_STATUSES" or (not on and bool(child.get("is_required")))


def move_to(draft: Draft, status: str) -> None:
    """Sets a status and the custom status that stands for it by default."""
    draft.after["status"] = status
    if status != "closed":
        draft.after["custom_status_id"] = draft.store.default_status_id(status)


def _set_status(draft: Draft) -> None:
    wanted = draft.wanted
    if wanted.get("custom_status_id") is not None:
        custom = draft.store.custom_statuses.get(wanted["custom_status_id"])
        if custom is None or not custom["active"]:
            text = "Custom status: is invalid"
            draft.problems.add("custom_status_id", text, "InvalidValue")
            return
        # The category of the custom status wins over a status sent along (§5.1).
        if _may_move(draft, custom["status_category"]):
            draft.after["status"] = custom["status_category"]
            draft.after["custom_status_id"] = custom["id"]
    elif wanted.get("status") is not None and _may_move(draft, wanted["status"]):
        move_to(draft, wanted["status"])


def _may_move(draft: Draft, status: str) -> bool:
    if status not in STATUSES:
        draft.problems.add("status", f"Status: {status} is not valid", "InvalidValue")
        return False
    if status == "new" and draft.before["status"] != "new":
        # `new` can never be set again (§5.2); this wording is not attested.
        draft.problems.add("status", "Status: cannot be set back to new", "InvalidValue")
        return False
    return True


def _set_priority(draft: Draft) -> None:
    if "priority" not in draft.wanted:
        return
    priority = draft.wanted["priority"] or None
    if priority is None and draft.before["priority"] is not None:
        draft.problems.add("priority", "Priority: cannot be reset")
    elif priority is not None and priority not in PRIORITIES:
        draft.problems.add("priority", f"Priority: {priority} is not valid", "InvalidValue")
    else:
        draft.after["priority"] = priority


def _set_type(draft: Draft) -> None:
    after, wanted = draft.after, draft.wanted
    if "type" in wanted:
        kind = wanted["type"] or None
        if kind is not None and kind not in TICKET_TYPES:
            draft.problems.add("type", f"Type: {kind} is not valid", "InvalidValue")
            return
        after["type"] = kind
    if "due_at" in wanted:
        _set_due(draft)
    if "problem_id" in wanted:
        _set_problem(draft)
    # Due dates belong to tasks, problems to incidents (§5.1). How Zendesk answers a mismatch is
    # not known: here the value does not stick, and the audit shows it.
    if after["type"] != "task":
        after["due_at"] = None
    if after["type"] != "incident":
        after["problem_id"] = None


def _set_due(draft: Draft) -> None:
    due_at = draft.wanted["due_at"] or None
    try:
        draft.after["due_at"] = stamp(moment(due_at)) if due_at else None
    except ValueError:
        # How Zendesk refuses what is no time is not known.
        draft.problems.add("due_at", "Due date: is invalid", "InvalidValue")


def _set_problem(draft: Draft) -> None:
    problem_id = draft.wanted["problem_id"]
    problem = draft.store.tickets.get(problem_id or 0)
    if problem_id is not None and (problem is None or problem["type"] != "problem"):
        draft.problems.add("problem_id", "Problem: is invalid", "InvalidValue")
        return
    draft.after["problem_id"] = problem_id
