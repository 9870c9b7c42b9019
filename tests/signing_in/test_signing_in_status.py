"""`auth status` and `auth logout` over what a login has kept in a file; two tests are processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.commands.sign_in_status import report
from mcp_server_zendesk.sandbox import ManualClock
from mcp_server_zendesk.sandbox.landmarks import DEMO_CLIENT, DEMO_TOKEN
from mcp_server_zendesk.sandbox.misfortunes import html_error
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.vaults import FileVault
from reach import Reach, reachable
from signing_in.ground import ACCOUNT, CLIENT, TOKENS, Desk, kept_by, sign_ins

STATUS = ("auth", "status", *CLIENT)
LOGOUT = ("auth", "logout", *CLIENT)
WORKSPACE = "northwind-demo"

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    """Somebody has signed in; the tokens live at the desk's Zendesk, by its clock."""
    desk = Desk(tmp_path / "elsewhere", clock=ManualClock())
    await desk.sign_in()
    return desk


@pytest.fixture
def reach(desk: Desk, tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path, sandbox=desk.sandbox) as opened:
        keep(opened, desk.kept().text())
        yield opened


def keep(reach: Reach, text: str) -> Path:
    vault = FileVault(sign_ins(reach.home))
    vault.write(WORKSPACE, text)
    return vault.path(WORKSPACE)


Told = Callable[..., tuple[dict[str, Any], bool]]


@pytest.fixture
def told(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """What `auth status` says of an entry, with something changed in it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = Settings.model_validate(
        {"subdomain": WORKSPACE, "workspace": WORKSPACE, "client_id": DEMO_CLIENT}
    )
    before = json.loads(desk.kept().text())

    def tell(text: str | None = None, **changed: Any) -> tuple[dict[str, Any], bool]:
        kept = json.dumps({**before, **changed}) if text is None else text
        FileVault().write(WORKSPACE, kept)
        shown, good = report(settings, as_json=True)
        return dict(json.loads(shown)), good

    return tell


def change(reach: Reach, **changed: Any) -> None:
    keep(reach, json.dumps({**(kept_by(reach.home) or {}), **changed}))


def secrets_of(desk: Desk) -> list[str]:
    kept = desk.kept()
    assert kept.token is not None
    assert kept.refresh_token is not None
    return [kept.token.get_secret_value(), kept.refresh_token.get_secret_value()]


async def test_status_tells_everything_but_a_secret(reach: Reach, desk: Desk) -> None:
    text, machine = reach.run(*STATUS), reach.invoke(*STATUS, "--json")
    assert (text.code, machine.code) == (0, 0)
    told = json.loads(machine.out)
    assert told["granted_scopes"] == ["read", "tickets:write"]
    assert told["user"].startswith("Ada Okafor <")
    assert "for 30 more minutes, then renewed" in text.out
    assert "unless it is used" in text.out
    assert "unencrypted (--insecure-storage)" in text.out
    for secret in secrets_of(desk):
        assert secret[:10] not in text.out + text.err + machine.out + machine.err
    assert reach.sandbox.requests == []


async def test_status_says_to_machines_whether_somebody_is_signed_in(told: Told) -> None:
    assert told()[0]["signed_in"] is True
    assert told(refresh_expires_at=1)[0]["signed_in"] is False


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"refresh_expires_at": 1}, "it ended on 1970-01-01"),
        ({"subdomain": "acme"}, "is for another Zendesk account"),
        ({"client_id": "another"}, "is for another OAuth client"),
        ({"auth": "api_token"}, "is for another auth type"),
        ({"expires_at": 1e300}, "what is kept is damaged"),
        ({"refresh_expires_at": -1e300}, "what is kept is damaged"),
        ({"expires_at": float("nan")}, "what is kept is damaged"),
        ({"signed_in_at": float("inf")}, "what is kept is damaged"),
        ({"expires_at": [1]}, "what is kept is damaged"),
        ({"auth": None}, "what is kept is damaged"),
        ({"person": {"name": "no id"}}, "what is kept is damaged"),
    ],
)
async def test_status_tells_what_is_wrong_and_what_mends_it(
    told: Told, desk: Desk, changed: dict[str, Any], problem: str
) -> None:
    facts, good = told(**changed)
    assert not good
    assert problem in facts["problem"]
    assert facts["mend"] == "mcp-server-zendesk auth login"
    assert not any(secret in str(facts) for secret in secrets_of(desk))


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00\xff", '{"auth":"oauth"}', "[" * 100_000])
async def test_a_damaged_entry_is_told(told: Told, desk: Desk, text: str) -> None:
    facts, good = told(text)
    assert not good
    assert facts["problem"] == "what is kept is damaged"


async def test_status_shows_a_hostile_name_inert_and_no_secret_of_a_client(told: Told) -> None:
    name = "\x1b[2J\x1b]0;owned\x07\u202eEve\nSigned in as Ada"
    facts, good = told(person={"id": 7, "name": name}, client_secret="canary-5ecret")
    assert good
    assert facts["user"] == "[2J]0;ownedEveSigned in as Ada"
    assert "canary-5ecret" not in str(facts)


async def test_an_access_token_that_has_ended_is_no_end(told: Told, desk: Desk) -> None:
    facts, good = told(expires_at=1)
    assert good
    assert facts["access_token"] == "due for renewal"


async def test_a_stored_token_is_of_no_client_of_ours(told: Told) -> None:
    """Where an OAuth client is configured beside a token that was made elsewhere."""
    assert not told(auth="oauth_token", client_id=None)[1]
    settings = Settings.model_validate(
        {"subdomain": WORKSPACE, "workspace": WORKSPACE, "auth": "oauth_token", "client_id": "ours"}
    )
    assert report(settings, as_json=False)[1]


async def test_a_file_that_others_can_read_is_not_used(reach: Reach) -> None:
    file = keep(reach, json.dumps(kept_by(reach.home)))
    file.chmod(0o644)
    for command in (STATUS, LOGOUT):
        ran = reach.invoke(*command)
        assert ran.code == 1
        assert f"chmod 600 '{file}'" in ran.out + ran.err
    assert reach.sandbox.requests == []
    file.chmod(0o600)
    assert reach.invoke(*STATUS).code == 0


async def test_status_names_the_variable_that_holds_the_token(reach: Reach) -> None:
    ran = reach.invoke(
        *("auth", "status", *ACCOUNT, "--auth", "oauth_token"), ZENDESK_OAUTH_TOKEN=DEMO_TOKEN
    )
    assert ran.code == 0
    assert "the environment (ZENDESK_OAUTH_TOKEN)" in ran.out
    assert DEMO_TOKEN not in ran.out


async def test_signing_out_revokes_both_tokens_and_forgets(reach: Reach, desk: Desk) -> None:
    assert secrets_of(desk)[0] in reach.sandbox.store.access_tokens
    ran = reach.run(*LOGOUT)
    assert (ran.code, ran.out) == (0, "Revoked at Zendesk, and forgotten here.\n")
    assert secrets_of(desk)[0] not in reach.sandbox.store.access_tokens
    assert reach.sandbox.store.oauth.refresh_tokens == {}
    assert kept_by(reach.home) is None
    assert reach.invoke(*STATUS).code == 1


async def test_signing_out_after_the_access_token_has_ended_ends_the_refresh_token_too(
    reach: Reach, desk: Desk
) -> None:
    desk.clock.forward(3_600)
    change(reach, expires_at=int(time.time()) - 1)
    ran = reach.invoke(*LOGOUT)
    assert (ran.code, ran.out) == (0, "Revoked at Zendesk, and forgotten here.\n")
    assert reach.sandbox.store.oauth.refresh_tokens == {}
    assert kept_by(reach.home) is None


async def test_signing_out_without_zendesk_forgets_and_says_that_it_is_not_revoked(
    reach: Reach, desk: Desk
) -> None:
    reach.sandbox.faults.add("DELETE", "/oauth/tokens/current", 1, html_error(503))
    ran = reach.invoke(*LOGOUT)
    assert ran.code == 1
    assert "Zendesk did not confirm that it is revoked" in ran.err
    assert kept_by(reach.home) is None
    keep(reach, desk.kept().model_copy(update={"expires_at": 1.0}).text())
    reach.sandbox.faults.add("POST", TOKENS, 1, html_error(503))
    assert reach.invoke(*LOGOUT).code == 1
    assert kept_by(reach.home) is None


async def test_signing_out_of_another_account_sends_nothing(reach: Reach) -> None:
    change(reach, subdomain="acme")
    ran = reach.invoke(*LOGOUT)
    assert ran.code == 0
    assert "It could not be revoked from here" in ran.out
    assert reach.sandbox.requests == []
    assert kept_by(reach.home) is None
