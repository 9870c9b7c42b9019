"""The steps of `setup`, each asking for what it needs and telling what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import click

from mcp_server_zendesk.command_lines import PROGRAM, command
from mcp_server_zendesk.commands.signing_in import Wishes, sign_in
from mcp_server_zendesk.configuration_file import set_workspace, table_of
from mcp_server_zendesk.configuration_tables import ConfigurationError, default_config_file
from mcp_server_zendesk.connection.account import Account, parse_subdomain
from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.identity import help_desk_exists
from mcp_server_zendesk.connection.scopes import parse_scopes
from mcp_server_zendesk.settings import (
    Settings,
    load,
)
from mcp_server_zendesk.signing_in.loopback import redirect_uri
from mcp_server_zendesk.signing_in.problems import in_words
from mcp_server_zendesk.workspace import inventory_of

_CHOICES = {
    "1": ("read", "look things up, and change nothing"),
    "2": ("read tickets:write", "also change tickets, add notes, and reply once you agree"),
}
_CLIENT_NAME = "MCP assistant"
_CLIENT_ID = "mcp_assistant"


@dataclass(slots=True)
class _Answers:
    """What is known so far; ``known`` is the table that is there already."""

    file: Path
    workspace: str = ""
    known: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def settings(self) -> Settings:
        """As they will be read, without what the environment of this shell adds."""
        merged = {**self.known, **self.values, "auth": "oauth", "workspace": self.workspace}
        return Settings.model_validate({k: v for k, v in merged.items() if v is not None})


def run_setup(config: Path | None, workspace: str | None, *, browser: bool, insecure: bool) -> int:
    """Walk through all steps.

    Returns:
        The exit code of ``doctor``.

    Raises:
        click.ClickException: A step cannot be done; what was written before it stays.
    """
    answers = _Answers(config or default_config_file())
    click.echo(
        "This sets up one Zendesk workspace for AI assistants. You need the right to create an\n"
        "OAuth client in Zendesk's Admin Center. Ctrl-C ends it; an answer in [brackets] is taken\n"
        "when you press Enter."
    )
    try:
        _account(answers, workspace)
        _scopes(answers)
        _oauth_client(answers)
        _write(answers)
        settings = load({"workspace": answers.workspace}, config=config, environ={})
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    _title(5, "Sign in")
    sign_in(settings, Wishes(browser=browser, insecure_storage=insecure))
    _title(6, "Check")
    code = _doctor(settings)
    click.echo(f"\nNext: {command('config claude-desktop --write', settings)}")
    click.echo(f"      (other assistants: {PROGRAM} config --help)")
    return code


def _account(answers: _Answers, workspace: str | None) -> None:
    _title(1, "Your Zendesk account")
    known = table_of(answers.file, workspace) if workspace else {}
    while True:
        subdomain = _ask("Its address or subdomain", known.get("subdomain"), parse_subdomain)
        account = Account(subdomain)
        try:
            if anyio.run(help_desk_exists, account):
                break
            click.echo(f"There is no help desk at {account.host}. Please look again.")
        except ZendeskError as error:
            problem = in_words(error, Settings(subdomain=subdomain))
            raise click.ClickException(f"{problem.why} {problem.mend}") from None
    click.echo(f"{account.host} is there.")
    answers.workspace = workspace or _ask("A name for this workspace", subdomain, _printable)
    answers.known = table_of(answers.file, answers.workspace)
    answers.values["subdomain"] = subdomain


def _scopes(answers: _Answers) -> None:
    _title(2, "What assistants may do at most")
    for key, (scopes, what) in _CHOICES.items():
        click.echo(f"  {key}) {what} (scopes: {scopes})")
    click.echo("  or type the scopes yourself, such as: tickets:read users:read")
    known = answers.known.get("scopes")
    default = _choice_of(known) if known else "1"

    def parse(text: str) -> str:
        return " ".join(sorted(parse_scopes(_CHOICES.get(text.strip(), (text, ""))[0])))

    answers.values["scopes"] = _ask("Your choice", default, parse)


def _choice_of(known: Any) -> str:
    scopes = parse_scopes(known)
    same = [key for key, (names, _) in _CHOICES.items() if parse_scopes(names) == scopes]
    return same[0] if same else " ".join(sorted(scopes))


def _oauth_client(answers: _Answers) -> None:
    _title(3, "An OAuth client in Zendesk")
    settings = answers.settings()
    scopes = inventory_of(settings).least_scopes(settings.scopes)
    urls = "\n                    ".join(map(redirect_uri, settings.redirect_ports))
    identifier = answers.known.get("client_id") or _CLIENT_ID
    click.echo(
        f"Open {settings.account.origin}/admin and go to\n"
        "Apps and integrations > APIs > OAuth clients > Add OAuth client. Enter:\n\n"
        f"  Name              {_CLIENT_NAME}\n"
        f"  Identifier        {identifier}\n"
        "  Client kind       Public\n"
        f"  Redirect URLs     {urls}\n"
        f"  Allowed scopes    {' '.join(sorted(scopes))}\n\n"
        "Save it. No secret is needed."
    )
    answers.values["client_id"] = _ask("The identifier that it was given", identifier, _identifier)


def _write(answers: _Answers) -> None:
    _title(4, "The configuration")
    auth = answers.known.get("auth")
    if auth not in {None, "oauth"}:
        answers.values["auth"] = "oauth"
    click.echo(f"{answers.file} will have:\n")
    click.echo(f"  [workspaces.{answers.workspace}]")
    for name, value in {**answers.known, **answers.values}.items():
        click.echo(f"  {name} = {_toml(value)}")
    if not click.confirm("\nWrite it?", default=True):
        raise click.ClickException("Nothing was written.")
    answers.settings()
    set_workspace(answers.file, answers.workspace, answers.values)
    click.echo("Written, readable by you alone.")


def _doctor(settings: Settings) -> int:
    from mcp_server_zendesk.command_lines import workspace_flags  # noqa: PLC0415 - see below
    from mcp_server_zendesk.commands.doctor import doctor  # noqa: PLC0415 - after all questions

    try:
        doctor.main(workspace_flags(settings), prog_name=f"{PROGRAM} doctor")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1


def _ask(question: str, default: Any, parse: Callable[[str], str]) -> str:
    """Ask until the answer can be used."""
    while True:
        text = click.prompt(question, default=default, prompt_suffix=": ")
        try:
            return parse(str(text))
        except ValueError as error:
            click.echo(f"That cannot be used: {str(error).rstrip('.')}.")


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("the name is empty or holds a control character")
    return text.strip()


def _identifier(text: str) -> str:
    if not text.strip() or not text.isprintable() or " " in text.strip():
        raise ValueError("an identifier has no spaces")
    return text.strip()


def _toml(value: Any) -> str:
    import tomlkit  # noqa: PLC0415 - only setup writes

    return str(tomlkit.item(value).as_string())


def _title(number: int, text: str) -> None:
    click.echo(f"\n{click.style(f'{number}. {text}', bold=True)}")
