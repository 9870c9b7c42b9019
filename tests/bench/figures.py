"""Figures as tables, for a terminal and for ``docs/performance.md``."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """What was measured: a title, what it means, and rows below a head."""

    title: str
    says: str
    head: Cells
    rows: Sequence[Cells]

    def text(self) -> str:
        """For a terminal."""
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        lines = [self.title]
        for row in (self.head, *self.rows):
            first, *others = (
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            lines.append("  " + "  ".join([first, *others]))
        return "\n".join(lines) + "\n"

    def markdown(self) -> str:
        """A section of a document."""
        rule = ("---", *["---:"] * (len(self.head) - 1))
        rows = [f"| {' | '.join(row)} |" for row in (self.head, rule, *self.rows)]
        return "\n".join([f"## {self.title}", "", self.says, "", *rows, ""])


def ratio(ours: Sequence[float], baseline: Sequence[float]) -> float:
    """The median of the ratios of pairs that were measured one right after the other."""
    return statistics.median(one / other for one, other in zip(ours, baseline, strict=True))


def within(value: float, bar: float) -> str:
    """Whether a bar is met, in a word."""
    return "yes" if value <= bar else "no"
