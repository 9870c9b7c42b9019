"""Whom an allow-list of mail domains lets through: what is plainly allowed, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.connection.errors import PolicyRefused
from mcp_server_zendesk.connection.guarding.guard import Guard
from mcp_server_zendesk.connection.guarding.recipients import Recipients, domain_of, read_entry

ALLOWED = Recipients.of(["acme.com", "*.example.org", "ann@home.net", "bücher.example"])

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAIN = st.builds(lambda labels: ".".join([*labels, "net"]), st.lists(LABEL, min_size=1))
LOCAL = st.from_regex(r"[a-z0-9._+-]{1,12}", fullmatch=True)


@pytest.mark.parametrize(
    "address",
    [
        "ann@acme.com",
        "ANN.B+c@ACME.Com",
        "x@a.example.org",
        "x@a.b.Example.ORG",
        "Ann@home.net",
        "x@bücher.example",
        "x@xn--bcher-kva.example",
    ],
)
def test_what_is_plainly_allowed_is(address: str) -> None:
    assert ALLOWED.allow(address)


@pytest.mark.parametrize(
    "address",
    [
        "x@evilacme.com",
        "x@acme.com.evil.org",
        "x@sub.acme.com",
        "x@example.org",
        "x@evilexample.org",
        "bob@home.net",
        "ann+x@home.net",
        "x@acme.com.",
        "x@acme.com\n",
        " x@acme.com",
        "x@acme.com,y@evil.org",
        "x@evil.org@acme.com",
        "x@acme.com@evil.org",
        '"x@evil.org"@acme.com',
        "Ann <x@acme.com>",
        "<x@acme.com>",
        "x@evil.org<x@acme.com>",
        "x(@evil.org)@acme.com",
        "x@[acme.com]",
        "x@аcme.com",  # noqa: RUF001 - a Cyrillic letter
        "x@ａcme.com",  # noqa: RUF001 - a full-width one, that a mapping would make ours
        "x@acme\u3002com",
        "x@ac\u00adme.com",
        "x\u200b@acme.com",
        "@acme.com",
        "acme.com",
        "user 12",
        "",
    ],
)
def test_what_only_looks_like_it_is_not(address: str) -> None:
    assert not ALLOWED.allow(address)


def test_a_mapped_name_is_no_way_in() -> None:
    assert not Recipients.of(["strasse.example"]).allow("x@straße.example")
    assert not Recipients.of(["kelvin.example"]).allow("x@\u212aelvin.example")


@given(LOCAL, DOMAIN, DOMAIN)
def test_a_domain_is_allowed_as_a_whole_or_not_at_all(local: str, domain: str, own: str) -> None:
    assert Recipients.of([own]).allow(f"{local}@{domain}") == (domain == own)
    below = Recipients.of([f"*.{own}"])
    assert below.allow(f"{local}@{domain}") == domain.endswith(f".{own}")
    assert not below.allow(f"{local}@{own}")


@given(st.text(max_size=40), DOMAIN)
def test_nothing_that_is_allowed_ends_elsewhere(text: str, own: str) -> None:
    allowed = Recipients.of([own])
    for address in (f"{text}@{own}", f"x@{own}{text}", f"x@{text}{own}", f"{text}{own}"):
        if allowed.allow(address):
            assert address.rpartition("@")[2].lower() == own
            assert address.count("@") == 1
            assert address.isprintable()


@pytest.mark.parametrize(
    "entry",
    ["acme", "*", "*.com", "@acme", "https://acme.com", "acme.com.", "a_b.com", "-a.com",
     "*.*.com", "a b.com", "acme.com/x", "127.0.0.1", "x@y", "*@acme.com ,", "@@acme.com"],
)  # fmt: skip
def test_an_entry_that_is_no_domain_is_refused_without_an_echo(entry: str) -> None:
    with pytest.raises(ValueError, match=r"\*\.acme\.com") as caught:
        read_entry(entry)
    with pytest.raises(ValueError, match="no mail domain") as another:
        read_entry("canary")
    assert str(caught.value) == str(another.value)


def test_entries_have_one_spelling() -> None:
    written = ["ACME.com", "acme.com", "*.Acme.com", "Bob@ACME.com", "bücher.example"]
    assert Recipients.of(written).entries == (
        "acme.com",
        "*.acme.com",
        "bob@acme.com",
        "xn--bcher-kva.example",
    )


def test_a_refusal_names_what_is_allowed_and_no_more_than_domains_of_the_others() -> None:
    guard = Guard(recipients=ALLOWED)
    guard.check_recipients(["ann@acme.com"])
    addresses = ["canary@evil.org", "other@evil.org", "canary", "ann@acme.com"]
    with pytest.raises(PolicyRefused) as caught:
        guard.check_recipients(addresses)
    assert caught.value.setting == "allow_recipients"
    assert caught.value.asked == ("evil.org", "what is no plain address")
    assert caught.value.allowed == ALLOWED.entries
    assert "canary" not in f"{caught.value!r} {caught.value.__dict__}"
    assert domain_of("Canary <x@acme.com>") == "what is no plain address"


def test_without_a_limit_nobody_is_refused_and_an_empty_one_refuses_everybody() -> None:
    Guard().check_recipients(["anything at all"])
    with pytest.raises(PolicyRefused):
        Guard(recipients=Recipients(())).check_recipients(["ann@acme.com"])
