"""How a client is told to start the installation that runs now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcp_server_zendesk.clients.launch import installed_command

UVX = ("uvx", ("mcp-server-zendesk",))


@pytest.mark.parametrize(
    "prefix",
    [
        "/home/ada/.cache/uv/archive-v0/Ab-3dE_f",
        "/home/ada/.cache/uv/environments-v2/mcp-server-zendesk-0a1b2c",
        "/home/ada/.cache/uv/builds-v0/.tmpAbCdEf",
        "/moved/cache/archive-v1/Ab3dEf",
        "/home/ada/.local/share/uv/tools/mcp-server-zendesk",
        "/home/ada/AppData/Roaming/uv/data/tools/mcp-server-zendesk",
    ],
)
def test_an_environment_of_uv_is_started_through_uvx(prefix: str) -> None:
    assert installed_command(Path(prefix), Path(prefix) / "bin" / "python") == UVX


def test_an_environment_of_pipx_run_is_started_through_pipx() -> None:
    prefix = Path("/home/ada/.cache/pipx/0a1b2c3d4e5f6a7")
    expected = ("pipx", ("run", "mcp-server-zendesk"))
    assert installed_command(prefix, prefix / "bin" / "python") == expected


@pytest.mark.parametrize(
    "folder", ["pipx/venvs/mcp-server-zendesk", ".venv", "uv/project/.venv", "uv/tools/other"]
)
def test_a_lasting_environment_is_started_by_its_script(tmp_path: Path, folder: str) -> None:
    prefix = tmp_path / folder
    script = prefix / "bin" / "mcp-server-zendesk"
    script.parent.mkdir(parents=True)
    script.touch()
    assert installed_command(prefix, script.with_name("python")) == (str(script), ())


def test_without_a_script_the_module_is_run(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    expected = (str(python), ("-m", "mcp_server_zendesk"))
    assert installed_command(tmp_path, python) == expected


def test_what_runs_now_can_be_started_again() -> None:
    command, arguments = installed_command()
    assert os.access(command, os.X_OK) or command in ("uvx", "pipx")
    assert all(isinstance(argument, str) for argument in arguments)
