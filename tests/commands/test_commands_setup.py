"""`setup` at a terminal: from nothing to a server that works."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN
from mcp_server_zendesk.sandbox.landmarks import DEMO_CLIENT
from reach import Reach, reachable
from setting_up import answer, sign_in
from signing_in.ground import kept_by

ORDER = "http://127.0.0.1:8765/callback"


@pytest.fixture
def reach(tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path) as opened:
        yield opened


def file_of(reach: Reach) -> Path:
    return reach.home / ".config" / "mcp-server-zendesk" / "config.toml"


def test_an_admin_gets_from_nothing_to_a_green_doctor(reach: Reach) -> None:
    terminal = reach.start("setup", "--no-browser", "--insecure-storage")
    answer(terminal)
    sign_in(reach, terminal)
    terminal.expect("Signed in to northwind-demo.zendesk.com as Ada Okafor")
    assert terminal.wait() == 0, terminal.transcript
    shown = terminal.transcript
    for line in (
        "Apps and integrations > APIs > OAuth clients > Add OAuth client",
        "Client kind       Public",
        ORDER,
        "Allowed scopes    read tickets:write",
        "config claude-desktop --write --workspace support",
    ):
        assert line in shown
    table = tomllib.loads(file_of(reach).read_text())["workspaces"]["support"]
    assert table == {
        "subdomain": DEMO_SUBDOMAIN,
        "scopes": "read tickets:write",
        "client_id": DEMO_CLIENT,
    }
    assert file_of(reach).stat().st_mode & 0o777 == 0o600
    assert kept_by(reach.home, "support")
    assert reach.invoke("auth", "status").code == 0


def test_what_is_there_is_offered_and_everything_else_in_the_file_stays(reach: Reach) -> None:
    file = file_of(reach)
    file.parent.mkdir(parents=True)
    file.write_text(
        "# ours\n[workspaces.other]\nsubdomain = 'other'  # theirs\n\n"
        f'[workspaces.support]\nsubdomain = "{DEMO_SUBDOMAIN}"\nread_only = true # stays\n'
        'scopes = "users:read"\nclient_id = "mine"\nauth = "api_token"\n'
    )
    terminal = reach.start("setup", "--workspace", "support", "--no-browser")
    terminal.expect(f"subdomain [{DEMO_SUBDOMAIN}]: ")
    terminal.type("")
    terminal.expect("Your choice [users:read]: ")
    terminal.type("")
    terminal.expect("was given [mine]: ")
    terminal.type("")
    terminal.expect("Write it?")
    terminal.type("")
    terminal.wait()
    text = file.read_text()
    assert text.startswith("# ours\n[workspaces.other]\nsubdomain = 'other'  # theirs\n")
    assert "read_only = true # stays" in text
    assert tomllib.loads(text)["workspaces"]["support"]["auth"] == "oauth"


@pytest.mark.parametrize("question", ["subdomain: ", "Write it?"])
def test_ctrl_c_ends_it_and_nothing_is_written(reach: Reach, question: str) -> None:
    terminal = reach.start("setup", "--no-browser")
    for asked, text in (
        ("subdomain: ", DEMO_SUBDOMAIN),
        ("workspace [", ""),
        ("Your choice [", ""),
        ("was given [", ""),
        ("Write it?", "y"),
    ):
        terminal.expect(asked)
        if asked == question:
            break
        terminal.type(text)
    terminal.interrupt()
    assert terminal.wait() == 130
    assert "Traceback" not in terminal.transcript
    assert not file_of(reach).exists()


def test_answers_that_cannot_be_used_are_asked_again(reach: Reach) -> None:
    terminal = reach.start("setup", "--no-browser")
    for wrong, says in (
        ("acme.example.com", "not directly below zendesk.com"),
        ("a b", "holds a space"),
        ("no-such-desk", "There is no help desk at no-such-desk.zendesk.com"),
    ):
        terminal.expect("subdomain: ")
        terminal.type(wrong)
        terminal.expect(says)
    terminal.expect("subdomain: ")
    terminal.type(DEMO_SUBDOMAIN)
    terminal.expect("workspace [")
    terminal.type("")
    terminal.expect("Your choice [")
    terminal.type("ticket:write")
    terminal.expect("the nearest is 'tickets:write'")
    terminal.expect("Your choice [")
    terminal.type("")
    terminal.expect("was given [")
    terminal.interrupt()
    assert terminal.wait() == 130
    assert "Traceback" not in terminal.transcript
    assert not file_of(reach).exists()


def test_without_a_terminal_it_says_what_to_do_instead(reach: Reach) -> None:
    ran = reach.invoke("setup", stdin="")
    assert ran.code == 1
    assert "needs a terminal" in ran.err
    assert "auth login" in ran.err


def test_a_broken_file_is_told_and_kept(reach: Reach) -> None:
    file = file_of(reach)
    file.parent.mkdir(parents=True)
    file.write_text("[workspaces\n")
    terminal = reach.start("setup", "--no-browser")
    terminal.expect("subdomain: ")
    terminal.type(DEMO_SUBDOMAIN)
    terminal.expect("workspace [")
    terminal.type("")
    assert terminal.wait() == 1
    assert "is not valid TOML" in terminal.transcript
    assert file.read_text() == "[workspaces\n"
