"""The settings that limit changes: read strictly, and never echoed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.command_lines import workspace_flags
from mcp_server_zendesk.settings import ConfigurationError, Settings, load
from mcp_server_zendesk.workspace import inventory_of

ACME = {"ZENDESK_SUBDOMAIN": "acme"}
LIMITS = (
    "allow_effects",
    "allow_recipients",
    "allow_groups",
    "allow_brands",
    "writes_per_minute",
    "writes_per_session",
)


def _load(environ: dict[str, str] | None = None, **flags: Any) -> Settings:
    return load(flags, environ={**ACME, **(environ or {})})


def _written(tmp_path: Path, line: str) -> Settings:
    file = tmp_path / "config.toml"
    file.write_text(f'[workspaces.acme]\nsubdomain = "acme"\n{line}\n', encoding="utf-8")
    return load({}, environ={}, config=file)


def test_unset_is_no_limit_and_an_empty_variable_is_unset() -> None:
    unset = _load()
    assert unset.allow_effects == {"read", "write", "contact", "irreversible"}
    assert [getattr(unset, name) for name in LIMITS[1:]] == [None] * 5
    empty = _load({f"ZENDESK_{name.upper()}": " " for name in LIMITS})
    assert empty == unset


def test_limits_come_from_the_environment() -> None:
    settings = _load(
        {
            "ZENDESK_ALLOW_EFFECTS": "write, contact",
            "ZENDESK_ALLOW_RECIPIENTS": "ACME.com *.example.org,Ann@home.net",
            "ZENDESK_ALLOW_GROUPS": "Tier 2, Returns & Warranty, 360",
            "ZENDESK_ALLOW_BRANDS": "12 34",
            "ZENDESK_WRITES_PER_MINUTE": " 10 ",
            "ZENDESK_WRITES_PER_SESSION": "100",
        }
    )
    assert {name: getattr(settings, name) for name in LIMITS} == {
        "allow_effects": {"read", "write", "contact"},
        "allow_recipients": ("acme.com", "*.example.org", "ann@home.net"),
        "allow_groups": ("Tier 2", "Returns & Warranty", "360"),
        "allow_brands": ("12", "34"),
        "writes_per_minute": 10,
        "writes_per_session": 100,
    }


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("allow_recipients = []", "allow_recipients", ()),
        ("allow_groups = []", "allow_groups", ()),
        ("allow_effects = []", "allow_effects", {"read"}),
        ('allow_groups = ["Tier 2, north", 360]', "allow_groups", ("Tier 2, north", "360")),
        ("allow_brands = 12", "allow_brands", ("12",)),
        ("writes_per_minute = 5", "writes_per_minute", 5),
    ],
)
def test_the_file_holds_lists_and_an_empty_one_allows_nobody(
    tmp_path: Path, line: str, name: str, value: object
) -> None:
    assert getattr(_written(tmp_path, line), name) == value


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('allow_effects = "writes"', "nearest is 'write'. Valid: contact, irreversible, read"),
        ('allow_effects = "everything"', "allow_effects: one of the effects does not exist"),
        ('allow_recipients = "acme"', "allow_recipients: an entry is no mail domain"),
        ('allow_recipients = ""', "allow_recipients: is empty"),
        ("allow_recipients = [1.5]", "allow_recipients: holds something that is no name"),
        ("allow_recipients = {a = 1}", "allow_recipients: is no list"),
        ('allow_groups = ["a\\nb"]', "allow_groups: a name is empty"),
        ('allow_groups = "a,,b"', "allow_groups: a name is empty"),
        ("allow_groups = [true]", "allow_groups: holds something"),
        ("writes_per_minute = 0", "writes_per_minute: "),
        ("writes_per_minute = true", "writes_per_minute: is no number"),
        ('writes_per_session = "many"', "writes_per_session: "),
        ("writes_per_session = -1", "writes_per_session: "),
    ],
)
def test_what_cannot_be_read_is_an_error_at_start(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _written(tmp_path, line)
    assert said in str(caught.value)
    assert "everything" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_flag_is_no_way_to_widen_what_another_source_limits() -> None:
    with pytest.raises(ConfigurationError, match="allow_recipients: is empty"):
        _load({"ZENDESK_ALLOW_RECIPIENTS": "acme.com"}, allow_recipients="")


def test_limits_lead_to_the_same_limits_in_another_shell() -> None:
    settings = _load(
        allow_groups="Tier 2, Returns", allow_brands="Basecamp Rentals", allow_recipients="a.com"
    )
    flags = workspace_flags(settings)
    again = {
        flag.removeprefix("--").replace("-", "_"): value
        for flag, value in zip(flags[::2], flags[1::2], strict=True)
    }
    assert load(again, environ={}) == settings


@pytest.mark.parametrize(
    ("scopes", "flags", "beside"),
    [
        ("read write", {}, set()),
        ("read write", {"allow_groups": "Billing"}, {"groups:read", "users:read", "tickets:read"}),
        ("read write", {"allow_brands": "1"}, {"brands:read", "users:read", "tickets:read"}),
        ("read write", {"allow_recipients": "a.com"}, {"users:read", "tickets:read"}),
        ("ticket_attachments:write users:read", {"allow_groups": "Billing"}, {"users:read"}),
    ],
)
def test_a_sign_in_asks_for_what_the_guard_has_to_read(
    scopes: str, flags: dict[str, Any], beside: set[str]
) -> None:
    settings = _load(scopes=scopes, toolsets="none", tools="upload_attachment", **flags)
    asked = inventory_of(settings).least_scopes(settings.scopes)
    assert asked == {"ticket_attachments:write"} | beside
