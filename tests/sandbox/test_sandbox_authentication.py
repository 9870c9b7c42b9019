import base64

import httpx
import pytest

from mcp_server_zendesk.sandbox import DEMO_API_TOKEN, DEMO_TOKEN, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_EMAIL,
    ADMIN_ID,
    AGENT_ID,
    OPEN_TICKET,
    REQUESTER_ID,
)
from mcp_server_zendesk.sandbox.misfortunes import forbidden
from mcp_server_zendesk.sandbox.rules import SuspendedCaller

pytestmark = pytest.mark.anyio


def basic(login: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{login}:{secret}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_me_shows_the_user_of_the_token_with_an_authenticity_token(
    client: httpx.AsyncClient,
) -> None:
    user = (await client.get("users/me")).json()["user"]
    assert (user["id"], user["role"], user["role_type"]) == (ADMIN_ID, "admin", 4)
    assert user["authenticity_token"]


@pytest.mark.parametrize("headers", [{"Authorization": ""}, basic(ADMIN_EMAIL, "wrong")])
async def test_me_is_anonymous_without_an_account(
    client: httpx.AsyncClient,
    headers: dict[str, str],
) -> None:
    answer = await client.get("users/me.json", headers=headers)
    user = answer.json()["user"]
    assert answer.status_code == 200
    assert (user["id"], user["name"], user["email"]) == (
        None,
        "Anonymous user",
        "invalid@example.com",
    )
    assert user["role"] == "end-user"
    assert user["authenticity_token"]


async def test_the_anonymous_get_nothing_else(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"tickets/{OPEN_TICKET}", headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.json() == {"error": "Couldn't authenticate you"}


async def test_an_api_token_needs_its_suffix(client: httpx.AsyncClient) -> None:
    right = await client.get("users/me", headers=basic(f"{ADMIN_EMAIL}/token", DEMO_API_TOKEN))
    assert right.json()["user"]["id"] == ADMIN_ID
    without = await client.get("users/me", headers=basic(ADMIN_EMAIL, DEMO_API_TOKEN))
    assert (without.status_code, without.json()["user"]["id"]) == (200, None)
    ticket = await client.get(f"tickets/{OPEN_TICKET}", headers=basic(ADMIN_EMAIL, DEMO_API_TOKEN))
    assert (ticket.status_code, ticket.json()) == (401, {"error": "Couldn't authenticate you"})


@pytest.mark.parametrize(
    "headers",
    [
        basic(f"{ADMIN_EMAIL}/token", "wrong"),
        basic("nobody@example.com/token", DEMO_API_TOKEN),
        {"Authorization": "Basic no-base64!"},
    ],
)
async def test_a_bad_api_token_is_refused_everywhere(
    client: httpx.AsyncClient,
    headers: dict[str, str],
) -> None:
    answer = await client.get("users/me", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"error": "Couldn't authenticate you"}


async def test_a_bad_or_expired_bearer_token_is_an_invalid_token(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    for token in ("unknown", sandbox.token(expired=True)):
        answer = await client.get("users/me", headers=bearer(token))
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_token"
        assert "expired, revoked" in answer.json()["error_description"]


async def test_a_token_expires_when_its_time_comes(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    fresh = bearer(sandbox.token(user_id=AGENT_ID))
    assert (await client.get("users/me", headers=fresh)).json()["user"]["id"] == AGENT_ID


async def test_the_current_token_is_shown_in_part_and_can_be_revoked(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    token = sandbox.token(scopes=("tickets:read",), user_id=AGENT_ID)
    shown = (await client.get("oauth/tokens/current", headers=bearer(token))).json()["token"]
    assert shown["token"] == token[:10]
    assert shown["scopes"] == ["tickets:read"]
    assert shown["user_id"] == AGENT_ID
    revoked = await client.delete("oauth/tokens/current", headers=bearer(token))
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert (await client.get("users/me", headers=bearer(token))).status_code == 401


@pytest.mark.parametrize(
    ("scopes", "method", "path", "missing"),
    [
        (("users:read",), "GET", f"tickets/{OPEN_TICKET}", "tickets:read, read"),
        (("tickets:read",), "PUT", f"tickets/{OPEN_TICKET}", "tickets:write, write"),
        (("tickets:read",), "GET", f"tickets/{OPEN_TICKET}/audits", "read"),
        (("tickets:read",), "GET", "search", "read"),
        (("tickets:read",), "GET", "ticket_fields", "read"),
        (("tickets:read",), "GET", "custom_statuses", "read"),
        (("account_settings:read",), "GET", "account/settings", "read"),
        (("tickets:read",), "GET", "groups", "groups:read, read"),
        (("read",), "POST", "tickets", "tickets:write, write"),
        (("write",), "GET", "users", "users:read, read"),
        (("no_such_scope",), "GET", "users", "users:read, read"),
    ],
)
async def test_a_missing_scope_is_named(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    scopes: tuple[str, ...],
    method: str,
    path: str,
    missing: str,
) -> None:
    answer = await client.request(method, path, headers=bearer(sandbox.token(scopes)))
    assert answer.status_code == 403
    assert answer.json() == {
        "error": "Forbidden",
        "description": f"You are missing the following required scopes: {missing}",
    }


@pytest.mark.parametrize(
    ("scopes", "path"),
    [
        (("tickets:read",), f"tickets/{OPEN_TICKET}/comments"),
        (("read",), f"tickets/{OPEN_TICKET}/tags"),
        (("read",), "search/count?query=login"),
        (("groups:read",), "group_memberships"),
        (("organizations:read",), "organizations"),
        (("users:read",), "users/search?query=lena"),
        (("tickets:read",), "users/me"),
        (("users:read",), "oauth/tokens/current"),
        ((), f"tickets/{OPEN_TICKET}/audits"),
    ],
)
async def test_enough_scope_is_enough(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    scopes: tuple[str, ...],
    path: str,
) -> None:
    answer = await client.get(path, headers=bearer(sandbox.token(scopes)))
    assert answer.status_code == 200


async def test_an_end_user_is_turned_away_by_role(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("tickets", headers=bearer(sandbox.token(user_id=REQUESTER_ID)))
    assert answer.status_code == 403
    assert answer.json()["error"]["title"] == "Forbidden"
    assert "do not have access to this page" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        (bearer(DEMO_API_TOKEN), "invalid_token"),
        ({"Authorization": f"Basic {DEMO_TOKEN}"}, "Couldn't authenticate you"),
        (
            {"Authorization": f"Basic {base64.b64encode(DEMO_TOKEN.encode()).decode()}"},
            "Couldn't authenticate you",
        ),
        (basic(f"{ADMIN_EMAIL}/token", DEMO_TOKEN), "Couldn't authenticate you"),
    ],
)
async def test_a_secret_of_the_other_kind_is_refused(
    client: httpx.AsyncClient,
    headers: dict[str, str],
    answer: str,
) -> None:
    refused = await client.get("users/me", headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (401, answer)


async def test_retired_api_tokens_open_nothing_while_bearer_tokens_do(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.api_tokens_retired = True
    refused = await client.get("users/me", headers=basic(f"{ADMIN_EMAIL}/token", DEMO_API_TOKEN))
    assert refused.status_code == 401
    assert refused.json() == {"error": "Couldn't authenticate you"}
    assert (await client.get("users/me")).json()["user"]["id"] == ADMIN_ID


@pytest.mark.parametrize(
    ("rule", "me", "ticket"),
    [
        ("shown", (200, 200), (403, 403)),
        ("forbidden", (403, 403), (403, 403)),
        ("unauthenticated", (401, 401), (401, 401)),
    ],
)
async def test_a_suspended_user_gets_as_far_as_the_rules_say(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    rule: SuspendedCaller,
    me: tuple[int, int],
    ticket: tuple[int, int],
) -> None:
    sandbox.rules.suspended_caller = rule
    sandbox.store.users[ADMIN_ID]["suspended"] = True
    kinds = (bearer(DEMO_TOKEN), basic(f"{ADMIN_EMAIL}/token", DEMO_API_TOKEN))
    for headers, seen, refused in zip(kinds, me, ticket, strict=True):
        shown = await client.get("users/me", headers=headers)
        assert shown.status_code == seen
        if seen == 200:
            assert shown.json()["user"]["suspended"]
        answer = await client.get(f"tickets/{OPEN_TICKET}", headers=headers)
        assert answer.status_code == refused
        if refused == 403:
            assert answer.json()["error"]["title"] == "Forbidden"
    nobody = await client.get("users/me", headers={"Authorization": ""})
    assert nobody.json()["user"]["id"] is None


async def test_an_address_off_the_allow_list_reaches_nothing(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.rules.ip_refused = True
    origin = "https://northwind-demo.zendesk.com"
    for answer in (
        await client.get("users/me"),
        await client.get("users/me", headers={"Authorization": ""}),
        await client.get(f"{origin}/oauth/authorizations/new"),
        await client.post(f"{origin}/oauth/tokens", json={}),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"]["title"] == "Forbidden"


async def test_role_and_plan_refuse_what_a_test_says(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    sandbox.faults.add("GET", "/account/settings", None, forbidden())
    for _ in range(2):
        answer = await client.get("account/settings")
        assert answer.status_code == 403
        assert "do not have access to this page" in answer.json()["error"]["message"]
    assert (await client.get("users/me")).status_code == 200


async def test_an_account_may_be_a_sandbox_of_zendesks(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    for rule in (False, True):
        sandbox.rules.sandbox_account = rule
        settings = (await client.get("account/settings")).json()["settings"]
        assert settings["active_features"]["sandbox"] is rule


async def test_another_subdomain_has_no_help_desk(client: httpx.AsyncClient) -> None:
    answer = await client.get("https://elsewhere.zendesk.com/api/v2/users/me")
    assert answer.status_code == 404
    assert answer.json()["error"]["title"] == "No help desk at elsewhere.zendesk.com"


async def test_addresses_in_answers_are_on_the_origin_that_was_asked(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("http://127.0.0.1:8080/api/v2/users/me")
    assert answer.json()["user"]["url"].startswith("http://127.0.0.1:8080/api/v2/users/")
