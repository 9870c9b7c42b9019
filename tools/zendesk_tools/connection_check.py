"""Who the server acts as, and what it may do."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.identity import who_am_i
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.policy_words import read_aloud
from mcp_server_zendesk.serving.results import Line, Result


class Myself(Result):
    """The user that the server acts as."""

    id: int
    name: Line | None = None
    email: Line | None = None
    role: Line | None = None


class Scopes(Result):
    """What limits the tools. Effective is the common part."""

    configured: list[Line]
    granted: Annotated[
        list[Line] | None, Field(description="Left out where Zendesk cannot tell")
    ] = None
    caller: Annotated[
        list[Line] | None, Field(description="Of the caller's own token, where callers have one")
    ] = None
    effective: list[Line]


class HiddenTool(Result):
    """A tool that this workspace does not offer."""

    name: Line
    why: Line
    missing_scopes: list[Line] | None = None


class RateLimit(Result):
    """The account's requests a minute."""

    limit: int
    remaining: int
    resets_in_seconds: int | None = None


class Cached(Result):
    """What is kept for some minutes: how often it was read from Zendesk, and from memory."""

    name: Line
    loads: int
    hits: int


class ConnectionCheck(Result):
    """The state of the connection."""

    workspace: Line
    subdomain: Line
    auth: Line
    user: Myself
    read_only: bool
    policy: Annotated[list[Line], Field(description="What an admin lets you do")]
    scopes: Scopes
    tools: list[Line]
    hidden_tools: list[HiddenTool]
    rate_limit: RateLimit | None = None
    cache: list[Cached] | None = None


async def check_connection(zendesk: Zendesk, inventory: Inventory) -> ConnectionCheck:
    """Tell who this server is in Zendesk, with which role and scopes, which tools are hidden and
    why, and how much of the rate limit is left.

    Use it when a call was refused and you have to tell the user what is missing, or to see whom
    `me` means.
    """
    access = zendesk.access
    me = await who_am_i(zendesk)
    await access.learn_granted()
    held = access.held(caller=zendesk.held.caller)
    headroom = access.connection.gate.headroom
    return ConnectionCheck(
        workspace=access.workspace,
        subdomain=access.connection.account.subdomain,
        auth=access.connection.credentials.auth,
        user=Myself(id=me.id or 0, name=me.name, email=me.email, role=me.role),
        read_only=inventory.policy.read_only,
        policy=read_aloud(inventory, held)[1:],
        scopes=Scopes(
            configured=sorted(held.configured),
            granted=None if held.granted is None else sorted(held.granted),
            caller=None if held.caller is None else sorted(held.caller),
            effective=list(held.effective),
        ),
        tools=[spec.name for spec in inventory.visible(held)],
        hidden_tools=_hidden(inventory, held),
        rate_limit=RateLimit(
            limit=headroom.limit,
            remaining=headroom.remaining,
            resets_in_seconds=headroom.resets_in_seconds,
        )
        if headroom
        else None,
        cache=[
            Cached(name=name, loads=loads, hits=access.cache.hits[name])
            for name, loads in sorted(access.cache.loads.items())
        ]
        or None,
    )


def _hidden(inventory: Inventory, held: HeldScopes) -> list[HiddenTool]:
    hidden = []
    for spec in inventory.specs:
        why = inventory.why_hidden(spec, held)
        if why is None:
            continue
        missing = [" or ".join(group) for group in held.missing(spec.scopes)]
        hidden.append(HiddenTool(name=spec.name, why=why, missing_scopes=missing or None))
    return hidden
