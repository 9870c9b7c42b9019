"""Where the secret is: in the environment, in a keyring, in a file, or nowhere."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from anyio import to_thread
from pydantic import SecretStr

from mcp_server_zendesk.doctor import mending
from mcp_server_zendesk.doctor.checks import Check
from mcp_server_zendesk.settings import Settings, environment_name
from mcp_server_zendesk.signing_in.credentials import keeper_of
from mcp_server_zendesk.signing_in.shared_vault import SharedVault
from mcp_server_zendesk.signing_in.sign_in import SignIn, read_sign_in
from mcp_server_zendesk.signing_in.vaults import FileVault, Vault, VaultUnavailable, vault_of


@dataclass(frozen=True, slots=True)
class Stored:
    """What there is to sign in with. ``kept`` where it comes from a vault.

    ``token`` and ``email`` are those of the auth types that send a token as it is.
    """

    token: SecretStr | None = None
    email: str | None = None
    kept: SignIn | None = None


async def look_at_storage(
    settings: Settings, vault: Callable[[], Vault] | None = None
) -> tuple[Check, Stored | None]:
    """Find the secret; None where nobody could sign in."""
    if settings.auth == "oauth_client_credentials" and settings.client_id is None:
        return _lacking(settings, "client_id"), None
    if (variable := mending.secret_variable(settings)) is not None:
        if settings.auth == "api_token" and settings.email is None:
            return _lacking(settings, "email"), None
        token = settings.oauth_token if settings.auth == "oauth_token" else settings.api_token
        check = Check("storage", "ok", f"the secret comes from the environment ({variable})")
        return check, Stored(token, settings.email)
    find = vault or (lambda: vault_of(settings.workspace))
    return await to_thread.run_sync(lambda: _in_vault(settings, find), abandon_on_cancel=True)


def _in_vault(settings: Settings, find: Callable[[], Vault]) -> tuple[Check, Stored | None]:
    try:
        vault = find()
        where = vault.describe()
    except VaultUnavailable as error:
        return _no_vault(settings, error), None
    try:
        text = vault.read(settings.workspace)
    except VaultUnavailable as error:
        return _closed_vault(settings, vault, where, error), None
    kept = read_sign_in(text) if text is not None else None
    misfit = None if kept is None else keeper_of(settings).misfit(kept)
    if kept is None or misfit is not None:
        return _not_signed_in(settings, where, text, misfit), None
    email = settings.email or kept.email
    if settings.auth == "api_token" and email is None:
        return _lacking(settings, "email"), None
    stored = Stored(kept.token, email, kept)
    found = f"signed in{_told(kept)}; kept in {where}"
    if not vault.insecure:
        return Check("storage", "ok", found), stored
    return Check(
        "storage",
        "warn",
        found,
        why="The secrets lie unencrypted in a file: whoever reads it, or a backup of it, is you.",
        mend=mending.sign_in(settings),
        cause="insecure_storage",
    ), stored


def _told(kept: SignIn) -> str:
    who = f" as {kept.person}" if kept.person else ""
    if kept.signed_in_at is None:
        return who
    return f"{who} on {datetime.fromtimestamp(kept.signed_in_at, UTC):%Y-%m-%d}"


def _lacking(settings: Settings, name: str) -> Check:
    variable = environment_name(name)
    return Check(
        "storage",
        "fail",
        f"{variable} is not set",
        why=f"The auth type {settings.auth} needs it.",
        mend=f"set {variable}, or pass --{name.replace('_', '-')}",
        cause="incomplete",
    )


def _no_vault(settings: Settings, error: VaultUnavailable) -> Check:
    return Check(
        "storage",
        "fail",
        "no keyring can be used here, and the environment holds no secret",
        why=_sentence(error),
        mend=f"{mending.sign_in(settings)} --insecure-storage",
        cause="no_keyring",
    )


def _closed_vault(settings: Settings, vault: Vault, where: str, error: VaultUnavailable) -> Check:
    if isinstance(vault, FileVault):
        file = shlex.quote(str(vault.path(settings.workspace)))
        cause, mend = "file_not_private", f"chmod 600 {file}"
    elif isinstance(vault, SharedVault):
        cause = "store_unreadable"
        mend = f"look at store_url and state_keys, then: {mending.doctor(settings)}"
    else:
        cause, mend = "keyring_unreadable", f"unlock the keyring, then: {mending.doctor(settings)}"
    return Check(
        "storage",
        "fail",
        f"{where} cannot be read",
        why=_sentence(error),
        mend=mend,
        cause=cause,
    )


def _not_signed_in(settings: Settings, where: str, text: str | None, misfit: str | None) -> Check:
    if misfit is not None:
        cause, why = "signed_in_elsewhere", misfit
    elif text is not None:
        cause, why = "sign_in_damaged", "What is kept for the workspace cannot be read."
    else:
        cause, why = "not_signed_in", f"There is no sign-in for it in {where}."
    return Check(
        "storage",
        "fail",
        f"nobody is signed in to the workspace {settings.workspace!r}",
        why=why,
        mend=mending.sign_in(settings),
        cause=cause,
    )


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
