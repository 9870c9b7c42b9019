"""The embedded workspace as settings and a transport, for ``--demo`` and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.setting_problems import problems_of
from mcp_server_zendesk.settings import Settings

if TYPE_CHECKING:
    import httpx

DECIDED = frozenset({"workspace", "subdomain", "auth", "email"})


def embedded_settings(flags: Mapping[str, Any]) -> Settings:
    """Settings of the embedded workspace, narrowed by flags as any other would be.

    Raises:
        ConfigurationError: A flag cannot be used.
    """
    from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, DEMO_TOKEN  # noqa: PLC0415 - a whole desk

    given = {name: v for name, v in flags.items() if v is not None and name not in DECIDED}
    if given.get("analytics"):
        given.setdefault("analytics_folder", _folder_for_now())
    try:
        return Settings.model_validate(
            {
                **given,
                "workspace": "demo",
                "subdomain": DEMO_SUBDOMAIN,
                "auth": "oauth_token",
                "oauth_token": DEMO_TOKEN,
            }
        )
    except ValidationError as error:
        raise ConfigurationError(problems_of(error)) from None


@cache
def _folder_for_now() -> Path:
    """Where tickets of the embedded workspace are kept until the process ends: never where a real
    workspace's are.
    """
    import atexit  # noqa: PLC0415 - seldom
    import tempfile  # noqa: PLC0415 - likewise

    atexit.register(forget_tickets)
    return Path(tempfile.mkdtemp(prefix="mcp-server-zendesk-demo-"))


def forget_tickets() -> None:
    """Remove what was kept of the embedded workspace, as the end of the process does."""
    if _folder_for_now.cache_info().currsize:
        import shutil  # noqa: PLC0415 - seldom

        shutil.rmtree(_folder_for_now(), ignore_errors=True)


def embedded_transport() -> httpx.AsyncBaseTransport:
    """A transport that reaches the embedded Zendesk in this process, and no network."""
    import httpx  # noqa: PLC0415 - not needed to list tools

    from mcp_server_zendesk.sandbox import Sandbox  # noqa: PLC0415 - a whole desk

    return httpx.ASGITransport(app=Sandbox())
