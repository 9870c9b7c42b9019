"""What the user behind the credentials may do."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_server_zendesk.connection.credentials import API_TOKENS_END
from mcp_server_zendesk.doctor import mending
from mcp_server_zendesk.doctor.authentication import Me
from mcp_server_zendesk.doctor.checks import Check, Doubt, doubtful
from mcp_server_zendesk.settings import Settings

_STAFF = frozenset({"agent", "admin"})
_RESTRICTIONS = {
    "groups": "the tickets of their groups",
    "organization": "the tickets of their organization",
    "assigned": "the tickets that are assigned to them",
    "requested": "the tickets that they requested",
}


def look_at_role(me: Me, settings: Settings) -> Check:
    """Judge the role; tools need an agent (``zendesk-api.md`` §8, §2.1)."""
    role = me.role if me.role in {*_STAFF, "end-user"} else "no role that is known"
    if me.suspended:
        return Check(
            "role",
            "fail",
            f"{role}, suspended",
            why="Zendesk lets a suspended user do nothing.",
            mend="an admin unsuspends the user in Zendesk, or sign in as another one: "
            + mending.sign_in(settings),
            cause="suspended",
        )
    if me.role not in _STAFF:
        return Check(
            "role",
            "fail",
            role,
            why="The tools use what Zendesk gives to agents and admins alone.",
            mend=f"sign in as an agent: {mending.sign_in(settings)}",
            cause="role",
        )
    return doubtful("role", role, _doubts(me, settings))


def _doubts(me: Me, settings: Settings) -> Iterator[Doubt]:
    """What narrows the tools without stopping them."""
    widen = "an admin gives the user another role in Admin Center (People > Team > Team members)"
    if me.only_private_comments:
        yield Doubt(
            "light_agent",
            "The user may write internal notes only: public replies will be refused.",
            widen,
        )
    elif me.ticket_restriction or me.restricted_agent:
        seen = _RESTRICTIONS.get(me.ticket_restriction or "", "a part of the tickets")
        yield Doubt(
            "restricted_agent",
            f"The user sees only {seen}: the others will not be found.",
            widen,
        )
    if settings.auth == "api_token":
        yield Doubt(
            "api_tokens_end",
            f"Zendesk stops all API tokens on {API_TOKENS_END}. An API token has no scopes of its "
            "own: only the configured ones limit it.",
            mending.sign_in(settings, "oauth"),
        )
