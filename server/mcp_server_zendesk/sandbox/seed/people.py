"""The people of Northwind Outdoor: its agents, groups, customers and their organizations."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.vocabulary import ADMIN, LIGHT_AGENT

_ROLES: tuple[dict[str, Any], ...] = (
    {
        "id": at.STAFF_ROLE_ID,
        "name": "Staff",
        "description": "Solves tickets and edits customer profiles.",
        "role_type": 0,
        "configuration": {"ticket_access": "all", "ticket_tag_editing": True}
        | {"ticket_deletion": False, "ticket_merge": True, "modify_closed_tickets": False},
    },
    {
        "id": at.TEAM_LEAD_ROLE_ID,
        "name": "Team lead",
        "description": "Staff who may also edit closed tickets and manage shared macros.",
        "role_type": 0,
        "configuration": {"ticket_access": "all", "ticket_tag_editing": True}
        | {"ticket_deletion": True, "ticket_merge": True, "modify_closed_tickets": True},
    },
    {
        "id": at.LIGHT_AGENT_ROLE_ID,
        "name": "Light agent",
        "description": "Reads tickets and adds internal notes.",
        "role_type": LIGHT_AGENT,
        "configuration": {"ticket_access": "all", "ticket_tag_editing": False}
        | {"ticket_deletion": False, "ticket_merge": False, "modify_closed_tickets": False},
    },
)

_STAFF: tuple[dict[str, Any], ...] = (
    {
        "id": at.ADMIN_ID,
        "name": "Ada Okafor",
        "email": at.ADMIN_EMAIL,
        "role": "admin",
        "role_type": ADMIN,
        "signature": "Ada, Northwind Outdoor",
    },
    {
        "id": at.AGENT_ID,
        "name": "Marek Dvořák",
        "email": at.AGENT_EMAIL,
        "custom_role_id": at.STAFF_ROLE_ID,
        "time_zone": "Europe/Prague",
        "iana_time_zone": "Europe/Prague",
    },
    {
        "id": at.TEAM_LEAD_ID,
        "name": "Priya Raman",
        "email": "priya.raman@northwind-outdoor.example",
        "custom_role_id": at.TEAM_LEAD_ROLE_ID,
    },
    {
        "id": at.RETURNS_AGENT_ID,
        "name": "Tomás Silva",
        "email": "tomas.silva@northwind-outdoor.example",
        "custom_role_id": at.STAFF_ROLE_ID,
    },
    {
        "id": at.LIGHT_AGENT_ID,
        "name": "Ingrid Solberg",
        "email": "ingrid.solberg@northwind-outdoor.example",
        "custom_role_id": at.LIGHT_AGENT_ROLE_ID,
        "role_type": LIGHT_AGENT,
        "only_private_comments": True,
        "notes": "Head of the repair workshop.",
    },
)

_GROUPS: tuple[dict[str, Any], ...] = (
    {
        "id": at.SUPPORT_GROUP_ID,
        "name": "Customer Support",
        "description": "First line: accounts, orders and questions.",
        "default": True,
    },
    {
        "id": at.RETURNS_GROUP_ID,
        "name": "Returns & Warranty",
        "description": "Returns, repairs and warranty claims.",
    },
    {
        "id": at.BILLING_GROUP_ID,
        "name": "Billing",
        "description": "Invoices, refunds and purchase orders.",
    },
)

_MEMBERSHIPS = (
    (at.ADMIN_ID, at.SUPPORT_GROUP_ID, True),
    (at.ADMIN_ID, at.RETURNS_GROUP_ID, False),
    (at.ADMIN_ID, at.BILLING_GROUP_ID, False),
    (at.AGENT_ID, at.SUPPORT_GROUP_ID, True),
    (at.TEAM_LEAD_ID, at.BILLING_GROUP_ID, True),
    (at.TEAM_LEAD_ID, at.SUPPORT_GROUP_ID, False),
    (at.RETURNS_AGENT_ID, at.RETURNS_GROUP_ID, True),
    (at.LIGHT_AGENT_ID, at.RETURNS_GROUP_ID, True),
)

_ORGANIZATIONS: tuple[dict[str, Any], ...] = (
    {
        "id": at.FJALLGARDEN_ID,
        "name": "Fjällgården Outdoor School",
        "domain_names": ["fjallgarden.example"],
        "details": "Runs winter courses in Jämtland; buys rental fleets each autumn.",
        "notes": "Net 30. Calls instead of writing when a course is at risk.",
        "tags": ["education", "key_account"],
        "external_id": "C-1042",
    },
    {
        "id": at.KESTREL_ID,
        "name": "Kestrel Mountain Guides",
        "domain_names": ["kestrelguides.example"],
        "details": "Guiding company in Snowdonia, 22 guides.",
        "tags": ["guides"],
        "external_id": "C-1077",
    },
    {
        "id": at.SANYA_ID,
        "name": "山野アウトドア株式会社",
        "domain_names": ["sanya-outdoor.example"],
        "details": "Retail partner in Nagano and Sapporo.",
        "tags": ["partner"],
        "external_id": "C-1103",
    },
    {
        "id": at.CORDILLERA_ID,
        "name": "Cordillera Rentals",
        "domain_names": ["cordillera-rentals.example"],
        "details": "Equipment rental in Puerto Varas and Pucón.",
        "tags": ["partner", "rental"],
        "external_id": "C-1118",
    },
)


@dataclass(frozen=True)
class _Customer:
    id: int
    name: str
    email: str
    locale: str
    organization_id: int | None = None
    phone: str | None = None


_CUSTOMERS = (
    _Customer(
        at.REQUESTER_ID,
        "Lena Bergström",
        at.REQUESTER_EMAIL,
        "sv",
        organization_id=at.FJALLGARDEN_ID,
        phone="+46 63 555 0142",
    ),
    _Customer(
        41700000020030,
        "Oskar Lindqvist",
        "oskar.lindqvist@fjallgarden.example",
        "sv",
        organization_id=at.FJALLGARDEN_ID,
    ),
    _Customer(
        41700000020047,
        "Rhys Morgan",
        "rhys@kestrelguides.example",
        "en-GB",
        organization_id=at.KESTREL_ID,
        phone="+44 1286 555 017",
    ),
    _Customer(
        41700000020064,
        "Fiona MacLeod",
        "fiona@kestrelguides.example",
        "en-GB",
        organization_id=at.KESTREL_ID,
    ),
    _Customer(
        at.INDEPENDENT_USER_ID,
        "Grace Mwangi",
        "grace.mwangi@mail.example",
        "en-US",
        phone="+254 20 555 0199",
    ),
    _Customer(
        41700000020098,
        "Camila Rojas",
        "camila@cordillera-rentals.example",
        "es-CL",
        organization_id=at.CORDILLERA_ID,
    ),
    _Customer(
        41700000020115,
        "Diego Fuentes",
        "diego@cordillera-rentals.example",
        "es-CL",
        organization_id=at.CORDILLERA_ID,
    ),
    _Customer(
        at.JAPANESE_USER_ID,
        "佐藤 美咲",
        "m.sato@sanya-outdoor.example",
        "ja",
        organization_id=at.SANYA_ID,
        phone="+81 26 555 0123",
    ),
    _Customer(at.ARABIC_USER_ID, "أمينة الحربي", "amina.alharbi@mail.example", "ar"),
    _Customer(41700000020166, "Юлія Коваленко", "yuliia.kovalenko@mail.example", "uk"),
    _Customer(41700000020183, "Nguyễn Thị Mai", "mai.nguyen@mail.example", "vi"),
    _Customer(at.SUSPENDED_USER_ID, "Daniel Carter", "d.carter@mail.example", "en-US"),
    _Customer(at.ATTACKER_ID, "Sam Porter", "sam.porter@mail.example", "en-US"),
    _Customer(41700000020234, "Chloé Lefèvre", "chloe.lefevre@mail.example", "fr"),
    _Customer(
        41700000020251, "Hannah Weiß", "hannah.weiss@mail.example", "de", phone="+49 89 555 0110"
    ),
)


def add_people(store: Store) -> None:
    """Adds roles, agents, groups, organizations and customers, all a few years old."""
    joined = stamp(store.now() - timedelta(days=820))
    for role in _ROLES:
        store.add_custom_role(created_at=joined, **role)
    for organization in _ORGANIZATIONS:
        store.add_organization(created_at=joined, **organization)
    for group in _GROUPS:
        store.add_group(created_at=joined, **group)
    for agent in _STAFF:
        seen = stamp(store.now() - timedelta(hours=2))
        store.add_user(created_at=joined, last_login_at=seen, **{"role": "agent", **agent})
    for user_id, group_id, default in _MEMBERSHIPS:
        store.add_membership(user_id, group_id, default=default)
    for number, customer in enumerate(_CUSTOMERS):
        _add_customer(store, number, customer)


def _add_customer(store: Store, number: int, customer: _Customer) -> None:
    user = store.add_user(
        **asdict(customer),
        external_id=f"U-{20_400 + 7 * number}",
        created_at=stamp(store.now() - timedelta(days=700 - 31 * number)),
        suspended=customer.id == at.SUSPENDED_USER_ID,
    )
    if customer.phone:
        store.add_identity(user_id=customer.id, type="phone_number", value=customer.phone)
    if user["suspended"]:
        user["notes"] = "Suspended after threatening the workshop staff."
