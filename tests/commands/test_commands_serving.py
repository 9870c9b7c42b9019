"""`serve` over HTTP: what cannot be meant stops the start in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from in_process import run_command

HTTP = ("--transport", "streamable-http", "--port", "0")
TABLES = """
[workspaces.support]
subdomain = "acme"
tools = ["get_tickt"]

[workspaces.returns]
subdomain = "acme-returns"
tools = ["get_usr"]
"""


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--demo", "--port", "9000"), 2, "--port is for HTTP: add --transport streamable-http"),
        (("--demo", *HTTP, "--workspaces", "all"), 2, "--workspaces has no effect with --demo"),
        (("--demo", *HTTP, "--issuer", "ftp://issuer"), 1, "issuer"),
        (("--demo", *HTTP, "--host", "0.0.0.0"), 1, "allowed_hosts"),  # noqa: S104 - refused
        ((*HTTP, "--workspaces", "suport"), 1, "'support'"),
        ((*HTTP, "--workspaces", "all"), 1, "get_ticket"),
        ((*HTTP, "--workspaces", "all", "--subdomain", "acme"), 1, "--subdomain means one"),
        ((*HTTP, "--tokens-file", "absent.json"), 1, "several workspaces are configured"),
        ((*HTTP, "--workspace", "returns"), 1, "get_user"),
    ],
)
def test_it_says_in_a_line_why_it_does_not_start(
    arguments: tuple[str, ...], code: int, says: str, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(TABLES)
    if "--demo" not in arguments:
        arguments = ("--config", str(config), *arguments)
    path = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    ended = run_command(["serve", *arguments], path, tmp_path)
    assert ended.exit_code == code, ended.output
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
