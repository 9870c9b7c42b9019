"""What the token may do, against what the workspace wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.paths import api_path
from mcp_server_zendesk.connection.records import Token, parse
from mcp_server_zendesk.connection.scopes import HeldScopes, satisfies, without_implied
from mcp_server_zendesk.doctor import mending
from mcp_server_zendesk.doctor.checks import Check
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.spec import ALWAYS, ToolSpec
from mcp_server_zendesk.settings import Settings


async def look_at_scopes(
    connection: Connection, settings: Settings, inventory: Inventory
) -> tuple[Check, HeldScopes]:
    """Compare granted scopes with configured ones, and see which tools that hides.

    What was granted is known from signing in, and Zendesk tells it of the token in use
    (``GET oauth/tokens/current``, ``zendesk-api.md`` §2.2); an API token has none of its own.
    """
    credentials = connection.credentials
    if not credentials.tells_scopes:
        held = HeldScopes(settings.scopes)
        told = f"{_names(settings.scopes)} configured; an API token has none of its own"
        return Check("scopes", "ok", f"{told}; {_offer(inventory, held)}"), held
    current = await _current(connection)
    granted = credentials.granted if credentials.granted is not None else current
    held = HeldScopes(settings.scopes, granted)
    return _judged(settings, inventory, held, current), held


async def _current(connection: Connection) -> frozenset[str] | None:
    """What Zendesk tells of the token in use; a token without scopes may do all (§2.4)."""
    try:
        answer = await connection.send("GET", api_path("oauth", "tokens", "current"))
        scopes = parse(Token, answer.body, "token").scopes
    except ZendeskError:
        return None
    return None if scopes is None else frozenset(scopes) or frozenset({"read", "write"})


def _judged(
    settings: Settings, inventory: Inventory, held: HeldScopes, current: frozenset[str] | None
) -> Check:
    granted = held.granted
    if granted is None:
        return Check(
            "scopes",
            "warn",
            f"{_names(held.configured)} configured; Zendesk does not tell what was granted",
            why="Tools may be offered that the token has no scope for; Zendesk then refuses them.",
            mend=mending.doctor(settings),
            cause="granted_unknown",
        )
    found = f"{_names(granted)} granted, {_names(held.configured)} configured; "
    found += _offer(inventory, held)
    beyond = sorted(scope for scope in granted if not satisfies(held.configured, scope))
    if beyond:
        found += f" (granted beyond the configured, which limit: {' '.join(map(_safe, beyond))})"
    short = _hidden_by_token(inventory, held)
    if short:
        missing = sorted({" or ".join(group) for spec in short for group in _lacks(spec, held)})
        return Check(
            "scopes",
            "warn",
            found,
            why=f"The token lacks {', '.join(missing)}, so that these tools stay hidden: "
            f"{_tools(short)}. Allow the OAuth client these scopes in {mending.OAUTH_CLIENTS} "
            "first.",
            mend=mending.another_token(settings),
            cause="token_lacks_scopes",
        )
    if current is not None and current != granted:
        return Check(
            "scopes",
            "warn",
            found,
            why="Zendesk now tells other scopes of the token than when it was given: "
            f"{_names(current)}. What it refuses may differ from what is offered.",
            mend=mending.sign_in(settings),
            cause="granted_differs",
        )
    if all(spec.toolset == ALWAYS for spec in inventory.visible(held)):
        return Check(
            "scopes",
            "warn",
            found,
            why="No tool is left that does anything in Zendesk.",
            mend=mending.tools(settings),
            cause="no_tools",
        )
    return Check("scopes", "ok", found)


def _hidden_by_token(inventory: Inventory, held: HeldScopes) -> list[ToolSpec]:
    """Tools that the workspace wants and its token does not allow."""
    wanted = HeldScopes(held.configured)
    return [
        spec for spec in inventory.visible(wanted) if inventory.why_hidden(spec, held) is not None
    ]


def _lacks(spec: ToolSpec, held: HeldScopes) -> tuple[tuple[str, ...], ...]:
    return HeldScopes(held.granted or frozenset()).missing(spec.scopes)


def _offer(inventory: Inventory, held: HeldScopes) -> str:
    """How many tools are offered, and how many are hidden by what."""
    whys = Counter(inventory.why_hidden(spec, held) for spec in inventory.specs)
    hidden = [spec for spec in inventory.specs if inventory.why_hidden(spec, held) == "scope"]
    told = f"{_count(whys.pop(None, 0))} offered"
    by_scope = whys.pop("scope", 0)
    if by_scope:
        told += f", {by_scope} hidden by scopes ({_tools(hidden)})"
    return f"{told}, {whys.total()} hidden by policy" if whys.total() else told


def _count(number: int) -> str:
    return f"{number} tool" if number == 1 else f"{number} tools"


def _tools(specs: Iterable[ToolSpec]) -> str:
    return ", ".join(spec.name for spec in specs)


def _names(scopes: frozenset[str]) -> str:
    return " ".join(_safe(scope) for scope in sorted(without_implied(scopes)))


def _safe(scope: str) -> str:
    """A scope's name as Zendesk tells it, without what would move a terminal's cursor."""
    return "".join(character for character in scope if character.isprintable())[:64]
