"""Settings of one workspace: flag, then environment, then ``config.toml``, then default.

Nothing else in the product reads the environment. No message here repeats a value: people paste
secrets into the wrong place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
)

from mcp_server_zendesk.configuration_tables import (
    ConfigurationError,
    default_config_file,
    workspace_tables,
)
from mcp_server_zendesk.connection.account import Account, parse_subdomain
from mcp_server_zendesk.connection.guarding.touched import EFFECTS
from mcp_server_zendesk.connection.nearest import or_nearest
from mcp_server_zendesk.connection.scopes import parse_scopes
from mcp_server_zendesk.policy_settings import (
    NONE,
    Ceiling,
    Effects,
    MailDomains,
    PlaceNames,
    Redactions,
)
from mcp_server_zendesk.setting_problems import problems_of
from mcp_server_zendesk.variables import PREFIX, mistaken_limit, unknown_among

AuthType = Literal["oauth", "oauth_client_credentials", "oauth_token", "api_token"]
Keep = Literal["fields", "texts"]
LogLevel = Literal["debug", "info", "warning", "error"]

_UNEXPANDED = re.compile(r"\$\{[^}]*\}|^\$[A-Z_]+$|^%[A-Z_]+%$")
SECRETS = ("client_secret", "oauth_token", "api_token")
_EMAIL = re.compile(r"[^@\s:]+@[^@\s:]+")


def _names(value: object) -> object:
    """A list of names from a string with spaces or commas, or from one number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _scopes(value: object) -> object:
    return parse_scopes(value) if isinstance(value, str | list | tuple) else value


def _secret(value: object) -> object:
    """A pasted secret without the white space and the word ``Bearer`` around it."""
    if not isinstance(value, str):
        return value
    words = value.split()
    if words and words[0].lower() == "bearer":
        words = words[1:]
    secret = " ".join(words)
    if not words or not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise ValueError("is empty, or holds a space or a character that no token has")
    return secret


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _email(value: str) -> str:
    """An address alone: ``/token`` behind it is Zendesk's notation and is added by us."""
    address = value.strip().removesuffix("/token")
    if not _EMAIL.fullmatch(address):
        raise ValueError("that is not one e-mail address")
    return address


def absolute_path(value: Path) -> Path:
    """A path that means the same file wherever a client starts the server."""
    try:
        path = value.expanduser()
    except RuntimeError:
        raise ValueError("begins with ~, and there is no home folder here") from None
    if not path.is_absolute():
        raise ValueError("has to begin at the root or with ~: clients start the server anywhere")
    return path


Secret = Annotated[SecretStr, BeforeValidator(_secret)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(BaseModel):
    """One workspace, as its admin configured it (design §5)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    workspace: Annotated[
        str, Field(description="The name of the workspace; the subdomain where none is given")
    ] = "default"
    subdomain: Annotated[
        str,
        AfterValidator(parse_subdomain),
        Field(description="`acme` for acme.zendesk.com; a pasted address is recognised"),
    ]
    auth: Annotated[
        AuthType,
        BeforeValidator(_lower),
        Field(
            description="`oauth` (sign in by browser), `oauth_client_credentials` (servers), "
            "`oauth_token` (a token made elsewhere) or `api_token` (until 2027-04-30)"
        ),
    ] = "oauth"
    scopes: Annotated[
        frozenset[str],
        BeforeValidator(_scopes),
        Field(description="Space-separated; what the tools may use at most"),
    ] = frozenset({"read"})
    client_id: Annotated[str | None, Field(description="The OAuth client's identifier")] = None
    client_secret: Annotated[
        Secret | None, Field(description="Its secret, where it is a confidential client")
    ] = None
    redirect_ports: Annotated[
        Annotated[tuple[Port, ...], Field(min_length=1, max_length=8)],
        BeforeValidator(_names),
        Field(description="Ports of 127.0.0.1 on which the browser's answer may arrive"),
    ] = (8765, 8766, 8767)
    oauth_token: Annotated[Secret | None, Field(description="A bearer token")] = None
    email: Annotated[
        Annotated[str, AfterValidator(_email)] | None,
        Field(description="The user of the API token"),
    ] = None
    api_token: Annotated[Secret | None, Field(description="An API token")] = None
    toolsets: Annotated[
        Names | None,
        Field(description="Toolsets to offer, or `all`; `none` offers the tools of `tools` alone"),
    ] = None
    tools: Annotated[Names, Field(description="Single tools to add")] = ()
    exclude_tools: Annotated[Names, Field(description="Tools to leave out")] = ()
    read_only: Annotated[
        bool, Field(description="Offer only tools that change nothing; beats everything else")
    ] = False
    confirm: Annotated[
        Literal["require", "client"],
        BeforeValidator(_lower),
        Field(
            description="Who asks the human before a contact or what cannot be undone: `require` "
            "(the server, through the client) or `client` (its own approval prompt is trusted)"
        ),
    ] = "require"
    allow_effects: Annotated[
        Effects,
        Field(
            description="What calls may do at most: of `read write contact irreversible`, or "
            "`all`; unset, all four"
        ),
    ] = EFFECTS
    allow_recipients: Annotated[
        MailDomains,
        Field(
            description="Who may be contacted, by mail domain: `acme.com`, `*.acme.com` for what "
            "is below it, or one address; unset, everyone"
        ),
    ] = None
    allow_groups: Annotated[
        PlaceNames,
        Field(
            description="Groups whose tickets may be changed, by id or name, with commas between "
            "names; unset, all"
        ),
    ] = None
    allow_brands: Annotated[
        PlaceNames, Field(description="Brands whose tickets may be changed, likewise; unset, all")
    ] = None
    writes_per_minute: Annotated[
        Ceiling, Field(description="How many records may be changed within a minute")
    ] = None
    writes_per_session: Annotated[
        Ceiling, Field(description="How many records may be changed while the server runs")
    ] = None
    redact: Annotated[
        Redactions,
        Field(
            description="Kinds to take out of what a model reads: `cards`, `bank_accounts`, "
            "`national_ids`, `tokens`, `passwords`, or `all` or `none`"
        ),
    ] = ()
    analytics: Annotated[
        bool,
        Field(
            description="Keep tickets on this machine, for questions that span thousands of them; "
            "offers the toolset `analytics`"
        ),
    ] = False
    analytics_keep: Annotated[
        Keep,
        BeforeValidator(_lower),
        Field(
            description="What of them: `fields` (no text that a customer wrote, no customer's "
            "name) or `texts` (those too, cleaned)"
        ),
    ] = "fields"
    retention_days: Annotated[
        int,
        Field(ge=1, le=36_500, description="Days after its last change for which one is kept"),
    ] = 400
    analytics_folder: Annotated[
        Annotated[Path, AfterValidator(absolute_path)] | None,
        Field(
            description="The folder in which each workspace has a store of its own, for its owner "
            "alone; unset, where the system keeps such data"
        ),
    ] = None
    audit_log: Annotated[
        Annotated[Path, AfterValidator(absolute_path)] | None,
        Field(
            description="A file in which each call is recorded, sealed, for `audit` to verify; "
            "from the root, or from `~`"
        ),
    ] = None
    log_level: Annotated[
        LogLevel, BeforeValidator(_lower), Field(description="How much goes to stderr")
    ] = "info"

    _file: Path | None = PrivateAttr(default=None)
    _given: frozenset[str] = PrivateAttr(default=frozenset())
    _unknown: tuple[str, ...] = PrivateAttr(default=())

    @property
    def account(self) -> Account:
        """The Zendesk account."""
        return Account(self.subdomain)

    @property
    def file(self) -> Path | None:
        """The configuration file that has this workspace's table; None where there is none."""
        return self._file

    @property
    def unknown_variables(self) -> tuple[str, ...]:
        """Names in the environment that look like a setting's and are none."""
        return self._unknown

    @property
    def given(self) -> dict[str, str]:
        """What flags and the environment set beside the file, as text. Never a secret."""
        return {name: _as_text(name, getattr(self, name)) for name in sorted(self._given)}


def _as_text(name: str, value: Any) -> str:
    """A setting's value as the environment would hold it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset):
        return " ".join(sorted(value))
    if name == "redact" and not value:
        return NONE
    between = ", " if name in {"allow_groups", "allow_brands"} else " "  # names hold spaces
    return between.join(map(str, value)) if isinstance(value, tuple) else str(value)


def load(
    flags: Mapping[str, Any],
    *,
    environ: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> Settings:
    """The settings of one workspace.

    Args:
        flags: Command-line flags by setting name; None where a flag was not given.
        environ: The environment; the process's own when None.
        config: A configuration file that must exist; the default one may be absent.

    Raises:
        ConfigurationError: Says in one line what is wrong and how to mend it.
    """
    from_flags = {name: value for name, value in flags.items() if value is not None}
    environ = os.environ if environ is None else environ
    from_environment, unknown = _from_environment(environ)
    given = {**from_environment, **from_flags}
    keys = [key for key in Settings.model_fields if key not in (*SECRETS, "workspace")]
    tables = workspace_tables(config, keys, SECRETS)
    name, table = _table(tables, given.pop("workspace", None))
    merged = {**table, **given}
    if "subdomain" not in merged:
        raise ConfigurationError(
            "no Zendesk subdomain is configured; set ZENDESK_SUBDOMAIN (for acme.zendesk.com it "
            "is 'acme'), or pass --subdomain, or run 'mcp-server-zendesk setup', or try the "
            "product with 'serve --demo'"
        )
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigurationError(problems_of(error)) from None
    settings = settings.model_copy(update={"workspace": name or settings.subdomain})
    settings._file = (config or default_config_file()) if table else None  # noqa: SLF001 - ours
    settings._unknown = unknown  # noqa: SLF001 - ours
    settings._given = frozenset(given).difference(SECRETS)  # noqa: SLF001 - ours
    return settings


def environment_name(setting: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + ("OAUTH_" if setting.startswith("client_") else "") + setting.upper()


def all_variables() -> list[str]:
    """The environment variables of all settings."""
    return [environment_name(setting) for setting in Settings.model_fields]


def variables_in(environ: Mapping[str, str]) -> list[str]:
    """The variables that set something, by name alone."""
    return [name for name in all_variables() if environ.get(name, "").strip()]


def _from_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Settings from the environment, and names that are none's. An empty variable is unset."""
    known = all_variables()
    unknown = unknown_among(environ, known)
    for variable in unknown:
        if meant := mistaken_limit(variable, known):
            raise ConfigurationError(
                f"{variable} is no setting, and most likely means {meant}, which limits what may "
                "be done: correct the name, or unset it"
            )
    names = {name: environment_name(name) for name in Settings.model_fields}
    given = {name: environ.get(variable, "").strip() for name, variable in names.items()}
    found = {name: value for name, value in given.items() if value}
    for name, value in found.items():
        if _UNEXPANDED.search(value):
            raise ConfigurationError(
                f"{names[name]} holds a placeholder that the client did not fill in; define the "
                "variable where the client is started"
            )
    return found, unknown


def _table(tables: Mapping[str, Any], chosen: str | None) -> tuple[str | None, Mapping[str, Any]]:
    """The chosen workspace; the only one where none is chosen; no name where there is neither."""
    if chosen is None:
        if len(tables) > 1:
            raise ConfigurationError(
                "several workspaces are configured; choose one with --workspace or "
                f"ZENDESK_WORKSPACE: {', '.join(sorted(tables))}"
            )
        return next(iter(tables.items()), (None, {}))
    if tables and chosen not in tables:
        raise ConfigurationError(
            f"there is no workspace of that name{or_nearest(chosen, tables)}. "
            f"Configured: {', '.join(sorted(tables))}"
        )
    return chosen, tables.get(chosen, {})
