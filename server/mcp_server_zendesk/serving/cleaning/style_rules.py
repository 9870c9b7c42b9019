"""What the ``<style>`` sheets and ``style`` attributes of a mail say of one element.

Read are rules that hold on a support agent's screen (``media_queries``), those in ``@supports`` and
``@layer`` and within other rules included, with the selectors of ``selectors``. All compounds but
the last have to match ancestors, in order: ``>`` counts as any ancestor, and what stands before
``+`` or ``~`` is taken for true. So ``.dark .logo`` hides no ``.logo`` elsewhere, and a rule that
hides cannot be dodged by a combinator.

A stranger writes rules and elements, so their product is bounded: past ``_MOST_CHECKS`` the sheet
is exhausted, and the text ends there; so it is at once where brackets nest as nobody writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mcp_server_zendesk.serving.cleaning.media_queries import on_wide_screen
from mcp_server_zendesk.serving.cleaning.selectors import (
    Compound,
    Facts,
    Selector,
    selectors,
    weight,
)
from mcp_server_zendesk.serving.cleaning.style_values import LONGEST_VALUE, READ, longhands

_MOST_CHECKS = 100_000
_LONGEST_SHEET = 100_000
_MOST_PARTS = 60
_DEEPEST = 20
_BRACKET = re.compile(r"[(\[{}\])]")
_VENDORS = re.compile(r"^not\b|-(?:webkit|moz|ms|o)-")
_MOST_OUTER = 4
_TRICKY = re.compile(r"""[\\"']|/\*|\([^)]*;|[{}]""")
_SPACE = re.compile(r"\s+")

Declared = Mapping[str, tuple[str, bool]]
"""Values by property, in lower case, and whether they are ``!important``."""


class _Rule(NamedTuple):
    last: Compound
    above: tuple[Compound, ...]  # nearest first
    weight: tuple[int, int, int]
    order: int
    declared: Declared


class Rules:
    """The rules of a mail, by what their last compound names."""

    def __init__(self, sheets: Iterable[str]) -> None:
        self._by_key: dict[str, list[_Rule]] = {}
        self._known: dict[Facts, dict[str, str]] = {}
        self._left = _MOST_CHECKS
        sheets = list(sheets)
        if not all(_is_shallow(sheet) and len(sheet) <= _LONGEST_SHEET for sheet in sheets):
            self._left = -1
            return
        for rule in _rules(sheets):
            self._by_key.setdefault(_key(rule.last), []).append(rule)

    @property
    def exhausted(self) -> bool:
        """Whether there was more to compare than any mail needs."""
        return self._left < 0

    def of(self, facts: Facts, ancestors: Sequence[Facts], style: str) -> dict[str, str]:
        """The values that hold for an element, its ``style`` included, by the cascade."""
        if not self._by_key:
            return _values(inline(style)) if style else {}
        if not style and facts in self._known:
            return self._known[facts]
        matching, simple = self._matching(facts, ancestors)
        matching.sort(key=lambda rule: (rule.weight, rule.order))
        layers = [rule.declared for rule in matching]
        layers += [inline(style)] if style else []
        found: dict[str, str] = {}
        for wanted in (False, True):
            for layer in layers:
                found.update({k: value for k, (value, high) in layer.items() if high is wanted})
        if simple and not style:
            self._known[facts] = found
        return found

    def _matching(self, facts: Facts, ancestors: Sequence[Facts]) -> tuple[list[_Rule], bool]:
        found = []
        simple = True
        for key in ("*", facts.tag, f"#{facts.id}", *(f".{name}" for name in facts.classes)):
            for rule in self._by_key.get(key, ()):
                self._left -= 1
                if self._left < 0:
                    return [], False
                if facts.meets(rule.last):
                    simple &= not rule.above
                    if not rule.above or self._under(rule.above, ancestors):
                        found.append(rule)
        return found, simple

    def _under(self, above: tuple[Compound, ...], ancestors: Sequence[Facts]) -> bool:
        wanted = iter(above)
        asked = next(wanted)
        for facts in reversed(ancestors):
            self._left -= 1
            if facts.meets(asked):
                following = next(wanted, None)
                if following is None:
                    return True
                asked = following
        return False


def _key(last: Compound) -> str:
    if last.id:
        return f"#{last.id}"
    return f".{min(last.classes)}" if last.classes else last.tag.lower() or "*"


@lru_cache(maxsize=2_048)
def inline(style: str) -> Declared:
    """The declarations of a ``style`` attribute."""
    if len(style) > _LONGEST_SHEET or not _is_shallow(style):
        return {"display": ("none", False)}  # what nobody writes, nobody sees
    if _TRICKY.search(style):
        import tinycss2  # noqa: PLC0415 - rarely needed

        return _declared(tinycss2.parse_blocks_contents(style))
    found: dict[str, tuple[str, bool]] = {}
    for declaration in style.lower().split(";"):
        name, colon, value = declaration.partition(":")
        name = name.strip()
        if colon and name in READ:
            value, mark, important = value.partition("!")
            if not mark or important.strip() == "important":
                _declare(found, name, value, important=bool(mark))
    return found


def _declare(found: dict[str, tuple[str, bool]], name: str, value: str, *, important: bool) -> None:
    """What a declaration adds to those above it: an important one is not outdone by another."""
    for each, written in longhands(name, _SPACE.sub(" ", value).strip()[:LONGEST_VALUE]):
        if important or not found.get(each, ("", False))[1]:
            found[each] = (written, important)


def _is_shallow(css: str) -> bool:
    """Whether brackets nest as people write them: parsing costs more the deeper they go."""
    depth = 0
    for found in _BRACKET.finditer(css):
        depth = depth + 1 if found[0] in "([{" else max(0, depth - 1)
        if depth > _DEEPEST:
            return False
    return True


def _values(declared: Declared) -> dict[str, str]:
    return {name: value for name, (value, _) in declared.items()}


def _rules(sheets: Iterable[str]) -> Iterator[_Rule]:
    order = 0
    for sheet in sheets:
        import tinycss2  # noqa: PLC0415 - most comments bring no sheet

        css = sheet.replace("<!--", "").replace("-->", "")
        for selector, declared in _read(tinycss2.parse_stylesheet(css, skip_comments=True), []):
            order += 1
            last, *above = reversed(selector)
            yield _Rule(last, tuple(above), weight(selector), order, declared)


def _read(rules: Iterable[Any], outer: Sequence[Selector]) -> Iterator[tuple[Selector, Declared]]:
    """Each selector with what it declares, of the rules that hold on a screen."""
    import tinycss2  # noqa: PLC0415 - most comments bring no sheet

    for rule in rules:
        if rule.type == "qualified-rule":
            inside = tinycss2.parse_blocks_contents(rule.content, skip_comments=True)
            declared = _declared(inside)
            own = list(selectors(rule.prelude, outer))
            if declared:
                yield from ((selector, declared) for selector in own)
            yield from _read((one for one in inside if hasattr(one, "prelude")), own[:_MOST_OUTER])
        elif rule.type == "at-rule" and rule.content and _holds(rule):
            if outer:
                inside = tinycss2.parse_blocks_contents(rule.content, skip_comments=True)
                declared = _declared(inside)
                yield from ((selector, declared) for selector in outer if declared)
            else:
                inside = tinycss2.parse_rule_list(rule.content, skip_comments=True)
            yield from _read((one for one in inside if hasattr(one, "prelude")), outer)


def _holds(rule: Any) -> bool:
    """Whether the rules within an at-rule hold. A feature that is asked for is there, unless it
    is one program's own.
    """
    import tinycss2  # noqa: PLC0415 - most comments bring no sheet

    if rule.lower_at_keyword == "layer":
        return True
    asked = tinycss2.serialize(rule.prelude).strip().lower()
    if rule.lower_at_keyword == "supports":
        return not _VENDORS.search(asked)
    return rule.lower_at_keyword == "media" and on_wide_screen(asked)


def _declared(parsed: Iterable[Any]) -> Declared:
    found: dict[str, tuple[str, bool]] = {}
    for one in parsed:
        if one.type == "declaration" and one.lower_name in READ:
            _declare(found, one.lower_name, _written(one.value).lower(), important=one.important)
    return found


def _written(parts: Sequence[Any], depth: int = 3) -> str:
    """A value as CSS: tinycss2's own writer follows any nesting, and so fails at some."""
    return "".join(
        f"{part.lower_name}({_written(part.arguments, depth - 1) if depth else ''})"
        if part.type == "function"
        else ""
        if part.type == "comment" or hasattr(part, "content")
        else part.serialize()
        for part in parts[:_MOST_PARTS]
    )
