"""Whether a media query holds on the wide, light screen that a support agent works at."""

from __future__ import annotations

import re
from functools import lru_cache

_WIDTH, _HEIGHT = 1280.0, 800.0
_PX = {"px": 1.0, "em": 16.0, "rem": 16.0, "pt": 4 / 3, "cm": 37.8, "in": 96.0, "": 1.0}
_FEATURE = re.compile(r"\(\s*([a-z-]+)\s*(?::\s*([^()]{1,40}?)\s*)?\)")
_RANGE = re.compile(
    r"\(\s*(?:([^()<>=]{1,20}?)\s*([<>]=?)\s*)?(width|height)\s*(?:([<>]=?)\s*([^()<>=]{1,20}?)\s*)?\)"
)
_LENGTH = re.compile(r"([-+]?(?:\d{0,9}\.)?\d{1,9})([a-z]{0,3})")
_HOLDS = {
    "any-hover": "hover", "any-pointer": "fine", "color": None, "color-gamut": "srgb", "grid": "0",
    "hover": "hover", "orientation": "landscape", "pointer": "fine", "scripting": "none",
    "prefers-color-scheme": "light", "prefers-contrast": "no-preference",
    "prefers-reduced-motion": "no-preference", "update": "fast",
}  # fmt: skip


@lru_cache(maxsize=256)
def on_wide_screen(query: str) -> bool:
    """Whether a list of media queries holds; what is not understood does not."""
    asked = " ".join(query.lower().split())
    return not asked or any(map(_holds, asked[:2_000].split(",")))


def _holds(query: str) -> bool:
    query = query.strip().removeprefix("only ")
    negated = query.startswith("not ")
    kind, *features = query.removeprefix("not ").split(" and ")
    if not kind.startswith("("):
        told = kind in {"all", "screen"}
        if kind not in {"all", "screen", "print", "speech", "tty", "tv", "handheld", "projection"}:
            return False
    else:
        told, features = True, [kind, *features]
    return (told and all(map(_has, features))) is not negated


def _has(feature: str) -> bool:
    found = _FEATURE.fullmatch(feature)
    if not found:
        ranged = _RANGE.fullmatch(feature)
        return ranged is not None and _within(*ranged.groups())
    name, value = found.groups()
    least, _, side = name.partition("-")
    screen = {"width": _WIDTH, "height": _HEIGHT}.get(side.removeprefix("device-"))
    if screen is not None and least in {"min", "max"}:
        length = _pixels(value)
        return length is not None and (screen >= length if least == "min" else screen <= length)
    if name.endswith("device-pixel-ratio") and "min-" in name:
        return (_pixels(value) or 0.0) <= 1
    return name in _HOLDS and (value is None or value == _HOLDS[name] or _HOLDS[name] is None)


def _within(low: str | None, before: str, side: str, after: str, high: str | None) -> bool:
    screen = _WIDTH if side == "width" else _HEIGHT
    for sign, bound, turned in ((before, low, True), (after, high, False)):
        if bound is None:
            continue
        length = _pixels(bound)
        if length is None or (screen > length) is not ((">" in sign) is not turned):
            return False
    return True


def _pixels(text: str | None) -> float | None:
    found = _LENGTH.fullmatch(text or "")
    return float(found[1]) * _PX[found[2]] if found and found[2] in _PX else None
