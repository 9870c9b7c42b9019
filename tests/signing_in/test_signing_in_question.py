"""The question that the browser takes to Zendesk, and which answers are taken for its own."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.signing_in.authorization import (
    AuthorizationRequest,
    Denied,
    ForeignAnswer,
    parameters,
)

CALLBACK = "http://127.0.0.1:8765/callback"
ANYTHING = st.text(st.characters(codec=None))
SCOPES = st.frozensets(st.sampled_from(["read", "write", "tickets:write", "hc:read"]), min_size=1)


def question() -> AuthorizationRequest:
    return AuthorizationRequest(Account("acme"), "our client&id", CALLBACK, frozenset({"read"}))


def address(**answer: str) -> str:
    return f"{CALLBACK}?{urlencode(answer)}"


@given(SCOPES)
def test_the_question_is_as_rfc_7636_and_rfc_8252_want_it(scopes: frozenset[str]) -> None:
    asked = AuthorizationRequest(Account("acme"), "our client&id", CALLBACK, scopes)
    parts = urlsplit(asked.address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://acme.zendesk.com/oauth/authorizations/new"
    )
    sent = parse_qs(parts.query)
    digest = hashlib.sha256(asked.verifier.encode()).digest()
    assert sent == {
        "response_type": ["code"],
        "client_id": ["our client&id"],
        "redirect_uri": [CALLBACK],
        "scope": [" ".join(sorted(scopes))],
        "state": [asked.state],
        "code_challenge": [base64.urlsafe_b64encode(digest).decode().rstrip("=")],
        "code_challenge_method": ["S256"],
    }
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", asked.verifier)
    assert len(base64.urlsafe_b64decode(asked.state + "==")) >= 16
    assert asked.verifier not in asked.address
    assert asked.verifier not in repr(asked)
    assert asked.state not in repr(asked)


def test_no_two_questions_are_alike() -> None:
    asked = [question() for _ in range(200)]
    assert len({one.state for one in asked} | {one.verifier for one in asked}) == 400


def test_the_answer_to_the_question_is_taken() -> None:
    asked = question()
    for extra in ({}, {"iss": "https://acme.zendesk.com"}, {"iss": "https://acme.zendesk.com/"}):
        answer = {"code": "c0de", "state": asked.state, "scope": "read", **extra}
        assert asked.code_in(answer) == "c0de"
        for around in ("{}", "  {}\n", '"{}"', "<{}>", "'{}'"):
            assert asked.code_in_address(around.format(address(**answer))) == "c0de"


@pytest.mark.parametrize(
    "issuer", ["https://evil.zendesk.com", "http://acme.zendesk.com", "acme.zendesk.com", " "]
)
def test_another_issuer_is_refused(issuer: str) -> None:
    asked = question()
    with pytest.raises(ForeignAnswer, match="another server"):
        asked.code_in({"code": "c", "state": asked.state, "iss": issuer})


def test_a_refusal_counts_only_with_the_right_state() -> None:
    asked = question()
    with pytest.raises(Denied) as raised:
        asked.code_in({"error": "access_denied", "state": asked.state, "code": "c"})
    assert raised.value.error == "access_denied"
    with pytest.raises(ForeignAnswer):
        asked.code_in({"error": "access_denied", "state": "guessed"})
    with pytest.raises(ForeignAnswer):
        asked.code_in({"error": "access_denied"})
    with pytest.raises(ForeignAnswer, match="neither a code nor an error"):
        asked.code_in({"state": asked.state, "code": ""})


@given(ANYTHING)
@example("\udc80")
@example("")
def test_no_other_state_is_ever_taken(state: str) -> None:
    asked = question()
    assume(state != asked.state)
    with pytest.raises(ForeignAnswer):
        asked.code_in({"code": "c", "state": state})
    with pytest.raises(ForeignAnswer):
        asked.code_in_address(f"{CALLBACK}?code=c&state={state}")


@given(ANYTHING)
@example(f"{CALLBACK}?state=\udc80")
@example("http://[::1")
@example("http://127.0.0.1:99999/callback")
@example("http://\u2100")
@example("x" * 100_000)
def test_no_pasted_text_is_a_crash_or_taken_for_an_answer(text: str) -> None:
    with pytest.raises(ForeignAnswer):
        question().code_in_address(text)


HOSTS = st.one_of(
    ANYTHING,
    st.sampled_from(
        (
            "evil.example",
            "127.0.0.1.evil.example:8765",
            "127.0.0.1:8766",
            "localhost:8765",
            "127.0.0.1",
            "127.0.0.1:8765@evil.example",
            "127.0.0.1:8765.evil.example",
            "[::1]:8765",
            "evil.example#127.0.0.1:8765/x",
            "evil.example\\@127.0.0.1:8765/x",
            "0x7f.1:8765",
        )
    ),
)


@given(HOSTS)
def test_the_right_state_at_another_place_is_not_taken(host: str) -> None:
    asked = question()
    assume(not re.sub(r"[\t\r\n]", "", host).endswith("127.0.0.1:8765"))
    with pytest.raises(ForeignAnswer):
        asked.code_in_address(f"http://{host}/callback?code=c&state={asked.state}")


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda path: path != "callback"))
def test_the_right_state_on_another_path_is_not_taken(path: str) -> None:
    asked = question()
    with pytest.raises(ForeignAnswer):
        asked.code_in_address(
            f"http://127.0.0.1:8765/{quote(path, safe='')}?code=c&state={asked.state}"
        )


@given(ANYTHING)
@example("a=1&a=2&b=3")
@example("&".join(f"p{number}=1" for number in range(1_000)))
@example("a=%ff%00&%")
def test_parameters_of_anything_are_parameters(query: str) -> None:
    found = parameters(query)
    assert all(isinstance(value, str) for value in found.values())
    assert len(found) <= 20


@given(st.lists(st.sampled_from(["code", "state", "iss", "error"]), min_size=1, max_size=8))
def test_what_is_there_twice_is_there_in_neither(names: list[str]) -> None:
    query = "&".join(f"{name}=v{at}" for at, name in enumerate(names))
    assert set(parameters(query)) == {name for name in names if names.count(name) == 1}
