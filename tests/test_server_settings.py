"""Settings of the HTTP server that decide whom it lets in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.server_settings import ServerSettings, load_server

CANARY = "canary-9"


def loaded(tmp_path: Path, table: str = "", **variables: str) -> ServerSettings:
    file = tmp_path / "config.toml"
    file.write_text(f"[server]\n{table}")
    return load_server({}, environ=variables, config=file)


def test_an_issuer_stays_as_its_tokens_name_it(tmp_path: Path) -> None:
    settings = loaded(tmp_path, 'issuer = " https://acme.auth0.com/ "')
    assert settings.issuer == "https://acme.auth0.com/"
    assert loaded(tmp_path, 'public_url = "https://mcp.acme.com/"').public_url == (
        "https://mcp.acme.com"
    )


@pytest.mark.parametrize("name", ["issuer", "jwks_url", "public_url"])
@pytest.mark.parametrize(
    "address",
    [
        f"http://{CANARY}.example",
        f"https://user:{CANARY}@issuer.example",
        f"https://issuer.example/?{CANARY}",
        f"https://issuer.example/#{CANARY}",
        f'https://issuer.example/"{CANARY}',
        f"https://issuer.example/ {CANARY}",
        f"https://é.example/{CANARY}",
        CANARY,
        "https://",
        "https://[",
        "https://issuer.example:port",
    ],
)
def test_an_address_that_could_not_be_trusted_is_refused(
    tmp_path: Path, name: str, address: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}: has to") as refused:
        loaded(tmp_path, **{f"ZENDESK_SERVER_{name.upper()}": address})
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("prefix", ["zendesk.", "zendesk:", "api://zendesk/", ""])
def test_a_prefix_is_what_a_scope_may_hold(tmp_path: Path, prefix: str) -> None:
    issuer = "issuer = 'https://issuer.example'\n"
    assert loaded(tmp_path, f"{issuer}scope_prefix = '{prefix}'").scope_prefix == prefix
    for wrong in ('"', "\\", " ", "é"):
        with pytest.raises(ConfigurationError, match="scope_prefix: holds a character"):
            loaded(tmp_path, f"scope_prefix = '{prefix}{wrong}'")


@pytest.mark.parametrize("name", ["none", "HS256", "HS512", "rs256", "ES256K", ""])
def test_only_signatures_by_key_pairs_can_be_allowed(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="algorithms: "):
        loaded(tmp_path, f"algorithms = ['RS256', '{name}']")
    assert loaded(tmp_path, "algorithms = 'PS256 EdDSA'").algorithms == ("PS256", "EdDSA")


@pytest.mark.parametrize("name", ["jwks_url", "audience", "scope_prefix"])
def test_whoever_means_an_issuer_has_to_name_it(tmp_path: Path, name: str) -> None:
    """Otherwise the server would let everybody in, against all appearance."""
    with pytest.raises(ConfigurationError, match=f"^{name} .*set issuer too"):
        loaded(tmp_path, f"{name} = 'https://issuer.example/keys'")


@pytest.mark.parametrize(
    ("given", "authenticates"),
    [
        ({}, False),
        ({"issuer": "https://issuer.example"}, True),
        ({"tokens_file": "/etc/tokens.json"}, True),
        ({"jwks_url": "https://issuer.example/keys", "audience": "x"}, False),
    ],
)
def test_callers_are_known_by_an_issuer_or_a_file(
    given: dict[str, Any], authenticates: bool
) -> None:
    assert ServerSettings(**given).authenticates is authenticates


@pytest.mark.parametrize("name", ["mcp.acme.com", "mcp.acme.com:8443", "[::1]:8000", "zendesk_1"])
def test_names_of_the_server_are_taken_to_the_letter(tmp_path: Path, name: str) -> None:
    assert loaded(tmp_path, f"allowed_hosts = ['{name}']").allowed_hosts == (name,)


@pytest.mark.parametrize(
    "name", [f"https://{CANARY}.com", f"{CANARY}.com/", f"{CANARY}.com/mcp", "*", f"*.{CANARY}.com"]
)
def test_a_name_that_no_request_could_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed_hosts: entry 2 has to be a name") as told:
        loaded(tmp_path, f"allowed_hosts = ['mcp.acme.com', '{name}']")
    assert CANARY not in str(told.value)


@pytest.mark.parametrize("origin", ["https://app.acme.com", "http://localhost:6274", "app://x"])
def test_origins_are_taken_as_browsers_send_them(tmp_path: Path, origin: str) -> None:
    assert loaded(tmp_path, f"allowed_origins = ['{origin}']").allowed_origins == (origin,)


@pytest.mark.parametrize("origin", ["app.acme.com", "https://app.acme.com/", "*", "null"])
def test_an_origin_that_no_browser_sends_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed_origins: entry 1 has to be like https:"):
        loaded(tmp_path, f"allowed_origins = ['{origin}']")
