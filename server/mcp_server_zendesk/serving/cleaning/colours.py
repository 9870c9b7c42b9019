"""CSS colours, and whether text in one is seen on another."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from mcp_server_zendesk.serving.cleaning.colour_names import HEX, words

Colour = tuple[float, float, float, float]
"""Red, green and blue from 0 to 255, and opacity from 0 to 1."""

WHITE: Colour = (255.0, 255.0, 255.0, 1.0)
BLACK: Colour = (0.0, 0.0, 0.0, 1.0)
LINK: Colour = (0.0, 0.0, 238.0, 1.0)
# Below this WCAG contrast nobody reads: #e9e9e9 on white is 1.21, light grey on white 1.5.
_SEEN = 1.25
_FAINTEST = 0.08
_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$")
_FUNCTION = re.compile(r"(rgba?|hsla?|hwb|oklab|oklch)\(([^()]{1,80})\)")
_NUMBER = re.compile(r"([-+]?(?:\d{0,6}\.)?\d{1,20}(?:e[-+]?\d{1,3})?)(%|deg|turn|rad)?")
# What browsers take for a colour and is not worked out here.
_UNKNOWN = re.compile(
    r"(?:lab|lch|color|color-mix|light-dark|device-cmyk|contrast-color|var|env)\(.*\)"
    r"|(?:rgba?|hsla?|hwb|oklab|oklch)\(\s*(?:from\s|.*(?:var|calc|env)\().*\)"
)
_WORDS = words(
    "currentcolor inherit initial unset revert revert-layer transparent accentcolor activetext"
    " buttonborder mark marktext selecteditem visitedtext -webkit-link -webkit-text"
)
_NOTHING = re.compile(r"\bnone\b")
_STOP = re.compile(r"#[0-9a-f]{3,8}\b|[a-z-]+\([^()]*\)|[a-z]{3,}")
_NO_STOP = words(
    "to at in left right top bottom center circle ellipse closest side corner farthest from deg"
    " turn rad grad px em rem vw vh pt"
)


@lru_cache(maxsize=1_024)
def colour(text: str) -> Colour | None:
    """A colour as CSS or an attribute writes it; None for what is none, or not known here."""
    text = text.strip().lower()
    if text == "transparent":
        return (0.0, 0.0, 0.0, 0.0)
    found = _HEX.match(HEX.get(text, text))
    if found and (text.startswith("#") or len(found[1]) == 6):  # noqa: PLR2004 - bgcolor=ffffff
        return _of_hex(found[1])
    made = _FUNCTION.match(text)
    return _of_function(made[1], _NOTHING.sub("0", made[2])) if made else None


@lru_cache(maxsize=1_024)
def is_colour(text: str) -> bool:
    """Whether browsers take it for a colour, known here or not."""
    return colour(text) is not None or text in _WORDS or bool(_UNKNOWN.fullmatch(text))


@lru_cache(maxsize=256)
def even(picture: str) -> Colour | None:
    """The colour of a gradient that is all of one colour; None for any other picture."""
    if "gradient(" not in picture or "url(" in picture:
        return None
    inside = picture.partition("gradient(")[2]
    stops = [colour(one) for one in _STOP.findall(inside) if one not in _NO_STOP]
    known = [one for one in stops if one is not None]
    if not known or len(known) < len(stops):
        return None
    alike = all(math.dist(one[:3], known[0][:3]) + abs(one[3] - known[0][3]) < 24 for one in known)  # noqa: PLR2004
    return known[0] if alike and len({one[3] < _FAINTEST for one in known}) == 1 else None


def colour_in(text: str) -> Colour | None:
    """The colour among the words of a ``background``."""
    text = text.strip().lower()
    whole = colour(text)
    if whole is not None:
        return whole
    made = _FUNCTION.search(text)
    if made:
        return colour(made[0])
    found = (colour(word) for word in text.split()[:12])
    return next((one for one in found if one is not None), None)


def over(front: Colour, back: Colour) -> Colour:
    """What is seen of one colour in front of another."""
    red, green, blue = (
        upper * front[3] + lower * (1 - front[3])
        for upper, lower in zip(front[:3], back[:3], strict=True)
    )
    return red, green, blue, 1.0


@lru_cache(maxsize=1_024)
def seen(text: Colour | None, ground: Colour | None) -> bool:
    """Whether text can be read. None is a colour that is not known, or a picture: it can."""
    if text is None:
        return True
    if text[3] < _FAINTEST:
        return False
    if ground is None:
        return True
    lighter, darker = sorted((_luminance(over(text, ground)), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05) >= _SEEN or _apart(over(text, ground), ground)


def _apart(one: Colour, other: Colour) -> bool:
    """Different in hue, though equally bright: red on grey."""
    return math.dist(one[:3], other[:3]) > 60  # noqa: PLR2004 - of 441 from black to white


def _luminance(shade: Colour) -> float:
    red, green, blue = (
        part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for part in shade[:3]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _of_hex(digits: str) -> Colour:
    if len(digits) < 6:  # noqa: PLR2004 - #rgb and #rgba
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)]
    opacity = parts[3] / 255 if len(parts) > 3 else 1.0  # noqa: PLR2004
    return float(parts[0]), float(parts[1]), float(parts[2]), opacity


def _of_function(name: str, inside: str) -> Colour | None:
    numbers = _NUMBER.findall(inside)
    if len(numbers) < 3:  # noqa: PLR2004
        return None
    opacity = _share(numbers[3], 1) if len(numbers) > 3 else 1.0  # noqa: PLR2004
    if name.startswith("hsl"):
        red, green, blue = _of_hsl(_hue(numbers[0]), _share(numbers[1]), _share(numbers[2]))
    elif name == "hwb":
        hue, white, black = _hue(numbers[0]), _share(numbers[1]), _share(numbers[2])
        whole = max(white + black, 1.0)
        red, green, blue = (
            part * (1 - (white + black) / whole) + 255 * white / whole
            for part in _of_hsl(hue, 1.0, 0.5)
        )
    elif name.startswith("ok"):
        red, green, blue = _of_oklab(name, numbers)
    else:
        red, green, blue = (_share(number, 255) * 255 for number in numbers[:3])
    return red, green, blue, opacity


def _hue(number: tuple[str, str]) -> float:
    """As a part of the circle."""
    turn = {"turn": 1.0, "rad": 2 * math.pi}.get(number[1], 360.0)
    return float(number[0]) / turn % 1.0


def _share(number: tuple[str, str], whole: float = 100) -> float:
    """A number or percentage as a part of one."""
    return min(max(float(number[0]) / (100 if number[1] == "%" else whole), 0.0), 1.0)


def _of_hsl(hue: float, saturation: float, lightness: float) -> tuple[float, float, float]:
    """By the formula of CSS Color 4."""

    def part(n: int) -> float:
        k = (n + hue * 12) % 12
        reach = saturation * min(lightness, 1 - lightness)
        return 255 * (lightness - reach * max(-1.0, min(k - 3, 9 - k, 1.0)))

    return part(0), part(8), part(4)


def _of_oklab(name: str, numbers: list[tuple[str, str]]) -> tuple[float, float, float]:
    """By the sample code of CSS Color 4."""
    light = _share(numbers[0], 1)
    a, b = (float(one) * (0.004 if unit == "%" else 1.0) for one, unit in numbers[1:3])
    if name == "oklch":
        turn = 2 * math.pi * _hue(numbers[2])
        a, b = a * math.cos(turn), a * math.sin(turn)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3

    def part(linear: float) -> float:
        linear = min(max(linear, 0.0), 1.0)
        return 255 * (
            12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055  # noqa: PLR2004
        )

    return (
        part(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        part(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        part(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )
