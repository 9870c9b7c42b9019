"""What a configuration offers, as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.serving.inventory import Inventory
from mcp_server_zendesk.serving.policy_words import as_object, read_aloud
from mcp_server_zendesk.serving.spec import Effect, ToolSpec

_WHY = {
    "excluded": "left out by exclude_tools",
    "analytics": "analytics is not switched on",
    "toolset": "its toolset is not chosen",
    "read_only": "the workspace is read-only",
    "effect": "its effect is not among allow_effects",
}


def report(
    inventory: Inventory,
    scopes: frozenset[str],
    form: str,
    *,
    caller: frozenset[str] | None = None,
) -> str:
    """The policy in force, the tools offered, and those hidden with the reason.

    Args:
        inventory: The catalogue and the policy.
        scopes: The configured scopes.
        form: ``text``, ``markdown`` or ``json``.
        caller: The scopes of one caller of an HTTP server; None for whoever has all.
    """
    held, left = HeldScopes(configured=scopes, caller=caller), inventory.effect_left
    rows = [(spec, _hidden(inventory, spec, held)) for spec in inventory.specs]
    if form == "json":
        entries = [_entry(spec, left(spec), why) for spec, why in rows]
        told = {
            "scopes": sorted(scopes),
            **({} if caller is None else {"caller_scopes": sorted(caller)}),
            "policy": as_object(inventory, held),
            "tools": entries,
        }
        return json.dumps(told, indent=2)
    if form == "markdown":
        lines = ["| tool | what it does | effect | scopes |", "|---|---|---|---|"]
        lines += [
            f"| `{spec.name}` | {_first_sentence(spec)} | {left(spec)} | {needed(spec)} |"
            for spec, why in rows
            if why is None
        ]
        return "\n".join(lines)
    shown = [(spec.name, left(spec), needed(spec), "") for spec, why in rows if why is None]
    gone = [(spec.name, left(spec), needed(spec), why) for spec, why in rows if why is not None]
    out = ["Policy:", *(f"  {sentence}" for sentence in read_aloud(inventory, held)), ""]
    out += [f"Scopes: {' '.join(sorted(scopes))}"]
    if caller is not None:
        out += [f"The caller's: {' '.join(sorted(caller)) or 'none'}"]
    out += ["", f"Offered ({len(shown)}):", *_columns(shown)]
    if gone:
        out += ["", f"Hidden ({len(gone)}):", *_columns(gone)]
    return "\n".join(out)


def _first_sentence(spec: ToolSpec) -> str:
    return spec.description.partition(". ")[0].partition("\n")[0].rstrip(".")


def needed(spec: ToolSpec) -> str:
    """The scopes a tool needs, as a person reads them."""
    return " + ".join(" or ".join(group) for group in spec.scopes) or "none"


def _hidden(inventory: Inventory, spec: ToolSpec, held: HeldScopes) -> str | None:
    why = inventory.why_hidden(spec, held)
    if why == "scope":
        missing = " and ".join(" or ".join(group) for group in held.missing(spec.scopes))
        return f"needs the scope {missing}"
    return None if why is None else _WHY[why]


def _entry(spec: ToolSpec, effect: Effect, why: str | None) -> dict[str, object]:
    return {
        "name": spec.name,
        "title": spec.title,
        "toolset": spec.toolset,
        "effect": effect,
        "scopes": [list(group) for group in spec.scopes],
        "offered": why is None,
        **({"hidden_because": why} if why else {}),
    }


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)
        ).rstrip()
        for row in rows
    ]
