"""Settings of the HTTP server, which may serve several workspaces to a team.

Flag, then ``ZENDESK_SERVER_…``, then the ``[server]`` table of ``config.toml``, then default. No
message repeats a value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from mcp_server_zendesk.configuration_tables import ConfigurationError, server_table
from mcp_server_zendesk.connection.nearest import or_nearest
from mcp_server_zendesk.setting_problems import problems_of
from mcp_server_zendesk.settings import Names, Port, absolute_path
from mcp_server_zendesk.variables import SERVER_PREFIX

SECRETS = ("store_url", "state_keys")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures by key pairs alone: with a shared secret, whoever verifies could also sign."""
EVERY_WORKSPACE = "all"

_OF_ISSUERS = ("jwks_url", "audience", "scope_prefix")
_HOST = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:(\d{1,5}|\*))?", re.ASCII)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/*?#]+")
_SHORTEST_KEY = 32
_MOST_SECONDS = 600


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    bare = host.strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def _address(value: str) -> str:
    """An ``https`` address; ``http`` on loopback alone. Without a slash at its end."""
    return _whole_address(value).rstrip("/")


def _whole_address(value: str) -> str:
    """The same with its slash: tokens name their issuer, and it is compared to the letter."""
    try:
        parts = urlsplit(value.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if (
        not _fits_in_a_header(value.strip())
        or not host
        or parts.username
        or parts.password
        or parts.query
        or parts.fragment
    ):
        raise ValueError("has to be an address like https://mcp.example.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("has to begin with https:// (http:// is for loopback alone)")
    return value.strip()


def _scope_prefix(value: str) -> str:
    """What may stand in a scope (RFC 6749 §3.3)."""
    if not _fits_in_a_header(value):
        raise ValueError("holds a character that no scope has")
    return value


def _fits_in_a_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and not set(value) & set(' "\\')


def _algorithms(value: tuple[str, ...]) -> tuple[str, ...]:
    for place, name in enumerate(value, 1):
        if name not in ALGORITHMS:
            raise ValueError(
                f"entry {place} is not allowed{or_nearest(name, ALGORITHMS)}. "
                f"Valid: {', '.join(ALGORITHMS)}"
            )
    return value


def _hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    return _all_like(value, _HOST, "a name or name:port, without https:// and without a path")


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    words = "like https://app.example.com, as browsers send it: without a slash at its end"
    return _all_like(value, _ORIGIN, words)


def _all_like(value: tuple[str, ...], form: re.Pattern[str], words: str) -> tuple[str, ...]:
    for place, entry in enumerate(value, 1):
        if not form.fullmatch(entry):
            raise ValueError(f"entry {place} has to be {words}")
    return value


def _keys(value: object) -> object:
    """Keys that stand apart by spaces or commas."""
    keys = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(keys, list | tuple) or not keys:
        raise ValueError("holds no key")
    if any(not isinstance(key, str) or len(key) < _SHORTEST_KEY for key in keys):
        raise ValueError(f"a key has to have {_SHORTEST_KEY} random characters or more")
    return tuple(keys)


WholeAddress = Annotated[str, AfterValidator(_whole_address)]
Address = Annotated[str, AfterValidator(_address)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Seconds = Annotated[float, Field(ge=0, le=_MOST_SECONDS)]


class ServerSettings(BaseModel):
    """One HTTP server, as its admin configured it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: Annotated[
        str,
        Field(
            description="The address to listen on; another than loopback needs authentication, "
            "`allowed_hosts` and `public_url`",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="The port to listen on")] = 8000
    public_url: Annotated[
        Address | None,
        Field(description="The address by which clients reach this server, before any path"),
    ] = None
    allowed_hosts: Annotated[
        Names,
        AfterValidator(_hosts),
        Field(description="Values of the Host header to accept, as `name` or `name:port`"),
    ] = ()
    allowed_origins: Annotated[
        Names,
        AfterValidator(_origins),
        Field(description="Values of the Origin header to accept, for clients in browsers"),
    ] = ()
    workspaces: Annotated[
        Names,
        Field(description="Workspaces to serve, each at its own path, or `all`; unset, one alone"),
    ] = ()
    issuer: Annotated[
        WholeAddress | None,
        Field(
            description="The OAuth authorization server that issues tokens, as they name it: a "
            "slash at the end counts"
        ),
    ] = None
    jwks_url: Annotated[
        WholeAddress | None,
        Field(description="Where its keys are; by default where its metadata say"),
    ] = None
    audience: Annotated[
        str | None,
        Field(description="What a token's audience has to be; by default the workspace's address"),
    ] = None
    algorithms: Annotated[
        Names,
        AfterValidator(_algorithms),
        Field(min_length=1, description="Signature algorithms to accept"),
    ] = ("RS256", "ES256")
    scope_prefix: Annotated[
        str,
        AfterValidator(_scope_prefix),
        Field(description="What stands before each of our scopes in a token, e.g. `zendesk.`"),
    ] = ""
    tokens_file: Annotated[
        Annotated[Path, AfterValidator(absolute_path)] | None,
        Field(description="Static bearer tokens, hashed, as the command `tokens` writes them"),
    ] = None
    calls_per_minute: Annotated[
        Count | None, Field(description="Tool calls that one caller may make within a minute")
    ] = None
    calls_at_once: Annotated[
        Count, Field(description="Tool calls of one caller that run at a time; more wait")
    ] = 8
    stateless: Annotated[
        bool,
        Field(
            description="Keep no session for clients before 2026-07-28 either, so that any "
            "replica can answer them; those clients cannot be asked for a confirmation then"
        ),
    ] = False
    store_url: Annotated[
        SecretStr | None,
        Field(description="`redis://` or `rediss://`: what the replicas of a server share"),
    ] = None
    state_keys: Annotated[
        tuple[SecretStr, ...],
        BeforeValidator(_keys),
        Field(description="Keys that seal questions to humans; the first seals, all open"),
    ] = ()
    log_format: Annotated[
        Literal["text", "json"], Field(description="How a line of the log looks")
    ] = "text"
    metrics_host: Annotated[
        str, Field(min_length=1, description="The address to serve metrics on")
    ] = "127.0.0.1"
    metrics_port: Annotated[
        Port | None, Field(description="The port to serve Prometheus metrics on; unset, none are")
    ] = None
    tracing: Annotated[
        bool,
        Field(
            description="Send OpenTelemetry traces over OTLP/HTTP, to where the standard `OTEL_…` "
            "variables say"
        ),
    ] = False
    drain_seconds: Annotated[
        Seconds,
        Field(description="How long to go on serving after SIGTERM while `/readyz` says no"),
    ] = 0
    finish_seconds: Annotated[
        Seconds, Field(description="How long calls under way may take to finish after that")
    ] = 25

    @property
    def authenticates(self) -> bool:
        """Whether clients have to show a token."""
        return self.issuer is not None or self.tokens_file is not None


def load_server(
    flags: Mapping[str, Any],
    *,
    environ: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> ServerSettings:
    """The settings of the HTTP server. See ``settings.load``.

    Raises:
        ConfigurationError: Says in one line what is wrong and how to mend it.
    """
    names = list(ServerSettings.model_fields)
    given = _from_environment(os.environ if environ is None else environ, names)
    given |= {name: value for name, value in flags.items() if value is not None}
    keys = [name for name in names if name not in SECRETS]
    return _validated({**server_table(config, keys, SECRETS), **given})


def flags_alone(flags: Mapping[str, Any]) -> ServerSettings:
    """The settings that flags make, whatever stands elsewhere: for a demonstration.

    Raises:
        ConfigurationError: See ``load_server``.
    """
    return _validated({name: value for name, value in flags.items() if value is not None})


def _validated(values: Mapping[str, Any]) -> ServerSettings:
    try:
        settings = ServerSettings.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(problems_of(error)) from None
    for name in _OF_ISSUERS:
        if getattr(settings, name) and settings.issuer is None:
            raise ConfigurationError(f"{name} says something of an issuer's tokens: set issuer too")
    return settings


def server_variable(setting: str) -> str:
    """The environment variable of a setting of the HTTP server."""
    return SERVER_PREFIX + setting.upper()


def _from_environment(environ: Mapping[str, str], names: list[str]) -> dict[str, Any]:
    """An unknown name is refused: what was meant may have been a limit."""
    known = {server_variable(name): name for name in names}
    for variable in sorted(environ):
        if variable.upper().startswith(SERVER_PREFIX) and variable not in known:
            raise ConfigurationError(
                f"{variable} is no setting of the HTTP server{or_nearest(variable, known)}"
            )
    return {
        name: environ[variable].strip()
        for variable, name in known.items()
        if environ.get(variable, "").strip()
    }
