"""All that the replicas share of one account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio
from pydantic import SecretStr

from mcp_server_zendesk.connection.guarding.ceilings import WriteCeilings
from mcp_server_zendesk.connection.places import RequestPlaces
from mcp_server_zendesk.connection.shared import Shared
from mcp_server_zendesk.sharing.calls import SharedCalls
from mcp_server_zendesk.sharing.gate import SharedGate
from mcp_server_zendesk.sharing.leases import Leases
from mcp_server_zendesk.sharing.sealed import Seal
from mcp_server_zendesk.sharing.store import Ground, Store
from mcp_server_zendesk.sharing.texts import SealedTexts
from mcp_server_zendesk.sharing.turns import shared_turn
from mcp_server_zendesk.sharing.uploads import SharedUploads
from mcp_server_zendesk.sharing.writes import SharedCeilings
from mcp_server_zendesk.sharing.yeses import SharedSpent


def shared_over(
    store: Store,
    leases: Leases,
    account: str,
    keys: Sequence[SecretStr],
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> Shared:
    """What replicas share of an account.

    Args:
        store: Where it is kept.
        leases: Renewed while anything of it is used.
        account: The subdomain.
        keys: The first seals what is secret there, all open it.
        clock: For what this process knows by itself while the store cannot be reached.
        sleep: Waits so many seconds.
    """
    ground = Ground(store, account)

    def ceilings(workspace: str, limits: WriteCeilings | None) -> SharedCeilings:
        """Also without limits: they may come while the server runs."""
        shared = SharedCeilings(ground, leases, workspace)
        return shared if limits is None else shared.limited_to(limits)

    return Shared(
        gate=SharedGate(ground, clock),
        spent=SharedSpent(ground),
        uploads=SharedUploads(ground, Seal(keys, "uploads")),
        calls=SharedCalls(ground, leases, clock),
        places=RequestPlaces(),
        ceilings=ceilings,
        texts=SealedTexts(ground, Seal(keys, "sign-in")),
        turn=shared_turn(ground, sleep=sleep, clock=clock),
    )
