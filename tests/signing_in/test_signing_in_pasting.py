"""`auth login --no-browser`: a person carries the answer over from another machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import BrowserCommand
from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.port import listening
from reach import Reach, Terminal, reachable
from signing_in.ground import ACCOUNT, CLIENT, ORIGIN, consent, kept_by

LOGIN = ("auth", "login", *ACCOUNT, "--insecure-storage")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def reach(tmp_path: Path, clock: ManualClock) -> Iterator[Reach]:
    with reachable(tmp_path, sandbox=Sandbox(clock=clock)) as opened:
        yield opened


def asked_for(terminal: Terminal) -> str:
    """The address that a person shall open."""
    shown = terminal.expect("Address: ")
    return next(word for word in shown.split() if word.startswith(ORIGIN))


def test_the_pasted_address_signs_in_and_others_are_refused_until_it_comes(reach: Reach) -> None:
    terminal = reach.start(*LOGIN, "--no-browser")
    terminal.expect("The OAuth client's identifier: ")
    terminal.type(CLIENT[-1])
    address = asked_for(terminal)
    right = consent(reach, address)
    query = right.partition("?")[2]
    for pasted, why in (
        ("http://127.0.0.1:8765/callback?code=stolen&state=guessed", "its state is not the one"),
        (f"http://127.0.0.1:8765/callback?{query}&state=twice", "its state is not the one"),
        (f"https://evil.example/callback?{query}", "it does not begin with"),
        (f"http://127.0.0.1.evil.example:8765/callback?{query}", "it does not begin with"),
        (right[:-4], "its state is not the one"),
        (right.partition("&")[0], "its state is not the one"),
        ("yes", "it does not begin with http://127.0.0.1:8765/callback?"),
        ("http://[::1/callback", "it does not begin with"),
    ):
        terminal.type(pasted)
        assert why in terminal.expect("Address: "), pasted
        assert kept_by(reach.home) is None
    assert not any(request.path == "/oauth/tokens" for request in reach.sandbox.requests)
    terminal.type(f"  <{right}>  ")
    assert terminal.wait() == 0
    assert "Signed in to northwind-demo.zendesk.com as Ada Okafor" in terminal.transcript
    assert kept_by(reach.home) is not None


def test_an_answer_that_is_no_is_told(reach: Reach) -> None:
    terminal = reach.start(*LOGIN, *CLIENT, "--no-browser")
    terminal.type(consent(reach, asked_for(terminal), "deny"))
    assert terminal.wait() == 1
    assert "Access was denied on Zendesk's page" in terminal.transcript
    assert kept_by(reach.home) is None


def test_an_address_that_is_pasted_too_late_is_refused(reach: Reach, clock: ManualClock) -> None:
    terminal = reach.start(*LOGIN, *CLIENT, "--no-browser")
    right = consent(reach, asked_for(terminal))
    clock.forward(121)
    terminal.type(right)
    assert terminal.wait() == 1
    assert "it is good for 120 seconds and for one use" in terminal.transcript
    assert kept_by(reach.home) is None


def test_where_no_browser_can_be_opened_the_answer_is_pasted(reach: Reach, tmp_path: Path) -> None:
    with listening("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    reach.sandbox.store.add_oauth_client(
        CLIENT[-1], redirect_uris=[f"http://127.0.0.1:{port}/callback"]
    )
    with BrowserCommand(tmp_path, code=1) as command:
        terminal = reach.start(
            *LOGIN, *CLIENT, "--redirect-ports", str(port), BROWSER=command.setting
        )
        terminal.expect("No browser could be opened here.")
        terminal.type(consent(reach, asked_for(terminal)))
        assert terminal.wait() == 0


def test_without_a_terminal_nothing_is_waited_for(reach: Reach) -> None:
    ran = reach.invoke(*LOGIN, *CLIENT, "--no-browser")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert kept_by(reach.home) is None
