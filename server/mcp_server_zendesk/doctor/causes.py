"""Why Zendesk does not accept the credentials: what evidence decides, and else what is likely.

Zendesk answers a 401 with the same words for nearly every cause (zendesk-api.md §2.5), so the
evidence is sought: the same secret in the other scheme, on the same host; the end that was stored.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from mcp_server_zendesk.connection.credentials import (
    API_TOKENS_END,
    ApiToken,
    BearerToken,
    Credentials,
)
from mcp_server_zendesk.connection.errors import TokenRefused
from mcp_server_zendesk.doctor import mending
from mcp_server_zendesk.doctor.checks import Candidate, Check
from mcp_server_zendesk.doctor.storage import Stored
from mcp_server_zendesk.settings import Settings, environment_name

_REFUSED = "Zendesk does not accept the credentials"
# An API token has 40 letters and digits; an OAuth token is 64 hexadecimal digits. Seen, not
# documented: it ranks candidates and decides nothing.
_API_TOKEN = re.compile(r"[A-Za-z0-9]{40}")

Accepts = Callable[[Credentials], Awaitable[bool]]
"""Whether Zendesk knows somebody by credentials."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Credentials that Zendesk refused. ``anonymous``: it took them for no credentials at all."""

    settings: Settings
    stored: Stored
    accepts: Accepts
    now: float
    today: date
    anonymous: bool = False


async def cause_of(refused: Refused) -> Check:
    """The cause, or the candidates."""
    if refused.settings.auth == "api_token":
        return await _of_api_token(refused)
    if refused.settings.auth == "oauth_token":
        return await _of_oauth_token(refused)
    return _of_sign_in(refused)


async def _of_api_token(refused: Refused) -> Check:
    settings, token = refused.settings, refused.stored.token
    if token is not None and await refused.accepts(BearerToken(token)):
        return _fail(
            "token_is_oauth_token",
            "Sent as an OAuth token, the same value is accepted: it is one, and not an API token.",
            _as(refused, "api_token", "oauth_token"),
        )
    if refused.today >= API_TOKENS_END:
        return _fail(
            "api_tokens_retired",
            f"Zendesk has stopped all API tokens on {API_TOKENS_END}.",
            mending.sign_in(settings, "oauth"),
        )
    password = Candidate("password_given", "the value is a password, which the API never takes")
    unlike = token is not None and not _API_TOKEN.fullmatch(token.get_secret_value())
    wrong = (
        Candidate(
            "api_token_wrong",
            "the API token is wrong, deleted, or deactivated after 30 days without use",
        ),
        Candidate("email_wrong", "the e-mail address is not the one of an agent of the account"),
    )
    return _fail(
        None,
        "Zendesk says the same to a wrong e-mail address and to a wrong API token. The value is "
        "no OAuth token either. No API token can be created any more, so that OAuth is the way on.",
        mending.sign_in(settings, "oauth"),
        *([password, *wrong] if unlike else [*wrong, password]),
        _ELSEWHERE,
        _SUSPENDED,
        *_stripped(refused),
    )


async def _of_oauth_token(refused: Refused) -> Check:
    token, email = refused.stored.token, refused.stored.email
    tried = token is not None and email is not None
    if token is not None and email is not None and await refused.accepts(ApiToken(email, token)):
        return _fail(
            "token_is_api_token",
            f"Sent as an API token of {email}, the same value is accepted: it is one, and not an "
            "OAuth token.",
            _as(refused, "oauth_token", "api_token"),
        )
    if (ended := _ended(refused)) is not None:
        return ended
    other = Candidate(
        "token_is_api_token",
        "the value is an API token (with its user's ZENDESK_EMAIL set, doctor can find out)",
    )
    gone = Candidate(
        "expired_or_revoked",
        "the token has expired, was revoked, or was not copied whole",
    )
    alike = token is not None and bool(_API_TOKEN.fullmatch(token.get_secret_value()))
    ranked = [gone] if tried else [other, gone] if alike else [gone, other]
    return _fail(
        None,
        "Zendesk says the same to every OAuth token that it does not accept."
        + (" The value is no API token of the configured user either." if tried else ""),
        mending.another_token(refused.settings),
        *_stripped(refused),
        *ranked,
        _ELSEWHERE,
        _SUSPENDED,
    )


def _of_sign_in(refused: Refused) -> Check:
    if (ended := _ended(refused)) is not None:
        return ended
    if refused.settings.auth == "oauth_client_credentials":
        return _fail(
            None,
            "Zendesk gave the OAuth client a token, and does not accept it.",
            f"look at the client, and at the user who created it, in {mending.OAUTH_CLIENTS}",
            *_stripped(refused),
            Candidate("user_suspended", "the user who created the client was suspended or removed"),
        )
    return _fail(
        None,
        "By what was kept of it, the sign-in should still be good.",
        mending.sign_in(refused.settings),
        *_stripped(refused),
        Candidate("revoked", "the sign-in, or its OAuth client, was revoked in Zendesk"),
        _SUSPENDED,
    )


def _ended(refused: Refused) -> Check | None:
    """A token that has ended by what was stored of it, with nothing to renew it by."""
    kept = refused.stored.kept
    if kept is None or kept.refresh_token is not None or kept.expires_at is None:
        return None
    if kept.expires_at > refused.now:
        return None
    day = datetime.fromtimestamp(kept.expires_at, UTC)
    return _fail(
        "expired",
        f"The token ended on {day:%Y-%m-%d %H:%M} UTC, and there is no refresh token to renew it.",
        mending.sign_in(refused.settings),
    )


def cause_of_refused_grant(error: TokenRefused, settings: Settings) -> Check:
    """Why the token endpoint says no; OAuth's error code decides (zendesk-api.md §2.2, §2.5)."""
    code = error.refusal.code
    if code == "invalid_scope":
        return _fail(
            "scopes_refused",
            "The OAuth client may not have one of the scopes that the tools need: allow them in "
            f"{mending.OAUTH_CLIENTS}, or configure fewer.",
            mending.sign_in(settings),
        )
    if code in {"invalid_client", "unauthorized_client"}:
        return _fail(
            "client_refused",
            "Zendesk does not accept the OAuth client: its identifier or its secret is wrong, it "
            "was deleted, or it is of a kind that may not do this.",
            f"compare {environment_name('client_id')} and the secret with {mending.OAUTH_CLIENTS}, "
            f"then: {mending.sign_in(settings)}",
        )
    if error.grant == "refresh_token":
        return _fail(
            "sign_in_ended",
            "Zendesk no longer takes its refresh token: it was not used for its lifetime (30 days "
            "by default), was revoked, or another machine signed in with a copy of it.",
            mending.sign_in(settings),
        )
    return _fail(
        "grant_refused",
        "Zendesk gives this OAuth client no token.",
        f"look at the client in {mending.OAUTH_CLIENTS}",
    )


_ELSEWHERE = Candidate("wrong_subdomain", "the credentials are of another account")
_SUSPENDED = Candidate("user_suspended", "the user was suspended or removed")


def _stripped(refused: Refused) -> tuple[Candidate, ...]:
    """A stranger's answer is what a request without its Authorization header gets."""
    if not refused.anonymous:
        return ()
    return (
        Candidate("credentials_stripped", "a proxy in between takes the Authorization header away"),
    )


def _as(refused: Refused, now: str, wanted: str) -> str:
    """How to call a secret what it is."""
    settings = refused.settings
    if mending.secret_variable(settings) is None:
        return mending.sign_in(settings, "api_token" if wanted == "api_token" else "oauth_token")
    move = f"move the value from {environment_name(now)} to {environment_name(wanted)}"
    return f"{environment_name('auth')}={wanted}, and {move}"


def _fail(cause: str | None, why: str, mend: str, *candidates: Candidate) -> Check:
    return Check(
        "authentication",
        "fail",
        _REFUSED,
        why=why,
        mend=mend,
        cause=cause,
        candidates=candidates,
    )
