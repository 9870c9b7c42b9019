"""How one HTTP server knows its callers, as it was configured."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.hosting.challenges import Resource
from mcp_server_zendesk.hosting.keys import IssuerKeys
from mcp_server_zendesk.hosting.signed_tokens import SignedTokens
from mcp_server_zendesk.hosting.static_tokens import StaticTokens, StaticTokensRead
from mcp_server_zendesk.hosting.tokens_file import TokensUnusable
from mcp_server_zendesk.hosting.verifying import AnyVerifier, Verifier
from mcp_server_zendesk.server_settings import ServerSettings


class Authentication:
    """What all workspaces of a server share: the static tokens, and the issuer's keys.

    Args:
        settings: The server's.
        transport: Of the HTTP client to the issuer; for tests.
        clock: Seconds since 1970.
        monotonic: Seconds of any origin.

    Raises:
        ConfigurationError: The settings name no way to authenticate, or the file of tokens cannot
            be used.
    """

    def __init__(
        self,
        settings: ServerSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not settings.authenticates:
            raise ConfigurationError("neither issuer nor tokens_file is set: nobody could be known")
        self._settings = settings
        self._clock = clock
        self._static: StaticTokens | None = None
        self._keys: IssuerKeys | None = None
        if settings.tokens_file is not None:
            try:
                self._static = StaticTokens(settings.tokens_file, clock=clock)
            except TokensUnusable as error:
                raise ConfigurationError(f"tokens_file: {error}") from None
        if settings.issuer is not None:
            self._keys = IssuerKeys(
                settings.issuer,
                algorithms=settings.algorithms,
                jwks_url=settings.jwks_url,
                transport=transport,
                clock=monotonic,
            )

    def resource(self, url: str) -> Resource:
        """A workspace at its public address, for ``Gate``."""
        return Resource(url, self._settings.issuer, self._settings.scope_prefix)

    def verifier_of(self, workspace: str, resource: Resource) -> Verifier:
        """The verifier for one workspace: whoever may use another may not use this one by that."""
        verifiers: list[Verifier] = []
        if self._static is not None:
            verifiers.append(self._static.of_workspace(workspace))
        if self._keys is not None and self._settings.issuer is not None:
            address = resource.url.rstrip("/")
            verifiers.append(
                SignedTokens(
                    self._keys,
                    issuer=self._settings.issuer,
                    audiences=(self._settings.audience,)
                    if self._settings.audience
                    else (address, f"{address}/"),
                    algorithms=self._settings.algorithms,
                    scope_prefix=self._settings.scope_prefix,
                    clock=self._clock,
                )
            )
        return AnyVerifier(verifiers)

    async def prepare(self) -> None:
        """Fetch the issuer's keys before the first caller needs them; a failure is only logged."""
        if self._keys is not None:
            await self._keys.refresh()

    def reload(self) -> StaticTokensRead | None:
        """Read the static tokens again, where there are any; what that changed.

        Raises:
            ConfigurationError: They cannot be used; those known before stay.
        """
        if self._static is None:
            return None
        try:
            return self._static.reload()
        except TokensUnusable as error:
            raise ConfigurationError(f"tokens_file: {error}") from None

    async def aclose(self) -> None:
        """Close the connections to the issuer."""
        if self._keys is not None:
            await self._keys.aclose()
