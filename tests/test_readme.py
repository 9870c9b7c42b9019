"""The README's generated parts, and its promises, held against the product."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mcp_server_zendesk.analytics.views import VIEWS
from mcp_server_zendesk.cli import main
from mcp_server_zendesk.clients.handbook import buttons
from mcp_server_zendesk.connection.scopes import KNOWN_SCOPES
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.spec import ALWAYS, DEFAULT_TOOLSETS
from mcp_server_zendesk.settings import Settings, environment_name
from mcp_server_zendesk.tool_report import report
from readme_exchange import exchange
from releasing.offered import default_text
from zendesk_tools import CATALOGUE

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
ANALYTICS = ROOT / "docs" / "analytics.md"
EVERY_SETTING = ROOT / "docs" / "settings.md"
SELDOM_NEEDED = frozenset(
    {
        "client_secret",
        "redirect_ports",
        "oauth_token",
        "email",
        "api_token",
        "tools",
        "allow_groups",
        "allow_brands",
        "writes_per_session",
        "analytics_keep",
        "retention_days",
        "analytics_folder",
        "log_level",
    }
)
"""Settings that README leaves to docs/settings.md."""
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"


def tools_table() -> str:
    shown = tuple(s for s in CATALOGUE if s.toolset in {ALWAYS, *DEFAULT_TOOLSETS})
    return report(Inventory(shown), KNOWN_SCOPES, "markdown")


def settings_table(left_out: frozenset[str] = SELDOM_NEEDED) -> str:
    rows = ["| environment | `config.toml` | default | meaning |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if name in left_out:
            continue
        secret = "Secret" in str(field.annotation)
        key = "the table's name" if name == "workspace" else f"`{name}`"
        default = default_text(name, field)
        shown = "required" if field.is_required() else f"`{default}`" if default else ""
        rows.append(
            f"| `{environment_name(name)}` | {'never' if secret else key} | {shown} "
            f"| {field.description} |"
        )
    return "\n".join(rows)


def views_table() -> str:
    rows = ["| view | what it holds |", "|---|---|"]
    rows += [f"| `{view.name}` | {view.about} |" for view in VIEWS]
    return "\n".join(rows)


@pytest.mark.generated
@pytest.mark.parametrize(
    ("file", "name", "table"),
    [
        (README, "install", buttons),
        (README, "exchange", exchange),
        (README, "tools", tools_table),
        (README, "settings", settings_table),
        (EVERY_SETTING, "settings", partial(settings_table, frozenset())),
        (ANALYTICS, "views", views_table),
    ],
    ids=["install", "exchange", "tools", "settings", "every setting", "views"],
)
def test_a_generated_part_is_what_the_code_says(
    file: Path, name: str, table: Callable[[], str]
) -> None:
    text = file.read_text(encoding="utf-8")
    part = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    current = table()
    fresh = part.sub(lambda found: f"{found[1]}{current}\n{found[2]}", text)
    if UPDATE:
        file.write_text(fresh, encoding="utf-8")
    assert part.search(text)
    assert file.read_text(encoding="utf-8") == fresh, "run `make snapshots`, review the change"


def test_the_example_is_the_file_beside_it() -> None:
    text = README.read_text(encoding="utf-8")
    found = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert found
    assert json.loads(found[1]) == json.loads((ROOT / "mcp.json.example").read_text("utf-8"))


def test_the_readme_is_neither_a_leaflet_nor_a_manual() -> None:
    assert 150 <= len(README.read_text(encoding="utf-8").splitlines()) <= 250


def test_every_command_that_the_readme_names_exists() -> None:
    text = README.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"[`\n]make ([a-z]+)", text)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"
    for command in set(re.findall(r"[`\n/]mcp-server-zendesk ([a-z]+)", text)):
        assert command in main.commands, command


def test_the_map_names_only_what_exists() -> None:
    text = (ROOT / "AGENTS.md").read_text(encoding="utf-8")
    for path in set(re.findall(r"`((?:server|tools|tests)/[\w./-]*(?:/|\.\w+))`", text)):
        assert (ROOT / path).exists(), path


def test_ci_calls_the_command_that_the_readme_gives_for_tests() -> None:
    assert "make test" in README.read_text(encoding="utf-8")
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
