"""Whether a help desk answers at the subdomain, asked as a stranger; and what time it has."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from mcp_server_zendesk.connection import envelopes
from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.errors import (
    TimedOut,
    TransportError,
    UnknownAccount,
    UnreadableResponse,
    ZendeskError,
)
from mcp_server_zendesk.connection.exchange import Channel, Raw, Request
from mcp_server_zendesk.connection.paths import api_path, link_path
from mcp_server_zendesk.doctor.checks import Check, skipped
from mcp_server_zendesk.doctor.network import obstacle_of

WARN_SECONDS = 60
FAIL_SECONDS = 300

_OK, _REDIRECTS, _FORBIDDEN, _TOO_MANY, _SERVER_FAULT = 200, range(300, 400), 403, 429, 500
_SET_CLOCK = {
    "linux": "sudo timedatectl set-ntp true",
    "darwin": "sudo sntp -sS time.apple.com",
    "win32": "w32tm /resync",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, and when it came by this machine's clock, in seconds since 1970."""

    raw: Raw
    at: float


async def look_at_account(
    account: Account, channel: Channel, now: Callable[[], float]
) -> tuple[Check, Heard | None]:
    """Ask who we are without saying so: Zendesk answers that to anybody (zendesk-api.md §2.3)."""
    try:
        raw = await channel.exchange(Request("GET", api_path("users", "me")))
    except TransportError as error:
        return _unanswered(account, error), None
    except ZendeskError as error:
        return _in_between(account, str(error)), None
    return judge(account, raw), Heard(raw, now())


def judge(account: Account, raw: Raw) -> Check:
    """What the answer to a stranger says about the account."""
    if raw.status in _REDIRECTS:
        return _redirected(account, raw)
    if raw.status == _TOO_MANY or raw.status >= _SERVER_FAULT:
        return _busy(account, raw.status)
    body = _object(raw)
    if body is None or (raw.status == _OK and not isinstance(body.get("user"), dict)):
        return _in_between(account, "the answer is not one of Zendesk's")
    if raw.status == _FORBIDDEN:
        return _not_let_in()
    refusal = envelopes.read_refusal(raw.status, raw.headers, raw.content)
    if isinstance(envelopes.exception_for(refusal), UnknownAccount):
        return Check(
            "account",
            "fail",
            f"there is no Zendesk account at {account.host}",
            why="Zendesk answers that no help desk is set up at this address.",
            mend="correct ZENDESK_SUBDOMAIN (or --subdomain): for acme.zendesk.com it is 'acme'",
            cause="wrong_subdomain",
        )
    return Check("account", "ok", f"{account.host} is a Zendesk account")


def look_at_clock(heard: Heard, platform: str = sys.platform) -> Check:
    """Compare this machine's clock with Zendesk's, as its answer's ``Date`` tells it."""
    try:
        theirs = parsedate_to_datetime(heard.raw.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return skipped("clock", "Zendesk's answer names no time.")
    skew = heard.at - theirs
    size = abs(skew)
    direction = "ahead of" if skew > 0 else "behind"
    if size <= WARN_SECONDS:
        return Check("clock", "ok", f"within {max(1, round(size))} s of Zendesk's")
    return Check(
        "clock",
        "fail" if size > FAIL_SECONDS else "warn",
        f"{_duration(size)} {direction} Zendesk's",
        why="By this clock it is judged when a sign-in ends and must be renewed.",
        mend=_SET_CLOCK.get(platform, "set this machine's clock"),
        cause="clock_skew",
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < FAIL_SECONDS else f"{seconds / 60:.0f} minutes"


def _object(raw: Raw) -> dict[str, Any] | None:
    try:
        return raw.json_object() or None
    except UnreadableResponse:
        return None


def _unanswered(account: Account, error: TransportError) -> Check:
    obstacle = obstacle_of(error, account.host)
    if isinstance(error.__cause__, OSError | ImportError | ValueError):  # none of httpx's own
        obstacle = replace(
            obstacle,
            cause="setup_unusable",
            why="Nothing was sent.",
            mend="correct or unset HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR",
        )
    elif obstacle.cause == "tcp":
        obstacle = replace(
            obstacle,
            cause="timeout" if isinstance(error, TimedOut) else "unreachable",
            why="A firewall, or the proxy where one is set, lets nothing through, or Zendesk is in "
            "trouble.",
            mend=f"curl -v {account.origin}/api/v2/users/me",
        )
    return Check(
        "account",
        "fail",
        f"no answer: {error}",
        why=obstacle.why,
        mend=obstacle.mend,
        cause=obstacle.cause,
    )


def _busy(account: Account, status: int) -> Check:
    if status == _TOO_MANY:
        return Check(
            "account",
            "warn",
            f"{account.host} answers, but its request limit is used up",
            why="Other programs of the account have used up its requests of this minute.",
            mend="wait a minute, then run doctor again",
            cause="rate_limited",
        )
    return Check(
        "account",
        "fail",
        f"Zendesk fails (status {status})",
        why="An incident or maintenance at Zendesk, or at the edge before it.",
        mend="look at https://status.zendesk.com, then run doctor again",
        cause="zendesk_unavailable",
    )


def _not_let_in() -> Check:
    """Whom a stranger's question is refused to, no user, role, scope or plan can be the cause.

    That an address off the allow-list gets 403 everywhere is documented; with which body is not.
    """
    return Check(
        "account",
        "fail",
        "Zendesk refuses even a request without credentials (403)",
        why="It answers this one to anybody, so that no user, role, scope or plan is the cause: "
        "this machine's address is not among the IP addresses that the account allows (or the "
        "account itself is blocked).",
        mend="an admin adds this machine's public address in Admin Center (Account > Security > "
        "Advanced > IP restrictions)",
        cause="ip_allowlist",
    )


def _redirected(account: Account, raw: Raw) -> Check:
    try:
        link_path(raw.headers.get("location", ""), account.origin)
        where = "elsewhere on itself"
    except ZendeskError:
        where = "to another host"
    return Check(
        "account",
        "fail",
        f"{account.host} redirects {where}",
        why="A captive portal or a company's login page stands in between, or the account was "
        "renamed. A redirect is not followed: it could lead credentials astray.",
        mend=f"open {account.origin} in a browser on this machine, and see where it leads",
        cause="redirected",
    )


def _in_between(account: Account, what: str) -> Check:
    return Check(
        "account",
        "fail",
        "something other than Zendesk's API answers",
        why=f"{what[:1].upper()}{what[1:]}: a proxy, a captive portal or a maintenance page stands "
        "in between.",
        mend=f"open {account.origin} in a browser on this machine, and see what is there",
        cause="something_in_between",
    )
