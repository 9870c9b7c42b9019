"""The bundle's manifest, held against the catalogue, the settings and how a host reads it."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.settings import SECRETS, Settings, environment_name, load
from releasing.bundle import FOLDERS, command
from releasing.manifest import ENTRY_POINT, EXTRAS, FILE, NOT_ASKED, document
from releasing.project import PROJECT, ROOT
from releasing.server_json import text
from zendesk_tools import CATALOGUE

MADE = document()


def started(**form: str) -> Settings:
    """The settings of a bundle's server whose person typed this into the form."""
    return load({}, environ=command(MADE, Path("/bundle"), form).environment)


@pytest.fixture(autouse=True)
def nobodys_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "mcp-server-zendesk" / "config.toml"


def test_the_file_is_what_the_code_says() -> None:
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(text(MADE), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text(MADE), "run `make snapshots`, review the change"


def test_it_names_every_tool_with_one_line() -> None:
    told = {tool["name"]: tool["description"] for tool in MADE["tools"]}
    assert list(told) == [spec.name for spec in CATALOGUE]
    for spec in CATALOGUE:
        assert spec.description.startswith(told[spec.name])
        assert "\n" not in told[spec.name]


def test_what_it_starts_is_in_the_bundle_and_in_the_package() -> None:
    assert MADE["server"]["type"] == "uv"
    assert (ROOT / ENTRY_POINT).is_file()
    assert ENTRY_POINT.split("/")[0] in FOLDERS
    arguments = command(MADE, Path("/bundle"), {"subdomain": "acme"}).arguments
    assert arguments[:3] == ["run", "--directory", "/bundle"]
    assert arguments[-1] in PROJECT["scripts"]
    extras = {word for before, word in itertools.pairwise(arguments) if before == "--extra"}
    assert extras == set(EXTRAS) <= set(PROJECT["optional-dependencies"])


def test_the_form_asks_for_settings_and_hides_secrets() -> None:
    fields: dict[str, Any] = MADE["user_config"]
    assert set(fields) == set(Settings.model_fields) - NOT_ASKED
    assert {name for name, field in fields.items() if field.get("sensitive")} == set(SECRETS)
    assert {name for name, field in fields.items() if field["required"]} == {"subdomain"}
    variables = MADE["server"]["mcp_config"]["env"]
    assert variables == {environment_name(k): f"${{user_config.{k}}}" for k in fields}


def test_a_form_with_nothing_but_the_subdomain_starts_the_least_that_there_is() -> None:
    settings = started(subdomain="acme")
    assert settings == load({"subdomain": "acme"}, environ={})
    assert settings.scopes == {"read"}


def test_the_form_limits_what_it_says() -> None:
    settings = started(
        subdomain="acme", scopes="read tickets:write", read_only="true", writes_per_minute="5",
        allow_recipients="acme.com", redact="cards",
    )  # fmt: skip
    assert (settings.read_only, settings.writes_per_minute) == (True, 5)
    assert (settings.allow_recipients, settings.redact) == (("acme.com",), ("cards",))


def test_what_the_form_leaves_empty_does_not_beat_what_the_admin_wrote(
    nobodys_configuration: Path,
) -> None:
    nobodys_configuration.parent.mkdir(parents=True)
    nobodys_configuration.write_text(
        '[workspaces.support]\nsubdomain = "acme"\nread_only = true\nconfirm = "require"\n'
        'toolsets = "tickets"\nwrites_per_minute = 3\n'
    )
    settings = started(subdomain="acme")
    assert settings.read_only
    assert (settings.toolsets, settings.writes_per_minute) == (("tickets",), 3)


def test_a_form_without_the_subdomain_starts_nothing() -> None:
    with pytest.raises(ValueError, match="subdomain"):
        started()
