"""No exemption from coverage outlives its reason: read after `coverage report`, from its data."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection
from pathlib import Path

import coverage


def simple_statements(source: str) -> set[int]:
    """The lines of statements that hold no others and are more than words.

    A header (`def`, `if`) runs on import or to find that its body does not, so that it is no sign
    of an exempted body having run.
    """
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    headers = {node.lineno for node in statements if hasattr(node, "body")}
    return {node.lineno for node in statements if not _is_text(node)} - headers


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def stale_lines(source: str, exempt: Collection[int], run: Collection[int]) -> list[int]:
    """Lines that are exempt and have run all the same."""
    return sorted(simple_statements(source) & set(exempt) & set(run))


def unused_patterns(patterns: Collection[str], sources: Collection[str]) -> list[str]:
    """Patterns of pyproject.toml that exempt nothing."""
    return [
        pattern
        for pattern in patterns
        if not any(re.search(pattern, source, re.MULTILINE) for source in sources)
    ]


def main() -> int:
    """Print what is stale.

    Returns:
        1 if anything is.
    """
    measured = coverage.Coverage()
    measured.load()
    data = measured.get_data()
    said, sources = [], []
    for file in sorted(data.measured_files()):
        source = Path(file).read_text(encoding="utf-8")
        sources.append(source)
        _, _, exempt, _, _ = measured.analysis2(file)
        said += [
            f"{Path(file).relative_to(Path.cwd())}:{line}: is exempt from coverage, and is covered"
            for line in stale_lines(source, exempt, data.lines(file) or ())
        ]
    own = measured.get_option("report:exclude_also")
    assert isinstance(own, list)
    if not sources:
        said.append("nothing was measured")
    unused = unused_patterns(own, sources)
    said += [f"exclude_also: {pattern!r} exempts nothing" for pattern in unused]
    sys.stdout.writelines(f"{line}\n" for line in said or ["No exemption is stale."])
    return bool(said)


if __name__ == "__main__":
    sys.exit(main())
