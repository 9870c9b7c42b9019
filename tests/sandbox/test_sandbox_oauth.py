"""Signing in: the consent page, the token endpoint, and what becomes of tokens."""

import asyncio
import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, Fault, ManualClock, Sandbox
from mcp_server_zendesk.sandbox import misfortunes as bad
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    DEMO_CLIENT,
    DEMO_CLIENT_SECRET,
    DEMO_CONFIDENTIAL_CLIENT,
    DEMO_REDIRECT_URIS,
    OPEN_TICKET,
)
from mcp_server_zendesk.sandbox.oauth.records import Refreshes

pytestmark = pytest.mark.anyio

ORIGIN = f"https://{DEMO_SUBDOMAIN}.zendesk.com"
VERIFIER = "a-verifier-that-is-at-least-forty-three-characters-long"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
ASKED = {
    "response_type": "code",
    "client_id": DEMO_CLIENT,
    "redirect_uri": DEMO_REDIRECT_URIS[0],
    "scope": "read tickets:write",
    "state": "st&te",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture
def slept(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The delays that the sandbox would have waited for."""
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    monkeypatch.setattr(sandbox, "_sleep", sleep)
    return delays


async def press(
    client: httpx.AsyncClient, button: str = "allow", **changed: str | None
) -> dict[str, str]:
    """Opens the page, presses a button, and returns what the redirect tells the client."""
    query = {key: value for key, value in {**ASKED, **changed}.items() if value is not None}
    page = await client.get(f"{ORIGIN}/oauth/authorizations/new", params=query)
    if page.status_code == 302:
        return told(page)
    assert page.status_code == 200
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    form = {name: value.replace("&amp;", "&") for name, value in fields.items()}
    assert f'<button id="{button}" name="decision" value="{button}">' in page.text
    answer = await client.post(f"{ORIGIN}/oauth/authorizations", data={**form, "decision": button})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(query["redirect_uri"] + "?")
    return told(answer)


def told(redirect: httpx.Response) -> dict[str, str]:
    query = parse_qs(urlsplit(redirect.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


async def exchange(client: httpx.AsyncClient, **given: object) -> httpx.Response:
    body = {"grant_type": "authorization_code", "client_id": DEMO_CLIENT, **given}
    return await client.post(f"{ORIGIN}/oauth/tokens", json=body)


async def login(client: httpx.AsyncClient, **given: object) -> dict[str, Any]:
    code = (await press(client))["code"]
    answer = await exchange(
        client, code=code, redirect_uri=ASKED["redirect_uri"], code_verifier=VERIFIER, **given
    )
    assert answer.status_code == 201
    return dict(answer.json())


def bearer(token: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def status(client: httpx.AsyncClient, token: object, path: str = "users/me") -> int:
    return (await client.get(path, headers=bearer(token))).status_code


async def test_the_page_names_client_account_user_and_scopes(client: httpx.AsyncClient) -> None:
    page = await client.get(f"{ORIGIN}/oauth/authorizations/new", params=ASKED)
    assert page.headers["content-type"].startswith("text/html")
    for text in ("Northwind Assistant", f"{DEMO_SUBDOMAIN}.zendesk.com", "Ada Okafor"):
        assert text in page.text
    assert "<code>tickets:write</code>" in page.text


async def test_a_login_gives_a_token_with_what_was_asked_for(client: httpx.AsyncClient) -> None:
    token = await login(client)
    assert token["token_type"] == "bearer"
    assert token["scope"] == "read tickets:write"
    assert (token["expires_in"], token["refresh_token_expires_in"]) == (1_800, 2_592_000)
    me = (await client.get("users/me", headers=bearer(token["access_token"]))).json()["user"]
    assert me["id"] == ADMIN_ID
    shown = await client.get("oauth/tokens/current", headers=bearer(token["access_token"]))
    assert shown.json()["token"]["scopes"] == ["read", "tickets:write"]


async def test_the_state_comes_back_and_denial_is_told(client: httpx.AsyncClient) -> None:
    assert (await press(client))["state"] == "st&te"
    denied = await press(client, "deny")
    assert (denied["error"], denied["state"]) == ("access_denied", "st&te")
    assert "code" not in denied


async def test_a_code_is_good_once_for_two_minutes_and_for_its_own_request(
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    right = {"redirect_uri": ASKED["redirect_uri"], "code_verifier": VERIFIER}
    code = (await press(client))["code"]
    assert (await exchange(client, code=code, **right)).status_code == 201
    codes = {
        "used": (code, right),
        "unknown": ("none", right),
        "wrong verifier": ((await press(client))["code"], {**right, "code_verifier": "x" * 43}),
        "other address": (
            (await press(client))["code"],
            {**right, "redirect_uri": DEMO_REDIRECT_URIS[1]},
        ),
        "other client": (
            (await press(client))["code"],
            {**right, "client_id": DEMO_CONFIDENTIAL_CLIENT, "client_secret": DEMO_CLIENT_SECRET},
        ),
    }
    late = (await press(client))["code"]
    for name, (one, given) in codes.items():
        answer = await exchange(client, code=one, **given)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), name
    clock.forward(120)
    assert (await exchange(client, code=late, **right)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"client_id": DEMO_CONFIDENTIAL_CLIENT, "scope": "read hc:write"}, "invalid_scope"),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_to_the_client(
    client: httpx.AsyncClient,
    changed: dict[str, str | None],
    error: str,
) -> None:
    assert (await press(client, "allow", **changed))["error"] == error


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://evil.invalid/callback"},
        {"redirect_uri": DEMO_REDIRECT_URIS[0] + "/"},
    ],
)
async def test_nothing_is_sent_to_an_address_that_was_not_registered(
    client: httpx.AsyncClient,
    changed: dict[str, str],
) -> None:
    query = {**ASKED, **changed}
    page = await client.get(f"{ORIGIN}/oauth/authorizations/new", params=query)
    posted = await client.post(
        f"{ORIGIN}/oauth/authorizations", data={**query, "decision": "allow"}
    )
    for answer in (page, posted):
        assert (answer.status_code, answer.headers.get("Location")) == (400, None)


async def test_refreshing_kills_the_old_pair_at_once(client: httpx.AsyncClient) -> None:
    old = await login(client)
    answer = await exchange(client, grant_type="refresh_token", refresh_token=old["refresh_token"])
    new = answer.json()
    assert answer.status_code == 201
    assert await status(client, new["access_token"]) == 200
    assert await status(client, old["access_token"]) == 401
    again = await exchange(client, grant_type="refresh_token", refresh_token=old["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert await status(client, new["access_token"]) == 200


async def test_refreshes_are_counted(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    old = await login(client)
    counted = sandbox.store.oauth.refreshes
    assert counted == Refreshes(0, 0, 0)
    refresh = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
    answers = await asyncio.gather(*(exchange(client, **refresh) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400]
    assert counted == Refreshes(asked=3, succeeded=1, refused=2)
    sandbox.faults.add("POST", "/oauth/tokens", 1, bad.html_error(503))
    await exchange(client, **refresh)
    assert counted.asked == 3


@pytest.mark.parametrize(
    ("fault", "seen", "refreshed"),
    [
        (bad.html_error(502), 502, False),
        (bad.html_error(504, applied=True), 504, True),
        (bad.rate_limited(retry_after=7), 429, False),
        (bad.slow_start(5), 201, True),
        (bad.reset_before_write(), httpx.ReadError, False),
        (bad.reset_after_write(), httpx.ReadError, True),
        (bad.never_answered(), httpx.ReadTimeout, False),
    ],
)
async def test_the_token_endpoint_has_its_misfortunes_too(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    slept: list[float],
    fault: Fault,
    seen: int | type[Exception],
    refreshed: bool,
) -> None:
    token = await login(client)
    refresh = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    sandbox.faults.add("POST", "/oauth/tokens", 1, fault)
    if isinstance(seen, int):
        answer = await exchange(client, **refresh)
        assert answer.status_code == seen
        assert answer.headers.get("Retry-After") == ("7" if seen == 429 else None)
    else:
        with pytest.raises(seen):
            await exchange(client, **refresh)
    assert sandbox.faults.waiting == 0
    assert slept == ([5] if fault.delay_seconds else [])
    assert sandbox.store.oauth.refreshes.succeeded == int(refreshed)
    # A lost answer has used up the token all the same: there is no second chance.
    again = await exchange(client, **refresh)
    assert again.status_code == (400 if refreshed else 201)


async def test_fewer_scopes_may_be_granted_than_were_asked_for(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.grants_fewer_scopes = frozenset({"read"})
    token = await login(client)
    assert token["scope"] == "read"
    shown = await client.get("oauth/tokens/current", headers=bearer(token["access_token"]))
    assert shown.json()["token"]["scopes"] == ["read"]
    refresh = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert (await exchange(client, **refresh)).json()["scope"] == "read"


async def test_lifetimes_can_be_asked_for_within_bounds(
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    token = await login(client, expires_in=300, refresh_token_expires_in=604_800)
    assert (token["expires_in"], token["refresh_token_expires_in"]) == (300, 604_800)
    clock.forward(299)
    assert await status(client, token["access_token"]) == 200
    clock.forward(1)
    assert await status(client, token["access_token"]) == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    for name, value in (("expires_in", 299), ("refresh_token_expires_in", 7_776_001)):
        refused = await exchange(client, **refresh, **{name: value})
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    clock.forward(604_800)
    assert (await exchange(client, **refresh)).json()["error"] == "invalid_grant"


async def test_a_confidential_client_proves_itself_also_by_a_form(
    client: httpx.AsyncClient,
) -> None:
    given = {"grant_type": "client_credentials", "client_id": DEMO_CONFIDENTIAL_CLIENT}
    right = {**given, "client_secret": DEMO_CLIENT_SECRET, "scope": "read"}
    answer = await client.post(f"{ORIGIN}/oauth/tokens", data=right)
    assert answer.status_code == 201
    assert "refresh_token" not in answer.json()
    me = await client.get("users/me", headers=bearer(answer.json()["access_token"]))
    assert me.json()["user"]["id"] == ADMIN_ID
    wrong = await client.post(f"{ORIGIN}/oauth/tokens", json={**given, "client_secret": "x"})
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    public = await exchange(client, grant_type="client_credentials")
    assert (public.status_code, public.json()["error"]) == (401, "unauthorized_client")
    scope = await client.post(f"{ORIGIN}/oauth/tokens", json={**right, "scope": "hc:write"})
    assert (scope.status_code, scope.json()["error"]) == (400, "invalid_scope")
    grant = await client.post(f"{ORIGIN}/oauth/tokens", json={**right, "grant_type": "password"})
    assert grant.json()["error"] == "unsupported_grant_type"


async def test_a_misspelt_scope_still_gives_a_token_that_then_fails(
    client: httpx.AsyncClient,
) -> None:
    code = (await press(client, scope="tickets:raed"))["code"]
    answer = await exchange(
        client, code=code, redirect_uri=ASKED["redirect_uri"], code_verifier=VERIFIER
    )
    assert answer.json()["scope"] == "tickets:raed"
    token = answer.json()["access_token"]
    assert await status(client, token) == 200
    assert await status(client, token, f"tickets/{OPEN_TICKET}") == 403


async def test_revoking_ends_the_refresh_token_too(client: httpx.AsyncClient) -> None:
    token = await login(client)
    headers = bearer(token["access_token"])
    assert (await client.delete("oauth/tokens/current", headers=headers)).status_code == 204
    assert await status(client, token["access_token"]) == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert (await exchange(client, **refresh)).json()["error"] == "invalid_grant"


async def test_clients_and_the_user_in_the_browser_are_the_stores(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    address = "http://127.0.0.1:4711/back?kept=1"
    sandbox.store.add_oauth_client("mine", redirect_uris=[address], allowed_scopes=["read"])
    sandbox.store.oauth.browser_user_id = AGENT_ID
    changed = {"client_id": "mine", "redirect_uri": address}
    query = {**ASKED, **changed, "scope": "read"}
    answer = await client.post(
        f"{ORIGIN}/oauth/authorizations", data={**query, "decision": "allow"}
    )
    code = told(answer)
    assert code["kept"] == "1"
    token = await exchange(
        client,
        code=code["code"],
        client_id="mine",
        redirect_uri=address,
        code_verifier=VERIFIER,
    )
    me = await client.get("users/me", headers=bearer(token.json()["access_token"]))
    assert me.json()["user"]["id"] == AGENT_ID
    everything = await client.get(
        f"{ORIGIN}/oauth/authorizations/new", params={**query, "scope": ""}
    )
    assert told(everything)["error"] == "invalid_scope"
