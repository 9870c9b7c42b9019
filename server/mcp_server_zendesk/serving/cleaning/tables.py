"""Tables of a mail: those with data as Markdown rows. The others only lay out a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mcp_server_zendesk.serving.cleaning.html_tree import Element

_MOST_COLUMNS = 60
_BIG = frozenset({"table", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "hr"})


def is_data(table: Element) -> bool:
    """Whether a table holds data: header cells, or at least two rows of two plain cells."""
    if table.has_table or table.attributes.get("role") in {"presentation", "none"}:
        return False
    rows = list(_rows(table))
    if any(cell.tag == "th" for row in rows for cell in row):
        return True
    wide = [row for row in rows if len(row) > 1]
    return len(wide) > 1 and not any(
        isinstance(part, Element) and part.tag in _BIG
        for row in wide
        for cell in row
        for part in cell.children
    )


def as_rows(table: Element, written: Callable[[Element], str]) -> list[str]:
    """The lines of a Markdown table, below its caption. The first row is the header."""
    rows = [[*_cells(row, written)] for row in _rows(table)]
    rows = [row for row in rows if any(row)]
    width = min(max(map(len, rows), default=0), _MOST_COLUMNS)
    lines = [
        f"{written(part)}\n"
        for part in table.children
        if isinstance(part, Element) and part.tag == "caption"
    ]
    for at, row in enumerate(rows):
        lines.append("| " + " | ".join([*row, *[""] * (width - len(row))]) + " |")
        if at == 0:
            lines.append("|" + " --- |" * width)
    return lines


def _rows(table: Element) -> Iterator[list[Element]]:
    for part in table.children:
        if isinstance(part, Element) and part.tag in {"thead", "tbody", "tfoot"}:
            yield from _rows(part)
        elif isinstance(part, Element) and part.tag == "tr":
            yield [
                cell
                for cell in part.children
                if isinstance(cell, Element) and cell.tag in {"td", "th"}
            ]


def _cells(row: list[Element], written: Callable[[Element], str]) -> Iterator[str]:
    left = _MOST_COLUMNS
    for cell in row:
        span = cell.attributes.get("colspan", "")
        columns = int(span) if span.isascii() and span.isdigit() and len(span) < 3 else 1  # noqa: PLR2004
        text = written(cell).replace("\\", "\\\\").replace("|", "\\|")
        yield text
        left -= 1
        extra = min(max(columns - 1, 0), max(left, 0))
        left -= extra
        yield from [""] * extra
