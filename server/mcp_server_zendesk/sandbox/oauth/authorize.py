"""The authorize page, and the answer that a person gives on it (`zendesk-api.md` §2.2).

What cannot be trusted, the client or its address, is told to the person; everything else goes
back to the client, as RFC 6749 §4.1.2.1 has it. The pages' wording is the sandbox's own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID
from mcp_server_zendesk.sandbox.oauth.page import consent_page, refusal_page
from mcp_server_zendesk.sandbox.oauth.records import (
    CODE_LIFETIME,
    AuthorizationCode,
    OAuthClient,
)

_HTML = {"content-type": "text/html; charset=utf-8"}
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_KEPT = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


class _Refused(Exception):
    """A request that goes back to the client with an error."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.told = {"error": error, "error_description": description}


@dataclass(frozen=True)
class _Request:
    client: OAuthClient
    redirect_uri: str
    given: Mapping[str, str]

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.given.get("scope", "").split())

    def back(self, told: Mapping[str, str]) -> Answer:
        """A redirect to the client, with its state."""
        state = {"state": self.given["state"]} if "state" in self.given else {}
        parts = urlsplit(self.redirect_uri)
        query = "&".join(part for part in (parts.query, urlencode({**told, **state})) if part)
        return Answer(None, 302, {"Location": urlunsplit(parts._replace(query=query))})


def show_consent(call: Call) -> Answer:
    """GET /oauth/authorizations/new: the page with Allow and Deny."""
    request = _request(call, call.query)
    if isinstance(request, Answer):
        return request
    try:
        _check(request)
    except _Refused as refused:
        return request.back(refused.told)
    page = consent_page(
        request.client.name,
        f"{call.store.subdomain}.zendesk.com",
        call.store.users[_browser_user(call)]["name"],
        sorted(request.scopes),
        {name: call.query[name] for name in _KEPT if name in call.query},
    )
    return Answer(page, 200, {**_HTML, "x-frame-options": "DENY"})


def decide(call: Call) -> Answer:
    """POST /oauth/authorizations: where the two buttons lead."""
    given = {name: str(value) for name, value in call.body.items()}
    request = _request(call, given)
    if isinstance(request, Answer):
        return request
    try:
        _check(request)
        if given.get("decision") != "allow":
            text = "The end-user or authorization server denied the request."
            raise _Refused("access_denied", text)  # noqa: TRY301
    except _Refused as refused:
        return request.back(refused.told)
    register = call.store.oauth
    code = AuthorizationCode(
        code=register.new_secret("code"),
        client=request.client.identifier,
        user_id=_browser_user(call),
        redirect_uri=request.redirect_uri,
        scopes=request.scopes,
        challenge=given.get("code_challenge") or None,
        expires_at=call.store.now() + CODE_LIFETIME,
    )
    register.codes[code.code] = code
    return request.back({"code": code.code})


def _request(call: Call, given: Mapping[str, str]) -> _Request | Answer:
    client = call.store.oauth.clients.get(given.get("client_id", ""))
    if client is None:
        return Answer(refusal_page("No such client."), 400, _HTML)
    redirect_uri = given.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        problem = "The redirect URL does not match one that is registered for this client."
        return Answer(refusal_page(problem), 400, _HTML)
    return _Request(client, redirect_uri, given)


def _check(request: _Request) -> None:
    given, client = request.given, request.client
    if given.get("response_type") != "code":
        text = "The authorization server does not support this response type."
        raise _Refused("unsupported_response_type", text)
    method = given.get("code_challenge_method", "S256")
    challenge = given.get("code_challenge", "")
    if challenge and (method != "S256" or not _CHALLENGE.fullmatch(challenge)):
        raise _Refused("invalid_request", "The code challenge is not a valid one of method S256.")
    if client.public and not challenge:
        raise _Refused("invalid_request", "Code challenge required for public clients.")
    if client.refused_scopes(request.scopes):
        raise _Refused("invalid_scope", "The requested scope is invalid, unknown, or malformed.")


def _browser_user(call: Call) -> int:
    return call.store.oauth.browser_user_id or ADMIN_ID
