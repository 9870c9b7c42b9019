"""What commands of the local store end with, in words for a terminal: why, and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from mcp_server_zendesk.command_lines import store_command
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.errors import ScopeMissing, ZendeskError
from mcp_server_zendesk.serving import local_refusals as refusals
from mcp_server_zendesk.serving.local_store import Analytics
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.problems import Problem
from mcp_server_zendesk.signing_in.problems import in_words as of_zendesk
from mcp_server_zendesk.signing_in.vaults import VaultUnavailable
from mcp_server_zendesk.workspace import analytics_of

EXTRA = "mcp-server-zendesk[analytics]"


def switched_on(settings: Settings) -> Analytics:
    """What the admin decided about the store.

    Raises:
        click.ClickException: Nothing is to be kept on this machine.
    """
    local = analytics_of(settings)
    if local is None:
        raise click.ClickException(
            f"nothing is kept on this machine for the workspace {settings.workspace!r}: switch it "
            "on by analytics = true in config.toml, ZENDESK_ANALYTICS=true, or --analytics"
        )
    return local


@contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Turn what the store, or Zendesk, refuses into one line.

    Raises:
        click.ClickException: It was refused.
    """
    try:
        yield
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    except VaultUnavailable as error:
        raise click.ClickException(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    except (refusals.LocalRefusal, ZendeskError) as error:
        problem = in_words(error, settings)
        raise click.ClickException(f"{problem.why} {problem.mend}") from None


def in_words(error: refusals.LocalRefusal | ZendeskError, settings: Settings) -> Problem:
    """Why, and what mends it."""
    if isinstance(error, ScopeMissing):
        return Problem(
            "The configured scopes do not cover it.",
            "What is kept is read with the scope read: add it to the scopes, and sign in again.",
        )
    if isinstance(error, ZendeskError):
        return of_zendesk(error, settings)
    row = next(_ROWS[kind] for kind in type(error).__mro__ if kind in _ROWS)
    return row(error, settings)


def _anew(settings: Settings) -> str:
    return f"Run: {store_command('purge', settings)}, then: {store_command('sync', settings)}"


_ROWS: dict[type[BaseException], Callable[[Any, Settings], Problem]] = {
    refusals.ExtraNeeded: lambda _, __: Problem(
        "The engine of analytics is not installed.", f"Run: pip install '{EXTRA}'"
    ),
    refusals.NeverSynced: lambda _, settings: Problem(
        "Nothing is kept yet.", f"Run: {store_command('sync', settings)}"
    ),
    refusals.SyncUnderWay: lambda _, __: Problem(
        "A sync of this workspace is under way, here or by a server.", "Wait until it has ended."
    ),
    refusals.StoreBusy: lambda _, __: Problem(
        "Another process has the store open for long.", "Run it again in a minute."
    ),
    refusals.StoreUnusable: lambda error, _: Problem(error.why, error.mend),
    refusals.StoreFull: lambda error, _: Problem(
        f"The store cannot be written: {error.why}.",
        "What was stored before is kept: make room on the disk, or let the folder be written to.",
    ),
    refusals.OtherUser: lambda _, settings: Problem(
        "The store was filled as another Zendesk user, who may see more or less.",
        _anew(settings),
    ),
    refusals.LocalRefusal: lambda error, _: Problem(
        f"It failed ({type(error).__name__}).", "'doctor' looks at each part by itself."
    ),
}
