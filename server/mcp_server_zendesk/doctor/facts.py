"""What the account tells of itself, and how much of its request limit is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.errors import Forbidden, ZendeskError
from mcp_server_zendesk.connection.limits import Headroom
from mcp_server_zendesk.connection.paths import api_path
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.doctor.authentication import trouble
from mcp_server_zendesk.doctor.checks import Check, skipped
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.settings import Settings

LEAST_LEFT = 0.2
_CLOSED_TICKETS = "modify_closed_tickets_customer_setting"
_TAGGING = "update_ticket_tags"


async def look_at_facts(
    connection: Connection, settings: Settings, inventory: Inventory, held: HeldScopes
) -> Check:
    """Read the account's settings (``zendesk-api.md`` §6.1.5; the closed-ticket key is
    undocumented). Nothing in them is a failure.
    """
    if not held.meets("read"):
        return skipped("account_facts", "The account's settings take the broad scope read.")
    try:
        body = (await connection.send("GET", api_path("account", "settings"))).body
    except Forbidden:
        return skipped("account_facts", "Zendesk does not let this user read them.")
    except ZendeskError as error:
        return trouble("account_facts", error, settings, soft=True)
    told = _mapping(body, "settings")
    features = _mapping(told, "active_features")
    closed = _mapping(told, "tickets").get(_CLOSED_TICKETS)
    tags = any(spec.name == _TAGGING for spec in inventory.visible(held))
    warn = closed is False and tags
    return Check(
        "account_facts",
        "warn" if warn else "ok",
        "; ".join(
            (
                "a sandbox account" if features.get("sandbox") is True else "no sandbox account",
                f"closed tickets can be edited: {_yes_or_no(closed)}",
                f"custom statuses: {_yes_or_no(features.get('custom_statuses_enabled'))}",
            )
        )
        + " (as far as the account tells)",
        why=f"{_TAGGING} is offered, and Zendesk will refuse it on closed tickets."
        if warn
        else None,
        mend="an admin switches on the account setting 'Modify closed ticket' in Admin Center"
        if warn
        else None,
        cause="closed_tickets_locked" if warn else None,
    )


def look_at_rate_limit(headroom: Headroom | None) -> Check:
    """Judge what Zendesk's headers say of the account's requests a minute (§4)."""
    if headroom is None:
        return skipped("rate_limit", "No answer of Zendesk's told of its limit.")
    left = f"{headroom.remaining} of {headroom.limit} requests a minute are left"
    if headroom.remaining >= headroom.limit * LEAST_LEFT:
        return Check("rate_limit", "ok", left)
    wait = headroom.resets_in_seconds
    return Check(
        "rate_limit",
        "warn",
        left,
        why="Other programs of the account use it up; the server will wait, or be refused.",
        mend=f"wait {wait} s" if wait else "wait a minute",
        cause="rate_limit_low",
    )


def _mapping(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    return value if isinstance(value, Mapping) else {}


def _yes_or_no(value: Any) -> str:
    return (
        {True: "yes", False: "no"}.get(value, "not told") if isinstance(value, bool) else "not told"
    )
