from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcp_server_zendesk.connection.account import Account, parse_subdomain

EVIL = [
    "acme.evil.com",
    "acme/..",
    "acme/../evil",
    "acme.zendesk.com/../x",
    "a@b",
    "acme@evil.com",
    "https://acme.zendesk.com@evil.com",
    "https://user:pass@acme.zendesk.com",
    "acme.zendesk.com.evil.com",
    "https://acme.zendesk.com.evil.com",
    "https://evil.com/acme.zendesk.com",
    "evil.com#.zendesk.com",
    "evil.com?.zendesk.com",
    "evil.com/.zendesk.com",
    "https://evil.com#.zendesk.com",
    "https://evil.com\\.zendesk.com",
    "evil.com\\.zendesk.com",
    "acme\n",
    "acme\t",
    "ac\x00me",
    "acme\r\nHost: evil.com",
    "acme:8443",
    "acme.zendesk.com:443",
    "https://acme.zendesk.com:443",
    "https://acme.zendesk.com:evil",
    "ftp://acme.zendesk.com",
    "javascript://acme.zendesk.com",
    "acme.zendesk.com.",
    "acme.zendesk.com.zendesk.com",
    "a.b.zendesk.com",
    "zendesk.com",
    ".zendesk.com",
    "https://zendesk.com",
    "evilzendesk.com",
    "https://[evil]/.zendesk.com",
    "https://[::1].zendesk.com",
    "-acme",
    "acme-",
    "ac me",
    "a" * 64,
    "\u0430cme",  # a Cyrillic letter
    "acme\u2024zendesk.com",
    "acme\uff0eevil\uff0ecom",
    "ac\u200bme",
    "acme\u3002evil.com",
    "\u212aelvin",  # the Kelvin sign, which lower() turns into a k
    "",
    "   ",
    "%61cme",
    "acme%2eevil.com",
    "//acme.zendesk.com",
    "/acme",
    "..",
]


@pytest.mark.parametrize("text", EVIL)
def test_what_could_send_credentials_elsewhere_is_refused_without_an_echo(text: str) -> None:
    with pytest.raises(ValueError, match=r"subdomain|host|address|zendesk\.com") as caught:
        parse_subdomain(text)
    assert "evil" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("secret", ["https://[canary]/", "canary value", "canary@x", "x.canary"])
def test_a_secret_pasted_as_subdomain_is_not_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        parse_subdomain(secret)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "acme",
        "Acme",
        " acme ",
        "acme/",
        "acme.zendesk.com",
        "ACME.Zendesk.COM",
        "acme.zendesk.com/agent/tickets/1",
        "https://acme.zendesk.com",
        "https://acme.zendesk.com/agent/",
        "http://acme.zendesk.com/agent/tickets/1?x=1#y",
    ],
)
def test_what_people_paste_means_the_same_account(text: str) -> None:
    assert parse_subdomain(text) == "acme"


def test_the_origin_is_https_below_zendesk_com() -> None:
    assert Account("acme").origin == "https://acme.zendesk.com"
    assert Account("acme").host == "acme.zendesk.com"


PIECES = [
    "acme",
    ".zendesk.com",
    "https://",
    "http://",
    "/",
    ".",
    "..",
    "@",
    ":",
    "\\",
    "#",
    "?",
    "%2e",
    "evil.com",
    "[",
    "]",
    "\t",
    "\n",
    " ",
    "\u0430",
    "\uff0e",
    "-",
    "A",
    "443",
    "zendesk.com",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=8).map("".join)))
@example("https://acme.zendesk.com/..")
@example("https://acme.zendesk.com?@evil.com")
def test_no_accepted_text_yields_another_host_than_a_label_below_zendesk_com(text: str) -> None:
    try:
        name = parse_subdomain(text)
    except ValueError:
        return
    origin = Account(name).origin
    assert httpx.URL(origin).host == urlsplit(origin).hostname == f"{name}.zendesk.com"
    assert httpx.URL(origin).host.count(".") == 2
    assert httpx.URL(origin).netloc == f"{name}.zendesk.com".encode()
    assert parse_subdomain(name) == name
