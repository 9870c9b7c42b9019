"""The token endpoint, POST /oauth/tokens (`zendesk-api.md` §2.2)."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.errors import ApiError
from mcp_server_zendesk.sandbox.oauth.records import (
    ACCESS_LIFETIME,
    EXPIRES_IN,
    REFRESH_EXPIRES_IN,
    REFRESH_LIFETIME,
    OAuthClient,
    RefreshToken,
)
from mcp_server_zendesk.sandbox.records import Json

_TEXTS = {
    "invalid_request": "The request is missing a required parameter or is malformed.",
    "invalid_client": (
        "Client authentication failed due to unknown client, no client authentication included, "
        "or unsupported authentication method."
    ),
    "invalid_grant": (
        "The provided access grant is invalid, expired, or revoked (e.g. invalid assertion, "
        "expired authorization token, bad end-user password credentials, or mismatching "
        "authorization code and redirection URI)."
    ),
    "invalid_scope": "The requested scope is invalid, unknown, or malformed.",
    "unauthorized_client": "The client is not authorized to use this grant type.",
    "unsupported_grant_type": (
        "The authorization grant type is not supported by the authorization server."
    ),
}


def issue_token(call: Call) -> Answer:
    """POST /oauth/tokens, as JSON or as a form: 201 with the token."""
    grant = _GRANTS.get(str(call.body.get("grant_type")))
    if grant is None:
        raise _refused("unsupported_grant_type")
    return Answer(grant(call, _client(call)), 201, {"cache-control": "no-store"})


def _by_code(call: Call, client: OAuthClient) -> Json:
    # Whatever is wrong with it, a code that was shown once is used up.
    code = call.store.oauth.codes.pop(_given(call, "code"), None)
    if code is None or code.client != client.identifier or code.expires_at <= call.store.now():
        raise _refused("invalid_grant")
    if call.body.get("redirect_uri") != code.redirect_uri:
        raise _refused("invalid_grant")
    if code.challenge is not None:
        verifier = str(call.body.get("code_verifier") or "")
        if not hmac.compare_digest(_challenge_of(verifier), code.challenge):
            raise _refused("invalid_grant")
    return _issued(call, client, code.user_id, code.scopes)


def _by_refresh_token(call: Call, client: OAuthClient) -> Json:
    register = call.store.oauth
    register.refreshes.asked += 1
    held = register.refresh_tokens.get(_given(call, "refresh_token"))
    if held is None or held.client != client.identifier or held.expires_at <= call.store.now():
        register.refreshes.refused += 1
        raise _refused("invalid_grant")
    asked = frozenset(str(call.body.get("scope") or "").split())
    if held.scopes and not asked <= held.scopes:
        raise _refused("invalid_scope")
    lifetimes = _lifetimes(call)
    # The old pair is dead from here on: single use, and no grace.
    del register.refresh_tokens[held.token]
    call.store.access_tokens.pop(held.access_token, None)
    register.refreshes.succeeded += 1
    return _issued(call, client, held.user_id, asked or held.scopes, lifetimes)


def _by_credentials(call: Call, client: OAuthClient) -> Json:
    if client.public:
        raise _refused("unauthorized_client", 401)
    asked = frozenset(str(call.body.get("scope") or "").split())
    if client.refused_scopes(asked):
        raise _refused("invalid_scope")
    return _issued(call, client, client.user_id, asked, refreshable=False)


_GRANTS: Mapping[str, Callable[[Call, OAuthClient], Json]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh_token,
    "client_credentials": _by_credentials,
}


def _client(call: Call) -> OAuthClient:
    """The client, with its secret where it has one; refreshing may do without (§2.2)."""
    client = call.store.oauth.clients.get(str(call.body.get("client_id")))
    if client is None:
        raise _refused("invalid_client", 401)
    secret = str(call.body.get("client_secret") or "")
    if client.secret is not None and not hmac.compare_digest(secret, client.secret):
        raise _refused("invalid_client", 401)
    return client


def _issued(
    call: Call,
    client: OAuthClient,
    user_id: int,
    scopes: frozenset[str],
    lifetimes: tuple[timedelta, timedelta] | None = None,
    *,
    refreshable: bool = True,
) -> Json:
    store, register = call.store, call.store.oauth
    if call.rules.grants_fewer_scopes is not None:
        scopes = call.rules.grants_fewer_scopes
    access_life, refresh_life = lifetimes or _lifetimes(call)
    token = register.new_secret("access")
    store.add_access_token(token, user_id, scopes, access_life, client_id=client.id)
    body: Json = {
        "access_token": token,
        "token_type": "bearer",
        "scope": " ".join(sorted(scopes)) or "read write",
        "expires_in": int(access_life.total_seconds()),
    }
    if refreshable:
        refresh = RefreshToken(
            token=register.new_secret("refresh"),
            access_token=token,
            client=client.identifier,
            user_id=user_id,
            scopes=scopes,
            expires_at=store.now() + refresh_life,
        )
        register.refresh_tokens[refresh.token] = refresh
        body["refresh_token"] = refresh.token
        body["refresh_token_expires_in"] = int(refresh_life.total_seconds())
    return body


def _lifetimes(call: Call) -> tuple[timedelta, timedelta]:
    return (
        _lifetime(call, "expires_in", EXPIRES_IN, ACCESS_LIFETIME),
        _lifetime(call, "refresh_token_expires_in", REFRESH_EXPIRES_IN, REFRESH_LIFETIME),
    )


def _lifetime(call: Call, name: str, bounds: range, usual: timedelta) -> timedelta:
    given = call.body.get(name)
    if given is None:
        return usual
    text = str(given)
    # That there are bounds is documented, how a number beyond them is refused is not.
    if not text.isdigit() or int(text) not in bounds:
        raise _refused("invalid_request")
    return timedelta(seconds=int(text))


def _given(call: Call, name: str) -> str:
    value = call.body.get(name)
    if not value:
        raise _refused("invalid_request")
    return str(value)


def _challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _refused(error: str, status: int = 400) -> ApiError:
    return ApiError(status, {"error": error, "error_description": _TEXTS[error]})
