"""Verifies static tokens against their file."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mcp.server.auth.provider import AccessToken

from mcp_server_zendesk.hosting.tokens_file import PREFIX, StaticToken, hash_of, read_tokens
from mcp_server_zendesk.hosting.verifying import TokenRefused, TokenUnknown

ISSUER = "tokens_file"
"""In an issuer's place. No issuer is called so: theirs are addresses."""


@dataclass(frozen=True, slots=True)
class StaticTokensRead:
    """What reading the file again has changed. As text, a sentence for the log, without names."""

    known: int
    new: int
    """Changed ones included."""
    gone: int

    def __str__(self) -> str:
        are = "token is" if self.known == 1 else "tokens are"
        return f"{self.known} static {are} known now: {self.new} new or changed, {self.gone} gone"


class StaticTokens:
    """The static tokens of a server.

    Args:
        file: As the command ``tokens`` writes it.
        clock: Seconds since 1970.

    Raises:
        TokensUnusable: The file cannot be used.
    """

    def __init__(self, file: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._tokens = read_tokens(file)

    def reload(self) -> StaticTokensRead:
        """Read the file again.

        Raises:
            TokensUnusable: It cannot be used; the tokens known before stay.
        """
        before, self._tokens = self._tokens, read_tokens(self._file)
        names = {one.name for one in self._tokens}
        return StaticTokensRead(
            known=len(names),
            new=sum(one not in before for one in self._tokens),
            gone=sum(one.name not in names for one in before),
        )

    def find(self, token: str) -> StaticToken | None:
        """The entry of a token. It takes as long whatever is found, and wherever."""
        wanted, found = hash_of(token), None
        for one in self._tokens:
            if hmac.compare_digest(one.sha256, wanted):
                found = one
        return found

    def of_workspace(self, workspace: str) -> StaticTokensOfWorkspace:
        """The verifier for one workspace."""
        return StaticTokensOfWorkspace(self, workspace, self._clock)


class StaticTokensOfWorkspace:
    """A ``Verifier`` of those static tokens that are for one workspace."""

    def __init__(
        self, tokens: StaticTokens, workspace: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._tokens = tokens
        self._workspace = workspace
        self._clock = clock

    async def verify(self, token: str) -> AccessToken:
        """See ``Verifier``."""
        if not token.startswith(PREFIX):
            raise TokenUnknown("this server takes tokens of its own alone; ask its admin for one")
        found = self._tokens.find(token)
        if found is None:
            raise TokenRefused(
                "the token is none of this server's, or no longer; ask its admin for one"
            )
        if found.expires is not None and found.expires.timestamp() <= self._clock():
            raise TokenRefused("the token has expired; ask the server's admin for a new one")
        if found.workspaces is not None and self._workspace not in found.workspaces:
            raise TokenRefused("the token is for other workspaces of this server")
        return AccessToken(
            token="",
            client_id=found.name,
            scopes=sorted(found.scopes),
            expires_at=None if found.expires is None else int(found.expires.timestamp()),
            claims={"iss": ISSUER},
        )
