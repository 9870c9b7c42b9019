"""Canary secrets and canary personal data, through every auth type and every way to fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx
import pytest

from canaries import (
    AUTHS,
    CALLS,
    PERSONAL,
    SECRET,
    SECRETS,
    WORDS,
    Failing,
    leaks,
    own,
    session,
)

pytestmark = [pytest.mark.anyio, pytest.mark.canaries]


def _echo(request: httpx.Request) -> httpx.Response:
    """Says again all that was sent, the header included, as a debugging proxy does."""
    said = request.content.decode() + unquote_plus(str(request.url))
    signed = request.headers.get("authorization", "")
    described = {"description": f"{signed} is wrong: {said}"}
    return httpx.Response(
        422,
        json={
            "error": "RecordInvalid",
            "description": f"{said} {request.headers.get('authorization')}",
            "details": {"subject": [described], "base": [described]},
        },
    )


def _raising(error: type[httpx.TransportError]) -> Callable[[httpx.Request], httpx.Response]:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error(f"cannot: {request.url}", request=request)

    return fail


def _answering(status: int, **content: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, **content)


FAULTS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "401": _answering(401, json={"error": "invalid_token", "error_description": SECRETS["access"]}),
    "403": _answering(403, json={"error": "Forbidden", "description": "no"}),
    "404": _answering(404, json={"error": "RecordNotFound"}),
    "409": _answering(409, json={"error": "UpdateConflict"}),
    "422 that echoes": _echo,
    "429": _answering(429, text="slow down", headers={"retry-after": "900"}),
    "500 with HTML": _answering(500, html=f"<html><body>{WORDS}</body></html>"),
    "a redirect elsewhere": _answering(302, headers={"location": f"https://x.com/{WORDS}"}),
    "a redirect that fails": _answering(302, headers={"location": f"http://[{WORDS}"}),
    "no JSON": _answering(200, text=f'{{"ticket": "{WORDS}'),
    "another shape": _answering(200, json={"ticket": {"id": WORDS, "tags": WORDS}, "users": WORDS}),
    "not text": _answering(200, content=b"\xff" + WORDS.encode()),
    "no TLS": _raising(httpx.ConnectError),
    "a timeout": _raising(httpx.ReadTimeout),
    "a reset": _raising(httpx.ReadError),
    "a proxy": _raising(httpx.ProxyError),
}


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_canary_is_in_a_log_an_audit_an_error_or_a_representation(
    auth: str,
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    transport = Failing(FAULTS[fault])
    heard, _ = await session(auth, transport, tmp_path, monkeypatch)
    out, err = capsys.readouterr()
    audit = (tmp_path / "audit.jsonl").read_text()
    said = [*heard.all_said(), ("stderr", err), ("stdout", out), ("audit", audit)]
    assert not leaks(iter(said), SECRET)
    # The settings name the user of an API token, as the admin wrote it there.
    assert not leaks(((w, s) for w, s in said if own(w)), PERSONAL)
    # It was no empty session: it was signed, logged, audited, and most of it failed.
    assert transport.signed & set(SECRET)
    assert any(result.is_error for result in heard.results)
    assert len(audit.splitlines()) >= len(CALLS)
    assert "answered" in err or "Traceback" not in err


@pytest.mark.parametrize("auth", ["oauth", "oauth_client_credentials"])
@pytest.mark.parametrize("code", ["invalid_grant 400", "invalid_client 401", "other 422"])
async def test_nor_where_the_token_endpoint_echoes_what_it_refuses(
    auth: str,
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    transport = Failing(None, refuses_tokens=code)
    heard, _ = await session(auth, transport, tmp_path, monkeypatch)
    _, err = capsys.readouterr()
    said = [*heard.all_said(), ("stderr", err), ("results", str(heard.results))]
    assert not leaks(iter(said), SECRET)
    assert all(result.is_error for result in heard.results)


@pytest.mark.parametrize("auth", AUTHS)
async def test_nor_where_everything_succeeds(
    auth: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    transport = Failing(None)
    heard, _ = await session(auth, transport, tmp_path, monkeypatch)
    _, err = capsys.readouterr()
    audit = (tmp_path / "audit.jsonl").read_text()
    said = [*heard.all_said(), ("stderr", err), ("audit", audit)]
    assert not leaks(iter(said), SECRET)
    assert not leaks(((w, s) for w, s in said if own(w)), PERSONAL)
    assert sum(not result.is_error for result in heard.results) >= 5
    assert all(secret not in str(heard.results) for secret in SECRET)
    assert "answered 200" in err
