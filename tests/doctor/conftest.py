"""The doctor in this process, before an embedded Zendesk and a vault of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from mcp_server_zendesk.doctor.checks import Check
from mcp_server_zendesk.doctor.examination import NAMES, examine
from mcp_server_zendesk.doctor.surroundings import Surroundings
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, Sandbox
from mcp_server_zendesk.sandbox.landmarks import DEMO_CLIENT
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.turns import turns_in
from mcp_server_zendesk.signing_in.vaults import FileVault

Examined = Callable[..., Awaitable[dict[str, Check]]]


@pytest.fixture
def examined(tmp_path: Path) -> Examined:
    """Examines; flags by setting name, and the environment as an admin sets it."""

    async def examining(
        sandbox: Sandbox,
        environ: Mapping[str, str],
        *,
        kept: SignIn | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        today: date = date(2026, 11, 22),
        **flags: Any,
    ) -> dict[str, Check]:
        vault = FileVault(tmp_path / "vault")
        if kept is not None:
            vault.write(DEMO_SUBDOMAIN, kept.text())
        config = tmp_path / "config.toml"
        config.touch(mode=0o600)
        checks = await examine(
            {"subdomain": DEMO_SUBDOMAIN, **flags},
            config,
            {"port": 0},
            Surroundings(
                environ=environ,
                transport=transport or httpx.ASGITransport(app=sandbox),
                vault=lambda: vault,
                turns=turns_in(tmp_path / "turns"),
                now=lambda: sandbox.clock().timestamp(),
                today=lambda: today,
            ),
        )
        assert tuple(check.name for check in checks) == NAMES
        return {check.name: check for check in checks}

    return examining


@pytest.fixture
def sign_in() -> Callable[..., SignIn]:
    """What a sign-in leaves in the vault: by browser, where nothing else is said."""

    def made(token: str | None = None, refresh: str | None = None, **known: Any) -> SignIn:
        return SignIn.model_validate(
            {
                "auth": "oauth",
                "subdomain": DEMO_SUBDOMAIN,
                "client_id": DEMO_CLIENT,
                "token": None if token is None else SecretStr(token),
                "refresh_token": None if refresh is None else SecretStr(refresh),
                **known,
            }
        )

    return made
