"""Canary secrets must appear nowhere but in the header that carries them."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Iterator

import httpx
import pytest
import respx
from pydantic import SecretStr

from mcp_server_zendesk import logs
from mcp_server_zendesk.connection.access import Access
from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.credentials import ApiToken, BearerToken, Credentials
from mcp_server_zendesk.connection.errors import ZendeskError

pytestmark = [pytest.mark.anyio, pytest.mark.canaries]

CANARY = "canary-secret-77"
PAIR = base64.b64encode(f"ann@acme.com/token:{CANARY}".encode()).decode()
BODY_CANARY = "canary-body-12"
SEARCH_CANARY = "canary-search-34"
SIGNERS = [BearerToken(SecretStr(CANARY)), ApiToken("ann@acme.com", SecretStr(CANARY))]


@pytest.mark.parametrize("credentials", SIGNERS)
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"ticket": {"subject": BODY_CANARY}}),
        httpx.Response(200, text=BODY_CANARY),
        httpx.Response(401, json={"error": BODY_CANARY}),
        httpx.Response(422, json={"details": {"base": [{"description": BODY_CANARY}]}}),
        httpx.Response(500, text=BODY_CANARY),
        httpx.Response(302, headers={"location": f"https://evil.com/{BODY_CANARY}"}),
        httpx.ConnectError(BODY_CANARY),
        httpx.ReadTimeout(BODY_CANARY),
    ],
)
async def test_no_log_record_and_no_error_text_holds_a_secret_or_content(
    zendesk_mock: respx.MockRouter,
    caplog: pytest.LogCaptureFixture,
    credentials: Credentials,
    answer: httpx.Response | Exception,
) -> None:
    caplog.set_level(logging.DEBUG)
    for library in ("httpx", "httpcore"):  # silenced by logs.configure: see below
        caplog.set_level(logging.WARNING, logger=library)
    zendesk_mock.get("https://acme.zendesk.com/api/v2/search").side_effect = [answer]
    connection = Connection(Account("acme"), credentials)
    said: list[str] = []
    try:
        await connection.send("GET", "/api/v2/search", params={"query": SEARCH_CANARY})
    except ZendeskError as error:
        said += [str(error), repr(error)]
        said += [CANARY for line in traceback.format_exception(error) if CANARY in line]
    await connection.aclose()
    said += [repr(connection), repr(credentials), repr(connection.__dict__)]
    said += [f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records]
    everything = "\n".join(said)
    for canary in (CANARY, PAIR, SEARCH_CANARY, BODY_CANARY):
        assert canary not in everything


async def test_even_the_http_library_at_debug_logs_no_secret(
    zendesk_mock: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")
    zendesk_mock.get("https://acme.zendesk.com/api/v2/tickets/1").respond(json={})
    connection = Connection(Account("acme"), BearerToken(SecretStr(CANARY)))
    await connection.send("GET", "/api/v2/tickets/1")
    await connection.aclose()
    assert any(record.name == "httpx" for record in caplog.records)
    assert any("GET /api/v2/tickets/1 answered 200" in record.message for record in caplog.records)
    assert CANARY not in caplog.text


@pytest.fixture
def _logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs._TALKATIVE}
    root.handlers.clear()  # so that configuring does not close what pytest listens with
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.mark.usefixtures("_logging_restored")
async def test_at_debug_the_log_goes_to_stderr_without_the_searched_text(
    zendesk_mock: respx.MockRouter, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    zendesk_mock.get("https://acme.zendesk.com/api/v2/search").respond(json={})
    await connection.send("GET", "/api/v2/search", params={"query": SEARCH_CANARY})
    out, err = capsys.readouterr()
    assert out == ""
    assert "GET /api/v2/search answered 200" in err
    assert SEARCH_CANARY not in err


async def test_granted_scopes_that_cannot_be_read_are_logged_without_content(
    zendesk_mock: respx.MockRouter, access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    zendesk_mock.get("https://acme.zendesk.com/api/v2/oauth/tokens/current").respond(
        401, json={"error": "invalid_token", "error_description": BODY_CANARY}
    )
    await access.learn_granted()
    assert "could not be read (Unauthenticated)" in caplog.text
    assert BODY_CANARY not in caplog.text
