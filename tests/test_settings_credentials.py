"""From settings to what a request is signed with: the environment first, then the vault."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from mcp_server_zendesk.connection.credentials import Credentials
from mcp_server_zendesk.connection.errors import NotConfigured
from mcp_server_zendesk.settings import load
from mcp_server_zendesk.signing_in.credentials import credentials_for
from mcp_server_zendesk.signing_in.vaults import FileVault

pytestmark = pytest.mark.anyio

CANARY = "canary-5f1c0de"
ACME = {"ZENDESK_SUBDOMAIN": "acme"}


def credentials(environ: dict[str, str], folder: Path) -> Credentials:
    settings = load({}, environ={**ACME, **environ})
    return credentials_for(settings, frozenset({"read"}), vault=lambda: FileVault(folder))


@pytest.mark.parametrize(
    "pasted",
    ["tok", " tok ", "Bearer tok", "bearer  tok", "\n Bearer tok\n", "Bearer\ttok"],
)
async def test_a_pasted_token_is_read_without_what_surrounds_it(
    pasted: str, tmp_path: Path
) -> None:
    environ = {"ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": pasted}
    signed = credentials(environ, tmp_path)
    assert await signed.authorization() == "Bearer tok"
    assert (signed.auth, signed.tells_scopes) == ("oauth_token", True)


@pytest.mark.parametrize("email", ["ann@acme.com", " ann@acme.com ", "ann@acme.com/token"])
async def test_an_api_token_signs_as_its_user(email: str, tmp_path: Path) -> None:
    environ = {"ZENDESK_AUTH": "api_token", "ZENDESK_EMAIL": email, "ZENDESK_API_TOKEN": "tok"}
    signed = credentials(environ, tmp_path)
    pair = base64.b64encode(b"ann@acme.com/token:tok").decode()
    assert await signed.authorization() == f"Basic {pair}"
    assert (signed.auth, signed.tells_scopes) == ("api_token", False)


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, ()),
        ({"ZENDESK_OAUTH_TOKEN": CANARY}, ()),
        ({"ZENDESK_AUTH": "oauth_token"}, ("ZENDESK_OAUTH_TOKEN",)),
        ({"ZENDESK_AUTH": "api_token"}, ("ZENDESK_EMAIL", "ZENDESK_API_TOKEN")),
        ({"ZENDESK_AUTH": "api_token", "ZENDESK_EMAIL": "a@b.c"}, ("ZENDESK_API_TOKEN",)),
        ({"ZENDESK_AUTH": "api_token", "ZENDESK_API_TOKEN": CANARY}, ("ZENDESK_EMAIL",)),
        ({"ZENDESK_AUTH": "oauth_client_credentials"}, ("ZENDESK_OAUTH_CLIENT_ID",)),
        (
            {"ZENDESK_AUTH": "oauth_client_credentials", "ZENDESK_OAUTH_CLIENT_ID": "x"},
            ("ZENDESK_OAUTH_CLIENT_SECRET",),
        ),
    ],
)
async def test_missing_credentials_load_and_the_first_signing_explains(
    environ: dict[str, str], missing: tuple[str, ...], tmp_path: Path
) -> None:
    signed = credentials(environ, tmp_path)
    with pytest.raises(NotConfigured) as caught:
        await signed.authorization()
    assert caught.value.missing == missing
    assert caught.value.sign_in or missing == ("ZENDESK_OAUTH_CLIENT_ID",)
    assert all(name in str(caught.value) for name in missing)
    assert CANARY not in f"{caught.value}{signed}{signed!r}"


@pytest.mark.parametrize("auth", ["oauth_token", "api_token"])
def test_no_secret_is_in_the_form_of_credentials(auth: str, tmp_path: Path) -> None:
    environ = {
        "ZENDESK_AUTH": auth,
        "ZENDESK_EMAIL": "a@b.c",
        "ZENDESK_OAUTH_TOKEN": CANARY,
        "ZENDESK_API_TOKEN": CANARY,
    }
    signed = credentials(environ, tmp_path)
    assert CANARY not in f"{signed} {signed!r}"
