"""The letters of a chart: text that others wrote is cleaned and cut, and is never a formula."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.serving.cleaning.text import clean_line

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

_FIRST = "DejaVu Sans"  # comes with matplotlib
_OTHERS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "WenQuanYi Zen Hei",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Emoji",
)
_BOX = "\u25a1"
_WIDEST = 200


@dataclass(slots=True)
class Lettering:
    """Fonts, and the letters that they have. ``measured`` is what a text is measured by."""

    families: tuple[str, ...]
    letters: frozenset[int]
    measured: Any = None

    def fitting(self, text: str, limit: int) -> str:
        """A text as it can be drawn: one line, no longer than that, a box for what no font has."""
        line = clean_line(text, limit)
        return "".join(one if ord(one) in self.letters else _BOX for one in line)

    def font(self, size: float, weight: str = "normal") -> FontProperties:
        """The fonts in a size."""
        from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - heavy

        return FontProperties(family=[*self.families], size=size, weight=weight)

    def width(self, text: str, size: float) -> float:
        """How wide a text is, as a part of the picture's width."""
        across, _, _ = self.measured.get_text_width_height_descent(text, self.font(size), False)  # noqa: FBT003 - the library's own way
        return float(across) / float(self.measured.width)

    def ticks(self, size: float, color: str) -> dict[str, Any]:
        """How the labels of an axis are set."""
        return {"fontproperties": self.font(size), "color": color, "parse_math": False}

    def write(
        self,
        on: Any,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        color: str,
        limit: int = _WIDEST,
        weight: str = "normal",
        shift: tuple[float, float] | None = None,
        **more: Any,
    ) -> None:
        """Write on a figure or on axes, ``shift`` points beside the place."""
        words = self.fitting(text, limit)
        font = self.font(size, weight)
        same = {"fontproperties": font, "color": color, "parse_math": False, **more}
        if shift is None:
            on.text(x, y, words, **same)
        else:
            on.annotate(words, (x, y), xytext=shift, textcoords="offset points", **same)


def lettering() -> Lettering:
    """The fonts that this machine has."""
    families, letters = _fonts()
    return Lettering(families, letters)


@cache
def _fonts() -> tuple[tuple[str, ...], frozenset[int]]:
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415 - heavy

    families, letters = [], set[int]()
    for family in (_FIRST, *_OTHERS):
        try:
            file = findfont(family, fallback_to_default=False)
        except ValueError:
            continue
        families.append(family)
        letters |= get_font(file).get_charmap().keys()
    return tuple(families), frozenset(letters)
