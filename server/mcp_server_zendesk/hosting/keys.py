"""The keys with which an issuer signs tokens: fetched, kept for a while, and fetched anew.

They are fetched when there are none, when they are no longer fresh, and when a token names a key
that is not known; a fetch is tried at most once in ``RETRY_SECONDS``, whoever asks. While none
succeeds, known keys go on being good for ``GOOD_SECONDS``.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import jwt

from mcp_server_zendesk.hosting import issuer_documents
from mcp_server_zendesk.hosting.issuer_documents import Unreadable
from mcp_server_zendesk.hosting.verifying import TokenRefused, VerificationUnavailable

logger = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
GOOD_SECONDS = 3_600.0
RETRY_SECONDS = 10.0
FETCH_SECONDS = 15.0
"""For all documents of one fetch together."""
_MOST_KEYS = 64
_LEAST_RSA_BITS = 2_048
_FITTING = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""Algorithms by type of key. None is of a shared secret, whatever an issuer publishes."""


@dataclass(frozen=True, slots=True)
class _Key:
    kid: str | None
    algorithm: str
    key: jwt.PyJWK


class IssuerKeys:
    """The keys of one issuer.

    Args:
        issuer: As its tokens name it.
        algorithms: Those that tokens may be signed with.
        jwks_url: Where its keys are; by default where its metadata say.
        transport: Of the HTTP client; for tests.
        clock: Seconds of any origin.
    """

    def __init__(
        self,
        issuer: str,
        *,
        algorithms: Sequence[str],
        jwks_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._algorithms = tuple(algorithms)
        self._configured_url = self._url = jwks_url
        self._http = issuer_documents.client(transport)
        self._clock = clock
        self._one_at_a_time = anyio.Lock()
        self._keys: tuple[_Key, ...] = ()
        self._fetched = self._tried = -math.inf
        self._failing = False

    async def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """The key that a token says it is signed with.

        Raises:
            TokenRefused: The issuer has no such key.
            VerificationUnavailable: Its keys cannot be had now.
        """
        key = self._known(kid, algorithm)
        if key is None or not self._younger_than(FRESH_SECONDS):
            # Whoever has a good key does not wait for the one who looks for new ones.
            if key is None or not self._one_at_a_time.locked():
                await self.refresh()
            key = self._known(kid, algorithm)
        if key is not None:
            return key
        if self._failing or not self._younger_than(GOOD_SECONDS):
            raise VerificationUnavailable(
                "the keys of the token's issuer cannot be fetched now; try again",
                retry_after=math.ceil(RETRY_SECONDS),
            )
        raise TokenRefused("the token is signed with a key that its issuer does not publish")

    async def refresh(self) -> None:
        """Fetch the keys, unless that was tried a moment ago. A failure is logged."""
        async with self._one_at_a_time:
            if self._clock() - self._tried < RETRY_SECONDS:
                return
            try:
                with anyio.fail_after(FETCH_SECONDS):
                    self._keys = await self._fetch()
            except (Unreadable, TimeoutError) as error:
                self._url = self._configured_url
                if not self._failing:
                    reason = str(error) or f"not within {FETCH_SECONDS:.0f} seconds"
                    logger.warning("The issuer's keys cannot be had: %s", reason)
                self._failing = True
            else:
                self._fetched = self._clock()
                if self._failing:
                    logger.warning("The issuer's keys can be had again")
                self._failing = False
            self._tried = self._clock()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _fetch(self) -> tuple[_Key, ...]:
        if self._url is None:
            self._url = await issuer_documents.keys_address(self._http, self._issuer)
        document = await issuer_documents.fetch(self._http, self._url)
        listed = document.get("keys")
        entries = listed[:_MOST_KEYS] if isinstance(listed, list) else []
        keys = tuple(key for entry in entries for key in self._usable(entry))
        if not keys:
            raise Unreadable(f"{self._url} holds no key for {', '.join(self._algorithms)}")
        return keys

    def _usable(self, entry: Any) -> Iterator[_Key]:
        """A published key, once for each algorithm that it may be used with."""
        if not isinstance(entry, dict) or not _for_signatures(entry):
            return
        kid, only, type_ = entry.get("kid"), entry.get("alg"), entry.get("kty")
        curve = None if type_ == "RSA" else entry.get("crv")
        if not isinstance(kid, str | None) or not isinstance(curve, str | None):
            return
        for algorithm in _FITTING.get((str(type_), curve), ()):
            if algorithm not in self._algorithms or only not in (None, algorithm):
                continue
            try:
                key = jwt.PyJWK(entry, algorithm)
            except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
                return
            if type_ == "RSA" and key.key.key_size < _LEAST_RSA_BITS:
                return
            yield _Key(kid, algorithm, key)

    def _known(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        if not self._younger_than(GOOD_SECONDS):
            return None
        fitting = [one for one in self._keys if one.algorithm == algorithm]
        if kid is None:  # then there has to be no doubt
            return fitting[0].key if len(fitting) == 1 else None
        return next((one.key for one in fitting if one.kid == kid), None)

    def _younger_than(self, seconds: float) -> bool:
        return self._clock() - self._fetched < seconds


def _for_signatures(entry: dict[str, Any]) -> bool:
    """Whether a key is for signatures, and public: a private one that was published is lost."""
    operations = entry.get("key_ops")
    return (
        "d" not in entry
        and entry.get("use") in (None, "sig")
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )
