"""The settings that limit changes: read strictly, and never echoed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.command_lines import workspace_flags
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.guarding.touched import EFFECTS
from mcp_server_zendesk.policy_settings import REDACTED_KINDS
from mcp_server_zendesk.serving.cleaning.redaction import KINDS
from mcp_server_zendesk.settings import Settings, environment_name, load
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
        ('allow_effects = "everything"', "allow_effects: entry 1 is no effect that there is"),
        ('allow_recipients = "acme"', "allow_recipients: entry 1 is no mail domain"),
        ('allow_recipients = "acme.com acme"', "allow_recipients: entry 2 is no mail domain"),
        ('allow_recipients = "straße..de"', "spell a name in another script as xn--"),
        *((f'{name} = ""', f"{name}: is empty; leave it out for no limit") for name in LIMITS),
        *((f'{name} = " "', "or write [] in the file to allow none") for name in LIMITS[:4]),
        ("allow_recipients = [1.5]", "allow_recipients: entry 1 is no name"),
        ("allow_recipients = {a = 1}", "allow_recipients: has to be names, in one text or a list"),
        ('allow_groups = ["a\\nb"]', "allow_groups: entry 1 is empty"),
        ('allow_groups = "a,,b"', "allow_groups: entry 2 is empty"),
        ("allow_groups = [true]", "allow_groups: entry 1 is no name"),
        ("writes_per_minute = 0", "to allow no change at all, use read_only"),
        ("writes_per_minute = true", "writes_per_minute: has to be a whole number"),
        ("writes_per_minute = 1.5", "writes_per_minute: has to be a whole number"),
        ('writes_per_minute = "²"', "writes_per_minute: has to be a whole number"),
        (f'writes_per_minute = "{"9" * 5000}"', "writes_per_minute: has to be a whole number"),
        ('writes_per_session = "many"', "writes_per_session: has to be a whole number"),
        ("writes_per_session = -1", "writes_per_session: has to be a whole number"),
        ('redact = "cardz"', "redact: entry 1 is no kind that there is; the nearest is 'cards'"),
        ('redact = ["cards", "token"]', "redact: entry 2 is no kind that there is"),
        ('redact = "xyz"', "Valid: cards, bank_accounts, national_ids, tokens, passwords, all"),
        ('redact = "none cards"', "redact: none stands alone"),
        ('redact = ""', "redact: is empty; leave it out, or write none"),
        ("redact = true", "redact: has to be names, in one text or a list"),
        ('read_only = "maybe"', "read_only: has to be true or false"),
        ("tools = 1.5", "tools: has to be names, in one text or a list"),
    ],
)
def test_what_cannot_be_read_is_an_error_at_start(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _written(tmp_path, line)
    assert said in str(caught.value)
    assert "everything" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("written", ["none", "None", []])
def test_nothing_is_redacted_where_none_is_written(written: Any, tmp_path: Path) -> None:
    settings = _load({"ZENDESK_REDACT": "cards"}, redact=written)
    assert settings.redact == ()
    again = {environment_name(name): text for name, text in settings.given.items()}
    file = tmp_path / "config.toml"
    file.write_text('[workspaces.acme]\nsubdomain = "acme"\nredact = "cards"\n', encoding="utf-8")
    assert load({}, environ=again, config=file).redact == ()


@pytest.mark.parametrize(
    ("written", "kinds"),
    [
        ("Cards TOKENS cards", ("cards", "tokens")),
        ("cards,ALL", ("all",)),
        (["National_IDs"], ("national_ids",)),
    ],
)
def test_kinds_are_read_whatever_their_case(written: Any, kinds: tuple[str, ...]) -> None:
    assert _load(redact=written).redact == kinds


def test_the_kinds_of_the_settings_are_those_that_can_be_redacted() -> None:
    assert tuple(KINDS) == REDACTED_KINDS


@pytest.mark.parametrize("written", ["ALL", "Write Contact IRREVERSIBLE", ["all", "read"]])
def test_effects_are_read_whatever_their_case(written: Any) -> None:
    assert _load(allow_effects=written).allow_effects == EFFECTS


def test_domains_are_understood_as_people_write_them() -> None:
    settings = _load(allow_recipients="@ACME.com Bücher.example *.BÜCHER.example")
    assert settings.allow_recipients == (
        "acme.com",
        "xn--bcher-kva.example",
        "*.xn--bcher-kva.example",
    )
    with pytest.raises(ConfigurationError, match="entry 1"):
        _load(allow_recipients="\u212aelvin.example")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("ZENDESK_ALLOW_EFFECT", "ZENDESK_ALLOW_EFFECTS"),
        ("ZENDESK_ALLOWED_GROUPS", "ZENDESK_ALLOW_GROUPS"),
        ("ZENDESK_READONLY", "ZENDESK_READ_ONLY"),
        ("ZENDESK_READ_ONLY_MODE", "ZENDESK_READ_ONLY"),
        ("ZENDESK_WRITES_PER_MIN", "ZENDESK_WRITES_PER_MINUTE"),
        ("ZENDESK_REDCAT", "ZENDESK_REDACT"),
        ("ZENDESK_EXCLUDE_TOOL", "ZENDESK_EXCLUDE_TOOLS"),
        ("ZENDESK_TOOLSET", "ZENDESK_TOOLSETS"),
        ("ZENDESK_RETENTION_DAY", "ZENDESK_RETENTION_DAYS"),
        ("ZENDESK_AUDITLOG", "ZENDESK_AUDIT_LOG"),
        ("ZENDESK_CONFRIM", "ZENDESK_CONFIRM"),
        ("zendesk_read_only", "ZENDESK_READ_ONLY"),
    ],
)
def test_a_mistyped_limit_starts_nothing(variable: str, meant: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load({variable: "canary"})
    assert str(caught.value).startswith(f"{variable} is no setting, and most likely means {meant}")
    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert _load({variable: " "}).unknown_variables == ()


def test_variables_of_other_programs_stop_nothing_and_are_known_by_name() -> None:
    others = ("ZENDESK_CONFIG", "ZENDESK_DOMAIN", "ZENDESK_EMAIL_ADDRESS", "ZENDESK_URL")
    settings = _load({"ZENDESK_SCOPES": "read", **dict.fromkeys(others, "x"), "ZENDESKTOP": "x"})
    assert settings.unknown_variables == others


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
