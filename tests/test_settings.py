from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.configuration_tables import ConfigurationError, default_config_file
from mcp_server_zendesk.connection.scopes import KNOWN_SCOPES
from mcp_server_zendesk.serving.local_store import Analytics
from mcp_server_zendesk.settings import Settings, load
from mcp_server_zendesk.workspace import analytics_of, local_store_of

CANARY = "canary-secret-9"
ACME = {"ZENDESK_SUBDOMAIN": "acme"}


@pytest.fixture(autouse=True)
def _no_file_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_config_dir", lambda *_, **__: str(tmp_path / "none"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(
        """
        [workspaces.acme]
        subdomain = "acme"
        scopes = ["read", "tickets:write"]
        log_level = "debug"

        [workspaces.other]
        subdomain = "other"
        read_only = true
        """
    )
    return file


def _load(environ: dict[str, str] | None = None, **flags: Any) -> Settings:
    return load(flags, environ=environ or {})


def _message(
    environ: dict[str, str] | None = None, config: Path | None = None, **flags: Any
) -> str:
    """The one line that an admin reads, and proof that nothing else tells more."""
    with pytest.raises(ConfigurationError) as caught:
        load(flags, environ=environ or {}, config=config)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    chain: BaseException | None = caught.value
    while chain is not None:
        assert CANARY not in f"{chain} {chain!r}"
        chain = chain.__cause__ or chain.__context__
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    return message


def test_flag_beats_environment_beats_table_beats_default(config: Path) -> None:
    environ = {"ZENDESK_LOG_LEVEL": "warning", "ZENDESK_CONFIRM": "client"}
    flags = {"workspace": "acme", "log_level": "error", "scopes": None}
    settings = load(flags, environ=environ, config=config)
    assert settings.log_level == "error"
    assert settings.confirm == "client"
    assert settings.scopes == {"read", "tickets:write"}
    assert settings.auth == "oauth"
    assert load({"workspace": "acme"}, environ=environ, config=config).log_level == "warning"
    assert load({"workspace": "acme"}, environ={}, config=config).log_level == "debug"
    assert load({"workspace": "other"}, environ={}, config=config).log_level == "info"


def test_a_workspace_is_chosen_by_name(config: Path) -> None:
    environ = {"ZENDESK_WORKSPACE": "other"}
    settings = load({}, environ=environ, config=config)
    assert (settings.workspace, settings.subdomain, settings.read_only) == ("other", "other", True)
    assert load({"workspace": "acme"}, environ=environ, config=config).subdomain == "acme"


def test_a_workspace_that_is_not_chosen_or_not_there_is_an_error(config: Path) -> None:
    assert "ZENDESK_WORKSPACE: acme, other" in _message(config=config)
    message = _message({"ZENDESK_WORKSPACE": "acne"}, config)
    assert "nearest is 'acme'" in message
    assert _message({"ZENDESK_WORKSPACE": CANARY}, config)


def test_the_only_workspace_needs_no_choice(tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    file.write_text('[workspaces.solo]\nsubdomain = "solo"\n')
    assert load({}, environ={}, config=file).workspace == "solo"


def test_the_default_file_is_read_where_it_is_and_may_be_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_config_dir", lambda *_, **__: str(tmp_path))
    assert default_config_file() == tmp_path / "config.toml"
    assert _load(ACME).workspace == "acme", "without a name, accounts are not mixed up"
    (tmp_path / "config.toml").write_text('[workspaces.home]\nsubdomain = "home"\n')
    assert _load().subdomain == "home"


def test_every_variable_of_the_environment_is_read() -> None:
    settings = _load(
        {
            "ZENDESK_WORKSPACE": "work",
            "ZENDESK_SUBDOMAIN": " https://Acme.zendesk.com/agent ",
            "ZENDESK_AUTH": " API_TOKEN ",
            "ZENDESK_SCOPES": "read, tickets:write",
            "ZENDESK_OAUTH_CLIENT_ID": "client",
            "ZENDESK_OAUTH_CLIENT_SECRET": "one",
            "ZENDESK_OAUTH_TOKEN": "two",
            "ZENDESK_EMAIL": "ann@acme.com/token",
            "ZENDESK_API_TOKEN": "three",
            "ZENDESK_TOOLSETS": "tickets, users",
            "ZENDESK_TOOLS": "get_user",
            "ZENDESK_EXCLUDE_TOOLS": "get_ticket  check_connection",
            "ZENDESK_READ_ONLY": " true ",
            "ZENDESK_CONFIRM": "Client",
            "ZENDESK_ALLOW_EFFECTS": "read, contact",
            "ZENDESK_ALLOW_RECIPIENTS": "acme.com",
            "ZENDESK_ALLOW_GROUPS": "Tier 2",
            "ZENDESK_ALLOW_BRANDS": "Acme, Other",
            "ZENDESK_WRITES_PER_MINUTE": "10",
            "ZENDESK_WRITES_PER_SESSION": "100",
            "ZENDESK_REDACT": "cards",
            "ZENDESK_ANALYTICS": "yes",
            "ZENDESK_ANALYTICS_KEEP": " Texts ",
            "ZENDESK_RETENTION_DAYS": "30",
            "ZENDESK_ANALYTICS_FOLDER": "/var/lib/zendesk/analytics",
            "ZENDESK_REDIRECT_PORTS": "9000, 9001",
            "ZENDESK_AUDIT_LOG": "/var/log/zendesk/audit.jsonl",
            "ZENDESK_LOG_LEVEL": "DEBUG",
        }
    )
    assert settings.account.origin == "https://acme.zendesk.com"
    secrets = (settings.client_secret, settings.oauth_token, settings.api_token)
    assert [secret and secret.get_secret_value() for secret in secrets] == ["one", "two", "three"]
    assert settings.model_dump(exclude={"client_secret", "oauth_token", "api_token"}) == {
        "workspace": "work",
        "subdomain": "acme",
        "auth": "api_token",
        "scopes": frozenset({"read", "tickets:write"}),
        "client_id": "client",
        "email": "ann@acme.com",
        "toolsets": ("tickets", "users"),
        "tools": ("get_user",),
        "exclude_tools": ("get_ticket", "check_connection"),
        "read_only": True,
        "confirm": "client",
        "allow_effects": frozenset({"read", "contact"}),
        "allow_recipients": ("acme.com",),
        "allow_groups": ("Tier 2",),
        "allow_brands": ("Acme", "Other"),
        "writes_per_minute": 10,
        "writes_per_session": 100,
        "redact": ("cards",),
        "analytics": True,
        "analytics_keep": "texts",
        "retention_days": 30,
        "analytics_folder": Path("/var/lib/zendesk/analytics"),
        "redirect_ports": (9000, 9001),
        "audit_log": Path("/var/log/zendesk/audit.jsonl"),
        "log_level": "debug",
    }


def test_other_variables_are_left_alone() -> None:
    environ = {**ACME, "SUBDOMAIN": "x", "ZENDESK_UNKNOWN": "x", "ZENDESK_CLIENT_ID": "x"}
    assert _load(environ).client_id is None


@pytest.mark.parametrize("nothing", ["", "   ", "\n"])
def test_an_empty_variable_counts_as_unset(nothing: str) -> None:
    names = ["SCOPES", "AUTH", "OAUTH_TOKEN", "TOOLSETS", "READ_ONLY", "WORKSPACE", "EMAIL"]
    settings = _load({**ACME, **{f"ZENDESK_{name}": nothing for name in names}})
    assert settings == _load(ACME)
    assert settings.toolsets is None
    assert "ZENDESK_SUBDOMAIN" in _message({"ZENDESK_SUBDOMAIN": nothing})


@pytest.mark.parametrize(
    "value",
    [
        "${ZENDESK_TOKEN}",
        "${input:zendesk token}",
        "$ZENDESK_TOKEN",
        "%ZENDESK_TOKEN%",
        " ${X} ",
        "Bearer ${X}",
        "${user_config.token}",
        "a${X}b",
    ],
)
@pytest.mark.parametrize("name", ["ZENDESK_OAUTH_TOKEN", "ZENDESK_SUBDOMAIN", "ZENDESK_EMAIL"])
def test_a_placeholder_that_nobody_filled_in_is_named(name: str, value: str) -> None:
    message = _message({**ACME, name: value})
    assert message.startswith(f"{name} holds a placeholder")
    assert value.strip() not in message


def test_without_a_subdomain_the_start_says_how_to_go_on() -> None:
    message = _message({})
    for word in ("ZENDESK_SUBDOMAIN", "--subdomain", "serve --demo"):
        assert word in message


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SUBDOMAIN", f"{CANARY}.evil.com", "subdomain: "),
        ("SUBDOMAIN", f"https://[{CANARY}]/", "subdomain: "),
        ("AUTH", CANARY, "auth: "),
        ("SCOPES", CANARY, "scopes: "),
        ("SCOPES", f"read {CANARY}", "scopes: "),
        ("OAUTH_TOKEN", f"{CANARY} {CANARY}", "oauth_token: "),
        ("OAUTH_TOKEN", f"{CANARY}\u00e9", "oauth_token: "),
        ("OAUTH_TOKEN", f"{CANARY}\x07", "oauth_token: "),
        ("API_TOKEN", f"{CANARY}\n{CANARY}", "api_token: "),
        ("OAUTH_CLIENT_SECRET", f"{CANARY}\t{CANARY}", "client_secret: "),
        ("OAUTH_TOKEN", "Bearer ", "oauth_token: "),
        ("EMAIL", CANARY, "email: "),
        ("EMAIL", f"{CANARY}@acme.com:x", "email: "),
        ("READ_ONLY", CANARY, "read_only: "),
        ("CONFIRM", CANARY, "confirm: "),
        ("LOG_LEVEL", CANARY, "log_level: "),
        ("AUDIT_LOG", CANARY, "audit_log: "),
        ("ANALYTICS", CANARY, "analytics: "),
        ("ANALYTICS_KEEP", CANARY, "analytics_keep: "),
        ("ANALYTICS_FOLDER", CANARY, "analytics_folder: "),
        ("RETENTION_DAYS", CANARY, "retention_days: "),
        ("RETENTION_DAYS", "0", "retention_days: "),
        ("RETENTION_DAYS", "-1", "retention_days: "),
        ("RETENTION_DAYS", "36501", "retention_days: "),
    ],
)
def test_an_error_names_the_setting_and_never_the_value(name: str, value: str, says: str) -> None:
    message = _message({**ACME, f"ZENDESK_{name}": value})
    assert message.startswith(says)
    assert len(message) > len(says) + 10


def test_all_errors_are_told_at_once() -> None:
    message = _message({**ACME, "ZENDESK_AUTH": CANARY, "ZENDESK_READ_ONLY": CANARY})
    assert "auth: " in message
    assert "; read_only: " in message


def test_an_unknown_scope_is_told_with_the_nearest_and_the_valid_ones() -> None:
    message = _message({**ACME, "ZENDESK_SCOPES": "ticket:write"})
    assert "the nearest is 'tickets:write'" in message
    assert all(scope in message for scope in KNOWN_SCOPES)


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (f'[workspaces.a]\nsubdomain = "a"\noauth_token = "{CANARY}"', "'oauth_token'; secrets"),
        (f'[workspaces.a]\nsubdomain = "a"\napi_token = "{CANARY}"', "'api_token'; secrets"),
        (f'[workspaces.a]\nclient_secret = "{CANARY}"', "'client_secret'; secrets never"),
        (f'[workspaces.a]\nsubdomian = "{CANARY}"', "unknown key 'subdomian'; the nearest is 'sub"),
        (f'[workspaces.a]\nworkspace = "{CANARY}"', "unknown key 'workspace'"),
        (f'subdomain = "{CANARY}"', "'subdomain' is not known at the top"),
        (f'workspaces = "{CANARY}"', "each workspace is a table"),
        (f'[workspaces]\na = "{CANARY}"', "each workspace is a table"),
        (f'[workspaces.a]\nsubdomain = "{CANARY}', "is not valid TOML"),
        (f"[workspaces.a]\nsubdomain = ['{CANARY}']", "subdomain: "),
        (f'[workspaces.a]\nsubdomain = "a"\nread_only = "{CANARY}"', "read_only: "),
        ('[workspaces.a]\nsubdomain = "a"\nscopes = [1]', "scopes: "),
        ('[workspaces.a]\nsubdomain = "a"\nscopes = 1', "scopes: "),
        ('[workspaces.a]\nsubdomain = "a"\nscopes = []', "scopes: "),
        (f'[workspaces.a]\nsubdomain = "a"\nscopes = [["{CANARY}"]]', "scopes: "),
        ('[workspaces.a]\nsubdomain = "a"\ntools = [1]', "tools: "),
        (f'[workspaces.a]\nsubdomain = "a"\nemail = {{x = "{CANARY}"}}', "email: "),
        ('[workspaces."a\\nb"]\nunknown = 1', "name of a workspace holds a control character"),
    ],
)
def test_a_file_at_fault_is_told_in_one_line(tmp_path: Path, toml: str, says: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(toml)
    message = _message(config=file)
    assert says in message
    assert "Traceback" not in message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "does not exist" in _message(config=tmp_path / "nothing.toml")
    assert "cannot be read" in _message(config=tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"# gr\xfc\xdfe")
    assert "it is not UTF-8 text" in _message(config=tmp_path / "latin.toml")


def test_a_list_may_stand_in_the_file_as_text_or_as_list(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[workspaces.a]\nsubdomain = "a"\nscopes = "read write"\ntools = ["x"]\ntoolsets = "a b"\n'
    )
    settings = load({}, environ={}, config=file)
    assert settings.scopes == {"read", "write"}
    assert (settings.tools, settings.toolsets) == (("x",), ("a", "b"))


def test_secrets_appear_in_no_form_of_the_settings() -> None:
    names = ["OAUTH_CLIENT_SECRET", "OAUTH_TOKEN", "API_TOKEN"]
    settings = _load({**ACME, **{f"ZENDESK_{name}": CANARY for name in names}})
    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert CANARY not in f"{shown} {settings.given}"


def test_what_stands_beside_the_file_is_told_as_text_and_without_secrets(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[workspaces.a]\nsubdomain = "a"\nredirect_ports = [9000, 9001]\n')
    environ = {"ZENDESK_SCOPES": "write read", "ZENDESK_OAUTH_TOKEN": CANARY}
    settings = load({"read_only": True, "workspace": "a"}, environ=environ, config=file)
    assert settings.given == {"read_only": "true", "scopes": "read write"}
    assert (settings.file, settings.redirect_ports) == (file, (9000, 9001))
    assert _load(ACME).file is None


@pytest.mark.parametrize("ports", ["0", "65536", "http", " , ", "1 2 3 4 5 6 7 8 9"])
def test_ports_that_cannot_be_are_refused(ports: str) -> None:
    assert "redirect_ports: " in _message({**ACME, "ZENDESK_REDIRECT_PORTS": ports})


NAMES = st.sampled_from([name.upper() for name in Settings.model_fields])
VALUES = st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]))


@given(st.dictionaries(NAMES.map(lambda name: f"ZENDESK_{name}"), VALUES))
def test_no_environment_at_all_breaks_the_loading(environ: dict[str, str]) -> None:
    try:
        settings = load({"subdomain": "acme"}, environ=environ)
    except ConfigurationError as error:
        message = str(error)
    else:
        message = settings.subdomain
        assert settings.scopes <= KNOWN_SCOPES
    assert message
    assert "\n" not in message


def test_an_audit_log_is_the_same_file_wherever_the_server_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _load(ACME).audit_log is None
    at_home = _load({**ACME, "ZENDESK_AUDIT_LOG": "~/audit.jsonl"})
    assert at_home.audit_log == tmp_path / "audit.jsonl"
    assert at_home.given["audit_log"] == str(tmp_path / "audit.jsonl")
    for relative in ("audit.jsonl", "./audit.jsonl"):
        assert "clients start the server anywhere" in (
            _message({**ACME, "ZENDESK_AUDIT_LOG": relative})
        )


def test_nothing_is_kept_on_this_machine_unless_it_is_switched_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda *_, **__: str(tmp_path))
    assert analytics_of(_load(ACME)) is None
    on = analytics_of(_load({**ACME, "ZENDESK_ANALYTICS": "true"}))
    assert on == Analytics(tmp_path / "analytics" / "acme", "acme", "fields", 400)
    assert not [*tmp_path.iterdir()]


def test_what_is_kept_goes_by_flag_then_environment_then_table(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        "[workspaces.acme]\nsubdomain = 'acme'\nanalytics = true\nanalytics_keep = 'texts'\n"
        f"retention_days = 10\nanalytics_folder = '{tmp_path}'\n"
    )
    assert analytics_of(load({}, environ={}, config=file)) == Analytics(
        tmp_path / "acme", "acme", "texts", 10
    )
    environ = {"ZENDESK_RETENTION_DAYS": "20", "ZENDESK_ANALYTICS_KEEP": "fields"}
    by_environment = load({}, environ=environ, config=file)
    assert (by_environment.analytics_keep, by_environment.retention_days) == ("fields", 20)
    by_flag = load({"retention_days": 30, "analytics": False}, environ=environ, config=file)
    assert (by_flag.analytics, by_flag.retention_days) == (False, 30)


@pytest.mark.parametrize("name", ["..", ".", "../other", "a/b", "/etc", ".hidden", "x" * 300])
def test_the_store_of_a_workspace_lies_in_its_folder_whatever_its_name(
    tmp_path: Path, name: str
) -> None:
    settings = _load({**ACME, "ZENDESK_ANALYTICS_FOLDER": str(tmp_path), "ZENDESK_WORKSPACE": name})
    folder = local_store_of(settings).folder
    assert folder.resolve().parent == tmp_path.resolve()
    assert folder.resolve() != tmp_path.resolve()


def test_a_folder_for_analytics_is_the_same_wherever_the_server_is_started() -> None:
    told = _message({**ACME, "ZENDESK_ANALYTICS_FOLDER": "kept"})
    assert "clients start the server anywhere" in told
