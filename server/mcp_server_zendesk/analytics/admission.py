"""Whether the store may be asked: it is there, this account's, and this user's."""

from __future__ import annotations

from anyio import to_thread

from mcp_server_zendesk.analytics.facts import Facts
from mcp_server_zendesk.analytics.opening import duckdb_of
from mcp_server_zendesk.analytics.querying.reading import Reader
from mcp_server_zendesk.analytics.store import Store
from mcp_server_zendesk.analytics.tables import VERSION
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.identity import who_am_i
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.local_refusals import (
    NeverSynced,
    OtherUser,
    StoreUnusable,
    SwitchedOff,
)
from mcp_server_zendesk.serving.local_store import Analytics

_SYNC_FIRST = "Run the command sync, or let sync_tickets be called: either does it."


async def readable(zendesk: Zendesk, inventory: Inventory) -> Reader:
    """The reader of this workspace's store. Handlers that read call it first.

    Who Zendesk takes the server for is asked at most every ten minutes.

    Raises:
        ExtraNeeded: DuckDB is not installed.
        NeverSynced: Nothing has been synced yet.
        OtherUser: It was filled as another Zendesk user.
        StoreBusy: Others had it open all the time.
        StoreUnusable: It is damaged, another account's, of another version, or holds texts that
            are to be kept no longer.
        SwitchedOff: A reload has taken analytics back.
        ZendeskError: Zendesk could not be asked who the user is.
    """
    local = local_of(inventory)
    duckdb_of()
    facts = await to_thread.run_sync(Store(local).facts)
    await check_user(zendesk, facts)
    check_readable(facts, local)
    return Reader(local)


def local_of(inventory: Inventory) -> Analytics:
    """What the admin decided.

    Raises:
        SwitchedOff: A reload has taken analytics back.
    """
    local = inventory.policy.analytics
    if local is None:
        raise SwitchedOff
    return local


async def check_user(zendesk: Zendesk, facts: Facts) -> None:
    """Whether it was filled as the user that the server acts as now.

    Raises:
        OtherUser: As another, as one who was more, or it is not known as whom.
        ZendeskError: Zendesk could not be asked.
    """
    if not facts.streams:
        return
    me = await zendesk.cached("me", lambda: who_am_i(zendesk), scope="read")
    if not facts.open_to(me.id, me.role):
        raise OtherUser


def check_readable(facts: Facts, local: Analytics) -> None:
    """Whether there is something in it, as it is to be read now.

    Raises:
        NeverSynced: Nothing has been synced yet.
        StoreUnusable: A sync has to bring it up to date first.
    """
    if facts.version < VERSION:
        raise StoreUnusable("The store was made by an older version of this program.", _SYNC_FIRST)
    if facts.given.get("keep") == "texts" and not local.texts:
        raise StoreUnusable(
            "The store still holds texts, which the admin has decided to keep no longer.",
            _SYNC_FIRST,
        )
    if not facts.streams:
        raise NeverSynced
