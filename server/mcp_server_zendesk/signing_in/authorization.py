"""The question that a browser takes to Zendesk, and the answer that it brings back.

Authorization code with PKCE S256 (RFC 7636), as RFC 8252 wants it of a program on a person's
machine; Zendesk's side is ``zendesk-api.md`` §2.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from mcp_server_zendesk.connection.account import Account

CALLBACK_PATH = "/callback"
_LONGEST_ANSWER = 4_096


class ForeignAnswer(Exception):
    """An answer that does not belong to the question: it is ignored, not obeyed."""


class Denied(Exception):
    """Zendesk's answer is no. ``error`` is OAuth's code."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """One question, with what proves that its answer is ours."""

    account: Account
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def address(self) -> str:
        """What to open in the browser."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.client_id,
                "redirect_uri": self.redirect_uri,
                "scope": " ".join(sorted(self.scopes)),
                "state": self.state,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
                "code_challenge_method": "S256",
            }
        )
        return f"{self.account.origin}/oauth/authorizations/new?{query}"

    def code_in(self, answer: Mapping[str, str]) -> str:
        """The authorization code in an answer's parameters.

        Raises:
            ForeignAnswer: The state is not ours, or another server answers (RFC 9207).
            Denied: The person, or Zendesk, says no.
        """
        state = answer.get("state", "").encode(errors="replace")  # a terminal gives any bytes
        if not hmac.compare_digest(state, self.state.encode()):
            raise ForeignAnswer("its state is not the one that this sign-in sent")
        if answer.get("iss", self.account.origin).rstrip("/") != self.account.origin:
            raise ForeignAnswer("another server than this account's gave it")
        if "error" in answer:
            raise Denied(answer["error"])
        if not answer.get("code"):
            raise ForeignAnswer("it holds neither a code nor an error")
        return answer["code"]

    def code_in_address(self, pasted: str) -> str:
        """The code in an address that a person copied from the browser.

        Raises:
            ForeignAnswer: It is not the redirect of this sign-in; says why.
            Denied: See ``code_in``.
        """
        text = pasted.strip().strip("\"'<>")
        expected = urlsplit(self.redirect_uri)
        try:
            parts = urlsplit(text)
            alike = (parts.hostname, parts.port, parts.path) == (
                expected.hostname,
                expected.port,
                expected.path,
            )
        except ValueError:
            alike = False
        if not alike or len(text) > _LONGEST_ANSWER:
            raise ForeignAnswer(f"it does not begin with {self.redirect_uri}?")
        return self.code_in(parameters(parts.query))


def parameters(query: str) -> dict[str, str]:
    """The parameters of an answer; one that is there twice is there in neither (RFC 6749 §3.1)."""
    try:
        found = parse_qs(query[:_LONGEST_ANSWER], max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if len(values) == 1}
