"""What keeps a person from signing in, in words for a terminal: why, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.authorization import Denied


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence each."""

    why: str
    mend: str


_DENIED = {
    "access_denied": Problem(
        "Access was denied on Zendesk's page.",
        "Run the command again and choose Allow; nothing was changed.",
    ),
    "invalid_scope": Problem(
        "Zendesk does not let this OAuth client have the scopes that were asked for.",
        "Add them to the client's allowed scopes in Admin Center (Apps and integrations > APIs > "
        "OAuth clients), or configure fewer scopes.",
    ),
    "unauthorized_client": Problem(
        "Zendesk does not let this OAuth client sign people in.",
        "Check in Admin Center that the client id is the one of a client of this account.",
    ),
}


def in_words(error: Exception, settings: Settings) -> Problem:
    """Why signing in failed. Zendesk's own text is never repeated."""
    row = next((_ROWS[kind] for kind in type(error).__mro__ if kind in _ROWS), _anything)
    return row(error, settings)


def _denied(error: Denied, settings: Settings) -> Problem:
    unknown = Problem("Zendesk refused the sign-in.", _check_client(settings))
    return _DENIED.get(error.error, unknown)


def _token_refused(error: errors.TokenRefused, settings: Settings) -> Problem:
    code = error.refusal.code
    if code == "invalid_scope":
        return _DENIED["invalid_scope"]
    if code in {"invalid_client", "unauthorized_client"}:
        secret = (
            "and its secret (a confidential client needs one: --confidential)"
            if settings.auth == "oauth"
            else "and its secret"
        )
        return Problem(
            "Zendesk does not accept the OAuth client.",
            f"Check the client id {secret} in Admin Center.",
        )
    if error.grant == "authorization_code":
        return Problem(
            "Zendesk no longer accepts the code that the browser brought: it is good for 120 "
            "seconds and for one use.",
            "Run the command again, and come back from the browser without delay.",
        )
    if error.grant == "refresh_token":
        return Problem(
            "The sign-in has ended: its refresh token is expired, revoked, or was used elsewhere.",
            "Sign in again.",
        )
    return Problem("Zendesk refuses to give a token.", _check_client(settings))


def _unauthenticated(_: errors.Unauthenticated, settings: Settings) -> Problem:
    if settings.auth == "api_token":
        return Problem(
            "Zendesk does not accept the e-mail address and API token.",
            "Check both; an API token that was not used for 30 days is deactivated, and none can "
            "be created any more, so that signing in by OAuth is the way on.",
        )
    return Problem(
        "Zendesk does not accept the token.",
        "Check that it was copied whole, that it is an OAuth access token and not an API token, "
        "and that it is of this account.",
    )


def _check_client(settings: Settings) -> str:
    return (
        "Check the OAuth client in Admin Center: its identifier "
        f"{settings.client_id or '(none is configured)'!s}, its redirect URLs, its allowed scopes."
    )


def _unreachable(error: errors.ConnectionFailed, settings: Settings) -> Problem:
    return Problem(
        f"{settings.account.host} could not be reached: {error}.",
        "Check the network and the proxy; behind a company proxy point SSL_CERT_FILE at the "
        "company's certificates.",
    )


def _anything(error: Exception, _: Settings) -> Problem:
    return Problem(f"It failed: {error}.", "Try again; 'doctor' looks at each part by itself.")


_ROWS: dict[type[BaseException], Callable[[Any, Settings], Problem]] = {
    Denied: _denied,
    errors.TokenRefused: _token_refused,
    errors.TokenUnavailable: lambda error, settings: in_words(error.cause, settings),
    errors.UnknownAccount: lambda _, settings: Problem(
        f"There is no Zendesk account at {settings.account.host}.",
        "Correct the subdomain: for acme.zendesk.com it is 'acme'.",
    ),
    errors.Unauthenticated: _unauthenticated,
    errors.Forbidden: lambda _, __: Problem(
        "Zendesk knows these credentials and lets them do nothing.",
        "Check that the user is not suspended, and that the account allows this machine's address.",
    ),
    errors.RateLimited: lambda _, __: Problem(
        "Zendesk's request limit is used up.", "Wait a minute and try again."
    ),
    errors.Unavailable: lambda error, _: Problem(
        f"Zendesk is in trouble (status {error.refusal.status}).",
        "Look at https://status.zendesk.com and try again.",
    ),
    errors.ConnectionFailed: _unreachable,
    errors.TimedOut: lambda _, __: Problem("Zendesk did not answer in time.", "Try again."),
    errors.UnreadableResponse: lambda error, _: Problem(
        f"{str(error)[:1].upper()}{str(error)[1:]}.",
        "Look for a proxy, a login page or a host mapping between this machine and Zendesk.",
    ),
    errors.NotConfigured: lambda error, _: Problem(str(error), "Set what is missing, or sign in."),
}
