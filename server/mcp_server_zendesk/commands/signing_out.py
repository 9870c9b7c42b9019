"""The conversation of `auth logout`."""

from __future__ import annotations

import time
from enum import Enum

import anyio
import click
from anyio import to_thread

from mcp_server_zendesk.connection.errors import TokenRefused, Unauthenticated, ZendeskError
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.credentials import endpoint_of, keeper_of
from mcp_server_zendesk.signing_in.sign_in import SignIn, read_sign_in
from mcp_server_zendesk.signing_in.turns import Turns, turns_in
from mcp_server_zendesk.signing_in.vaults import NoKeyring, Vault, VaultUnavailable, vault_of


class _Revocation(Enum):
    DONE = "Revoked at Zendesk, and forgotten here."
    ENDED = "It had ended at Zendesk already; forgotten here."
    NOT_OURS = (
        "Forgotten here. It could not be revoked from here: delete the token, or the OAuth "
        "client, in Admin Center if nothing else uses it."
    )
    UNCONFIRMED = (
        "Forgotten here, but Zendesk did not confirm that it is revoked. Revoke it in Admin "
        "Center (Apps and integrations > APIs > OAuth clients)."
    )


def sign_out(settings: Settings, shared: tuple[Vault, Turns] | None = None) -> bool:
    """Revoke and forget. Whether both were done, or there was nothing to do.

    Args:
        settings: Of the workspace.
        shared: The vault and the turns of replicas that share a sign-in.

    Raises:
        click.ClickException: The vault cannot be used; nothing was changed.
    """
    try:
        came_of_it = anyio.run(_sign_out, settings, shared)
    except NoKeyring:
        came_of_it = None
    except VaultUnavailable as error:
        raise click.ClickException(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    if came_of_it is None:
        click.echo(f"Nobody is signed in to the workspace {settings.workspace!r}.")
        return True
    done = came_of_it is not _Revocation.UNCONFIRMED
    click.echo(came_of_it.value, err=not done)
    return done


async def _sign_out(settings: Settings, shared: tuple[Vault, Turns] | None) -> _Revocation | None:
    """In one turn, so that no server renews what is being revoked, or writes it back."""
    vault, turns = shared or (vault_of(settings.workspace), turns_in())
    if await to_thread.run_sync(vault.read, settings.workspace) is None:
        return None
    async with turns(settings.workspace):
        text = await to_thread.run_sync(vault.read, settings.workspace)
        if text is None:
            return None
        kept = read_sign_in(text)
        came_of_it = await _revoked(settings, kept) if kept else _Revocation.NOT_OURS
        await to_thread.run_sync(vault.forget, settings.workspace)
        return came_of_it


async def _revoked(settings: Settings, kept: SignIn) -> _Revocation:
    """Revoke the access token, after a last renewal where it has ended: only a living one can."""
    revocable = kept.auth in {"oauth", "oauth_token"} and kept.token is not None
    if kept.token is None or not revocable or keeper_of(settings).misfit(kept):
        return _Revocation.NOT_OURS
    endpoint, token = endpoint_of(settings, kept), kept.token
    try:
        ended = kept.expires_at is not None and kept.expires_at <= time.time()
        if ended and kept.refresh_token is not None:
            scopes = kept.granted or kept.requested or frozenset()
            token = (await endpoint.by_refresh_token(kept.refresh_token, scopes)).access_token
        await endpoint.revoke(token)
    except (TokenRefused, Unauthenticated):
        return _Revocation.ENDED
    except ZendeskError:
        return _Revocation.UNCONFIRMED
    return _Revocation.DONE
