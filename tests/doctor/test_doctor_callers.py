"""What `doctor` and `tools` tell of serving a team over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mcp_server_zendesk.doctor.callers import look_at_callers
from mcp_server_zendesk.hosting.tokens_file import add_token
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.sharing.store import Store
from operations.proxy import free_port
from reach import reachable

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ISSUER = "https://login.example.com"


async def looked(transport: httpx.AsyncBaseTransport | None = None, **settings: Any) -> Any:
    server = ServerSettings.model_validate(settings)
    return await look_at_callers(server, NOW.timestamp(), transport)


def tokens(folder: Path, **ends: int | None) -> Path:
    """A file with a token for each name, which ends so many days from now."""
    file = folder / "private" / "tokens.json"
    for name, days in ends.items():
        expires = None if days is None else NOW + timedelta(days=days)
        add_token(
            file,
            name=name,
            scopes="read",
            workspaces=frozenset({"returns"}) if name == "elsewhere" else None,
            created=NOW,
            expires=expires,
        )
    return file


def publishing(*keys: dict[str, str]) -> httpx.ASGITransport:
    async def answer(request: Request) -> JSONResponse:
        if request.url.path == "/keys":
            return JSONResponse({"keys": list(keys)})
        return JSONResponse({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"})

    return httpx.ASGITransport(app=Starlette(routes=[Route("/{path:path}", answer)]))


async def test_that_nobody_has_to_show_a_token_is_told() -> None:
    check = await looked()
    assert check.state == "ok"
    assert "whoever reaches the port is let in" in check.found


async def test_good_tokens_are_counted(tmp_path: Path) -> None:
    check = await looked(tokens_file=tokens(tmp_path, anna=None, ben=90))
    assert (check.state, check.found) == ("ok", "callers are known by 2 static tokens")


@pytest.mark.parametrize(
    ("ends", "more", "cause", "says"),
    [
        ({"anna": -1, "ben": None}, {}, "tokens_expired", "No good any more: anna."),
        ({"anna": 13, "ben": 15}, {}, "tokens_end_soon", "within 14 days: anna."),
        ({"elsewhere": None}, {"workspaces": "support"}, "tokens_idle", "elsewhere"),
        (
            {"anna": None},
            {"public_url": "https://mcp.example.com"},
            "host_not_allowed",
            "gets 421",
        ),
    ],
)
async def test_what_is_doubtful_is_told(
    tmp_path: Path, ends: dict[str, int | None], more: dict[str, Any], cause: str, says: str
) -> None:
    check = await looked(tokens_file=tokens(tmp_path, **ends), **more)
    assert (check.state, check.cause) == ("warn", cause)
    assert says in check.why
    assert check.mend


async def test_tokens_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    file = tokens(tmp_path, anna=None)
    file.chmod(0o644)
    check = await looked(tokens_file=file)
    assert (check.state, check.cause) == ("fail", "tokens_unusable")
    assert "chmod 600" in check.why


async def test_the_issuers_keys_are_fetched() -> None:
    check = await looked(publishing({"kid": "a"}, {"kid": "b"}), issuer=ISSUER)
    assert check.state == "ok"
    assert check.found == f"callers are known by signed tokens of {ISSUER} (2 keys)"


async def test_an_issuer_that_cannot_be_read_is_told() -> None:
    down = httpx.MockTransport(lambda _: httpx.Response(500))
    check = await looked(down, issuer=ISSUER)
    assert (check.state, check.cause) == ("fail", "issuer_unreadable")
    assert "no caller is let in" in check.why


async def test_a_store_that_does_not_answer_is_told(tmp_path: Path) -> None:
    server = ServerSettings(tokens_file=tokens(tmp_path, anna=None))
    store = Store(SecretStr(f"redis://:canary-2@127.0.0.1:{free_port()}"))
    check = await look_at_callers(server, NOW.timestamp(), store=store)
    assert (check.state, check.cause) == ("warn", "store_unreachable")
    assert "canary-2" not in f"{check}"


SEVERAL = """
[server]
workspaces = ["support", "returns"]
[workspaces.support]
subdomain = "northwind-demo"
[workspaces.returns]
subdomain = "northwind-demo"
read_only = true
[workspaces.of_stdio]
subdomain = "northwind-demo"
"""


def test_each_workspace_that_is_served_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(SEVERAL)
    with reachable(tmp_path) as reach:
        looked = ["doctor", "--config", str(file), "--port", "0"]
        text = reach.invoke(*looked).out
        told = json.loads(reach.invoke(*looked, "--json").out)
        one = json.loads(reach.invoke(*looked, "--workspace", "of_stdio", "--json").out)
        both = reach.invoke(*looked, ZENDESK_OAUTH_CLIENT_SECRET="s")
    assert [text.count(f"[{name}]\n") for name in ("support", "returns", "of_stdio")] == [1, 1, 0]
    assert text.count("http_callers") == 1
    assert [*told["workspaces"]] == ["support", "returns"]
    assert all(those["checks"][0]["state"] == "ok" for those in told["workspaces"].values())
    assert one["checks"][0]["state"] == "ok"
    assert both.code == 1
    assert "ZENDESK_OAUTH_CLIENT_SECRET means one workspace" in " ".join(both.out.split())


def test_keys_without_a_store_are_told_before_a_server_is_started(tmp_path: Path) -> None:
    with reachable(tmp_path) as reach:
        ended = reach.invoke("doctor", ZENDESK_SERVER_STATE_KEYS="k" * 32)
    assert "state_keys: without store_url" in " ".join(ended.out.split())


def test_a_mistake_in_the_servers_settings_is_told_by_doctor(tmp_path: Path) -> None:
    with reachable(tmp_path) as reach:
        ended = reach.invoke("doctor", "--workspaces", "all", ZENDESK_SERVER_PROT="1")
    assert ended.code == 1
    assert "ZENDESK_SERVER_PROT is no setting of the HTTP server" in " ".join(ended.out.split())


def test_tools_tells_what_a_caller_with_fewer_scopes_is_offered(tmp_path: Path) -> None:
    with reachable(tmp_path) as reach:
        scopes = ["--demo", "--scopes", "read tickets:write"]
        everyone = reach.invoke("tools", *scopes).out
        caller = reach.invoke("tools", *scopes, "--caller-scopes", "users:read").out
        wrong = reach.invoke("tools", *scopes, "--caller-scopes", "user:read")
    assert "update_ticket " in everyone.partition("Hidden")[0]
    offered, _, hidden = caller.partition("Hidden")
    assert "The caller's: users:read" in offered
    assert "get_user " in offered
    assert "update_ticket " in hidden
    assert wrong.code == 1
    assert "users:read" in wrong.err
