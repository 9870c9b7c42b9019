"""What `auth status` says."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from mcp_server_zendesk.command_lines import command
from mcp_server_zendesk.connection.credentials import API_TOKENS_END
from mcp_server_zendesk.settings import Settings, environment_name
from mcp_server_zendesk.signing_in.sign_in import SignIn, misfit, read_sign_in
from mcp_server_zendesk.signing_in.vaults import Vault, VaultUnavailable, vault_of

_FROM_OUTSIDE = {"oauth_token": "oauth_token", "api_token": "api_token"}


def report(
    settings: Settings, *, as_json: bool, now: float | None = None, vault: Vault | None = None
) -> tuple[str, bool]:
    """The status as text or JSON, and whether there is something to sign in with.

    Args:
        settings: Of the workspace.
        as_json: For machines.
        now: Seconds since 1970.
        vault: Another one than the workspace's own.
    """
    facts, good = _facts(settings, time.time() if now is None else now, vault)
    if as_json:
        return json.dumps({"signed_in": good, **facts}, indent=2), good
    width = max(map(len, facts)) + 2
    lines = [
        f"{name.replace('_', ' ').capitalize():<{width}}{_shown(value)}"
        for name, value in facts.items()
    ]
    return "\n".join(lines), good


def _facts(settings: Settings, now: float, vault: Vault | None) -> tuple[dict[str, Any], bool]:
    facts: dict[str, Any] = {
        "workspace": settings.workspace,
        "account": settings.account.host,
        "auth": settings.auth,
    }
    good = True
    outside = _given_from_outside(settings)
    if outside is not None:
        facts["user"] = settings.email if settings.auth == "api_token" else "doctor finds out"
        facts["storage"] = f"the environment ({outside})"
    else:
        good = _add_kept(facts, settings, now, vault)
    facts["configured_scopes"] = sorted(settings.scopes)
    if settings.auth == "api_token":
        facts["end_of_api_tokens"] = f"{API_TOKENS_END}, when Zendesk stops them all"
    if not good:
        facts["mend"] = command("auth login", settings)
    return facts, good


def _given_from_outside(settings: Settings) -> str | None:
    """The variable that holds the secret, where the environment does."""
    name = {**_FROM_OUTSIDE, "oauth_client_credentials": "client_secret"}.get(settings.auth)
    return environment_name(name) if name and getattr(settings, name) is not None else None


def _add_kept(facts: dict[str, Any], settings: Settings, now: float, vault: Vault | None) -> bool:
    try:
        vault = vault or vault_of(settings.workspace)
        facts["storage"] = vault.describe()
        text = vault.read(settings.workspace)
    except VaultUnavailable as error:
        facts["problem"] = str(error)
        return False
    kept = read_sign_in(text) if text is not None else None
    if kept is None:
        facts["problem"] = "nobody is signed in" if text is None else "what is kept is damaged"
        return False
    problem = misfit(
        kept,
        auth=settings.auth,
        subdomain=settings.subdomain,
        client_id=settings.client_id,
        email=settings.email if settings.auth == "api_token" else None,
    )
    if problem:
        facts["problem"] = problem
        return False
    if kept.person:
        facts["user"] = str(kept.person)
    if kept.client_id:
        facts["client"] = kept.client_id
    if kept.granted is not None:
        facts["granted_scopes"] = sorted(kept.granted)
    return _add_times(facts, kept, now)


def _add_times(facts: dict[str, Any], kept: SignIn, now: float) -> bool:
    """When it ends. An access token that has ended is renewed by its refresh token."""
    if kept.signed_in_at is not None:
        facts["signed_in_at"] = _day(kept.signed_in_at)
    ends = kept.refresh_expires_at if kept.refresh_token else kept.expires_at
    if kept.refresh_token and kept.expires_at is not None:
        minutes = (kept.expires_at - now) / 60
        facts["access_token"] = (
            f"for {minutes:.0f} more minutes, then renewed" if minutes > 0 else "due for renewal"
        )
    if ends is None:
        return True
    if ends <= now:
        facts["problem"] = f"it ended on {_day(ends)}"
        return False
    facts["ends"] = f"{_day(ends)}{' unless it is used' if kept.refresh_token else ''}"
    return True


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _shown(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)
