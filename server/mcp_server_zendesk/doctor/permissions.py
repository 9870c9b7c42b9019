"""Whether Zendesk lets the user do what the tools are for, tried by one cheap read."""

from __future__ import annotations

from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.paths import api_path
from mcp_server_zendesk.connection.scopes import HeldScopes, satisfies
from mcp_server_zendesk.doctor import mending
from mcp_server_zendesk.doctor.authentication import Me, trouble
from mcp_server_zendesk.doctor.checks import Candidate, Check, skipped
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.settings import Settings

# What is read, and the scope that the read needs.
_READS = (("tickets", "tickets:read"), ("users", "users:read"))


async def look_at_permissions(
    connection: Connection,
    settings: Settings,
    inventory: Inventory,
    held: HeldScopes,
    me: Me,
) -> Check:
    """Read one record, and tell a 403 apart (zendesk-api.md §2.5)."""
    what = _worth_reading(inventory, held)
    if what is None:
        return skipped("permissions", "No tool is offered that reads tickets or users.")
    try:
        await connection.send("GET", api_path(what), params={"page[size]": 1})
    except errors.Forbidden as error:
        return _forbidden(error, what, settings, me)
    except errors.EndpointUnavailable:
        return Check(
            "permissions",
            "fail",
            f"this account does not offer {what}",
            why="The feature is not in the account's plan, or is switched off.",
            mend=f"leave its tools out: {mending.tools(settings)}",
            cause="endpoint_unavailable",
        )
    except errors.ZendeskError as error:
        return trouble("permissions", error, settings)
    return Check("permissions", "ok", f"the user may list {what}")


def _worth_reading(inventory: Inventory, held: HeldScopes) -> str | None:
    """What an offered tool reads and the scopes allow."""
    offered = {
        scope for spec in inventory.visible(held) for group in spec.scopes for scope in group
    }
    return next(
        (what for what, scope in _READS if held.meets(scope) and satisfies(offered, scope)), None
    )


def _forbidden(error: errors.Forbidden, what: str, settings: Settings, me: Me) -> Check:
    found = f"Zendesk refuses to list {what} (403)"
    if error.refusal.scopes:
        names = " or ".join(error.refusal.scopes)
        return Check(
            "permissions",
            "fail",
            found,
            why=f"It names the scope that the token lacks: {names}. Allow it to the OAuth client "
            f"in {mending.OAUTH_CLIENTS} first.",
            mend=mending.another_token(settings),
            cause="scope_missing",
        )
    if me.suspended or me.role == "end-user":
        suspended = bool(me.suspended)
        return Check(
            "permissions",
            "fail",
            found,
            why=f"The user is {'suspended' if suspended else 'an end user'}, as the role tells.",
            mend=f"sign in as an agent: {mending.sign_in(settings)}",
            cause="suspended" if suspended else "role",
        )
    return Check(
        "permissions",
        "fail",
        found,
        why="Zendesk names no cause. No scope is missing, the user is not suspended, and this "
        "machine's address is let in to ask who the user is.",
        mend="an admin looks at the user's role in Admin Center (People > Team > Roles), then at "
        "the plan",
        candidates=_ranked(what, me),
    )


def _ranked(what: str, me: Me) -> tuple[Candidate, ...]:
    role = Candidate("role", f"the user's role does not allow listing {what}")
    plan = Candidate("plan", f"the account's plan does not offer {what} through the API")
    address = Candidate(
        "ip_allowlist", "the account allows only listed IP addresses, and not this machine's here"
    )
    return (plan, role, address) if me.role == "admin" else (role, plan, address)
