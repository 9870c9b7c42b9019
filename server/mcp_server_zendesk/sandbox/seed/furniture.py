"""Ticket fields, forms, brands and custom statuses of Northwind Outdoor."""

from datetime import timedelta
from typing import Any

from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.store import Store


def _options(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "id": 41700000090000 + sum(map(ord, value)),
            "name": name,
            "raw_name": name,
            "value": value,
            "default": False,
        }
        for name, value in pairs
    ]


def _choices(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


_SYSTEM_FIELDS: tuple[dict[str, Any], ...] = (
    {"id": 41700000050014, "type": "subject", "title": "Subject", "visible_in_portal": True}
    | {"editable_in_portal": True, "required_in_portal": True},
    {
        "id": 41700000050031,
        "type": "description",
        "title": "Description",
        "description": "Tell us what happened, and the order number if there is one.",
        "visible_in_portal": True,
        "editable_in_portal": True,
        "required_in_portal": True,
    },
    {
        "id": 41700000050048,
        "type": "status",
        "title": "Status",
        "description": "Request status",
        "system_field_options": _choices(
            ("Open", "open"),
            ("Pending", "pending"),
            ("On-hold", "hold"),
            ("Solved", "solved"),
        ),
        "sub_type_id": 0,
    },
    {
        "id": 41700000050065,
        "type": "tickettype",
        "title": "Type",
        "description": "Request type",
        "removable": True,
        "system_field_options": _choices(
            ("Question", "question"),
            ("Incident", "incident"),
            ("Problem", "problem"),
            ("Task", "task"),
        ),
    },
    {
        "id": 41700000050082,
        "type": "priority",
        "title": "Priority",
        "description": "Request priority",
        "removable": True,
        "system_field_options": _choices(
            ("Low", "low"),
            ("Normal", "normal"),
            ("High", "high"),
            ("Urgent", "urgent"),
        ),
        "sub_type_id": 0,
    },
    {"id": 41700000050099, "type": "group", "title": "Group", "description": "Request group"},
    {
        "id": at.ASSIGNEE_FIELD_ID,
        "type": "assignee",
        "title": "Assignee",
        "description": "Agent assigned to your request",
        "required": True,
        "visible_in_portal": True,
    },
    {"id": 41700000050133, "type": "custom_status", "title": "Ticket status"}
    | {"custom_statuses": []},
)

_CUSTOM_FIELDS: tuple[dict[str, Any], ...] = (
    {
        "id": at.PRODUCT_AREA_FIELD_ID,
        "type": "tagger",
        "title": "Product area",
        "description": "What the request is about.",
        "visible_in_portal": True,
        "editable_in_portal": True,
        "custom_field_options": _options(
            ("Account and login", "area_account"),
            ("Orders and shipping", "area_orders"),
            ("Returns and warranty", "area_returns"),
            ("Gear repair", "area_repair"),
        ),
    },
    {
        "id": at.GROUP_BOOKING_FIELD_ID,
        "type": "checkbox",
        "title": "Group booking",
        "description": "The order is for a course, a school or a guided group.",
        "tag": "group_booking",
    },
    {"id": at.UNITS_FIELD_ID, "type": "integer", "title": "Units affected"},
    {"id": at.TRIP_DATE_FIELD_ID, "type": "date", "title": "Trip date"}
    | {"description": "The day by which the customer needs the gear."},
    {
        "id": at.RESOLUTION_FIELD_ID,
        "type": "tagger",
        "title": "Resolution",
        "description": "How the request was settled.",
        "required": True,
        "custom_field_options": _options(
            ("Fixed", "resolution_fixed"),
            ("Refunded", "resolution_refunded"),
            ("Replaced", "resolution_replaced"),
            ("No action needed", "resolution_no_action"),
        ),
    },
    {
        "id": at.CHANNELS_FIELD_ID,
        "type": "multiselect",
        "title": "Sales channels",
        "custom_field_options": _options(
            ("Web shop", "channel_web"),
            ("Store", "channel_store"),
            ("Rental desk", "channel_rental"),
            ("Partner", "channel_partner"),
        ),
    },
    {
        "id": at.ORDER_NUMBER_FIELD_ID,
        "type": "regexp",
        "title": "Order number",
        "regexp_for_validation": r"^NW-\d{5}$",
        "visible_in_portal": True,
        "editable_in_portal": True,
    },
)

_STATUSES: tuple[tuple[int, str, str, str, bool], ...] = (
    (at.NEW_STATUS_ID, "new", "New", "Received", True),
    (at.OPEN_STATUS_ID, "open", "Open", "Open", True),
    (at.IN_REVIEW_STATUS_ID, "open", "In review", "Open", False),
    (at.PENDING_STATUS_ID, "pending", "Pending", "Awaiting your reply", True),
    (at.HOLD_STATUS_ID, "hold", "On-hold", "Open", True),
    (at.WORKSHOP_STATUS_ID, "hold", "Waiting for workshop", "In the workshop", False),
    (at.SOLVED_STATUS_ID, "solved", "Solved", "Solved", True),
)


_WARRANTY_CONDITIONS = [
    {
        "parent_field_id": at.PRODUCT_AREA_FIELD_ID,
        "parent_field_type": "tagger",
        "value": "area_repair",
        "child_fields": [
            {
                "id": at.ORDER_NUMBER_FIELD_ID,
                "is_required": False,
                "required_on_statuses": {"type": "SOME_STATUSES", "statuses": ["solved"]},
            },
            {
                "id": at.TRIP_DATE_FIELD_ID,
                "is_required": False,
                "required_on_statuses": {"type": "NO_STATUSES"},
            },
        ],
    },
]
"""A repair cannot be solved without its order number."""


def add_furniture(store: Store) -> None:
    """Adds fields, forms, brands and statuses."""
    made = stamp(store.now() - timedelta(days=815))
    for position, field in enumerate((*_SYSTEM_FIELDS, *_CUSTOM_FIELDS), start=1):
        removable = position > len(_SYSTEM_FIELDS)
        store.add_ticket_field(
            created_at=made, position=position, **{"removable": removable, **field}
        )
    for status_id, category, agent_label, end_user_label, default in _STATUSES:
        store.add_custom_status(
            id=status_id,
            status_category=category,
            agent_label=agent_label,
            end_user_label=end_user_label,
            default=default,
            created_at=made,
        )
    system = [field["id"] for field in _SYSTEM_FIELDS]
    custom = [field["id"] for field in _CUSTOM_FIELDS]
    store.add_ticket_form(
        id=at.SUPPORT_FORM_ID,
        name="Support request",
        default=True,
        ticket_field_ids=[*system, *custom],
        created_at=made,
    )
    store.add_ticket_form(
        id=at.WARRANTY_FORM_ID,
        name="Warranty claim",
        position=2,
        ticket_field_ids=[*system, *(one for one in custom if one != at.GROUP_BOOKING_FIELD_ID)],
        agent_conditions=_WARRANTY_CONDITIONS,
        created_at=made,
    )
    forms = [at.SUPPORT_FORM_ID, at.WARRANTY_FORM_ID]
    origin = f"{store.subdomain}.zendesk.com"
    store.add_brand(
        id=at.NORTHWIND_BRAND_ID,
        name="Northwind Outdoor",
        subdomain=store.subdomain,
        brand_url=f"https://{origin}",
        has_help_center=True,
        help_center_state="enabled",
        default=True,
        ticket_form_ids=forms,
        created_at=made,
    )
    store.add_brand(
        id=at.BASECAMP_BRAND_ID,
        name="Basecamp Rentals",
        subdomain="basecamp-demo",
        brand_url="https://basecamp-demo.zendesk.com",
        ticket_form_ids=forms,
        created_at=made,
    )
