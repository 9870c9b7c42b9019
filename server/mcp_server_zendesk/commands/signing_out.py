"""The conversation of `auth logout`."""

from __future__ import annotations

import time

import anyio
import click
from pydantic import SecretStr

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.credentials import endpoint_of, keeper_of
from mcp_server_zendesk.signing_in.login import revoked
from mcp_server_zendesk.signing_in.sign_in import SignIn, read_sign_in
from mcp_server_zendesk.signing_in.turns import turns_in
from mcp_server_zendesk.signing_in.vaults import VaultUnavailable, vault_of


def sign_out(settings: Settings) -> bool:
    """Revoke and forget. Whether both were done, or there was nothing to do.

    Raises:
        click.ClickException: The vault cannot be used; nothing was changed.
    """
    vault = vault_of(settings.workspace)
    try:
        text = vault.read(settings.workspace)
        if text is None:
            click.echo(f"Nobody is signed in to the workspace {settings.workspace!r}.")
            return True
        kept = read_sign_in(text)
        done = _revoked(settings, kept) if kept else None
        vault.forget(settings.workspace)
    except VaultUnavailable as error:
        raise click.ClickException(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    if done is None:
        click.echo(
            "Forgotten here. It could not be revoked from here: delete the token, or the OAuth "
            "client, in Admin Center if nothing else uses it."
        )
        return True
    if not done:
        click.echo(
            "Forgotten here, but Zendesk did not confirm that it is revoked. Revoke it in Admin "
            "Center (Apps and integrations > APIs > OAuth clients).",
            err=True,
        )
        return False
    click.echo("Revoked at Zendesk, and forgotten here.")
    return True


def _revoked(settings: Settings, kept: SignIn) -> bool | None:
    """Whether Zendesk revoked it; None where that is not ours to do."""
    if keeper_of(settings).misfit(kept) or kept.auth not in {"oauth", "oauth_token"}:
        return None
    return anyio.run(_revoke, settings, kept)


async def _revoke(settings: Settings, kept: SignIn) -> bool:
    """Revoke the access token, after a last renewal where it has ended: only a living one can."""
    endpoint = endpoint_of(settings, kept)
    token: SecretStr | None = kept.token
    async with turns_in()(settings.workspace):
        ended = kept.expires_at is not None and kept.expires_at <= time.time()
        if ended and kept.refresh_token is not None:
            try:
                scopes = kept.granted or kept.requested or frozenset()
                token = (await endpoint.by_refresh_token(kept.refresh_token, scopes)).access_token
            except ZendeskError:
                return False
        return token is not None and await revoked(endpoint, token)
