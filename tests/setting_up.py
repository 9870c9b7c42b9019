"""Somebody who answers what `setup` asks at a terminal."""

from __future__ import annotations

from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN
from mcp_server_zendesk.sandbox.landmarks import DEMO_CLIENT
from reach import Reach, Terminal
from signing_in.ground import consent


def answer(terminal: Terminal, **other: str) -> None:
    """Answers all questions up to the sign-in."""
    given = {
        "subdomain: ": f"https://{DEMO_SUBDOMAIN}.zendesk.com/agent/",
        "workspace [": "support",
        "Your choice [": "2",
        "was given [": DEMO_CLIENT,
        "Write it?": "y",
        **other,
    }
    for question, text in given.items():
        terminal.expect(question)
        terminal.type(text)


def sign_in(reach: Reach, terminal: Terminal) -> None:
    """Allows what the address asks, on a browser elsewhere, and pastes where that led."""
    terminal.expect("  https://")
    address = "https://" + terminal.expect("\n").strip()
    terminal.expect("Address: ")
    terminal.type(consent(reach, address))
