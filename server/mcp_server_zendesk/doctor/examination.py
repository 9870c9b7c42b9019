"""The checks in their order; what one has learned is handed to those after it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

from mcp_server_zendesk import __version__
from mcp_server_zendesk.command_lines import PROGRAM
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.exchange import Channel
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.doctor.account import look_at_account, look_at_clock
from mcp_server_zendesk.doctor.analytics import look_at_analytics
from mcp_server_zendesk.doctor.authentication import look_at_authentication
from mcp_server_zendesk.doctor.binding import look_at_binding
from mcp_server_zendesk.doctor.callers import look_at_callers
from mcp_server_zendesk.doctor.checks import Check, Name, skipped
from mcp_server_zendesk.doctor.configuration import Configured, look_at_configuration
from mcp_server_zendesk.doctor.facts import look_at_facts, look_at_rate_limit
from mcp_server_zendesk.doctor.network import look_at_network
from mcp_server_zendesk.doctor.permissions import look_at_permissions
from mcp_server_zendesk.doctor.policy import look_at_policy
from mcp_server_zendesk.doctor.role import look_at_role
from mcp_server_zendesk.doctor.scopes import look_at_scopes
from mcp_server_zendesk.doctor.storage import Stored, look_at_storage
from mcp_server_zendesk.doctor.surroundings import Surroundings
from mcp_server_zendesk.hosting.several import names_of
from mcp_server_zendesk.server_settings import load_server
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.credentials import credentials_for
from mcp_server_zendesk.workspace import kept_by_replicas, store_of

T = TypeVar("T")

NAMES: tuple[Name, ...] = get_args(Name)


async def examine(
    flags: Mapping[str, Any],
    config: Path | None,
    of_server: Mapping[str, Any],
    around: Surroundings,
) -> list[Check]:
    """Do every check; there is one for each of ``NAMES``, in that order.

    Args:
        flags: Command-line flags by setting name; None where a flag was not given.
        config: Another configuration file than the default one.
        of_server: Flags of the HTTP server, likewise.
        around: The machine.
    """
    configuration, configured = look_at_configuration(flags, config, around.environ)
    checks = [configuration]
    if configured is None:
        ended = "The configuration cannot be used."
    else:
        around = _with_shared_sign_in(around, configured, config)
        ended = await _examine_workspace(checks, configured, around)
        done_so_far = {check.name for check in checks}
        if "policy" not in done_so_far:
            scopes = HeldScopes(configured.settings.scopes)
            reading = look_at_policy(configured.inventory, scopes)
            checks.append(await _check("policy", reading))
        if "analytics" not in done_so_far:
            now = datetime.fromtimestamp(around.now(), UTC)
            looking = look_at_analytics(configured.settings, None, now)
            checks.append(await _check("analytics", looking))
    checks += await _examine_http(
        of_server, config, around, None if configured is None else configured.settings
    )
    done = {check.name: check for check in checks}
    return [done.get(name) or skipped(name, ended) for name in NAMES]


def workspaces_of(
    flags: Mapping[str, Any],
    config: Path | None,
    of_server: Mapping[str, Any],
    around: Surroundings,
) -> tuple[str, ...]:
    """The workspaces that the HTTP server has, where it has several and none of them was named.

    Args: see ``examine``.
    """
    try:
        server = load_server(of_server, environ=around.environ, config=config)
        return names_of(server, flags, environ=around.environ, config=config)
    except ConfigurationError:
        return ()  # examine tells it


def _with_shared_sign_in(
    around: Surroundings, configured: Configured, config: Path | None
) -> Surroundings:
    """The sign-in that replicas of an HTTP server share, where they do."""
    if around.vault is not None:
        return around
    try:
        server = load_server({}, environ=around.environ, config=config)
        shared = kept_by_replicas(configured.settings, server)
    except ConfigurationError:
        return around
    if shared is None:
        return around
    vault, turns = shared
    return replace(around, vault=lambda: vault, turns=turns)


async def _examine_workspace(
    checks: list[Check], configured: Configured, around: Surroundings
) -> str:
    """From where the secret is to whether it works; why it went no further than it did."""
    settings = configured.settings
    storage, stored = await _step("storage", look_at_storage(settings, around.vault))
    checks.append(storage)
    network = await _network(configured, around)
    checks.append(network)
    if network.state == "fail":
        return "The network does not lead to Zendesk."
    channel = Channel(settings.account, transport=around.transport, user_agent=_USER_AGENT)
    try:
        asked = look_at_account(settings.account, channel, around.now)
        account, heard = await _step("account", asked)
        checks.append(account)
        if heard is not None:
            checks.append(look_at_clock(heard))
        if account.state == "fail":
            return "The account does not answer as it should."
        if stored is None:
            return "There is nothing to sign in with."
        return await _examine_rights(checks, configured, stored, channel, around)
    finally:
        await channel.aclose()


async def _examine_rights(
    checks: list[Check],
    configured: Configured,
    stored: Stored,
    channel: Channel,
    around: Surroundings,
) -> str:
    """From who the server is to what is left of its limit."""
    settings, inventory = configured.settings, configured.inventory
    connection = Connection(
        settings.account,
        credentials_for(
            settings,
            inventory.least_scopes(settings.scopes),
            vault=around.vault,
            turns=around.turns,
            transport=around.transport,
            now=around.now,
        ),
        transport=around.transport,
        user_agent=_USER_AGENT,
    )
    try:
        asked = look_at_authentication(
            connection, channel, settings, stored, now=around.now(), today=around.today()
        )
        authentication, me = await _step("authentication", asked)
        checks.append(authentication)
        if me is None:
            return "Zendesk does not accept the credentials."
        checks.append(look_at_role(me, settings))
        scopes, held = await _step("scopes", look_at_scopes(connection, settings, inventory))
        checks.append(scopes)
        if held is not None:
            reading = look_at_permissions(connection, settings, inventory, held, me)
            checks.append(await _check("permissions", reading))
            reading_aloud = look_at_policy(inventory, held, connection)
            checks.append(await _check("policy", reading_aloud))
            telling = look_at_facts(connection, settings, inventory, held)
            checks.append(await _check("account_facts", telling))
        checks.append(look_at_rate_limit(connection.gate.headroom))
        now = datetime.fromtimestamp(around.now(), UTC)
        checks.append(await _check("analytics", look_at_analytics(settings, me, now)))
    finally:
        await connection.aclose()
    return "An earlier check broke."


async def _examine_http(
    of_server: Mapping[str, Any],
    config: Path | None,
    around: Surroundings,
    settings: Settings | None,
) -> list[Check]:
    """Only serving over HTTP needs it."""
    try:
        server = load_server(of_server, environ=around.environ, config=config)
        names_of(server, {}, environ=around.environ, config=config)
        store = store_of(server)
    except ConfigurationError as error:
        return [
            Check(
                "http_binding",
                "fail",
                "the settings of the HTTP server cannot be used",
                why=f"{error}.",
                mend="correct the flag, the variable or the line below [server] in config.toml",
                cause="server_settings",
            )
        ]
    binding = look_at_binding(server, settings)
    asked = look_at_callers(server, around.now(), store=store)
    return [binding, await _check("http_callers", asked)]


async def _network(configured: Configured, around: Surroundings) -> Check:
    if around.transport is not None:
        return skipped("network", "Zendesk is reached in another way than over the network.")
    host = configured.settings.account.host
    work = look_at_network(host, around.environ, around.proxies(), around.resolve, around.connect)
    return await _check("network", work)


async def _check(name: Name, work: Awaitable[Check]) -> Check:
    """A check that learns nothing for others."""

    async def alone() -> tuple[Check, None]:
        return await work, None

    return (await _step(name, alone()))[0]


async def _step(name: Name, work: Awaitable[tuple[Check, T]]) -> tuple[Check, T | None]:
    """A check and what it learned. One that breaks must not keep the others from telling."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - told as this check's failure
        return Check(
            name,
            "fail",
            f"the check itself broke ({type(error).__name__})",
            why="This is a fault of the program, and says nothing about your set-up.",
            mend="report it to the makers of this program",
            cause="check_broke",
        ), None


_USER_AGENT = f"{PROGRAM}/{__version__}"
