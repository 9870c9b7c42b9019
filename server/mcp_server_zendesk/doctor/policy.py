"""The admin's policy read aloud, and what in it is risky, without effect, or names nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.guarding.places import Places
from mcp_server_zendesk.connection.handle import Reach, Zendesk
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.doctor.checks import Check, Doubt, doubtful
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.policy_words import read_aloud

_READS = Reach(writes=False, scopes=frozenset({"read"}))


async def look_at_policy(
    inventory: Inventory, held: HeldScopes, connection: Connection | None = None
) -> Check:
    """Read the policy aloud; its groups and brands are looked up where Zendesk can be asked."""
    found = " ".join(read_aloud(inventory, held))
    doubts = list(_risks(inventory, held))
    for places in inventory.policy.guard().places:
        unsure = Doubt(
            f"{places.kind}s_not_checked",
            f"Whether the {places.kind}s of {places.setting} exist could not be looked up.",
            "mend what the other checks tell, and run doctor again",
        )
        if connection is None or not held.meets(places.scope):
            doubts.append(unsure)
            continue
        try:
            wrong = await _wrong(places, connection, held)
        except ZendeskError:
            doubts.append(unsure)
            continue
        if wrong:
            return Check(
                "policy",
                "fail",
                found,
                why=f"{places.setting} names what is no {places.kind} of this account, or what "
                f"several {places.kind}s are called: {', '.join(wrong)}. While a name is wrong, "
                "every change of a ticket is refused.",
                mend=f"correct {places.setting}: ids and names stand in Zendesk's Admin Center",
                cause=f"unknown_{places.kind}",
            )
    return doubtful("policy", found, doubts)


async def _wrong(places: Places, connection: Connection, held: HeldScopes) -> list[str]:
    reader = Zendesk(Access(connection, held.configured), _READS, held)
    return places.wrong_among(await places.known(reader))


def _risks(inventory: Inventory, held: HeldScopes) -> Iterator[Doubt]:
    policy = inventory.policy
    offered = inventory.visible(held)
    effects = {spec.effect for spec in offered} & policy.allow_effects
    counted = policy.writes_per_minute is not None or policy.writes_per_session is not None
    if policy.confirm == "client" and "irreversible" in effects and not counted:
        yield Doubt(
            "nobody_asked",
            "confirm is client, so that only the client's own prompt stands before what cannot be "
            "undone, and nothing limits how often.",
            "set writes_per_minute, or leave irreversible out of allow_effects, or set "
            "confirm to require",
        )
    elif (
        policy.confirm == "client"
        and "contact" in effects
        and not counted
        and policy.allow_recipients is None
    ):
        yield Doubt(
            "anyone_contacted",
            "confirm is client, so that only the client's own prompt stands before a message to "
            "anybody, and nothing limits how often.",
            "set allow_recipients or writes_per_minute, or set confirm to require",
        )
    if policy.allow_brands is not None and any(
        spec.toolset == "help_center" and spec.effect != "read" for spec in offered
    ):
        yield Doubt(
            "articles_refused",
            "Articles tell no brand, so that every change of one is refused under allow_brands.",
            "leave create_article and update_article out by exclude_tools",
        )
    if not any(spec.effect != "read" for spec in offered):
        return
    guard = policy.guard()
    lacking = sorted(
        scope
        for scope in guard.reads_with
        if not held.meets(scope) and scope in _needed(guard.places)
    )
    if lacking:
        yield Doubt(
            "policy_unreadable",
            f"Without the scope {' and '.join(lacking)} it cannot be told what some changes would "
            "touch, and those are refused.",
            f"add {' '.join(lacking)} to the scopes, and sign in again",
        )


def _needed(places: tuple[Places, ...]) -> set[str]:
    named = {one.scope for one in places if one.named}
    return {"tickets:read", "users:read"} | named
