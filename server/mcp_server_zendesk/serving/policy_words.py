"""The policy in force, in sentences that an admin can read aloud."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.serving.cleaning.redaction import sentence as of_redaction
from mcp_server_zendesk.serving.inventory import Inventory, Policy
from mcp_server_zendesk.serving.spec import EVERY_TOOLSET, NO_TOOLSET


def read_aloud(inventory: Inventory, held: HeldScopes) -> list[str]:
    """What the agent may do with the tools that are offered, one sentence an entry."""
    policy = inventory.policy
    offered = inventory.visible(held)
    effects = policy.allow_effects & {
        effect for spec in offered for effect in (spec.effect, spec.least_effect)
    }
    if policy.read_only:
        limits = ["It may only read: read_only is on, which beats all else."]
    elif effects == {"read"}:
        limits = ["It may only read: no tool that changes anything is left."]
    else:
        limits = [
            *_effects(policy, effects),
            *_places(policy),
            *_ceilings(policy),
            *_human(policy, effects),
        ]
    return [_offers(policy), *limits, of_redaction(policy.redact), *_kept(policy)]


def as_object(inventory: Inventory, held: HeldScopes) -> dict[str, Any]:
    """The same by the settings' names, for machines; None where there is no limit."""
    policy = inventory.policy
    listed = {
        "allow_recipients": policy.allow_recipients,
        "allow_brands": policy.allow_brands,
        "allow_groups": policy.allow_groups,
    }
    return {
        "read_only": policy.read_only,
        "toolsets": list(policy.toolsets),
        "tools": list(policy.tools),
        "exclude_tools": list(policy.exclude_tools),
        "allow_effects": sorted(policy.allow_effects),
        **{name: None if value is None else list(value) for name, value in listed.items()},
        "writes_per_minute": policy.writes_per_minute,
        "writes_per_session": policy.writes_per_session,
        "confirm": policy.confirm,
        "redact": list(policy.redact),
        "analytics": _analytics(policy),
        "read_aloud": read_aloud(inventory, held),
    }


def narrowing(policy: Policy) -> str:
    """One short sentence for a model where the policy goes beyond what tools are offered."""
    limits = []
    if "contact" not in policy.allow_effects:
        limits.append("whom it contacts (nobody)")
    elif policy.allow_recipients is not None:
        limits.append("whom it contacts")
    if policy.allow_groups is not None or policy.allow_brands is not None:
        limits.append("which tickets it changes")
    if policy.writes_per_minute is not None or policy.writes_per_session is not None:
        limits.append("how many records")
    if policy.read_only or not limits:
        return ""
    return f" A policy limits {_listed(limits)}: a refusal says how."


def _offers(policy: Policy) -> str:
    sets = [name for name in policy.toolsets if name != NO_TOOLSET]
    what = f"the {_plural('toolset', sets)} {_listed(sets)}" if sets else "no toolset"
    if EVERY_TOOLSET in sets:
        what = "every toolset"
    beside = f", and {_listed(policy.tools)} beside" if policy.tools else ""
    without = f", without {_listed(policy.exclude_tools)}" if policy.exclude_tools else ""
    return f"It offers {what}{beside}{without}."


def _effects(policy: Policy, allowed: Collection[str]) -> list[str]:
    people = policy.allow_recipients
    can, cannot = ["read"], list[str]()
    for effect, may, may_not in (
        ("write", "change records", "change no records by itself"),
        ("contact", _contact(people), "contact nobody"),
        ("irreversible", "do what cannot be undone", "do nothing that cannot be undone"),
    ):
        forbidden = effect not in allowed or (effect == "contact" and people == ())
        (cannot if forbidden else can).append(may_not if forbidden else may)
    sentences = [f"It may {_listed(can)}."]
    if cannot:
        sentences.append(f"It may {_listed(cannot)}.")
    return sentences


def _contact(people: tuple[str, ...] | None) -> str:
    return "contact people" if people is None else f"contact people at {_listed(people)} only"


def _places(policy: Policy) -> list[str]:
    places = (("group", policy.allow_groups), ("brand", policy.allow_brands))
    empty = [f"allow_{kind}s names none" for kind, names in places if names == ()]
    if empty:
        return [f"It changes no tickets and makes none: {_listed(empty)}."]
    limits = [
        f"of the {_plural(kind, names)} {_listed(map(_quoted, names))}"
        for kind, names in places
        if names
    ]
    if not limits:
        return []
    there = f"It changes tickets {_listed(limits)} only, and moves none out of there"
    return [f"{there}; reading is limited by Zendesk's role alone."]


def _ceilings(policy: Policy) -> list[str]:
    ceilings = [
        f"{number} {'record' if number == 1 else 'records'} {span}"
        for number, span in (
            (policy.writes_per_minute, "a minute"),
            (policy.writes_per_session, "while the server runs"),
        )
        if number is not None
    ]
    return [f"It changes at most {_listed(ceilings)}."] if ceilings else []


def _human(policy: Policy, effects: Collection[str]) -> list[str]:
    risky = [
        words
        for effect, words in (
            ("contact", "contacts people"),
            ("irreversible", "does what cannot be undone"),
        )
        if effect in effects and not (effect == "contact" and policy.allow_recipients == ())
    ]
    if not risky:
        return []
    if policy.confirm == "client":
        return [f"Before it {_listed(risky, 'or')}, only the client's own prompt asks a human."]
    return [f"A human is asked first, each time before it {_listed(risky, 'or')}."]


def _kept(policy: Policy) -> list[str]:
    local = policy.analytics
    if local is None:
        return []
    what = "with their texts, cleaned" if local.texts else "without texts and customers' names"
    days = local.retention_days
    span = "" if days is None else f", until {days} days after the last change"
    return [f"Tickets are kept on this machine for analytics, {what}{span}."]


def _analytics(policy: Policy) -> dict[str, Any] | None:
    local = policy.analytics
    if local is None:
        return None
    return {"keep": local.keep, "retention_days": local.retention_days}


def _quoted(name: str) -> str:
    """A name that could be read as several, or as more of the sentence, in quotes."""
    return f'"{name}"' if "," in name or " and " in name else name


def _plural(word: str, names: Sequence[str]) -> str:
    return word if len(names) == 1 else f"{word}s"


def _listed(names: Iterable[str], last: str = "and") -> str:
    words = list(names)
    if len(words) < 2:  # noqa: PLR2004 - one needs no word between
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
