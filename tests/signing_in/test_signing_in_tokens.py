"""`auth login` with a token or a secret that was made elsewhere: by standard input, or typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_server_zendesk.commands.auth import auth
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_EMAIL,
    ADMIN_ID,
    AGENT_EMAIL,
    DEMO_API_TOKEN,
    DEMO_CLIENT_SECRET,
    DEMO_CONFIDENTIAL_CLIENT,
    DEMO_TOKEN,
)
from mcp_server_zendesk.sandbox.misfortunes import html_error
from reach import Reach, reachable
from signing_in.ground import ACCOUNT, holding, kept_by

CANARY = "canary5ecret0f77"
LOGIN = ("auth", "login", *ACCOUNT, "--insecure-storage", "--log-level", "debug")
BY_TOKEN = (*LOGIN, "--auth", "oauth_token")
BY_API_TOKEN = (*LOGIN, "--auth", "api_token")
BY_SECRET = (*LOGIN, "--auth", "oauth_client_credentials", "--client-id", DEMO_CONFIDENTIAL_CLIENT)


@pytest.fixture
def reach(tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("flags", "secret", "told"),
    [
        (BY_TOKEN, f"  Bearer {DEMO_TOKEN}\n", "as Ada Okafor"),
        ((*BY_API_TOKEN, "--email", ADMIN_EMAIL), f"{DEMO_API_TOKEN}\n", "Zendesk stops them all"),
        (BY_SECRET, f"{DEMO_CLIENT_SECRET}\r\n", "acts as the user who created"),
    ],
)
def test_what_is_piped_in_is_tried_kept_and_never_shown(
    reach: Reach, flags: tuple[str, ...], secret: str, told: str
) -> None:
    bare = secret.rsplit(maxsplit=1)[-1]
    ran = reach.invoke(*flags, "--token-stdin", stdin=secret)
    assert (ran.code, told in ran.out + ran.err) == (0, True), ran
    assert bare not in ran.out + ran.err
    (file,) = holding(reach.home, bare)
    assert file.name == "northwind-demo.json"


def test_client_credentials_leave_no_token_behind(reach: Reach) -> None:
    issued = set(reach.sandbox.store.access_tokens)
    ran = reach.invoke(*BY_SECRET, "--token-stdin", stdin=DEMO_CLIENT_SECRET)
    assert ran.code == 0
    kept = kept_by(reach.home)
    assert kept is not None
    assert "token" not in kept
    assert kept["person"]["id"] == ADMIN_ID
    # The token that it was tried with is revoked again.
    assert set(reach.sandbox.store.access_tokens) == issued


@pytest.mark.parametrize(
    ("flags", "secret", "why"),
    [
        (BY_TOKEN, CANARY, "Zendesk does not accept the token."),
        (BY_TOKEN, DEMO_API_TOKEN, "an OAuth access token and not an API token"),
        (BY_TOKEN, "", "is empty"),
        (BY_TOKEN, f"{CANARY} {CANARY}", "holds a space"),
        ((*BY_API_TOKEN, "--email", AGENT_EMAIL), CANARY, "e-mail address and API token"),
        (BY_API_TOKEN, CANARY, "e-mail address of the API token's user is not configured"),
        (BY_SECRET, CANARY, "Zendesk does not accept the OAuth client."),
        ((*BY_SECRET, "--scopes", "impersonate"), DEMO_CLIENT_SECRET, "scopes"),
    ],
)
def test_what_cannot_be_used_is_told_and_not_kept(
    reach: Reach, flags: tuple[str, ...], secret: str, why: str
) -> None:
    ran = reach.invoke(*flags, "--token-stdin", stdin=secret)
    assert ran.code == 1
    assert why in ran.err
    assert "Traceback" not in ran.err
    assert CANARY not in ran.out + ran.err
    assert kept_by(reach.home) is None
    assert not holding(reach.home, CANARY)


@pytest.mark.parametrize("flags", [BY_TOKEN, BY_SECRET])
def test_without_a_terminal_and_without_a_token_it_says_how_to_give_one(
    reach: Reach, flags: tuple[str, ...]
) -> None:
    ran = reach.invoke(*flags)
    assert ran.code == 1
    assert "pipe it in with --token-stdin" in ran.err
    assert reach.sandbox.requests == []


def test_a_typed_token_is_not_shown_and_stands_in_no_argument(reach: Reach) -> None:
    terminal = reach.start(*BY_TOKEN)
    terminal.expect("The OAuth access token: ")
    arguments = Path(f"/proc/{terminal.pid}/cmdline").read_bytes()
    environment = Path(f"/proc/{terminal.pid}/environ").read_bytes()
    terminal.type(DEMO_TOKEN)
    assert terminal.wait() == 0
    assert DEMO_TOKEN not in terminal.transcript
    assert DEMO_TOKEN.encode() not in arguments + environment


def test_a_secret_is_no_argument_of_any_command(reach: Reach) -> None:
    ran = reach.invoke(*BY_TOKEN, f"--oauth-token={CANARY}")
    assert ran.code == 2
    assert CANARY not in ran.out + ran.err
    for command in auth.commands.values():
        flags = {flag for option in command.params for flag in option.opts}
        assert not flags & {"--token", "--oauth-token", "--api-token", "--client-secret"}


def test_an_environment_token_is_kept_on_request_and_needs_no_typing(reach: Reach) -> None:
    ran = reach.invoke(*BY_TOKEN, ZENDESK_OAUTH_TOKEN=DEMO_TOKEN)
    assert ran.code == 0
    kept = kept_by(reach.home)
    assert kept is not None
    assert kept["token"] == DEMO_TOKEN


def test_a_zendesk_in_trouble_is_told_and_nothing_is_kept(reach: Reach) -> None:
    reach.sandbox.faults.add("GET", "/users/me", 1, html_error(503))
    issued = set(reach.sandbox.store.access_tokens)
    ran = reach.invoke(*BY_SECRET, "--token-stdin", stdin=DEMO_CLIENT_SECRET)
    assert ran.code == 1
    assert "Zendesk is in trouble (status 503)" in ran.err
    assert set(reach.sandbox.store.access_tokens) == issued
    ran = reach.invoke(*BY_TOKEN, "--token-stdin", stdin=DEMO_TOKEN, REDIRECTED_PORT="1")
    assert ran.code == 1
    assert "could not be reached" in ran.err
    assert kept_by(reach.home) is None


def test_another_account_than_there_is_is_told(reach: Reach) -> None:
    ran = reach.invoke(
        *("auth", "login", "--subdomain", "nobody-here", "--auth", "oauth_token"),
        *("--insecure-storage", "--token-stdin"),
        stdin=DEMO_TOKEN,
    )
    assert ran.code == 1
    assert "There is no Zendesk account at nobody-here.zendesk.com" in ran.err


def test_an_address_that_is_not_allowed_is_told(reach: Reach) -> None:
    reach.sandbox.rules.ip_refused = True
    ran = reach.invoke(*BY_TOKEN, "--token-stdin", stdin=DEMO_TOKEN)
    assert ran.code == 1
    assert "the account allows this machine's address" in ran.err
    assert kept_by(reach.home) is None


def test_where_the_sign_in_cannot_be_stored_its_token_is_revoked(reach: Reach) -> None:
    folder = reach.home / ".local/share/mcp-server-zendesk"
    folder.mkdir()
    folder.joinpath("sign-ins").write_text("in the way")
    issued = set(reach.sandbox.store.access_tokens)
    ran = reach.invoke(*BY_SECRET, "--token-stdin", stdin=DEMO_CLIENT_SECRET)
    assert ran.code == 1
    assert "Nothing was changed." in ran.err
    assert "Traceback" not in ran.err
    assert set(reach.sandbox.store.access_tokens) == issued
