"""What keeps a command from its end looks like no verdict of it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import click
import pytest
from click.testing import CliRunner

from audited import write_call
from mcp_server_zendesk.cli import main
from mcp_server_zendesk.serving.auditing.audit import Audit

_MAIN = [sys.executable, "-c", "from mcp_server_zendesk.cli import main; main()"]


def _asked() -> None:
    click.prompt("Subdomain")


class _CtrlC(io.BytesIO):
    """A terminal at which nothing but Ctrl-C is typed."""

    def read1(self, _size: int | None = -1, /) -> bytes:
        raise KeyboardInterrupt


def _does(command: str, what: Callable[[], None]) -> Any:
    return mock.patch.object(main.commands[command], "callback", side_effect=lambda **_: what())


def _works() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("command", ["doctor", "demo", "setup", "audit", "tools", "sync", "purge"])
@pytest.mark.parametrize("what", [_asked, _works])
def test_ctrl_c_ends_every_command_with_130(command: str, what: Callable[[], None]) -> None:
    arguments = [command, *(["x"] if command == "audit" else [])]
    with _does(command, what):
        shown = CliRunner().invoke(main, arguments, input=_CtrlC())
    assert shown.exit_code == 130
    assert shown.stderr.split() == ["Aborted!"]


def test_the_end_of_the_input_at_a_question_is_no_ctrl_c() -> None:
    with _does("setup", _asked):
        assert CliRunner().invoke(main, ["setup"], input="").exit_code == 1


@pytest.mark.skipif(os.name == "nt", reason="there a closed pipe is another error")
def test_output_that_nobody_reads_does_not_make_a_log_look_broken(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    audit = Audit(log, workspace="acme")
    write_call(audit, 7)
    audit.close()
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [*_MAIN, "audit", log, "--writes"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (141, "")
