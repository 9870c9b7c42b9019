"""Views, macros, triggers, automations and SLA policies of Northwind Outdoor."""

from datetime import timedelta
from typing import Any

from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.store import Store

_TITLES = {
    "status": "Status",
    "subject": "Subject",
    "requester": "Requester",
    "created": "Requested",
    "updated": "Updated",
    "group": "Group",
    "assignee": "Assignee",
    "priority": "Priority",
    "type": "Type",
}


def _is(field: str, value: object, operator: str = "is") -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


_UNSOLVED = _is("status", "solved", "less_than")

_VIEWS: tuple[tuple[int, str, list[dict[str, Any]], str, str], ...] = (
    (
        at.MY_TICKETS_VIEW,
        "Your unsolved tickets",
        [_UNSOLVED, _is("assignee_id", "current_user")],
        "updated",
        "desc",
    ),
    (
        at.UNASSIGNED_VIEW,
        "Unassigned tickets",
        [_UNSOLVED, _is("assignee_id", "")],
        "created",
        "asc",
    ),
    (
        at.RETURNS_VIEW,
        "Returns & Warranty: open",
        [_UNSOLVED, _is("group_id", str(at.RETURNS_GROUP_ID))],
        "priority",
        "desc",
    ),
    (41700000061068, "Recently solved", [_is("status", "solved")], "updated", "desc"),
    (41700000061085, "Urgent", [_UNSOLVED, _is("priority", "urgent")], "created", "asc"),
)

_MACROS: tuple[tuple[int, str, list[dict[str, Any]], bool], ...] = (
    (
        at.FIRST_ANSWER_MACRO,
        "Take it and say hello",
        [
            {"field": "assignee_id", "value": "current_user"},
            {"field": "status", "value": "pending"},
            {
                "field": "comment_value",
                "value": "Hello {{ticket.requester.first_name}},\n\nthank you for writing. I am "
                "looking into it.\n\n{{current_user.first_name}}",
            },
            {"field": "comment_mode_is_public", "value": "true"},
        ],
        True,
    ),
    (
        at.TRIAGE_MACRO,
        "Triage::Returns",
        [
            {"field": "group_id", "value": str(at.RETURNS_GROUP_ID)},
            {"field": "priority", "value": "normal"},
            {"field": "current_tags", "value": "triaged returns"},
            {"field": f"custom_fields_{at.PRODUCT_AREA_FIELD_ID}", "value": "area_returns"},
        ],
        True,
    ),
    (
        at.NOTE_MACRO,
        "Note: waiting for the workshop",
        [
            {"field": "status", "value": "hold"},
            {"field": "comment_value", "value": "Sent to the workshop, ticket {{ticket.id}}."},
            {"field": "comment_mode_is_public", "value": "false"},
        ],
        True,
    ),
    (
        41700000062068,
        "Close and redirect to the shop",
        [{"field": "status", "value": "solved"}],
        False,
    ),
)

_TRIGGERS: tuple[tuple[int, str, dict[str, Any], list[dict[str, Any]]], ...] = (
    (
        41700000063017,
        "Notify requester of received request",
        {"all": [_is("update_type", "Create"), _is("status", "solved", "is_not")], "any": []},
        [
            {
                "field": "notification_user",
                "value": [
                    "requester_id",
                    "[Request received]",
                    "Your request ({{ticket.id}}) has been received.",
                ],
            }
        ],
    ),
    (
        41700000063034,
        "Priority of key accounts",
        {"all": [_is("update_type", "Create"), _is("current_tags", "vip", "includes")], "any": []},
        [{"field": "priority", "value": "high"}],
    ),
)

_AUTOMATION = (
    41700000006013,
    "Close ticket 4 days after status is set to solved",
    {"all": [_is("status", "solved"), _is("SOLVED", "96", "greater_than")], "any": []},
    [{"field": "status", "value": "closed"}],
)

_TARGETS = (("urgent", 60, 240), ("high", 240, 1440), ("normal", 480, 2880), ("low", 1440, 5760))


def add_rules(store: Store) -> None:
    """Adds them all, two years old."""
    made = stamp(store.now() - timedelta(days=700))
    for position, (view_id, title, conditions, sort_by, order) in enumerate(_VIEWS, start=1):
        store.add(
            store.views,
            _view(title, conditions, sort_by, order)
            | {"id": view_id, "position": position, "created_at": made},
        )
    for position, (macro_id, title, actions, active) in enumerate(_MACROS, start=1):
        macro = {"id": macro_id, "title": title, "raw_title": title, "active": active}
        macro |= {"description": None, "position": position, "default": False}
        store.add(
            store.macros, macro | {"restriction": None, "actions": actions, "created_at": made}
        )
    for position, (trigger_id, title, terms, actions) in enumerate(_TRIGGERS, start=1):
        trigger = _rule(trigger_id, title, terms, actions, position)
        trigger |= {"description": None, "category_id": "10002", "created_at": made}
        store.add(store.triggers, trigger)
    automation = _rule(*_AUTOMATION, 1)
    store.add(store.automations, automation | {"created_at": made})
    _add_sla_policy(store, made)


def _rule(
    rule_id: int,
    title: str,
    conditions: dict[str, Any],
    actions: list[dict[str, Any]],
    position: int,
) -> dict[str, Any]:
    return {
        "id": rule_id,
        "title": title,
        "raw_title": title,
        "active": True,
        "default": False,
        "position": position,
        "conditions": conditions,
        "actions": actions,
    }


def _view(title: str, conditions: list[dict[str, Any]], sort_by: str, order: str) -> dict[str, Any]:
    shown = ("subject", "requester", "created", "updated", "group", "assignee")
    columns = [{"id": name, "title": _TITLES[name]} for name in shown]
    return {
        "title": title,
        "raw_title": title,
        "description": None,
        "active": True,
        "default": False,
        "restriction": None,
        "sla_id": None,
        "watchable": True,
        "execution": {
            "group_by": None,
            "group_order": "desc",
            "sort_by": sort_by,
            "sort_order": order,
            "group": None,
            "sort": {"id": sort_by, "title": _TITLES[sort_by], "order": order},
            "columns": columns,
            "fields": columns,
            "custom_fields": [],
        },
        "conditions": {"all": conditions, "any": []},
    }


def _add_sla_policy(store: Store, made: str) -> None:
    metrics = [
        {"priority": priority, "metric": metric, "target": target, "business_hours": False}
        | {"target_in_seconds": target * 60}
        for priority, first, resolution in _TARGETS
        for metric, target in (
            ("first_reply_time", first),
            ("requester_wait_time", resolution),
        )
    ]
    store.add(
        store.sla_policies,
        {
            "id": at.SLA_POLICY_ID,
            "title": "Outdoor customers",
            "description": "First answer and waiting time, by priority.",
            "position": 1,
            "filter": {"all": [_is("type", "task", "is_not")], "any": []},
            "policy_metrics": metrics,
            "metric_settings": {},
            "created_at": made,
        },
    )
