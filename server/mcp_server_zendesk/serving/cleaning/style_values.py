"""What a CSS declaration says, in longhand properties with values that a browser takes.

A browser drops a declaration whose value is none of its property's, and the one before it holds.
So here: ``display:none;display:bogus`` hides. What a browser would take and nobody can judge here
is dropped too, but for colours: an unknown colour hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from mcp_server_zendesk.serving.cleaning.colour_names import words
from mcp_server_zendesk.serving.cleaning.colours import Colour, colour_in, is_colour

UNITS: Mapping[str, float] = {
    "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "q": 0.945,
    "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "cap": 11.0, "ic": 16.0, "lh": 19.0,
    "rlh": 19.0, "vw": 14.0, "vh": 8.0, "vmin": 8.0, "vmax": 14.0, "vi": 14.0, "vb": 8.0,
    "svw": 14.0, "svh": 8.0, "lvw": 14.0, "lvh": 8.0, "dvw": 14.0, "dvh": 8.0, "%": 10.0,
}  # fmt: skip
"""Pixels of one, at the size of letters and the page that most mails have."""

LONGEST_VALUE = 200

NUMBER = r"[-+]?(?:\d*\.)?\d+(?:e[-+]?\d{1,4})?"
LENGTH = re.compile(rf"({NUMBER})(%|[a-z]{{1,4}})?")
_ANGLE = frozenset({"deg", "grad", "rad", "turn"})
_GLOBAL = frozenset({"inherit", "initial", "unset", "revert", "revert-layer"})
_OVERFLOW = frozenset({"visible", "hidden", "clip", "scroll", "auto", "overlay"})
_WORDS: Mapping[str, frozenset[str]] = {
    "display": words(
        "none block inline inline-block flex inline-flex grid inline-grid table inline-table"
        " table-row table-cell table-row-group table-header-group table-footer-group table-column"
        " table-column-group table-caption list-item contents flow-root flow run-in ruby"
        " -webkit-box -webkit-inline-box -ms-flexbox -webkit-flex"
    ),
    "visibility": frozenset({"visible", "hidden", "collapse"}),
    "content-visibility": frozenset({"visible", "auto", "hidden"}),
    "position": frozenset({"static", "relative", "absolute", "fixed", "sticky", "-webkit-sticky"}),
    "mso-hide": frozenset({"all", "none", "screen"}),
    "overflow-x": _OVERFLOW,
    "overflow-y": _OVERFLOW,
    "contain": frozenset({"none", "strict", "content", "size", "layout", "style", "paint"}),
    "background-clip": frozenset({"border-box", "padding-box", "content-box", "text"}),
}
_SIZES = frozenset({"height", "width", "max-height", "max-width", "min-height", "min-width"})
_SIZE_WORDS = frozenset({"auto", "none", "min-content", "max-content", "fit-content", "stretch"})
_OFFSETS = frozenset({"left", "top", "right", "bottom", "margin-left", "margin-top", "text-indent"})
_FONT_SIZES = words(
    "xx-small x-small small medium large x-large xx-large xxx-large smaller larger math"
)
_NUMBERS = {"opacity": (), "zoom": ("normal", "reset"), "line-height": ("normal",)}
_COLOURS = frozenset({"color", "background-color", "-webkit-text-fill-color"})
_ALIASES = {
    "block-size": "height", "inline-size": "width", "max-block-size": "max-height",
    "max-inline-size": "max-width", "min-block-size": "min-height", "min-inline-size": "min-width",
    "overflow-block": "overflow-y", "overflow-inline": "overflow-x",
    "inset-block-start": "top", "inset-block-end": "bottom", "inset-inline-start": "left",
    "inset-inline-end": "right", "margin-inline-start": "margin-left",
    "margin-block-start": "margin-top", "-webkit-background-clip": "background-clip",
    "-webkit-clip-path": "clip-path", "-webkit-transform": "transform", "-webkit-filter": "filter",
    "-webkit-mask": "mask", "-webkit-mask-image": "mask", "mask-image": "mask",
    "-webkit-opacity": "opacity",
}  # fmt: skip
_MADE = {
    "transform": re.compile(
        r"(?:matrix(?:3d)?|perspective|(?:translate|scale|rotate)(?:3d|[xyz])?|skew[xy]?)\("
    ),
    "translate": None,
    "scale": None,
    "rotate": None,
    "clip": re.compile(r"rect\("),
    "clip-path": re.compile(r"(?:inset|circle|ellipse|polygon|path|rect|xywh|url)\("),
    "filter": re.compile(
        r"(?:blur|brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate"
        r"|sepia|url|progid:)"
    ),
    "mask": re.compile(r"(?:url|(?:-webkit-)?(?:repeating-)?(?:linear|radial|conic)-gradient)\("),
}
_MADE_WORDS = words(
    "none auto at center left right top bottom round nonzero evenodd closest-side farthest-side"
    " x y z border-box padding-box content-box margin-box fill-box stroke-box view-box"
)
_GROUND_WORDS = words(
    "none repeat no-repeat repeat-x repeat-y space round scroll fixed local border-box padding-box"
    " content-box text left right top bottom center cover contain auto / ,"
)
_FONT = re.compile(
    rf"(?:^|\s)({NUMBER}(?:%|[a-z]{{1,4}})?|(?:xx?-)?(?:small|large)|xxx-large|medium|smaller"
    r"|larger)(?:\s*/\s*([^\s/]+))?\s+[^\s/]"
)
_FONT_WORDS = words("caption icon menu message-box small-caption status-bar")
_PICTURE = re.compile(r"url\(|gradient\(|image\(|image-set\(|cross-fade\(|element\(|paint\(")
_SHORTHANDS = frozenset(
    {"font", "background", "background-image", "margin", "overflow", "inset", "inset-block",
     "inset-inline", "margin-inline", "margin-block"}
)  # fmt: skip
READ = frozenset(
    {*_WORDS, *_SIZES, *_OFFSETS, *_NUMBERS, *_COLOURS, *_ALIASES, *_MADE, *_SHORTHANDS,
     "font-size"}
)  # fmt: skip
"""The properties that are read."""

_VAR = re.compile(r"(?:var|env)\(\s*[-\w]+\s*,([^()]*)\)")
_SUM = re.compile(r"(-webkit-calc|calc|min|max|clamp|(?<![-\w]))\(([^()]*)\)")
_URL = re.compile(r"url\([^()]*\)")
_FUNCTION = re.compile(r"[a-z-]*\([^()]*\)")
_ROUNDS = 4


@lru_cache(maxsize=4_096)
def longhands(name: str, value: str) -> tuple[tuple[str, str], ...]:
    """What a declaration sets, by property; nothing where a browser would drop it.

    Args:
        name: Of ``READ``.
        value: In lower case, its spaces single.
    """
    name = _ALIASES.get(name, name)
    if "(" in value:
        value = _resolved(value)
    if name in _SHORTHANDS:
        return tuple(_expanded(name, value))
    return ((name, value),) if value in _GLOBAL or _takes(name, value) else ()


def pixels(text: str | None) -> float | None:
    """A length in pixels; None for what is none."""
    found = LENGTH.fullmatch(text) if text else None
    if not found or (found[2] or "px") not in UNITS:
        return None
    return float(found[1]) * UNITS[found[2] or "px"]


def all_pixels(text: str) -> list[float]:
    """The lengths among the words of a value."""
    found = (pixels(word) for word in re.split(r"[\s,()]+", text))
    return [one for one in found if one is not None]


def share(text: str | None) -> float | None:
    """A number or a percentage, as a part of one."""
    found = LENGTH.fullmatch(text.strip()) if text else None
    if not found or found[2] not in {None, "%"}:
        return None
    return float(found[1]) * (0.01 if found[2] else 1.0)


def _takes(name: str, value: str) -> bool:  # noqa: PLR0911 - one return a kind
    parts = value.split()
    if not parts:
        return False
    if name in _WORDS:
        return all(part in _WORDS[name] for part in parts)
    if name in _COLOURS:
        return is_colour(value)
    if name in _NUMBERS:
        known = share(value) is not None or (name == "line-height" and _is_length(value))
        return known or value in _NUMBERS[name]
    if name in _SIZES or name == "font-size":
        known = value in (_FONT_SIZES if name == "font-size" else _SIZE_WORDS)
        return known or (_is_length(value) and not value.startswith("-"))
    if name in _OFFSETS:
        return value == "auto" or _is_length(parts[0])
    made = _MADE[name]
    if made is None or value in _MADE_WORDS:
        return all(part in _MADE_WORDS or _is_argument(part) for part in parts)
    if not made.match(value):
        return False
    if name in {"filter", "mask"} or value.startswith(("url(", "path(")):
        return True
    arguments = re.split(r"[\s,()/]+", made.sub(" ", value))
    return all(not one or one in _MADE_WORDS or _is_argument(one) for one in arguments)


def _is_length(text: str) -> bool:
    found = LENGTH.fullmatch(text)
    return found is not None and (found[2] in UNITS if found[2] else float(found[1]) == 0)


def _is_argument(text: str) -> bool:
    found = LENGTH.fullmatch(text)
    return found is not None and (not found[2] or found[2] in UNITS or found[2] in _ANGLE)


def _expanded(name: str, value: str) -> Iterator[tuple[str, str]]:
    given = value.split()
    if name == "font":
        yield from _font(value)
    elif name == "background":
        yield from _background(value)
    elif name == "background-image":
        if value == "none" or value in _GLOBAL or _PICTURE.search(value) or "var(" in value:
            yield name, value
    elif name == "overflow":
        if 1 <= len(given) <= 2 and all(word in _OVERFLOW | _GLOBAL for word in given):  # noqa: PLR2004
            yield from (("overflow-x", given[0]), ("overflow-y", given[-1]))
    elif 1 <= len(given) <= 4 and all(  # noqa: PLR2004
        word == "auto" or word in _GLOBAL or _is_length(word) for word in given
    ):
        start = "margin-" if name.startswith("margin") else ""
        axes = {"inline": ("left", "right"), "block": ("top", "bottom")}
        sides = axes.get(name.rpartition("-")[2], ("top", "right", "bottom", "left"))
        filled = given + given[:1] if len(given) == 1 else given
        filled = [*filled, filled[0], filled[1]] if len(filled) == 2 else [*filled, filled[1]]  # noqa: PLR2004
        for side, word in zip(sides, filled, strict=False):
            if f"{start}{side}" in _OFFSETS:
                yield f"{start}{side}", word


def _font(value: str) -> Iterator[tuple[str, str]]:
    found = _FONT.search(value)
    if found and (found[1] in _FONT_SIZES or _is_length(found[1])):
        yield "font-size", found[1]
        yield "line-height", found[2] or "normal"
    elif value in _FONT_WORDS or value in _GLOBAL:
        yield "font-size", "medium"


def _background(value: str) -> Iterator[tuple[str, str]]:
    rest = value.partition("url(")[0] if len(value) >= LONGEST_VALUE else _URL.sub(" ", value)
    for _ in range(_ROUNDS):
        rest = _FUNCTION.sub(" ", rest)
    parts = [word for word in re.split(r"[\s,/]+", rest) if word]
    if not all(
        word in _GROUND_WORDS or word in _GLOBAL or _is_length(word) or is_colour(word)
        for word in parts
    ):
        return
    picture = bool(_PICTURE.search(value))
    yield "background-image", value if picture else "none"
    found = colour_in(value)
    if picture or found is not None:
        yield "background-color", "transparent" if picture or found is None else _hex(found)
    elif "(" in value:  # a function that is no picture is a colour
        yield "background-color", value if is_colour(value) else "var(--unknown)"
    else:
        yield "background-color", next((word for word in parts if is_colour(word)), "transparent")
    if "text" in parts:
        yield "background-clip", "text"


def _hex(shade: Colour) -> str:
    red, green, blue, opacity = shade
    return "#" + "".join(f"{round(part):02x}" for part in (red, green, blue, opacity * 255))


def _resolved(value: str) -> str:
    """Sums and the fallbacks of variables worked out, as far as they are plain."""
    for _ in range(_ROUNDS):
        shorter = _VAR.sub(lambda found: found[1].strip(), value)
        shorter = _SUM.sub(_worked_out, shorter)
        if shorter == value:
            break
        value = shorter
    return value


def _worked_out(found: re.Match[str]) -> str:
    terms = [_sum(term.strip()) for term in found[2].split(",")]
    known = [term for term in terms if term is not None]
    if len(known) < len(terms) or (len(known) > 1 and found[1] in {"", "calc", "-webkit-calc"}):
        return found[0]
    numbers = [number for number, _ in known]
    if found[1] == "clamp" and len(numbers) == 3:  # noqa: PLR2004
        number = max(numbers[0], min(numbers[1], numbers[2]))
    else:
        number = min(numbers) if found[1] == "min" else max(numbers)
    if number != number:  # noqa: PLR0124 - not a number counts as zero
        number = 0.0
    return f"{number:.6f}{next((unit for _, unit in known if unit), '')}"


def _sum(term: str) -> tuple[float, str] | None:
    """A sum of products in one unit; in pixels where the units are several."""
    split = re.split(r"\s([-+])\s|\s*([*/])\s*", term)
    parts = [part for part in split if part]
    atoms = [LENGTH.fullmatch(word) for word in parts[::2]]
    if (
        not atoms
        or len(parts) % 2 == 0
        or not all(atom and (atom[2] is None or atom[2] in UNITS) for atom in atoms)
    ):
        return None
    units = {atom[2] for atom in atoms if atom and atom[2]}
    several = len(units) > 1
    numbers = [
        float(atom[1]) * (UNITS[atom[2]] if several and atom[2] else 1.0) for atom in atoms if atom
    ]
    total, product = 0.0, numbers[0]
    for sign, number in zip(parts[1::2], numbers[1:], strict=True):
        if sign == "*":
            product *= number
        elif sign == "/":
            product = product / number if number else 0.0
        else:
            total, product = total + product, number if sign == "+" else -number
    return total + product, "px" if several else next(iter(units), "")
