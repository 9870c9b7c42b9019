"""The conversation of `auth login`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import anyio
import click
from pydantic import SecretStr, ValidationError

from mcp_server_zendesk.command_lines import command
from mcp_server_zendesk.connection.credentials import API_TOKENS_END
from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.settings import Settings, environment_name
from mcp_server_zendesk.signing_in.authorization import (
    AuthorizationRequest,
    Denied,
    ForeignAnswer,
)
from mcp_server_zendesk.signing_in.login import Login, SignedIn
from mcp_server_zendesk.signing_in.loopback import Loopback, PortsTaken, redirect_uri
from mcp_server_zendesk.signing_in.page import Page
from mcp_server_zendesk.signing_in.problems import Problem, in_words
from mcp_server_zendesk.signing_in.turns import Turns, turns_in
from mcp_server_zendesk.signing_in.vaults import FileVault, KeyringVault, Vault, VaultUnavailable
from mcp_server_zendesk.workspace import inventory_of

T = TypeVar("T")

_LONGEST_SECRET = 10_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a person wants to sign in. ``seconds``: how long to wait for the browser."""

    browser: bool = True
    token_stdin: bool = False
    confidential: bool = False
    insecure_storage: bool = False
    seconds: float = 300


def sign_in(
    settings: Settings, wishes: Wishes, shared: tuple[Vault, Turns] | None = None
) -> SignedIn:
    """Sign in and say what came of it.

    Args:
        settings: Of the workspace.
        wishes: How.
        shared: The vault and the turns of replicas that share a sign-in.

    Raises:
        click.ClickException: Nobody is signed in; says why and what mends it.
    """
    vault: Vault = FileVault() if wishes.insecure_storage else KeyringVault()
    turns = turns_in()
    if shared is not None and not wishes.insecure_storage:
        vault, turns = shared
    try:
        where = vault.describe()
        vault.read(settings.workspace)  # a locked keyring is told of before the browser opens
        login = Login(settings, vault, turns)
        signed_in = _by_type(login, wishes)
        _forget_elsewhere(vault, settings.workspace)
    except VaultUnavailable as error:
        raise click.ClickException(f"{_sentence(error)} Nothing was changed.") from None
    except (ZendeskError, Denied) as error:
        problem = in_words(error, settings)
        raise click.ClickException(f"{problem.why} {problem.mend}") from None
    _tell(signed_in, settings, where)
    return signed_in


def _forget_elsewhere(vault: Vault, workspace: str) -> None:
    """One sign-in a workspace: what another kind of vault still holds would come back to life."""
    other = KeyringVault() if vault.insecure else FileVault()
    with suppress(VaultUnavailable):
        other.forget(workspace)


def _by_type(login: Login, wishes: Wishes) -> SignedIn:
    settings = login.settings
    if settings.auth == "api_token":
        email = settings.email or _asked("The e-mail address of the API token's user", "email")
        token = settings.api_token or _secret(wishes, "API token", "api_token")
        return _run(login.by_token, token, email)
    if settings.auth == "oauth_token":
        token = settings.oauth_token or _secret(wishes, "OAuth access token", "oauth_token")
        return _run(login.by_token, token)
    if settings.client_id is None:
        client = _asked("The OAuth client's identifier", "client_id")
        login = replace(login, settings=settings.model_copy(update={"client_id": client}))
    scopes = inventory_of(settings).least_scopes(settings.scopes)
    if settings.auth == "oauth_client_credentials":
        secret = settings.client_secret or _secret(wishes, "OAuth client's secret", "client_secret")
        return _run(login.by_client_secret, secret, scopes)
    typed = wishes.confidential or wishes.token_stdin
    own = settings.client_secret
    if typed and own is None:
        own = _secret(wishes, "OAuth client's secret", "client_secret")
    click.echo(f"Asking {settings.account.host} for the scopes: {' '.join(sorted(scopes))}")
    if wishes.browser:
        return _through_browser(login, scopes, own, wishes.seconds)
    return _by_pasting(login, scopes, own)


def _through_browser(
    login: Login, scopes: frozenset[str], secret: SecretStr | None, seconds: float
) -> SignedIn:
    settings = login.settings
    try:
        loopback = Loopback(settings.redirect_ports)
    except PortsTaken as error:
        ports = ", ".join(map(str, error.ports))
        raise click.ClickException(
            f"The ports on which the browser's answer may arrive are taken: {ports}. End what "
            "uses them, register another redirect URL and set --redirect-ports, or use "
            "--no-browser."
        ) from None
    question = _question(login, scopes, loopback.redirect_uri)
    with loopback:
        if _opened(question.address):
            return _waited_for(loopback, login, question, secret, seconds)
    click.echo("No browser could be opened here.")
    return _by_pasting(login, scopes, secret, question)


def _waited_for(
    loopback: Loopback,
    login: Login,
    question: AuthorizationRequest,
    secret: SecretStr | None,
    seconds: float,
) -> SignedIn:
    settings = login.settings
    click.echo(
        "Your browser was opened. If it shows nothing, open this address in it:\n\n"
        f"  {question.address}\n\n"
        f"Waiting up to {seconds:.0f} seconds for its answer on {loopback.redirect_uri} "
        "(Ctrl-C ends it)."
    )
    until = time.monotonic() + seconds
    while (visit := loopback.wait(until - time.monotonic())) is not None:
        try:
            code = question.code_in(visit.answer)
            signed_in = _run(login.by_code, code, question, secret)
        except ForeignAnswer as error:
            click.echo(f"An answer was ignored: {error}. Still waiting.", err=True)
            visit.reply(_page_for(Problem(_IGNORED, "Go on in the window of the sign-in.")))
        except (ZendeskError, Denied) as error:
            visit.reply(_page_for(in_words(error, settings)))
            raise
        except VaultUnavailable as error:
            visit.reply(_page_for(Problem(_sentence(error), "See the terminal.")))
            raise
        except BaseException:
            visit.reply(_page_for(Problem("The sign-in was ended.", "See the terminal.")))
            raise
        else:
            visit.reply(_end_page(signed_in, settings))
            return signed_in
    raise click.ClickException(
        f"No answer came from the browser within {seconds:.0f} seconds; nothing was changed. If "
        "Zendesk showed 'Invalid authorization request', the client's identifier is wrong or its "
        f"redirect URLs lack {question.redirect_uri}. Run the command again, with --no-browser "
        "if the browser is on another machine."
    )


_IGNORED = "This answer does not belong to the sign-in that is under way."


def _by_pasting(
    login: Login,
    scopes: frozenset[str],
    secret: SecretStr | None,
    question: AuthorizationRequest | None = None,
) -> SignedIn:
    """For a machine without a browser: a person carries the answer over."""
    if question is None:
        question = _question(login, scopes, redirect_uri(login.settings.redirect_ports[0]))
    click.echo(
        "Open this address in a browser on any machine, and choose Allow:\n\n"
        f"  {question.address}\n\n"
        "The browser then tries to open an address that begins with\n"
        f"{question.redirect_uri}? and may say that it cannot. Copy that whole address from its\n"
        "address bar within two minutes, and paste it here."
    )
    while True:
        pasted = click.prompt("Address", hide_input=False, prompt_suffix=": ")
        try:
            return _run(login.by_code, question.code_in_address(pasted), question, secret)
        except ForeignAnswer as error:
            click.echo(f"That is not the answer: {error}. Paste it again.", err=True)


def _question(login: Login, scopes: frozenset[str], uri: str) -> AuthorizationRequest:
    settings = login.settings
    return AuthorizationRequest(settings.account, settings.client_id or "", uri, scopes)


def _opened(address: str) -> bool:
    """Whether a browser was started: one with windows, not one that takes the terminal over."""
    windows = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in windows):
        return False
    import webbrowser  # noqa: PLC0415 - it looks through the system for browsers

    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False


def _asked(what: str, setting: str) -> str:
    if not sys.stdin.isatty():
        raise click.ClickException(
            f"{what} is not configured: pass --{setting.replace('_', '-')} or set "
            f"{environment_name(setting)}."
        )
    return str(click.prompt(what)).strip()


def _secret(wishes: Wishes, what: str, setting: str) -> SecretStr:
    """A secret, typed without echo or read from standard input; never an argument."""
    if wishes.token_stdin:
        text = sys.stdin.read(_LONGEST_SECRET)
    elif sys.stdin.isatty():
        text = click.prompt(f"The {what}", hide_input=True)
    else:
        raise click.ClickException(
            f"The {what} is not known, and there is no terminal to ask for it: pipe it in with "
            f"--token-stdin, or set {environment_name(setting)}."
        )
    try:
        read = Settings.model_validate({"subdomain": "x", setting: text})
    except ValidationError:
        raise click.ClickException(
            f"What was given is no {what}: it is empty, or holds a space or a character that no "
            "token has."
        ) from None
    found = getattr(read, setting)
    assert isinstance(found, SecretStr)  # noqa: S101 - for the type checker
    return found


def _run(work: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
    return anyio.run(work, *arguments)


def _end_page(signed_in: SignedIn, settings: Settings) -> Page:
    kept = signed_in.kept
    facts = [("Account", settings.account.host)]
    if kept.person:
        facts.append(("Signed in as", str(kept.person)))
    facts.append(("Scopes", " ".join(sorted(kept.granted or ())) or "not told"))
    if signed_in.missing:
        facts.append(("Not granted", " ".join(sorted(signed_in.missing))))
    return Page(
        done=True,
        title="You are signed in to Zendesk",
        text="You can close this page and go back to the terminal.",
        facts=facts,
    )


def _page_for(problem: Problem) -> Page:
    return Page(done=False, title="Not signed in", text=f"{problem.why} {problem.mend}")


def _tell(signed_in: SignedIn, settings: Settings, where: str) -> None:
    kept = signed_in.kept
    who = f" as {kept.person}" if kept.person else ""
    click.echo(f"Signed in to {settings.account.host}{who}.")
    if kept.granted:
        click.echo(f"Granted scopes: {' '.join(sorted(kept.granted))}")
    if signed_in.missing:
        click.echo(
            f"Zendesk did not grant: {' '.join(sorted(signed_in.missing))}. Tools that need them "
            "stay hidden; allow them for the OAuth client in Admin Center and sign in again.",
            err=True,
        )
    if signed_in.beyond:
        click.echo(
            f"Zendesk granted more than was asked for: {' '.join(sorted(signed_in.beyond))}. The "
            "configured scopes still limit every tool; restrict the client in Admin Center.",
            err=True,
        )
    if settings.auth == "oauth_client_credentials":
        click.echo("It acts as the user who created the OAuth client, with that user's rights.")
    if settings.auth == "api_token":
        click.echo(
            f"API tokens end: Zendesk stops them all on {API_TOKENS_END}. An API token has no "
            "scopes; only the configured ones limit it.",
            err=True,
        )
    if kept.refresh_expires_at is not None:
        end = datetime.fromtimestamp(kept.refresh_expires_at, UTC)
        click.echo(f"Each use renews it; unused, it ends on {end:%Y-%m-%d}.")
    click.echo(f"Kept in {where}.")
    click.echo(f"Next: {command('doctor', settings)}")


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
