"""`auth login` as a person goes through it: a terminal, a real chromium, a real loopback.

All of it stands in one file, so that one worker after the other uses the ports and the browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from starlette.types import Receive, Scope, Send

from browser import BrowserCommand, browser, needs_browser
from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.certificate import make_certificate
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    DEMO_CLIENT,
    DEMO_CLIENT_SECRET,
    DEMO_CONFIDENTIAL_CLIENT,
)
from mcp_server_zendesk.sandbox.port import Served, listening
from reach import Reach, Terminal, reachable
from signing_in.ground import ACCOUNT, CLIENT, consent, holding, kept_by

pytestmark = pytest.mark.heavy

SIGNED_IN = "You are signed in to Zendesk"
NOT_SIGNED_IN = "Not signed in"
FETCH = """
const done = arguments[0];
document.addEventListener("securitypolicyviolation", event => done(event.effectiveDirective));
new Image().src = "/pixel.png";
"""


class Street:
    """An address where another Zendesk stands for each test, so that one browser serves all."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.sandbox(scope, receive, send)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Street, int]]:
    street = Street()
    folder = tmp_path_factory.mktemp("street")
    with Served(street, make_certificate(folder)) as served:
        yield street, served.port


@pytest.fixture(scope="module")
def chromium(
    street: tuple[Street, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[webdriver.Chrome]:
    with browser(street[1], tmp_path_factory.mktemp("browser")) as driver:
        yield driver


def free_ports(count: int) -> tuple[int, ...]:
    taken = [listening("127.0.0.1", 0) for _ in range(count)]
    ports = tuple(int(one.getsockname()[1]) for one in taken)
    for one in taken:
        one.close()
    return ports


@dataclass
class Person:
    """Somebody before a terminal and a browser."""

    reach: Reach
    clock: ManualClock
    chromium: webdriver.Chrome
    command: BrowserCommand
    ports: tuple[int, ...]

    @property
    def sandbox(self) -> Sandbox:
        return self.reach.sandbox

    def register(self, ports: tuple[int, ...], *allowed: str) -> None:
        self.sandbox.store.add_oauth_client(
            DEMO_CLIENT,
            redirect_uris=[f"http://127.0.0.1:{port}/callback" for port in ports],
            name="Northwind Assistant",
            allowed_scopes=allowed or None,
        )

    def start(self, *flags: str) -> Terminal:
        ports = " ".join(map(str, self.ports))
        return self.reach.start(
            *("auth", "login", *CLIENT, "--redirect-ports", ports, "--insecure-storage"),
            *("--scopes", "read tickets:write", *flags),
            BROWSER=self.command.setting,
        )

    def visit(self) -> str:
        """Opens in chromium what the terminal wants opened."""
        address = self.command.wait_for_address()
        self.chromium.get(address)
        return address

    def press(self, button: str) -> None:
        self.chromium.find_element(By.ID, button).click()

    def page(self) -> tuple[str, str]:
        """Title and text of the page at the end, once it is there."""
        complete = "return document.readyState === 'complete'"
        WebDriverWait(self.chromium, 20).until(
            lambda driver: (
                driver.current_url.startswith("http://127.0.0.1:")
                and driver.execute_script(complete)
            )
        )
        return self.chromium.title, self.chromium.find_element(By.TAG_NAME, "body").text

    def nothing_kept(self) -> bool:
        return kept_by(self.reach.home) is None and not self.living_tokens()

    def living_tokens(self) -> list[str]:
        """The tokens that the embedded Zendesk has issued and not revoked."""
        held = self.sandbox.store.oauth.refresh_tokens.values()
        return [one.access_token for one in held]


@pytest.fixture
def person(
    street: tuple[Street, int], chromium: webdriver.Chrome, tmp_path: Path
) -> Iterator[Person]:
    clock = ManualClock()
    sandbox = street[0].sandbox = Sandbox(clock=clock)
    chromium.get("about:blank")
    with reachable(tmp_path, sandbox=sandbox) as reach, BrowserCommand(tmp_path) as command:
        somebody = Person(reach, clock, chromium, command, free_ports(3))
        somebody.register(somebody.ports)
        yield somebody


@needs_browser
def test_allowing_signs_in_and_both_page_and_terminal_say_so(person: Person) -> None:
    terminal = person.start()
    address = person.visit()
    assert "code_challenge_method=S256" in address
    person.press("allow")
    title, text = person.page()
    assert terminal.wait() == 0
    for shown in (text, terminal.transcript):
        assert "Ada Okafor <ada.okafor@northwind-outdoor.example>, admin" in shown
        assert "northwind-demo.zendesk.com" in shown
        assert "read tickets:write" in shown
    assert title == SIGNED_IN
    assert "Next: mcp-server-zendesk doctor" in terminal.transcript
    kept = kept_by(person.reach.home)
    assert kept is not None
    assert [kept["token"]] == person.living_tokens()
    assert holding(person.reach.home, kept["token"], kept["refresh_token"]) == [
        person.reach.home / ".local/share/mcp-server-zendesk/sign-ins/northwind-demo.json"
    ]
    assert kept["token"] not in terminal.transcript
    # The page fetches nothing, and could not: its policy is in force.
    fetched = "return performance.getEntriesByType('resource').length"
    assert person.chromium.execute_script(fetched) == 0
    assert person.chromium.execute_async_script(FETCH) == "img-src"
    # Nobody listens any more.
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{person.ports[0]}/callback")


@needs_browser
def test_denying_stores_nothing_and_says_what_was_chosen(person: Person) -> None:
    terminal = person.start()
    person.visit()
    person.press("deny")
    title, text = person.page()
    assert terminal.wait() == 1
    assert title == NOT_SIGNED_IN
    for shown in (text, terminal.transcript):
        assert "Access was denied on Zendesk's page" in shown
    assert person.nothing_kept()


@needs_browser
def test_an_answer_of_another_state_is_ignored_and_the_right_one_still_counts(
    person: Person,
) -> None:
    terminal = person.start()
    right = consent(person.reach, person.command.wait_for_address())
    callback = right.partition("?")[0]
    person.chromium.get(f"{callback}?code=stolen&state=guessed")
    title, text = person.page()
    assert title == NOT_SIGNED_IN
    assert "This answer does not belong to the sign-in that is under way." in text
    terminal.expect("An answer was ignored: its state is not the one")
    person.chromium.get(right)
    assert person.page()[0] == SIGNED_IN
    assert terminal.wait() == 0
    assert "stolen" not in terminal.transcript
    assert kept_by(person.reach.home) is not None


@needs_browser
def test_a_code_that_is_too_old_is_refused_and_told(person: Person) -> None:
    terminal = person.start()
    right = consent(person.reach, person.command.wait_for_address())
    person.clock.forward(121)
    person.chromium.get(right)
    title, text = person.page()
    assert terminal.wait() == 1
    assert title == NOT_SIGNED_IN
    for shown in (text, terminal.transcript):
        assert "it is good for 120 seconds and for one use" in shown
    assert person.nothing_kept()


@needs_browser
def test_a_code_that_was_used_before_is_refused_and_told(person: Person) -> None:
    terminal = person.start()
    right = consent(person.reach, person.command.wait_for_address())
    person.sandbox.store.oauth.codes.clear()  # as someone who was faster would leave it
    person.chromium.get(right)
    assert person.page()[0] == NOT_SIGNED_IN
    assert terminal.wait() == 1
    assert "good for 120 seconds and for one use" in terminal.transcript
    assert person.nothing_kept()


@needs_browser
def test_where_the_first_port_is_taken_the_next_one_is_used(person: Person) -> None:
    with listening("127.0.0.1", person.ports[0]):
        terminal = person.start()
        assert f"127.0.0.1%3A{person.ports[1]}%2Fcallback" in person.visit()
        person.press("allow")
        assert person.page()[0] == SIGNED_IN
    assert terminal.wait() == 0


@needs_browser
def test_an_unregistered_redirect_is_named_once_the_time_is_up(person: Person) -> None:
    person.register((1,))
    terminal = person.start("--timeout", "5")
    person.visit()
    assert person.chromium.title == "Invalid authorization request"
    assert terminal.wait() == 1
    told = " ".join(terminal.transcript.split())
    assert "No answer came from the browser within 5 seconds; nothing was changed." in told
    assert f"redirect URLs lack http://127.0.0.1:{person.ports[0]}/callback" in told
    assert person.nothing_kept()


@needs_browser
def test_a_scope_that_the_client_may_not_have_is_told(person: Person) -> None:
    person.register(person.ports, "read")
    terminal = person.start()
    person.visit()
    title, text = person.page()
    assert terminal.wait() == 1
    assert title == NOT_SIGNED_IN
    for shown in (text, terminal.transcript):
        assert "does not let this OAuth client have the scopes" in shown
        assert "Admin Center" in shown


@needs_browser
def test_a_hostile_name_is_shown_inert(person: Person) -> None:
    name = "<script>document.title='owned'</script>\x1b[2J\x1b]0;owned\x07\u202e<b>Eve"
    person.sandbox.store.users[ADMIN_ID]["name"] = name
    terminal = person.start()
    person.visit()
    person.press("allow")
    title, text = person.page()
    assert terminal.wait() == 0
    assert title == SIGNED_IN
    assert "<script>document.title='owned'</script>" in text
    assert "<b>Eve" in text
    assert not person.chromium.find_elements(By.TAG_NAME, "script")
    assert not {"\x1b", "\x07", "\u202e"}.intersection(terminal.transcript)


@needs_browser
def test_fewer_scopes_than_asked_for_are_told(person: Person) -> None:
    person.sandbox.rules.grants_fewer_scopes = frozenset({"read"})
    terminal = person.start()
    person.visit()
    person.press("allow")
    _, text = person.page()
    assert terminal.wait() == 0
    assert "Not granted\ntickets:write" in text
    assert "Zendesk did not grant: tickets:write." in terminal.transcript


@needs_browser
def test_a_confidential_client_is_asked_for_its_secret_which_is_kept(person: Person) -> None:
    person.sandbox.store.add_oauth_client(
        DEMO_CONFIDENTIAL_CLIENT,
        redirect_uris=[f"http://127.0.0.1:{person.ports[0]}/callback"],
        secret=DEMO_CLIENT_SECRET,
    )
    terminal = person.start("--confidential", "--client-id", DEMO_CONFIDENTIAL_CLIENT)
    terminal.expect("The OAuth client's secret: ")
    terminal.type(DEMO_CLIENT_SECRET)
    person.visit()
    person.press("allow")
    assert person.page()[0] == SIGNED_IN
    assert terminal.wait() == 0
    assert DEMO_CLIENT_SECRET not in terminal.transcript
    kept = kept_by(person.reach.home)
    assert kept is not None
    assert kept["client_secret"] == DEMO_CLIENT_SECRET


@needs_browser
def test_a_confidential_client_without_its_secret_is_told_which_flag_it_needs(
    person: Person,
) -> None:
    person.sandbox.store.add_oauth_client(
        DEMO_CONFIDENTIAL_CLIENT,
        redirect_uris=[f"http://127.0.0.1:{person.ports[0]}/callback"],
        secret=DEMO_CLIENT_SECRET,
    )
    terminal = person.start("--client-id", DEMO_CONFIDENTIAL_CLIENT)
    person.visit()
    person.press("allow")
    assert "a confidential client needs one: --confidential" in person.page()[1]
    assert terminal.wait() == 1
    assert person.nothing_kept()


@needs_browser
def test_signing_in_as_another_person_replaces_the_first(person: Person) -> None:
    for user_id, name in ((ADMIN_ID, "Ada Okafor"), (AGENT_ID, "Marek")):
        person.sandbox.store.oauth.browser_user_id = user_id
        terminal = person.start()
        person.visit()
        person.press("allow")
        assert name in person.page()[1]
        assert terminal.wait() == 0
    status = person.reach.invoke("auth", "status", *ACCOUNT)
    assert "Marek" in status.out
    assert "Ada" not in status.out


@needs_browser
def test_a_browser_that_quits_half_way_is_waited_for_until_ctrl_c(
    street: tuple[Street, int], tmp_path: Path
) -> None:
    sandbox = street[0].sandbox = Sandbox()
    with reachable(tmp_path, sandbox=sandbox) as reach, BrowserCommand(tmp_path) as command:
        with browser(street[1], tmp_path) as own:
            somebody = Person(reach, ManualClock(), own, command, free_ports(1))
            somebody.register(somebody.ports)
            terminal = somebody.start()
            somebody.visit()
            assert own.find_element(By.ID, "allow")
        terminal.expect("Ctrl-C ends it")
        assert terminal.code is None
        terminal.interrupt()
        assert terminal.wait() == 130
        assert "Aborted" in terminal.transcript
        assert "Traceback" not in terminal.transcript
        assert somebody.nothing_kept()


def test_where_all_ports_are_taken_it_says_which_and_what_mends_it(tmp_path: Path) -> None:
    taken = [listening("127.0.0.1", 0) for _ in range(2)]
    ports = [str(one.getsockname()[1]) for one in taken]
    with reachable(tmp_path) as reach:
        ran = reach.invoke(
            *("auth", "login", *CLIENT, "--insecure-storage"),
            *("--redirect-ports", " ".join(ports)),
        )
    for one in taken:
        one.close()
    assert ran.code == 1
    assert f"are taken: {', '.join(ports)}." in ran.err
    assert "--redirect-ports" in ran.err
    assert "--no-browser" in ran.err
    assert reach.sandbox.requests == []
