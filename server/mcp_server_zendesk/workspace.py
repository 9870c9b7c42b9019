"""Puts a workspace together: settings, connection, catalogue, boundary."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mcp_server_zendesk import __version__
from mcp_server_zendesk.command_lines import PROGRAM, command
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.call_limits import Allowance
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.observing import NOBODY, Observer
from mcp_server_zendesk.connection.shared import Shared, shared_here
from mcp_server_zendesk.serving.cleaning.redaction import Redaction, RedactionUnavailable
from mcp_server_zendesk.serving.inventory import Inventory, Policy
from mcp_server_zendesk.serving.local_store import Analytics
from mcp_server_zendesk.serving.spec import DEFAULT_TOOLSETS
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.credentials import credentials_for
from mcp_server_zendesk.signing_in.turns import Turns
from mcp_server_zendesk.signing_in.vaults import Vault, file_name, vault_of
from zendesk_tools import CATALOGUE, LISTINGS

if TYPE_CHECKING:
    import httpx

    from mcp_server_zendesk.server_settings import ServerSettings
    from mcp_server_zendesk.serving.server import ZendeskServer
    from mcp_server_zendesk.sharing.store import Store
    from mcp_server_zendesk.team import Team


class ExtraMissing(ConfigurationError):
    """What is configured needs an extra that is not installed."""


def inventory_of(settings: Settings) -> Inventory:
    """The catalogue as the admin's policy shows it.

    Raises:
        ConfigurationError: The policy names a tool or a toolset that does not exist.
    """
    policy = Policy(
        toolsets=DEFAULT_TOOLSETS if settings.toolsets is None else settings.toolsets,
        tools=settings.tools,
        exclude_tools=settings.exclude_tools,
        read_only=settings.read_only,
        confirm=settings.confirm,
        allow_effects=settings.allow_effects,
        allow_recipients=settings.allow_recipients,
        allow_brands=settings.allow_brands,
        allow_groups=settings.allow_groups,
        writes_per_minute=settings.writes_per_minute,
        writes_per_session=settings.writes_per_session,
        redact=settings.redact,
        analytics=analytics_of(settings),
    )
    try:
        policy.check(CATALOGUE)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return Inventory(CATALOGUE, policy)


def analytics_of(settings: Settings) -> Analytics | None:
    """What the admin decided about the local store; None where it is off. Nothing is opened."""
    return local_store_of(settings) if settings.analytics else None


def local_store_of(settings: Settings) -> Analytics:
    """Where the local store is, or would be: one may be left from before it was switched off."""
    kept_in = settings.analytics_folder
    if kept_in is None:
        import platformdirs  # noqa: PLC0415 - seldom

        kept_in = Path(platformdirs.user_data_dir(PROGRAM, appauthor=False)) / "analytics"
    return Analytics(
        folder=kept_in / _folder_name(settings.workspace),
        subdomain=settings.account.subdomain,
        keep=settings.analytics_keep,
        retention_days=settings.retention_days,
    )


def _folder_name(workspace: str) -> str:
    """A workspace's name as a folder that leads nowhere else."""
    name = file_name(workspace)
    return name.replace(".", "%2E") if name.startswith(".") else name


def load_tools() -> None:
    """Import now all that calls need: a server that runs for weeks lets nobody wait for it, and
    does not mix what it runs with what is installed meanwhile.
    """
    from mcp_server_zendesk.serving import boundary  # noqa: PLC0415, F401 - see above

    for spec in CATALOGUE:
        spec.load()


def team_of(
    server: ServerSettings,
    *,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] | None = None,
) -> Team:
    """What the workspaces, callers and replicas of an HTTP server share. Nothing is sent yet.

    Args:
        server: Its settings.
        sleep: Waits so many seconds.
        clock: Seconds that no clock change moves.
        now: Another clock for the store than its own.

    Raises:
        ConfigurationError: The store's address, or its keys, cannot be used.
    """
    from mcp_server_zendesk.team import Team  # noqa: PLC0415 - only HTTP has one

    allowance = Allowance(server.calls_at_once, server.calls_per_minute)
    store = store_of(server, clock=clock, now=now)
    if store is None:
        return Team(allowance, sleep=sleep, clock=clock)
    from mcp_server_zendesk.sharing.leases import Leases  # noqa: PLC0415 - an extra

    keys = server.state_keys
    return Team(allowance, keys, store, Leases(store, sleep=sleep), sleep=sleep, clock=clock)


def store_of(
    server: ServerSettings,
    *,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] | None = None,
) -> Store | None:
    """The way to what replicas share; None where nothing is shared. Nothing is sent yet.

    Raises:
        ConfigurationError: Its address, or its keys, cannot be used.
    """
    if server.store_url is None:
        if server.state_keys:
            raise ConfigurationError(
                "state_keys: without store_url, two replicas could act on one answer of a human; "
                "set both, or leave both out"
            )
        return None
    if not server.state_keys:
        raise ConfigurationError(
            "store_url: what is kept there is sealed by state_keys; set them too, alike for each "
            "replica"
        )
    try:
        from mcp_server_zendesk.sharing.store import Store  # noqa: PLC0415 - an extra

        return Store(server.store_url, clock=clock, now=now)
    except ImportError:
        raise ExtraMissing(
            "store_url needs the extra redis: pip install 'mcp-server-zendesk[redis]'"
        ) from None
    except ValueError:
        raise ConfigurationError(
            "store_url: has to be an address like redis://host:6379/0, or rediss:// for TLS"
        ) from None


def kept_by_replicas(settings: Settings, server: ServerSettings) -> tuple[Vault, Turns] | None:
    """Where a sign-in is kept that replicas share, for commands; None where they share none.

    Raises:
        ConfigurationError: See ``team_of``.
    """
    subdomain = settings.account.subdomain
    find, _ = sign_in_kept(settings, team_of(server).shared(subdomain))
    if find is None:
        return None

    @asynccontextmanager
    async def turns(workspace: str) -> AsyncIterator[None]:
        """With a way to the store of its own: a command runs one loop after the other."""
        team = team_of(server)
        async with team.running():
            _, own = sign_in_kept(settings, team.shared(subdomain))
            async with own(workspace) if own is not None else nullcontext():
                yield

    return find(), turns


def access_to(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    clock: Callable[[], float] = time.monotonic,
    observer: Observer = NOBODY,
    team: Team | None = None,
) -> Access:
    """The way into Zendesk. Nothing is sent yet, and no vault is opened.

    What all calls of an account have in common comes from the ``team``, where there is one.

    Raises:
        ConfigurationError: The policy names a tool or a toolset that does not exist.
    """
    inventory = inventory_of(settings)
    scopes = inventory.least_scopes(settings.scopes)
    guard = inventory.policy.guard()
    shared = shared_here(clock) if team is None else team.shared(settings.account.subdomain)
    guard.ceilings = shared.ceilings(settings.workspace, guard.ceilings)
    vault, turns = sign_in_kept(settings, shared)
    connection = Connection(
        settings.account,
        credentials_for(
            settings, scopes, vault=vault, turns=turns, transport=transport, clock=clock
        ),
        transport=transport,
        user_agent=f"{PROGRAM}/{__version__}",
        clock=clock,
        gate=shared.gate,
    )
    return Access(
        connection,
        configured=settings.scopes,
        workspace=settings.workspace,
        sign_in=command("auth login", settings),
        guard=guard,
        sleep=sleep,
        observer=observer,
        places=shared.places,
        uploads=shared.uploads,
        spent=shared.spent,
    )


def sign_in_kept(
    settings: Settings, shared: Shared
) -> tuple[Callable[[], Vault] | None, Turns | None]:
    """Where a workspace's sign-in is kept that replicas share; None each where they share none."""
    if shared.texts is None or shared.turn is None:
        return None, None
    from mcp_server_zendesk.signing_in.shared_vault import (  # noqa: PLC0415 - only replicas
        SharedVault,
        turns_of,
    )

    vault = SharedVault(shared.texts, lambda: vault_of(settings.workspace))
    return (lambda: vault), turns_of(shared.turn)


def redaction_of(settings: Settings) -> Redaction:
    """What is taken out of the texts that a model reads.

    Raises:
        ConfigurationError: There is no such kind, or it needs an extra that is not installed.
    """
    try:
        return Redaction(settings.redact)
    except RedactionUnavailable as error:
        raise ExtraMissing(str(error)) from None
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def build_server(
    settings: Settings,
    *,
    audit_log: Path | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    clock: Callable[[], float] = time.monotonic,
    team: Team | None = None,
    reloads: bool = False,
    observer: Observer = NOBODY,
) -> ZendeskServer:
    """The server of one workspace, ready to run on any transport.

    Args:
        settings: Of the workspace.
        audit_log: Where calls are recorded; None for the log alone.
        transport: Another way to Zendesk than the network.
        sleep: In seconds.
        clock: In seconds from no particular moment.
        team: Over HTTP, those with whom it shares; else it has a process of its own.
        reloads: Its policy may be exchanged while it runs.
        observer: Hears of each call, and of each request to Zendesk.

    Raises:
        ConfigurationError: The policy or the audit file cannot be used.
    """
    from mcp_server_zendesk.serving.auditing.audit import Audit  # noqa: PLC0415 - only a server needs it
    from mcp_server_zendesk.serving.server import ZendeskServer  # noqa: PLC0415 - imports mcp
    from zendesk_tools.prompts import PROMPTS  # noqa: PLC0415 - likewise
    from zendesk_tools.resources import DOCUMENTS, RESOURCES  # noqa: PLC0415 - likewise

    inventory = inventory_of(settings)
    redaction = redaction_of(settings)
    try:
        audit = Audit(audit_log, workspace=settings.workspace)
    except OSError as error:
        raise ConfigurationError(
            f"the audit log {audit_log} cannot be written: {error.strerror}"
        ) from None
    access = access_to(
        settings, transport=transport, sleep=sleep, clock=clock, observer=observer, team=team
    )
    return ZendeskServer(
        access,
        inventory,
        audit=audit,
        version=__version__,
        listings=LISTINGS,
        prompts=PROMPTS,
        resources=RESOURCES,
        documents=DOCUMENTS,
        redaction=redaction,
        fairness=None if team is None else team.fairness(settings.account.subdomain),
        state_keys=() if team is None else team.state_keys,
        reloads=reloads,
    )
