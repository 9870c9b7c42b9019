"""Every cause of 401 and of 403 (design §4.4): the embedded Zendesk has it, the doctor names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import pytest

from mcp_server_zendesk.doctor.checks import Check
from mcp_server_zendesk.sandbox import (
    DEMO_API_TOKEN,
    DEMO_TOKEN,
    Fault,
    Rules,
    Sandbox,
    misfortunes,
)
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_EMAIL,
    AGENT_ID,
    DEMO_CLIENT,
    DEMO_CLIENT_SECRET,
    DEMO_CONFIDENTIAL_CLIENT,
    REQUESTER_ID,
    SUSPENDED_USER_ID,
)
from mcp_server_zendesk.signing_in.sign_in import SignIn

pytestmark = pytest.mark.anyio

PASSWORD = "summer2019!"
TICKETS = r"/api/v2/tickets$"


@dataclass(frozen=True)
class Case:
    """A way to be refused: which check tells, the cause that it names, or its first candidate."""

    check: str
    cause: str | None
    prepare: Callable[[Sandbox], object] = lambda _: None
    environ: Mapping[str, str] = field(default_factory=dict)
    kept: Callable[[Sandbox], SignIn] | None = None
    rules: Rules = field(default_factory=Rules)
    candidates: tuple[str, ...] = ()
    mend: str = ""
    today: date = date(2026, 11, 22)
    strips: bool = False
    """Whether a proxy takes the credentials away."""


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": token, **more}


def basic(token: str, email: str = ADMIN_EMAIL) -> dict[str, str]:
    return {"ZENDESK_AUTH": "api_token", "ZENDESK_API_TOKEN": token, "ZENDESK_EMAIL": email}


def robot(secret: str = DEMO_CLIENT_SECRET) -> dict[str, str]:
    return {
        "ZENDESK_AUTH": "oauth_client_credentials",
        "ZENDESK_OAUTH_CLIENT_ID": DEMO_CONFIDENTIAL_CLIENT,
        "ZENDESK_OAUTH_CLIENT_SECRET": secret,
    }


def as_user(user_id: int) -> Callable[[Sandbox], object]:
    """The demo token is another user's."""

    def change(sandbox: Sandbox) -> None:
        sandbox.store.add_access_token(DEMO_TOKEN, user_id, ["read", "write"])

    return change


def kept(*tokens: str, **known: Any) -> Callable[[Sandbox], SignIn]:
    names = dict(zip(("token", "refresh_token"), tokens, strict=False))

    def make(sandbox: Sandbox) -> SignIn:
        return SignIn.model_validate(
            {
                "auth": "oauth",
                "subdomain": sandbox.store.subdomain,
                "client_id": DEMO_CLIENT,
                **names,
                **known,
            }
        )

    return make


def refuses_tickets(sandbox: Sandbox) -> None:
    sandbox.faults.add("GET", TICKETS, None, misfortunes.forbidden())


def agent_without_tickets(sandbox: Sandbox) -> None:
    as_user(AGENT_ID)(sandbox)
    refuses_tickets(sandbox)


def narrow_and_silent_about_it(sandbox: Sandbox) -> None:
    sandbox.store.add_access_token(DEMO_TOKEN, AGENT_ID, ["users:read"])
    sandbox.faults.add("GET", "/oauth/tokens/current", None, Fault(status=500))


def client_with_less(sandbox: Sandbox) -> None:
    sandbox.store.add_oauth_client(
        DEMO_CONFIDENTIAL_CLIENT, secret=DEMO_CLIENT_SECRET, allowed_scopes=["users:read"]
    )


LONG_AGO = 1_700_000_000

CASES = {
    # 401
    "an OAuth token sent as Basic": Case(
        "authentication",
        "token_is_oauth_token",
        environ=basic(DEMO_TOKEN),
        mend="ZENDESK_AUTH=oauth_token",
    ),
    "an API token sent as Bearer": Case(
        "authentication",
        "token_is_api_token",
        environ=bearer(DEMO_API_TOKEN, ZENDESK_EMAIL=ADMIN_EMAIL),
        mend="ZENDESK_AUTH=api_token",
    ),
    "an API token sent as Bearer, its user unknown": Case(
        "authentication",
        None,
        environ=bearer(DEMO_API_TOKEN),
        candidates=("token_is_api_token", "expired_or_revoked"),
    ),
    "an API token kept as an OAuth token": Case(
        "authentication",
        "token_is_api_token",
        environ={"ZENDESK_AUTH": "oauth_token", "ZENDESK_EMAIL": ADMIN_EMAIL},
        kept=kept(DEMO_API_TOKEN, auth="oauth_token", client_id=None),
        mend="auth login",
    ),
    "an OAuth token kept as an API token": Case(
        "authentication",
        "token_is_oauth_token",
        environ={"ZENDESK_AUTH": "api_token"},
        kept=kept(DEMO_TOKEN, auth="api_token", client_id=None, email=ADMIN_EMAIL),
        mend="--auth oauth_token",
    ),
    "a wrong API token": Case(
        "authentication",
        None,
        environ=basic("n0rthw1ndD3moApiT0ken4Ad4Ok4for000000001"),
        candidates=("api_token_wrong", "email_wrong", "password_given", "wrong_subdomain"),
        mend="auth login --subdomain northwind-demo --auth oauth",
    ),
    "a wrong e-mail address": Case(
        "authentication",
        None,
        environ=basic(DEMO_API_TOKEN, "nobody@northwind-outdoor.example"),
        candidates=("api_token_wrong", "email_wrong"),
    ),
    "a password": Case(
        "authentication",
        None,
        environ=basic(PASSWORD),
        candidates=("password_given", "api_token_wrong"),
    ),
    "retired API tokens": Case(
        "authentication",
        "api_tokens_retired",
        environ=basic(DEMO_API_TOKEN),
        rules=Rules(api_tokens_retired=True),
        today=date(2027, 4, 30),
        mend="--auth oauth",
    ),
    "an expired or revoked token from outside": Case(
        "authentication",
        None,
        environ=bearer("f" * 64),
        candidates=("expired_or_revoked", "token_is_api_token", "wrong_subdomain"),
        mend="set ZENDESK_OAUTH_TOKEN",
    ),
    "the same, known to be no API token": Case(
        "authentication",
        None,
        environ=bearer("f" * 64, ZENDESK_EMAIL=ADMIN_EMAIL),
        candidates=("expired_or_revoked", "wrong_subdomain"),
    ),
    "a token that has ended by what was kept": Case(
        "authentication",
        "expired",
        kept=kept("f" * 64, expires_at=LONG_AGO),
        mend="auth login",
    ),
    "a revoked sign-in that cannot be renewed": Case(
        "authentication", None, kept=kept("f" * 64), candidates=("revoked", "user_suspended")
    ),
    "a kept token from outside that has ended": Case(
        "authentication",
        "expired",
        environ={"ZENDESK_AUTH": "oauth_token"},
        kept=kept("f" * 64, auth="oauth_token", client_id=None, expires_at=LONG_AGO),
    ),
    "a sign-in that was revoked before its end": Case(
        "authentication",
        None,
        kept=kept("f" * 64, expires_at=4_000_000_000),
        candidates=("revoked", "user_suspended"),
    ),
    "a client whose user is gone": Case(
        "authentication",
        None,
        prepare=lambda sandbox: sandbox.faults.add(
            "GET", "users/me", None, misfortunes.invalid_token(), after=1
        ),
        environ=robot(),
        candidates=("user_suspended",),
    ),
    "a grant that is refused without a reason": Case(
        "authentication",
        "grant_refused",
        prepare=lambda sandbox: sandbox.faults.add(
            "POST", "/oauth/tokens", None, Fault(status=400, body={"error": "invalid_request"})
        ),
        environ=robot(),
    ),
    "a refresh token that is used up": Case(
        "authentication",
        "sign_in_ended",
        kept=kept("f" * 64, "e" * 64, expires_at=LONG_AGO),
        mend="auth login",
    ),
    "an OAuth client that was deleted": Case(
        "authentication",
        "client_refused",
        kept=kept("f" * 64, "e" * 64, expires_at=LONG_AGO, client_id="gone"),
        mend="ZENDESK_OAUTH_CLIENT_ID",
    ),
    "a wrong client secret": Case(
        "authentication", "client_refused", environ=robot("wr0ng5ecret"), mend="Admin Center"
    ),
    "scopes that the client may not have": Case(
        "authentication", "scopes_refused", prepare=client_with_less, environ=robot()
    ),
    "a wrong subdomain": Case(
        "account",
        "wrong_subdomain",
        environ=bearer(DEMO_TOKEN, ZENDESK_SUBDOMAIN="northwind-dmeo"),
        mend="ZENDESK_SUBDOMAIN",
    ),
    "a suspended user, told as 401": Case(
        "authentication",
        None,
        prepare=as_user(SUSPENDED_USER_ID),
        environ=bearer(DEMO_TOKEN),
        rules=Rules(suspended_caller="unauthenticated"),
        candidates=(
            "expired_or_revoked",
            "token_is_api_token",
            "wrong_subdomain",
            "user_suspended",
        ),
    ),
    "credentials that a proxy takes away": Case(
        "authentication",
        None,
        environ=bearer(DEMO_TOKEN),
        strips=True,
        candidates=("credentials_stripped", "expired_or_revoked"),
    ),
    # 403
    "a missing scope": Case(
        "permissions",
        "scope_missing",
        prepare=narrow_and_silent_about_it,
        environ=bearer(DEMO_TOKEN),
        mend="ZENDESK_OAUTH_TOKEN",
    ),
    "an end user, by the role": Case(
        "role", "role", prepare=as_user(REQUESTER_ID), environ=bearer(DEMO_TOKEN)
    ),
    "an end user, by the refusal": Case(
        "permissions", "role", prepare=as_user(REQUESTER_ID), environ=bearer(DEMO_TOKEN)
    ),
    "a suspended user, by the role": Case(
        "role", "suspended", prepare=as_user(SUSPENDED_USER_ID), environ=bearer(DEMO_TOKEN)
    ),
    "a suspended user, by the refusal": Case(
        "permissions", "suspended", prepare=as_user(SUSPENDED_USER_ID), environ=bearer(DEMO_TOKEN)
    ),
    "a suspended user who may not even ask": Case(
        "authentication",
        "suspended",
        prepare=as_user(SUSPENDED_USER_ID),
        environ=bearer(DEMO_TOKEN),
        rules=Rules(suspended_caller="forbidden"),
    ),
    "the plan": Case(
        "permissions",
        None,
        prepare=refuses_tickets,
        environ=bearer(DEMO_TOKEN),
        candidates=("plan", "role", "ip_allowlist"),
    ),
    "an agent's role": Case(
        "permissions",
        None,
        prepare=agent_without_tickets,
        environ=bearer(DEMO_TOKEN),
        candidates=("role", "plan", "ip_allowlist"),
    ),
    "an address off the allow-list": Case(
        "account",
        "ip_allowlist",
        environ=bearer(DEMO_TOKEN),
        rules=Rules(ip_refused=True),
        mend="IP restrictions",
    ),
}


class StrippingProxy(httpx.ASGITransport):
    """Takes the credentials out of every request."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers.pop("Authorization", None)
        return await super().handle_async_request(request)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
async def test_the_cause_is_named_or_ranked(case: Case, examined: Callable[..., Any]) -> None:
    sandbox = Sandbox(rules=case.rules)
    case.prepare(sandbox)
    flags = {"subdomain": case.environ.get("ZENDESK_SUBDOMAIN", sandbox.store.subdomain)}
    checks: dict[str, Check] = await examined(
        sandbox,
        case.environ,
        kept=None if case.kept is None else case.kept(sandbox),
        transport=StrippingProxy(app=sandbox) if case.strips else None,
        today=case.today,
        **flags,
    )
    told = checks[case.check]
    assert told.state == "fail", told
    assert told.cause == case.cause
    ranked = tuple(candidate.cause for candidate in told.candidates)
    assert ranked[: len(case.candidates)] == case.candidates
    assert bool(ranked) == (case.cause is None)
    assert told.why
    assert told.mend
    assert case.mend in told.mend


async def test_the_suffix_of_zendesks_notation_is_no_cause(examined: Callable[..., Any]) -> None:
    checks = await examined(Sandbox(), basic(DEMO_API_TOKEN, f"{ADMIN_EMAIL}/token"))
    assert checks["authentication"].state == "ok"


async def test_an_oauth_token_in_the_place_of_a_retired_api_token_is_still_found(
    examined: Callable[..., Any],
) -> None:
    checks = await examined(Sandbox(), basic(DEMO_TOKEN), today=date(2028, 1, 1))
    assert checks["authentication"].cause == "token_is_oauth_token"


async def test_the_other_scheme_is_tried_by_reading_alone(examined: Callable[..., Any]) -> None:
    sandbox = Sandbox()
    await examined(sandbox, basic("f" * 64))
    assert {(request.method, request.path) for request in sandbox.requests} == {
        ("GET", "/api/v2/users/me")
    }
