"""The ground that the end-to-end tests stand on: a real process, a real browser, real TLS."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By

import reach as ground
from browser import BrowserCommand, browser, needs_browser
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN, ManualClock, Sandbox
from mcp_server_zendesk.sandbox.certificate import make_certificate
from mcp_server_zendesk.sandbox.landmarks import ADMIN_ID, DEMO_CLIENT
from mcp_server_zendesk.sandbox.port import Served
from reach import Reach, reachable

pytestmark = pytest.mark.heavy

ORIGIN = f"https://{DEMO_SUBDOMAIN}.zendesk.com"
VERIFIER = "a-verifier-that-is-at-least-forty-three-characters-long"

ME = f"{ORIGIN}/api/v2/users/me.json"
ASK = f"""
import anyio, httpx, urllib.request
signed_in = {{"Authorization": "Bearer {DEMO_TOKEN}"}}
print(httpx.get({ME!r}, headers=signed_in).json()["user"]["id"])
async def ask():
    async with httpx.AsyncClient(headers=signed_in, timeout=30) as client:
        print((await client.get({ME!r})).json()["user"]["id"])
anyio.run(ask)
print(urllib.request.urlopen({ME!r}).status)
"""
ASK_TWICE = f"""
import httpx
with httpx.Client(headers={{"Authorization": "Bearer half-an-hour"}}) as client:
    for _ in range(2):
        input(f"{{client.get({ME!r}).status_code}}, go on? ")
"""
RESOLVE = """
import socket, sys
for name in sys.argv[1:]:
    try:
        print(socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)[0][4][0])
    except socket.gaierror:
        print("unknown")
"""
ASK_SECRET = """
import getpass, sys
print("hello", getpass.getpass("Secret: "), sys.stdin.isatty(), sys.stderr.isatty())
try:
    input("Go on? ")
except KeyboardInterrupt:
    sys.exit(130)
"""


OPEN = """
import sys, webbrowser
for address in sys.argv[1:]:
    print(webbrowser.open(address))
"""


@contextmanager
def listener() -> Iterator[tuple[int, SimpleQueue[str]]]:
    """Waits for a browser on the loopback, as the product will; tells its port, and what came."""
    paths: SimpleQueue[str] = SimpleQueue()

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.put(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<title>Signed in</title>")

        def log_message(self, *_: object) -> None:
            """Tells nobody."""

    with HTTPServer(("127.0.0.1", 0), Callback) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, paths
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def reach(tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path) as opened:
        yield opened


def trust(reach: Reach) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=reach.authority_file)


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs Python in the product's stead, with its environment and its terminal."""
    monkeypatch.setattr(ground, "COMMAND", sys.executable)


def test_the_product_runs_and_finds_nothing_of_this_machine(
    reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZENDESK_SUBDOMAIN", "acme")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    ran = reach.run("serve")
    assert ran.code == 1
    assert "ZENDESK_SUBDOMAIN" in ran.err
    names = set(reach.environment(EXTRA="1"))
    assert not {name for name in names if name.startswith("ZENDESK_")}
    assert {"EXTRA", "HOME", "XDG_RUNTIME_DIR", "PATH"} <= names


def test_the_product_serves_the_embedded_zendesk_by_its_real_name(reach: Reach) -> None:
    version = "2025-06-18"
    client = {"name": "raw", "version": "1"}
    params = {"protocolVersion": version, "capabilities": {}, "clientInfo": client}
    call = {"name": "get_user", "arguments": {"user": "me"}}
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
    ]
    terminal = reach.start(
        ZENDESK_SUBDOMAIN=DEMO_SUBDOMAIN,
        ZENDESK_AUTH="oauth_token",
        ZENDESK_OAUTH_TOKEN=DEMO_TOKEN,
    )
    for message in messages:
        terminal.type(json.dumps(message))
    assert str(ADMIN_ID) in terminal.expect('"id":2,"result"') + terminal.expect("\n")
    assert "/api/v2/users/me" in {request.path for request in reach.sandbox.requests}


@pytest.mark.usefixtures("python")
def test_tls_checks_the_name_and_the_authority(reach: Reach) -> None:
    assert reach.run("-c", ASK).out.split() == [str(ADMIN_ID), str(ADMIN_ID), "200"]
    distrusting = reach.run("-c", ASK, SSL_CERT_FILE="")
    assert "CERTIFICATE_VERIFY_FAILED" in distrusting.err
    assert len(reach.sandbox.requests) == 3


@pytest.mark.usefixtures("python")
def test_a_token_expires_while_a_process_runs(tmp_path: Path) -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock)
    sandbox.store.add_access_token("half-an-hour", ADMIN_ID, ["read"], timedelta(minutes=30))
    with reachable(tmp_path, sandbox=sandbox) as reach:
        terminal = reach.start("-c", ASK_TWICE)
        terminal.expect("200, go on? ")
        clock.forward(1_800)
        terminal.type("")
        terminal.expect("401, go on? ")


@pytest.mark.usefixtures("python")
def test_other_names_do_not_exist(reach: Reach) -> None:
    names = ("acme.zendesk.com", "zendesk.com", "example.com", "localhost", "192.0.2.1")
    shown = reach.run("-c", RESOLVE, *names).out.split()
    assert shown[0].startswith("127.")
    assert shown[1:3] == ["unknown", "unknown"]
    assert shown[3] in {"127.0.0.1", "::1"}
    assert shown[4] == "unknown"
    assert reach.run("-c", RESOLVE, names[0], REDIRECTED_PORT="").out.strip() == "unknown"


@pytest.mark.usefixtures("python")
def test_a_person_answers_prompts_and_presses_ctrl_c(reach: Reach) -> None:
    terminal = reach.start("-c", ASK_SECRET)
    terminal.expect("Secret: ")
    terminal.type("s3same")
    assert terminal.expect("\nhello s3same True True").count("s3same") == 1
    terminal.expect("Go on? ")
    terminal.interrupt()
    assert terminal.wait() == 130
    assert terminal.transcript.endswith("Go on? ^C")


@pytest.mark.usefixtures("python")
def test_all_that_was_shown_is_there_once_the_process_has_ended(reach: Reach) -> None:
    terminal = reach.start("-c", "print('x\\n' * 100_000 + 'end'); raise SystemExit(3)")
    assert terminal.wait() == 3
    assert terminal.transcript == "x\n" * 100_000 + "end\n"


@pytest.mark.usefixtures("python")
def test_what_is_missing_is_told_with_the_transcript(reach: Reach) -> None:
    ended = reach.start("-c", "print('else')")
    with pytest.raises(pytest.fail.Exception, match=r"(?s)ended with 0:.*else"):
        ended.expect("something")
    waiting = reach.start("-c", "input('what? ')")
    with pytest.raises(pytest.fail.Exception, match=r"(?s)still runs:.*what\?"):
        waiting.expect("something", timeout=2)
    with pytest.raises(pytest.fail.Exception, match="still runs"):
        waiting.wait(timeout=0)


@pytest.mark.usefixtures("python")
def test_without_a_terminal_there_is_none_to_ask(reach: Reach) -> None:
    probe = "import sys; print(sys.stdin.read(), end=''); open('/dev/tty')"
    ran = reach.run("-c", probe, stdin="piped")
    assert (ran.code, ran.out) == (1, "piped")
    assert "/dev/tty" in ran.err


def test_a_sandbox_of_ones_own_is_served(tmp_path: Path) -> None:
    sandbox = Sandbox()
    with reachable(tmp_path, sandbox=sandbox) as reach:
        assert reach.sandbox is sandbox


@pytest.mark.usefixtures("python")
def test_the_command_for_browser_is_given_each_address(reach: Reach, tmp_path: Path) -> None:
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    addresses = [f"{ORIGIN}/oauth/authorizations/new?a=1&b=%20'{number}" for number in range(2)]
    with BrowserCommand(folder) as command:
        ran = reach.run("-c", OPEN, *addresses, BROWSER=command.setting)
        assert [command.wait_for_address() for _ in addresses] == addresses
        with pytest.raises(pytest.fail.Exception, match="no address"):
            command.wait_for_address(timeout=0)
    assert ran.out.split() == ["True", "True"]


@pytest.mark.usefixtures("python")
def test_a_browser_that_cannot_be_opened_says_so(reach: Reach, tmp_path: Path) -> None:
    with BrowserCommand(tmp_path, code=1) as command:
        assert reach.run("-c", OPEN, ORIGIN, BROWSER=command.setting).out.split()[-1] == "False"


@needs_browser
def test_a_browser_consents_over_tls_and_lands_on_the_loopback(
    reach: Reach, tmp_path: Path
) -> None:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    with listener() as (port, paths), browser(reach.port, tmp_path) as chromium:
        address = f"http://127.0.0.1:{port}/callback"
        client = reach.sandbox.store.oauth.clients[DEMO_CLIENT]
        reach.sandbox.store.add_oauth_client(DEMO_CLIENT, redirect_uris=[address], name=client.name)
        asked = {
            "response_type": "code",
            "client_id": DEMO_CLIENT,
            "redirect_uri": address,
            "scope": "read tickets:write",
            "state": "st&te",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        chromium.get(f"{ORIGIN}/oauth/authorizations/new?{urlencode(asked)}")
        assert client.name in chromium.find_element(By.TAG_NAME, "h1").text
        chromium.find_element(By.ID, "allow").click()
        landed = urlsplit(paths.get(timeout=20))
        assert chromium.title == "Signed in"
        assert chromium.current_url.startswith(f"{address}?")
    given = {name: values[0] for name, values in parse_qs(landed.query).items()}
    assert (landed.path, set(given), given["state"]) == ("/callback", {"code", "state"}, "st&te")
    exchange = {
        "grant_type": "authorization_code",
        "client_id": DEMO_CLIENT,
        "code": given["code"],
        "redirect_uri": address,
        "code_verifier": VERIFIER,
    }
    tokens = f"https://127.0.0.1:{reach.port}/oauth/tokens"
    assert httpx.post(tokens, json=exchange, verify=trust(reach)).status_code == 201


@needs_browser
def test_the_browser_trusts_one_certificate_and_finds_one_place(
    reach: Reach, tmp_path: Path
) -> None:
    stranger = Sandbox()
    other = make_certificate(tmp_path / "other")
    with Served(stranger, other) as served, browser(reach.port, tmp_path) as chromium:
        chromium.get(f"https://127.0.0.1:{served.port}/")
        assert "ERR_CERT_AUTHORITY_INVALID" in chromium.page_source
        with pytest.raises(WebDriverException, match="ERR_NAME_NOT_RESOLVED"):
            chromium.get("https://example.com/")
    assert stranger.requests == []
