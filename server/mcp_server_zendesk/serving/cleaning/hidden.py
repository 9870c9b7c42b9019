"""What of a mail nobody sees: taken out of the tree, and its characters counted.

An element can be gone with all that it holds, or its text alone unseen: visibility, size and
colour are inherited, and a child may take them back (``font-size:0`` around columns that set their
own is how newsletters close gaps, and hides nothing).

What stays: ``aria-hidden`` speaks to screen readers and not to eyes; a closed ``<details>`` is one
click away. A picture's alternative text stays up to a bound: eyes see the picture instead.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mcp_server_zendesk.serving.cleaning.colours import (
    BLACK,
    LINK,
    WHITE,
    Colour,
    colour,
    colour_in,
    even,
    over,
)
from mcp_server_zendesk.serving.cleaning.colours import seen as can_be_seen
from mcp_server_zendesk.serving.cleaning.html_tree import Element, Tree
from mcp_server_zendesk.serving.cleaning.selectors import Facts
from mcp_server_zendesk.serving.cleaning.style_rules import Rules
from mcp_server_zendesk.serving.cleaning.style_values import (
    LENGTH,
    UNITS,
    all_pixels,
    pixels,
    share,
)

_DEFAULT_SIZE = 16.0
_SMALLEST = 3.0  # px: 2 pt is 2.7
_FAINTEST = 0.08
_FAR = -500.0
_FAR_POSITIVE = 5_000.0
_LONGEST_ALT = 120
_SCALE = re.compile(r"scale(?:3d|x|y)?\(([^()]{0,90})\)")
_TRANSLATE = re.compile(r"translate(?:3d|x|y)?\(([^()]{0,90})\)")
_MATRIX = re.compile(r"matrix\(([^()]{0,160})\)")
_RELATIVE = {"em": 1.0, "%": 0.01, "ex": 0.5, "ch": 0.5}
_EDGEWISE = re.compile(
    r"rotate[xy]\(\s*[-+]?(?:90(?:\.0*)?deg|270deg|\.25turn|0\.25turn|100grad)\s*\)"
    r"|(?:^|\s)[xy] [-+]?(?:90|270)deg|^[-+]?(?:90|270)deg [xy]$"
)
_FILTER = re.compile(r"opacity\(([^()]{0,20})\)")
_INSET = re.compile(r"inset\(\s*(\d{1,3}(?:\.\d{1,3})?)%")
_NOTHING = re.compile(r"(?:circle|ellipse)\(\s*0|polygon\(\s*(?:0(?:px|%)?[\s,]*){2,40}\)")
_CLIPS = frozenset({"paint", "strict", "content"})
_SCROLLS = frozenset({"hidden", "clip", "auto", "scroll", "overlay"})
_LINE = 1.0  # px: lines that are no higher show nothing where the box is closed


class _Sight(NamedTuple):
    """How text at a place is shown. The ground is None where it is a picture."""

    gone: bool = False
    shown: bool = True
    size: float = _DEFAULT_SIZE
    text: Colour | None = BLACK
    ground: Colour | None = WHITE
    squeezed: bool = False  # in a closed box, on lines without height

    def reads(self) -> bool:
        return (
            not self.gone
            and self.shown
            and not self.squeezed
            and self.size >= _SMALLEST
            and can_be_seen(self.text, self.ground)
        )


def take_out(tree: Tree) -> tuple[int, bool]:
    """Remove from the tree what nobody sees.

    Returns:
        How many characters that were, comments included, and whether all elements were judged:
        past the bound on style rules the text ends.
    """
    walk = _Walk(Rules(tree.sheets))
    root = Element("zd-body")
    sight = walk.sight(root, Facts.of(root), _Sight())
    walk.prune(tree.root, sight)
    return walk.hidden + tree.commented, not walk.rules.exhausted


class _Walk:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.hidden = 0
        self._above = [Facts.of(Element("zd-body")), Facts.of(Element("zd-body"))]  # html, body

    def prune(self, element: Element, sight: _Sight) -> None:
        """Keep of an element's children what is seen."""
        kept: list[Element | str] = []
        reads = sight.reads()
        for child in element.children:
            if isinstance(child, str):
                if reads or child.isspace():
                    kept.append(child)
                else:
                    self.hidden += len(child.strip())
                continue
            facts = Facts.of(child)
            inside = self.sight(child, facts, sight)
            if self.rules.exhausted:
                break
            if inside.gone:
                self.hidden += _characters(child)
            elif child.tag == "img":
                kept += self._image(child, inside)
            else:
                self._above.append(facts)
                self.prune(child, inside)
                self._above.pop()
                kept.append(child)
        element.children = kept

    def _image(self, image: Element, sight: _Sight) -> list[Element]:
        """A picture with a bounded text, unless it is too small to be one."""
        alt = image.attributes.get("alt", "").strip()
        tiny = any(_tiny(image.attributes.get(side)) for side in ("width", "height"))
        if tiny or not sight.shown:
            self.hidden += len(alt)
            return []
        self.hidden += max(0, len(alt) - _LONGEST_ALT)
        image.attributes["alt"] = alt[:_LONGEST_ALT]
        return [image]

    def sight(self, element: Element, facts: Facts, above: _Sight) -> _Sight:
        """How an element shows what it holds."""
        found = element.attributes
        values = self.rules.of(facts, self._above, found.get("style", ""))
        if not values and not found and element.tag not in {"dialog", "mark"}:
            return above
        if (
            "hidden" in found
            or (element.tag == "dialog" and "open" not in found)
            or (values and _gone(values, picture=element.tag == "img"))
        ):
            return above._replace(gone=True)
        visibility = values.get("visibility", "")
        shown = above.shown if not visibility else visibility == "visible"
        if visibility in {"inherit", "initial", "unset"}:
            shown = above.shown
        text = _text(element, values, above.text)
        ground = _ground(element, values, above.ground, text)
        if values.get("background-clip") == "text":
            ground, text = None, BLACK  # letters cut out of a coloured ground
        size = _size(values, above.size)
        squeezed = above.squeezed
        if "line-height" in values:
            squeezed = _lines(values["line-height"], size) and (squeezed or _closed(values))
        return above._replace(shown=shown, size=size, text=text, ground=ground, squeezed=squeezed)


def _characters(element: Element) -> int:
    """Characters of text in an element, and of the words of its pictures."""
    count = len(element.attributes.get("alt", "").strip())
    for child in element.children:
        count += len(child.strip()) if isinstance(child, str) else _characters(child)
    return count


def _gone(values: dict[str, str], *, picture: bool) -> bool:
    """Whether an element's own style takes it out of sight with all that it holds."""
    return (
        values.get("display") == "none"
        or values.get("mso-hide") == "all"
        or values.get("content-visibility") == "hidden"
        or _at_most(values.get("opacity"), _FAINTEST)
        or _at_most(values.get("zoom"), _FAINTEST)
        or _shut(values, picture=picture)
        or _clipped(values)
        or _away(values)
        or _transformed(values)
    )


def _closed(values: dict[str, str]) -> bool:
    """Whether a box shows nothing of what does not fit; one that scrolls counts."""
    return not (
        _SCROLLS.isdisjoint((values.get("overflow-x"), values.get("overflow-y")))
        and _CLIPS.isdisjoint(values.get("contain", "").split())
    )


def _shut(values: dict[str, str], *, picture: bool) -> bool:
    """A box too small to show anything."""
    closed = _closed(values)
    open_ = {values.get("overflow-x"), values.get("overflow-y")} == {"visible"}
    for side, least in (("height", "min-height"), ("width", "min-width")):
        if (pixels(values.get(least)) or 0.0) > 1:
            continue
        size, most = pixels(values.get(side)), pixels(values.get(f"max-{side}"))
        if most == 0 and (picture or closed or not open_):
            return True
        if (closed or picture) and any(_is_small(one) for one in (size, most)):
            return True
    return False


def _lines(height: str, size: float) -> bool:
    """Whether lines have no height to speak of."""
    number = share(height)
    length = pixels(height) if number is None else number * size
    return length is not None and length <= _LINE


def _clipped(values: dict[str, str]) -> bool:
    clip = values.get("clip", "")
    if clip.startswith("rect(") and values.get("position") in {"absolute", "fixed"}:
        numbers = all_pixels(clip)
        if numbers and all(abs(number) <= 1 for number in numbers):
            return True
    mask = even(values.get("mask", ""))
    if mask is not None and mask[3] <= _FAINTEST:
        return True
    path = values.get("clip-path", "")
    inset = _INSET.match(path)
    return bool(_NOTHING.match(path) or (inset and float(inset[1]) >= 50))  # noqa: PLR2004


def _away(values: dict[str, str]) -> bool:
    """Moved off the page."""
    if values.get("position", "static") != "static":
        offsets = [pixels(values.get(side)) or 0.0 for side in ("left", "top", "right", "bottom")]
        if min(offsets) <= _FAR or max(offsets) >= _FAR_POSITIVE:
            return True
    if any((pixels(values.get(name)) or 0.0) <= _FAR for name in ("margin-left", "margin-top")):
        return True
    indent = values.get("text-indent", "").partition(" ")[0]
    return (pixels(indent) or 0.0) <= -100  # noqa: PLR2004


def _transformed(values: dict[str, str]) -> bool:  # noqa: PLR0911 - one return a way
    """Moved off the page, shrunk to nothing, or turned edgewise."""
    scale = [share(one) for one in values.get("scale", "").split()[:2]]
    filtered = _FILTER.search(values.get("filter", ""))
    if _flat(scale) or (filtered and _at_most(filtered[1], _FAINTEST)):
        return True
    if any(abs(one) >= -_FAR for one in all_pixels(values.get("translate", ""))):
        return True
    transform = values.get("transform", "")
    if not transform:
        return bool(_EDGEWISE.search(values.get("rotate", "")))
    for scaled in _SCALE.findall(transform):
        if _flat([share(one) for one in scaled.split(",")[:2]]):
            return True
    for moved in _TRANSLATE.findall(transform):
        if any(abs(one) >= -_FAR for one in all_pixels(moved)):
            return True
    matrix = _MATRIX.search(transform)
    if matrix:
        a, b, c, d, x, y = (*all_pixels(matrix[1]), *([0.0] * 6))[:6]
        if abs(a * d - b * c) <= _FAINTEST**2 or max(abs(x), abs(y)) >= -_FAR:
            return True
    return bool(_EDGEWISE.search(f"{transform} {values.get('rotate', '')}"))


def _flat(factors: list[float | None]) -> bool:
    return any(factor is not None and abs(factor) <= _FAINTEST for factor in factors)


def _size(values: dict[str, str], above: float) -> float:
    """Of letters, in pixels."""
    text = values.get("font-size")
    number = LENGTH.fullmatch(text) if text else None
    if number is None:
        keyword = bool(text and text.endswith(("small", "medium", "large", "initial")))
        return _DEFAULT_SIZE if keyword else above
    unit = number[2] or "px"
    return float(number[1]) * (_RELATIVE[unit] * above if unit in _RELATIVE else UNITS[unit])


def _text(element: Element, values: dict[str, str], above: Colour | None) -> Colour | None:
    for written in (values.get("-webkit-text-fill-color"), values.get("color")):
        if not written or written in _TAKEN_OVER:
            continue
        return BLACK if written == "initial" else colour(written)
    attribute = element.attributes.get("text" if element.tag == "zd-body" else "color")
    found = colour(attribute) if attribute else None
    if found is not None:
        return found
    if element.tag == "mark" and "color" not in values:
        return BLACK
    return LINK if element.tag == "a" and "href" in element.attributes else above


_TAKEN_OVER = frozenset({"inherit", "unset", "currentcolor", "revert", "revert-layer"})


def _ground(
    element: Element, values: dict[str, str], above: Colour | None, text: Colour | None
) -> Colour | None:
    """What text stands on; None where that is a picture, or a colour that is not known."""
    picture = values.get("background-image", "")
    if "(" in picture:
        found = even(picture)
        return None if found is None else over(found, above or WHITE)
    if element.attributes.get("background"):
        return None
    written = values.get("background-color")
    if written == "currentcolor":
        return text
    if written is None:
        attribute = element.attributes.get("bgcolor")
        found = colour_in(attribute) if attribute else _MARKED if element.tag == "mark" else None
    elif written in _TAKEN_OVER or written == "initial":
        found = None
    else:
        found = colour(written)
        if found is None:
            return None
    if found is None or (above is None and found[3] <= _FAINTEST):
        return above
    return over(found, above or WHITE)


_MARKED: Colour = (255.0, 255.0, 0.0, 1.0)


def _is_small(length: float | None) -> bool:
    return length is not None and 0 <= length <= 1


def _tiny(attribute: str | None) -> bool:
    """A tracking pixel's side."""
    return bool(attribute) and _at_most(attribute, 1)


def _at_most(text: str | None, most: float) -> bool:
    """Whether a number or percentage is no more; a length's unit is not looked at."""
    found = LENGTH.match(text.strip()) if text else None
    if not found:
        return False
    return float(found[1]) * (0.01 if found[2] == "%" else 1.0) <= most
