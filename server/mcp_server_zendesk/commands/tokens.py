"""`tokens`: static bearer tokens for the callers of an HTTP server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datetime import datetime

    from mcp_server_zendesk.hosting.tokens_file import StaticToken

_MOST_DAYS = 3_650


@click.group()
def tokens() -> None:
    """Make, list and remove static bearer tokens for the callers of an HTTP server.

    They are for small teams that have no OAuth authorization server. Each has a name, by which
    its caller stands in the audit, and scopes, which narrow the workspace's. The file keeps a hash
    of a token and never the token. A running server reads the file again on SIGHUP.
    """


def _file_options(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Another config.toml than the default one.",
    )(command)
    return click.option(
        "--file",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The file of tokens; by default the setting tokens_file of the HTTP server.",
    )(command)


@tokens.command()
@click.argument("name")
@click.option(
    "--scopes",
    metavar="SCOPES",
    required=True,
    help='What its caller may do, within the workspace\'s scopes, e.g. "read tickets:write".',
)
@click.option(
    "--workspace",
    "workspaces",
    metavar="NAME",
    multiple=True,
    help="Only for this workspace; may be given several times. Without it, for all.",
)
@click.option(
    "--days",
    type=click.IntRange(1, _MOST_DAYS),
    help="How many days it is good for; without it, until it is removed.",
)
@_file_options
def add(
    *,
    name: str,
    scopes: str,
    workspaces: tuple[str, ...],
    days: int | None,
    file: Path | None,
    config: Path | None,
) -> None:
    """Make a token, and print it this once.

    The token alone goes to stdout. Its caller sends it as 'Authorization: Bearer TOKEN'.

    \b
    Examples:
      mcp-server-zendesk tokens add alice --scopes "read tickets:write"
      mcp-server-zendesk tokens add reports --scopes read --workspace acme --days 90

    Exit code 0: made. 1: it could not be made, and says why in a line. 2: wrong usage.
    """
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - not for help

    from mcp_server_zendesk.hosting.tokens_file import add_token  # noqa: PLC0415 - likewise

    now = datetime.now(UTC)
    with _explained():
        where = _file(file, config)
        _check_workspaces(workspaces, config)
        token = add_token(
            where,
            name=name,
            scopes=scopes,
            workspaces=frozenset(workspaces) or None,
            created=now,
            expires=None if days is None else now + timedelta(days=days),
        )
    click.echo(token)
    click.echo(
        f"{name}'s token is shown this once; {where} keeps a hash of it. A running server takes "
        "it after SIGHUP.",
        err=True,
    )


@tokens.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@_file_options
def list_tokens(*, as_json: bool, file: Path | None, config: Path | None) -> None:
    """List the tokens by name, with what they are good for. No token is shown: none is kept.

    Exit code 0: listed. 1: the file cannot be used, and it is said why. 2: wrong usage.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 - not for help

    from mcp_server_zendesk.hosting.tokens_file import read_tokens  # noqa: PLC0415 - likewise

    with _explained():
        known = read_tokens(_file(file, config))
    if as_json:
        told = [one.model_dump(mode="json", exclude={"sha256"}) for one in known]
        click.echo(json.dumps(told, indent=2))
        return
    for one in known:
        click.echo(_line(one, datetime.now(UTC)))
    if not known:
        click.echo("There is no token. Make one with: mcp-server-zendesk tokens add NAME")


@tokens.command()
@click.argument("name")
@_file_options
def remove(*, name: str, file: Path | None, config: Path | None) -> None:
    """Remove a token: from then on it opens nothing.

    A running server goes on taking it until it has read the file again, on SIGHUP.

    Exit code 0: removed. 1: there is none of that name, or the file cannot be used. 2: wrong
    usage.
    """
    from mcp_server_zendesk.hosting.tokens_file import remove_token  # noqa: PLC0415 - not for help

    with _explained():
        remove_token(_file(file, config), name)
    click.echo(f"Removed {name}. A running server refuses its token after SIGHUP.")


@contextmanager
def _explained() -> Iterator[None]:
    from mcp_server_zendesk.configuration_tables import ConfigurationError  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.hosting.tokens_file import TokensUnusable  # noqa: PLC0415 - likewise

    try:
        yield
    except (ConfigurationError, TokensUnusable) as error:
        raise click.ClickException(str(error)) from None


def _file(given: Path | None, config: Path | None) -> Path:
    from mcp_server_zendesk.configuration_tables import ConfigurationError  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.server_settings import load_server, server_variable  # noqa: PLC0415 - likewise

    found = given or load_server({}, config=config).tokens_file
    if found is None:
        raise ConfigurationError(
            "it is not known which file; pass --file, or set tokens_file in [server] of "
            f"config.toml or {server_variable('tokens_file')}"
        )
    return found


def _check_workspaces(names: tuple[str, ...], config: Path | None) -> None:
    """A mistyped name would make a token that opens nothing."""
    from mcp_server_zendesk.configuration_tables import ConfigurationError, workspace_tables  # noqa: PLC0415 - not for help
    from mcp_server_zendesk.connection.nearest import or_nearest  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.settings import SECRETS, Settings  # noqa: PLC0415 - likewise

    if not names:
        return
    known = workspace_tables(config, [*Settings.model_fields], SECRETS)
    for name in names:
        if known and name not in known:
            raise ConfigurationError(
                f"config.toml has no workspace of that name{or_nearest(name, known)}. "
                f"It has: {', '.join(known)}"
            )


def _line(token: StaticToken, now: datetime) -> str:
    told: list[Any] = [token.name, " ".join(sorted(token.scopes))]
    told.append(
        "all workspaces" if token.workspaces is None else ", ".join(sorted(token.workspaces))
    )
    told.append(f"made {token.created:%Y-%m-%d}")
    if token.expires is None:
        told.append("does not expire")
    else:
        told.append(f"{'EXPIRED' if token.expires <= now else 'expires'} {token.expires:%Y-%m-%d}")
    return "  ".join(told)
