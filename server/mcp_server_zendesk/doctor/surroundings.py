"""What an examination takes from the machine that it runs on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from urllib.request import getproxies

from mcp_server_zendesk.doctor.network import Connect, Resolve, connect_with_tls, resolve_host

if TYPE_CHECKING:
    import httpx

    from mcp_server_zendesk.signing_in.turns import Turns
    from mcp_server_zendesk.signing_in.vaults import Vault


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The environment, the clocks and the ways out.

    ``transport`` is another way to Zendesk than the network, which is then not looked at.
    ``vault`` and ``turns`` stand in for the workspace's own. ``now`` is in seconds since 1970.
    """

    environ: Mapping[str, str]
    transport: httpx.AsyncBaseTransport | None = None
    vault: Callable[[], Vault] | None = None
    turns: Turns | None = None
    now: Callable[[], float] = time.time
    today: Callable[[], date] = field(default=date.today)
    resolve: Resolve = resolve_host
    connect: Connect = connect_with_tls
    proxies: Callable[[], Mapping[str, str]] = getproxies
