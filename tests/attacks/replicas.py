"""Several replicas of one server: what one of them has counted, told or kept, and another not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from attacks.attack import Attack, Attacks, Ground, put_in_place
from calling import calling_as
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET, REQUESTER_ID
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.workspace import team_of
from sharing.servers import STATE_KEY, Replica, replicas
from stores import PROGRAM, redis_server

_YES = Attacks("a human's yes")
_POLICY = Attacks("policy of the admin")
_SECRETS = Attacks("hosts and credentials")

NEW = {"subject": "s", "body": "b", "requester_id": REQUESTER_ID, "public": True}
SECRET = "canary-refresh-token"
SHARING = "mcp_server_zendesk.sharing"


async def _always(*_: Any, **__: Any) -> bool:
    return True


async def _never(*_: Any, **__: Any) -> None:
    return None


def _in_the_clear(_: Any, text: str, name: str) -> str:
    del name
    return text


@asynccontextmanager
async def two(ground: Ground, **options: Any) -> AsyncIterator[list[Replica]]:
    with redis_server(ground.folder) as redis:
        async with replicas(redis, **options) as both:
            yield both


def written(sandbox: Sandbox) -> int:
    return sum(request.method != "GET" for request in sandbox.requests)


@_YES.add(
    "yes answered at two replicas",
    who="client",
    tries="one sealed question, answered at two replicas that share their keys",
    defence="replicas share which yeses were used",
    without=put_in_place(f"{SHARING}.yeses:SharedSpent.spend", _always),
)
async def _(ground: Ground) -> bool:
    async with two(ground) as both:
        asked = await both[0].question("create_ticket", **NEW)
        for replica in both:
            await replica.answered(asked, "create_ticket", **NEW)
        return written(both[0].sandbox) > 1


@_YES.add(
    "yes of another caller",
    who="client",
    tries="sends on, as itself, what another caller's human was asked and agreed to",
    defence="a sealed question is its caller's own",
    without=put_in_place("mcp.server.request_state:_principal_matches", lambda *_: True),
)
async def _(ground: Ground) -> bool:
    async with two(ground) as (one, other):
        with calling_as("ann"):
            asked = await one.question("create_ticket", **NEW)
        with calling_as("mallory"):
            try:
                await other.answered(asked, "create_ticket", **NEW)
            except Exception:  # noqa: BLE001 - refused, by whichever words
                return False
        return written(one.sandbox) > 0


@_POLICY.add(
    "ceiling met at each replica",
    who="model",
    tries="changes as much at each replica as one alone would let it",
    defence="replicas count writes together",
    without=put_in_place(f"{SHARING}.writes:SharedCeilings.widen", _never),
)
async def _(ground: Ground) -> bool:
    async with two(ground, writes_per_minute=2) as both:
        async with anyio.create_task_group() as tasks:
            for number in range(4):
                note = {"ticket_id": OPEN_TICKET, "body": f"N{number}"}
                tasks.start_soon(both[number % 2].client.call_tool, "add_internal_note", note)
        return written(both[0].sandbox) > 2


@_POLICY.add(
    "calls spread over replicas",
    who="client",
    tries="makes more calls a minute than it may, at one replica after the other",
    defence="replicas count each caller's calls together",
    without=put_in_place(f"{SHARING}.calls:SharedCalls.enter", _never),
)
async def _(ground: Ground) -> bool:
    async with two(ground, server={"calls_per_minute": 2}) as both:
        for number in range(4):
            with calling_as("mallory"):
                await both[number % 2].client.call_tool("get_user", {"user": "me"})
        return len(both[0].sent()) > 2


@_SECRETS.add(
    "sign-in read in the store",
    who="local user",
    tries="reads Redis, or a backup of it",
    defence="what is secret is sealed before it leaves for the store",
    without=put_in_place(f"{SHARING}.sealed:Seal.sealed", _in_the_clear),
)
async def _(ground: Ground) -> bool:
    with redis_server(ground.folder) as redis:
        given = {"store_url": redis.url, "state_keys": STATE_KEY}
        team = team_of(ServerSettings.model_validate(given))
        async with team.running():
            texts = team.shared("acme").texts
            assert texts is not None
            texts.write("main", SECRET)
            return SECRET in redis.everything()


ATTACKS: tuple[Attack, ...] = (*_YES, *_POLICY, *_SECRETS) if PROGRAM else ()
