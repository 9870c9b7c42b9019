"""CSS colours, and whether text in one is seen on another."""

from __future__ import annotations

import math
import re
from functools import lru_cache

Colour = tuple[float, float, float, float]
"""Red, green and blue from 0 to 255, and opacity from 0 to 1."""

WHITE: Colour = (255.0, 255.0, 255.0, 1.0)
BLACK: Colour = (0.0, 0.0, 0.0, 1.0)
LINK: Colour = (0.0, 0.0, 238.0, 1.0)
# Below this WCAG contrast nobody reads: #fff on #f5f5f5 is 1.09, light grey on white 1.5.
_SEEN = 1.15
_FAINTEST = 0.08
_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$")
_FUNCTION = re.compile(r"(rgba?|hsla?)\(([^()]{1,80})\)")
_NUMBER = re.compile(r"(-?\d{0,6}\.?\d{1,6})(%|deg|turn|rad)?")
_NAMES = {
    "white": "ffffff", "black": "000000", "snow": "fffafa", "ivory": "fffff0",
    "ghostwhite": "f8f8ff", "whitesmoke": "f5f5f5", "floralwhite": "fffaf0",
    "mintcream": "f5fffa", "azure": "f0ffff", "aliceblue": "f0f8ff", "seashell": "fff5ee",
    "honeydew": "f0fff0", "lightyellow": "ffffe0", "lavenderblush": "fff0f5",
    "lightcyan": "e0ffff", "linen": "faf0e6", "oldlace": "fdf5e6", "cornsilk": "fff8dc",
    "beige": "f5f5dc", "lavender": "e6e6fa", "gainsboro": "dcdcdc", "lightgray": "d3d3d3",
    "lightgrey": "d3d3d3", "silver": "c0c0c0", "darkgray": "a9a9a9", "darkgrey": "a9a9a9",
    "gray": "808080", "grey": "808080", "dimgray": "696969", "dimgrey": "696969",
    "red": "ff0000", "maroon": "800000", "yellow": "ffff00", "olive": "808000",
    "lime": "00ff00", "green": "008000", "aqua": "00ffff", "cyan": "00ffff",
    "teal": "008080", "blue": "0000ff", "navy": "000080", "fuchsia": "ff00ff",
    "magenta": "ff00ff", "purple": "800080", "orange": "ffa500", "pink": "ffc0cb",
    "brown": "a52a2a", "gold": "ffd700", "crimson": "dc143c", "indigo": "4b0082",
    "darkblue": "00008b", "darkgreen": "006400", "darkred": "8b0000", "midnightblue": "191970",
    "lightblue": "add8e6", "lightgreen": "90ee90", "skyblue": "87ceeb", "steelblue": "4682b4",
    "slategray": "708090", "slategrey": "708090", "darkslategray": "2f4f4f", "tomato": "ff6347",
    "coral": "ff7f50", "salmon": "fa8072", "khaki": "f0e68c", "violet": "ee82ee",
    "window": "ffffff", "windowtext": "000000", "canvas": "ffffff", "canvastext": "000000",
}  # fmt: skip


@lru_cache(maxsize=1_024)
def colour(text: str) -> Colour | None:
    """A colour as CSS or an attribute writes it; None for what is none, or not known here."""
    text = text.strip().lower()
    if text == "transparent":
        return (0.0, 0.0, 0.0, 0.0)
    found = _HEX.match(_NAMES.get(text, text))
    if found and (text.startswith("#") or len(found[1]) == 6):  # noqa: PLR2004 - bgcolor=ffffff
        return _of_hex(found[1])
    made = _FUNCTION.match(text)
    return _of_function(made[1], made[2]) if made else None


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
def seen(text: Colour, ground: Colour | None) -> bool:
    """Whether text can be read; ground is None where it is a picture."""
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
