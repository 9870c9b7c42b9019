"""Where the settings of a server and its workspaces come from, each time they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mcp_server_zendesk.embedded import embedded_settings, embedded_transport
from mcp_server_zendesk.hosting.several import names_of
from mcp_server_zendesk.server_settings import ServerSettings, flags_alone, load_server
from mcp_server_zendesk.settings import Settings, load

if TYPE_CHECKING:
    import httpx


class Source(Protocol):
    """Reads them anew with each call; all raise ``ConfigurationError``."""

    @property
    def transport(self) -> httpx.AsyncBaseTransport | None:
        """Another way to Zendesk than the network."""
        ...

    def server(self) -> ServerSettings:
        """Of the HTTP server."""
        ...

    def names(self) -> tuple[str, ...]:
        """The workspaces that are served at ``/NAME``; none where one is served at the root."""
        ...

    def workspace(self, name: str) -> Settings:
        """Of a workspace; of the only one where the name is empty."""
        ...


@dataclass(frozen=True)
class Configured:
    """Flags, then the environment, then ``config.toml``."""

    flags: Mapping[str, Any]
    server_flags: Mapping[str, Any]
    config: Path | None = None
    transport: httpx.AsyncBaseTransport | None = None

    def server(self) -> ServerSettings:
        """See ``Source``."""
        return load_server(self.server_flags, config=self.config)

    def names(self) -> tuple[str, ...]:
        """See ``Source``."""
        return names_of(self.server(), self.flags, config=self.config)

    def workspace(self, name: str) -> Settings:
        """See ``Source``."""
        flags = {**self.flags, "workspace": name} if name else self.flags
        return load(flags, config=self.config)


@dataclass(frozen=True)
class Embedded:
    """The embedded workspace, by flags alone."""

    flags: Mapping[str, Any]
    server_flags: Mapping[str, Any]

    @cached_property
    def transport(self) -> httpx.AsyncBaseTransport:
        """The way to it."""
        return embedded_transport()

    def server(self) -> ServerSettings:
        """See ``Source``."""
        return flags_alone(self.server_flags)

    def names(self) -> tuple[str, ...]:
        """See ``Source``."""
        return ()

    def workspace(self, name: str) -> Settings:
        """See ``Source``."""
        del name
        return embedded_settings(self.flags)
