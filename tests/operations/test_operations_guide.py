"""`docs/deploy.md`: its generated parts, and that a stranger can type what it says."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.metrics import MetricWrapperBase

from mcp_server_zendesk.hosting.metrics import Metrics
from mcp_server_zendesk.server_settings import SECRETS, ServerSettings, server_variable
from operations.command_line import parse
from operations.proxy import ROOT

GUIDE = ROOT / "docs" / "deploy.md"
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"
SUBCOMMANDS = ("serve", "auth", "tokens", "doctor", "health", "audit")
BEFORE_OURS = re.compile(r"^(?:.*\s)?(?:zendesk-\d|\S*mcp-server-zendesk)$")


def settings_table() -> str:
    rows = ["| environment | `[server]` | default | meaning |", "|---|---|---|---|"]
    for name, field in ServerSettings.model_fields.items():
        key = "never" if name in SECRETS else f"`{name}`"
        default: Any = field.default
        if isinstance(default, tuple):
            shown = f"`{' '.join(default)}`" if default else ""
        elif isinstance(default, bool):
            shown = f"`{str(default).lower()}`"
        else:
            shown = "" if default in (None, "") else f"`{default}`"
        rows.append(f"| `{server_variable(name)}` | {key} | {shown} | {field.description} |")
    return "\n".join(rows)


def metrics_table() -> str:
    rows = ["| metric | labels | counts |", "|---|---|---|"]
    for one in vars(Metrics()).values():
        if isinstance(one, MetricWrapperBase):
            (family,) = one.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(f"`{label}`" for label in one._labelnames)
            rows.append(f"| `{name}` | {labels} | {family.documentation} |")
    return "\n".join(rows)


@pytest.mark.generated
@pytest.mark.parametrize(
    ("name", "table"), [("server-settings", settings_table), ("metrics", metrics_table)]
)
def test_a_generated_part_is_what_the_code_says(name: str, table: Callable[[], str]) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    part = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    fresh = part.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", text)
    if UPDATE:
        GUIDE.write_text(fresh, encoding="utf-8")
    assert part.search(text)
    assert GUIDE.read_text(encoding="utf-8") == fresh, "run `make snapshots`, review the change"


def typed() -> list[list[str]]:
    """Every command line of ours in the guide, without the program."""
    text = GUIDE.read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            for place, word in enumerate(words[:-1]):
                if BEFORE_OURS.match(word) and words[place + 1] in SUBCOMMANDS:
                    found.append(words[place + 1 :])
    return found


def test_every_command_line_of_the_guide_can_be_typed() -> None:
    assert {line[0] for line in typed()} >= {"tokens", "auth", "doctor", "health", "audit"}
    for line in typed():
        parse(line)


def test_every_file_that_the_guide_names_is_there() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for path in set(re.findall(r"deploy/[\w.-]+\.(?:toml|conf|service|example)", text)):
        assert (ROOT / path).is_file(), path


def test_every_metric_of_an_alert_exists() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    (alerts,) = re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
    named = set(re.findall(r"zendesk_mcp_\w+", alerts))
    assert named
    assert all(f"`{name}`" in metrics_table() for name in named)
