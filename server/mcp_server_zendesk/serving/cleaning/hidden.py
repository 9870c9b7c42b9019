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
    over,
)
from mcp_server_zendesk.serving.cleaning.colours import seen as can_be_seen
from mcp_server_zendesk.serving.cleaning.html_tree import Element, Tree
from mcp_server_zendesk.serving.cleaning.style_rules import Facts, Rules

_DEFAULT_SIZE = 16.0
_SMALLEST = 3.0  # px: 2 pt is 2.7
_FAINTEST = 0.08
_FAR = -500.0
_FAR_POSITIVE = 5_000.0
_LONGEST_ALT = 120
_LENGTH = re.compile(r"(-?\d{0,9}\.?\d{1,9})(px|pt|pc|in|cm|mm|r?em|ex|ch|vw|vh|%)?")
_UNITS = {
    "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "em": 16.0,
    "rem": 16.0, "ex": 8.0, "ch": 8.0, "vw": 14.0, "vh": 8.0, "%": 10.0,
}  # fmt: skip
_RELATIVE = {"em": 1.0, "%": 0.01, "ex": 0.5, "ch": 0.5}
_SIZE_IN_FONT = re.compile(
    r"(?:^|\s)((?:\d{0,5}\.?\d{1,5})(?:px|pt|pc|in|cm|mm|r?em|ex|ch|%)|0)(?=\s*/|\s|$)"
)
_SCALE = re.compile(r"scale(?:3d|x|y)?\(([^()]{0,60})\)")
_TRANSLATE = re.compile(r"translate(?:3d|x|y)?\(([^()]{0,60})\)")
_EDGEWISE = re.compile(r"rotate[xy]\(\s*-?(?:90|270)deg\s*\)")
_FILTER = re.compile(r"opacity\(([^()]{0,20})\)")
_INSET = re.compile(r"inset\(\s*(\d{1,3}(?:\.\d{1,3})?)%")
_NOTHING = re.compile(r"(?:circle|ellipse)\(\s*0|polygon\(\s*(?:0(?:px|%)?[\s,]*){2,40}\)")
_PICTURE = re.compile(r"url\(|gradient\(|image\(")


class _Sight(NamedTuple):
    """How text at a place is shown. The ground is None where it is a picture."""

    gone: bool = False
    shown: bool = True
    size: float = _DEFAULT_SIZE
    text: Colour = BLACK
    ground: Colour | None = WHITE

    def reads(self) -> bool:
        return (
            not self.gone
            and self.shown
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
        self._above: list[Facts] = []

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
        if not values and not found and element.tag != "dialog":
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
        ground, text = _ground(element, values, above.ground), _text(element, values, above.text)
        if "text" in values.get("background-clip", values.get("-webkit-background-clip", "")):
            ground, text = None, BLACK  # letters cut out of a coloured ground
        return above._replace(shown=shown, size=_size(values, above.size), text=text, ground=ground)


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
        or _at_most(values.get("opacity"), _FAINTEST, percent=0.01)
        or _at_most(values.get("zoom"), _FAINTEST, percent=0.01)
        or _shut(values, picture=picture)
        or _clipped(values)
        or _away(values)
        or _transformed(values)
    )


def _shut(values: dict[str, str], *, picture: bool) -> bool:
    """A box too small to show anything."""
    closed = {"hidden", "clip"} & {
        word for name in _OVERFLOWS for word in values.get(name, "").split()
    }
    for side, least in (("height", "min-height"), ("width", "min-width")):
        if (_length(values.get(least)) or 0.0) > 1:
            continue
        size, most = _length(values.get(side)), _length(values.get(f"max-{side}"))
        if most == 0 or ((closed or picture) and any(_is_small(one) for one in (size, most))):
            return True
    return bool(closed) and values.get("line-height", "") in {"0", "0px", "1px", "0%"}


_OVERFLOWS = ("overflow", "overflow-x", "overflow-y")


def _clipped(values: dict[str, str]) -> bool:
    clip = values.get("clip", "")
    if clip.startswith("rect(") and values.get("position") in {"absolute", "fixed"}:
        numbers = [float(number) for number, _ in _LENGTH.findall(clip)]
        if numbers and all(abs(number) <= 1 for number in numbers):
            return True
    path = values.get("clip-path", "")
    inset = _INSET.match(path)
    return bool(_NOTHING.match(path) or (inset and float(inset[1]) >= 50))  # noqa: PLR2004


def _away(values: dict[str, str]) -> bool:
    """Moved off the page."""
    if values.get("position", "static") != "static":
        offsets = [_length(values.get(side)) or 0.0 for side in ("left", "top", "right", "bottom")]
        if min(offsets) <= _FAR or max(offsets) >= _FAR_POSITIVE:
            return True
    margins = " ".join(values.get(name, "") for name in ("margin", "margin-left", "margin-top"))
    if "-" in margins and any(_px(*one) <= _FAR for one in _LENGTH.findall(margins)):
        return True
    return (_length(values.get("text-indent")) or 0.0) <= -100  # noqa: PLR2004


def _transformed(values: dict[str, str]) -> bool:
    if _at_most(values.get("scale"), _FAINTEST, percent=0.01):
        return True
    filtered = _FILTER.search(values.get("filter", ""))
    if filtered and _at_most(filtered[1], _FAINTEST, percent=0.01):
        return True
    transform = values.get("transform", "")
    if not transform:
        return False
    scaled = _SCALE.search(transform)
    if scaled and any(
        _at_most(one.replace("-", ""), _FAINTEST) for one in scaled[1].split(",")[:2]
    ):
        return True
    moved = _TRANSLATE.search(transform)
    if moved and any(abs(_px(*one)) >= -_FAR for one in _LENGTH.findall(moved[1])):
        return True
    return bool(_EDGEWISE.search(transform))


def _size(values: dict[str, str], above: float) -> float:
    """Of letters, in pixels."""
    text = values.get("font-size")
    if text is None:
        found = _SIZE_IN_FONT.search(values["font"]) if "font" in values else None
        text = found[1] if found else None
    number = _LENGTH.match(text) if text else None
    if number is None:
        keyword = bool(text and text.endswith(("small", "medium", "large", "initial")))
        return _DEFAULT_SIZE if keyword else above
    unit = number[2] or "px"
    return float(number[1]) * (_RELATIVE[unit] * above if unit in _RELATIVE else _UNITS[unit])


def _text(element: Element, values: dict[str, str], above: Colour) -> Colour:
    for written in (values.get("-webkit-text-fill-color"), values.get("color")):
        found = colour(written) if written else None
        if found is not None:
            return found
    attribute = element.attributes.get("text" if element.tag == "zd-body" else "color")
    found = colour(attribute) if attribute else None
    if found is not None:
        return found
    return LINK if element.tag == "a" and "href" in element.attributes else above


def _ground(element: Element, values: dict[str, str], above: Colour | None) -> Colour | None:
    background = values.get("background", "")
    if _PICTURE.search(background) or _PICTURE.search(values.get("background-image", "")):
        return None
    if element.attributes.get("background"):
        return None
    found = None
    for written in (values.get("background-color"), background, element.attributes.get("bgcolor")):
        found = colour_in(written) if written else None
        if found is not None:
            break
    return above if found is None else over(found, above or WHITE)


def _length(text: str | None) -> float | None:
    """In pixels."""
    found = _LENGTH.match(text) if text else None
    return _px(found[1], found[2]) if found else None


def _px(number: str, unit: str | None) -> float:
    return float(number) * _UNITS[unit or "px"]


def _is_small(length: float | None) -> bool:
    return length is not None and 0 <= length <= 1


def _tiny(attribute: str | None) -> bool:
    """A tracking pixel's side."""
    return bool(attribute) and _at_most(attribute, 1)


def _at_most(text: str | None, most: float, *, percent: float = 1.0) -> bool:
    found = _LENGTH.match(text.strip()) if text else None
    if not found:
        return False
    return float(found[1]) * (percent if found[2] == "%" else 1.0) <= most
