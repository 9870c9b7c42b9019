"""The checks as a person reads them, and as a machine does."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mcp_server_zendesk.doctor.checks import Check, State

_SIGNS: dict[State, str] = {"ok": "✓", "warn": "!", "fail": "✗", "skipped": "-"}
_PLAIN_SIGNS: dict[State, str] = {"ok": "+", "warn": "!", "fail": "x", "skipped": "-"}
_IN_WORDS: dict[State, str] = {
    "fail": "failed",
    "warn": "to look at",
    "ok": "ok",
    "skipped": "skipped",
}
_WIDTH = 100
_SERVERS = "http_"


def passed(checks: Sequence[Check]) -> bool:
    """Whether nothing failed; warnings are allowed."""
    return all(check.state != "fail" for check in checks)


def as_text(checks: Sequence[Check], encoding: str = "utf-8") -> str:
    """A line a check, with why and mend below where it is not ok, and a last line of all.

    The policy, which is sentences, takes several.

    Args:
        checks: In their order.
        encoding: Of the terminal: what it cannot show is replaced.
    """
    signs = _SIGNS if _can_show("".join(_SIGNS.values()), encoding) else _PLAIN_SIGNS
    column = max(len(check.name) for check in checks) + 2
    lines: list[str] = []
    for check in checks:
        told = f"skipped: {check.why}" if check.state == "skipped" else check.found
        cause = f" [{check.cause}]" if check.cause else ""
        margin = " " * (column + 2)
        first = f"{signs[check.state]} {check.name:<{column}}"
        if check.name == "policy":
            lines += _wrapped(told + cause, first, margin)
        else:
            lines.append(f"{first}{told}{cause}")
        if check.state != "skipped":
            lines.extend(_below(check, margin))
    text = "\n".join([*lines, "", _summary(checks)])
    return text.encode(encoding, "replace").decode(encoding)


def as_json(checks: Sequence[Check]) -> str:
    """``{"ok": …, "checks": [{"name", "state", "found", …}]}``; what is empty is left out."""
    return json.dumps(_document(checks), indent=2)


def several_as_text(checks: Mapping[str, Sequence[Check]], encoding: str = "utf-8") -> str:
    """The same for each workspace by its name; what is the server's own stands with the last."""
    *others, last = checks
    shown = {name: [c for c in checks[name] if not c.name.startswith(_SERVERS)] for name in others}
    shown[last] = list(checks[last])
    return "\n\n".join(f"[{name}]\n{as_text(those, encoding)}" for name, those in shown.items())


def several_as_json(checks: Mapping[str, Sequence[Check]]) -> str:
    """``{"ok": …, "workspaces": {NAME: {"ok": …, "checks": […]}}}``."""
    told = {name: _document(those) for name, those in checks.items()}
    return json.dumps({"ok": all(map(passed, checks.values())), "workspaces": told}, indent=2)


def _document(checks: Sequence[Check]) -> dict[str, Any]:
    return {"ok": passed(checks), "checks": [_entry(check) for check in checks]}


def _below(check: Check, margin: str) -> Iterator[str]:
    if check.why:
        yield from _wrapped(check.why, margin, margin)
    for number, candidate in enumerate(check.candidates, 1):
        first = f"{margin}{number}. "
        yield from _wrapped(f"{candidate.cause}: {candidate.why}", first, margin + "   ")
    if check.mend:
        yield f"{margin}mend: {check.mend}"  # in one line: it is there to be copied


def _wrapped(text: str, first: str, then: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _summary(checks: Sequence[Check]) -> str:
    states = Counter(check.state for check in checks)
    told = ", ".join(
        f"{states[state]} {word}" for state, word in _IN_WORDS.items() if states[state]
    )
    return f"{'Ready' if passed(checks) else 'Not ready'}: {told}."


def _entry(check: Check) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": check.name, "state": check.state, "found": check.found}
    for key in ("why", "mend", "cause"):
        if (value := getattr(check, key)) is not None:
            entry[key] = value
    if check.candidates:
        entry["candidates"] = [
            {"cause": candidate.cause, "why": candidate.why} for candidate in check.candidates
        ]
    return entry


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
