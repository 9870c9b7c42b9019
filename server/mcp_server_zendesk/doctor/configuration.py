"""The settings: where they come from, whether they can be used, who else could change them."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_server_zendesk.command_lines import PROGRAM
from mcp_server_zendesk.configuration_tables import ConfigurationError, default_config_file
from mcp_server_zendesk.doctor.checks import Check, Doubt, doubtful
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.settings import (
    Settings,
    all_variables,
    environment_name,
    load,
    variables_in,
)
from mcp_server_zendesk.variables import nearest_variable
from mcp_server_zendesk.workspace import ExtraMissing, inventory_of, redaction_of

# Who uses a secret, and which auth type would.
_USED_BY = {
    "oauth_token": ("oauth_token",),
    "api_token": ("api_token",),
    "client_secret": ("oauth_client_credentials", "oauth"),
}


@dataclass(frozen=True, slots=True)
class Configured:
    """The workspace as its admin wants it."""

    settings: Settings
    inventory: Inventory


def look_at_configuration(
    flags: Mapping[str, Any], config: Path | None, environ: Mapping[str, str]
) -> tuple[Check, Configured | None]:
    """Read the configuration as a server would; None where none could start with it."""
    try:
        settings = load(flags, environ=environ, config=config)
        inventory = inventory_of(settings)
        redaction_of(settings)
    except ExtraMissing as error:
        return _extra_missing(error), None
    except ConfigurationError as error:
        return _unusable(str(error), flags, config, environ), None
    check = doubtful(
        "configuration",
        f"{settings.account.host} by {settings.auth}, scopes {' '.join(sorted(settings.scopes))}; "
        + _origin(settings, _given(flags, environ)),
        (
            *_unused_secrets(settings, flags),
            *_unknown_variables(settings),
            *_open_file(settings.file),
        ),
    )
    return check, Configured(settings, inventory)


def _unusable(
    problem: str, flags: Mapping[str, Any], config: Path | None, environ: Mapping[str, str]
) -> Check:
    file = config or default_config_file()
    given = _given(flags, environ)
    wrong = [name for name in environ if problem.startswith(f"{name} is no setting")]
    if not file.exists() and not any("subdomain" in name.lower() for name in given):
        mend = f"{PROGRAM} setup"
    elif str(file) in problem:
        mend = f"edit {shlex.quote(str(file))}"
    elif wrong:
        mend = f"correct the name of {wrong[0]}, or unset it"
    else:
        places = _set_in(problem, given, file) or [*given, *([str(file)] if file.exists() else [])]
        mend = f"correct it where it is set: {', '.join(places)}"
    return Check(
        "configuration",
        "fail",
        "no server can start with it",
        why=f"{problem}.",  # it may begin with a setting's name
        mend=mend,
        cause="configuration_unusable",
    )


def _set_in(problem: str, given: list[str], file: Path) -> list[str]:
    """Where the settings come from that a problem names; nothing where it names none."""
    places: list[str] = []
    for name in re.findall(r"(?:^|; )([a-z_]+): ", problem):
        if name not in Settings.model_fields:
            continue
        ways = (f"--{name.replace('_', '-')}", environment_name(name))
        places.append(next((way for way in ways if way in given), f"{name} in {file}"))
    return list(dict.fromkeys(places))


def _extra_missing(error: ExtraMissing) -> Check:
    return Check(
        "configuration",
        "fail",
        "no server can start with it",
        why=f"{error}.",
        mend="pip install 'mcp-server-zendesk[redaction]'",
        cause="extra_missing",
    )


def _given(flags: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    """The flags and variables that are set, by name alone."""
    named = [f"--{name.replace('_', '-')}" for name, value in flags.items() if value is not None]
    return [*named, *variables_in(environ)]


def _origin(settings: Settings, given: list[str]) -> str:
    others = ", ".join(given)
    if settings.file is None:
        return f"from {others}"
    table = f"from [workspaces.{settings.workspace}] of {settings.file}"
    return f"{table}, under {others}" if given else table


def _unused_secrets(settings: Settings, flags: Mapping[str, Any]) -> Iterator[Doubt]:
    for name, users in _USED_BY.items():
        if getattr(settings, name) is None or settings.auth in users:
            continue
        variable = environment_name(name)
        by_flag = flags.get("auth") is not None
        wanted = f"--auth {users[0]}" if by_flag else f"{environment_name('auth')}={users[0]}"
        yield Doubt(
            "secret_unused",
            f"{variable} is set, but the auth type is {settings.auth}, which does not use it.",
            f"{wanted}, or unset {variable}",
        )


def _unknown_variables(settings: Settings) -> Iterator[Doubt]:
    """Other programs have ``ZENDESK_`` variables too, so that one alone stops nothing."""
    for name in settings.unknown_variables:
        near = nearest_variable(name, all_variables())
        yield Doubt(
            "variable_unknown",
            f"{name} is no setting of this server, and has no effect on it.",
            f"leave {name} where another program needs it"
            + (f", or correct its name to {near}" if near else ", or unset it"),
        )


def _open_file(file: Path | None) -> Iterator[Doubt]:
    """Whoever can write the file decides where the credentials go. It holds no secret to read."""
    if file is None or os.name != "posix":
        return
    status = file.stat()
    quoted = shlex.quote(str(file))
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Doubt(
            "file_writable",
            f"Others than its owner can write {file}, and so decide which account and tools are "
            "served.",
            f"chmod 600 {quoted}",
        )
    if status.st_uid not in {os.geteuid(), 0}:
        yield Doubt(
            "file_of_another",
            f"{file} belongs to another user, who can change it.",
            f'sudo chown "$(id -un)" {quoted}',
        )
