"""Puts a workspace together: settings, connection, catalogue, boundary."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from pydantic import SecretStr

from mcp_server_zendesk import __version__
from mcp_server_zendesk.command_lines import PROGRAM, command
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.observing import NOBODY, Observer
from mcp_server_zendesk.serving.cleaning.redaction import Redaction, RedactionUnavailable
from mcp_server_zendesk.serving.inventory import Inventory, Policy
from mcp_server_zendesk.serving.spec import DEFAULT_TOOLSETS
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.credentials import credentials_for
from zendesk_tools import CATALOGUE, LISTINGS

if TYPE_CHECKING:
    import httpx

    from mcp_server_zendesk.serving.server import ZendeskServer


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
    )
    try:
        policy.check(CATALOGUE)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return Inventory(CATALOGUE, policy)


def access_to(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    clock: Callable[[], float] = time.monotonic,
    observer: Observer = NOBODY,
) -> Access:
    """The way into Zendesk. Nothing is sent yet, and no vault is opened.

    Raises:
        ConfigurationError: The policy names a tool or a toolset that does not exist.
    """
    inventory = inventory_of(settings)
    scopes = inventory.least_scopes(settings.scopes)
    connection = Connection(
        settings.account,
        credentials_for(settings, scopes, transport=transport, clock=clock),
        transport=transport,
        user_agent=f"{PROGRAM}/{__version__}",
        clock=clock,
    )
    return Access(
        connection,
        configured=settings.scopes,
        workspace=settings.workspace,
        sign_in=command("auth login", settings),
        guard=inventory.policy.guard(),
        sleep=sleep,
        observer=observer,
    )


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
    state_keys: Sequence[SecretStr] = (),
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
        state_keys: What questions to humans are sealed with, where replicas share them.
        reloads: Its policy may be exchanged while it runs.
        observer: Hears of each call, and of each request to Zendesk.

    Raises:
        ConfigurationError: The policy or the audit file cannot be used.
    """
    from mcp_server_zendesk.serving.auditing.audit import Audit  # noqa: PLC0415 - only a server needs it
    from mcp_server_zendesk.serving.server import ZendeskServer  # noqa: PLC0415 - imports mcp
    from zendesk_tools.prompts import PROMPTS  # noqa: PLC0415 - likewise
    from zendesk_tools.resources import RESOURCES  # noqa: PLC0415 - likewise

    inventory = inventory_of(settings)
    redaction = redaction_of(settings)
    try:
        audit = Audit(audit_log, workspace=settings.workspace)
    except OSError as error:
        raise ConfigurationError(
            f"the audit log {audit_log} cannot be written: {error.strerror}"
        ) from None
    access = access_to(settings, transport=transport, sleep=sleep, clock=clock, observer=observer)
    return ZendeskServer(
        access,
        inventory,
        audit=audit,
        version=__version__,
        listings=LISTINGS,
        prompts=PROMPTS,
        resources=RESOURCES,
        redaction=redaction,
        state_keys=state_keys,
        reloads=reloads,
    )
