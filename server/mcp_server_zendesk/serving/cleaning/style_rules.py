"""What the ``<style>`` sheets and ``style`` attributes of a mail say of one element.

Read are rules outside at-rules and in ``@media all`` or ``screen``, with selectors of elements,
classes, ids and ``*``. All compounds but the last have to match ancestors, in order: ``>`` counts
as any ancestor, and what stands before ``+`` or ``~`` is taken for true. So ``.dark .logo`` hides
no ``.logo`` elsewhere, and a rule that hides cannot be dodged by a combinator. A selector with a
pseudo-class or an attribute is left out: it mostly speaks of a state or of one mail program.

A stranger writes rules and elements, so their product is bounded: past ``_MOST_CHECKS`` the sheet
is exhausted, and the text ends there; so it is at once where brackets nest as nobody writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mcp_server_zendesk.serving.cleaning.html_tree import Element

_MOST_CHECKS = 100_000
_LONGEST_SHEET = 100_000
_LONGEST_VALUE = 200
_MOST_PARTS = 60
_DEEPEST = 20
_BRACKET = re.compile(r"[(\[{}\])]")
_READ = frozenset(
    {
        "display", "visibility", "opacity", "font-size", "font", "width", "height", "max-height",
        "max-width", "min-width", "min-height", "overflow", "overflow-x", "overflow-y", "clip",
        "clip-path", "position", "left", "top", "right", "bottom", "text-indent", "transform",
        "scale", "mso-hide", "color", "background", "background-color", "background-image",
        "background-clip", "-webkit-background-clip", "-webkit-text-fill-color", "filter",
        "content-visibility", "zoom", "line-height", "margin", "margin-left", "margin-top",
    }
)  # fmt: skip
_MEDIA = {"", "all", "screen", "only screen", "screen,print", "screen, print"}
_TRICKY = re.compile(r"""[\\"']|/\*|\([^)]*;|[{}]""")
_SPACE = re.compile(r"\s+")

Declared = Mapping[str, tuple[str, bool]]
"""Values by property, in lower case, and whether they are ``!important``."""


class _Compound(NamedTuple):
    tag: str
    id: str
    classes: frozenset[str]


class _Rule(NamedTuple):
    last: _Compound
    above: tuple[_Compound, ...]  # nearest first
    weight: tuple[int, int, int]
    order: int
    declared: Declared


@dataclass(frozen=True, slots=True)
class Facts:
    """What selectors ask of an element."""

    tag: str
    id: str
    classes: frozenset[str]

    @classmethod
    def of(cls, element: Element) -> Facts:
        """Of an element."""
        found = element.attributes
        classes = found.get("class")
        return cls(
            element.tag, found.get("id", ""), frozenset(classes.split()) if classes else frozenset()
        )

    def meets(self, asked: _Compound) -> bool:
        """Whether a compound selector matches."""
        return (
            (not asked.tag or asked.tag.lower() == self.tag)
            and (not asked.id or asked.id == self.id)
            and asked.classes <= self.classes
        )


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

    def _under(self, above: tuple[_Compound, ...], ancestors: Sequence[Facts]) -> bool:
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


def _key(last: _Compound) -> str:
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
    found = {}
    for declaration in style.lower().split(";"):
        name, colon, value = declaration.partition(":")
        name = name.strip()
        if colon and name in _READ:
            value, important, _ = value.partition("!")
            found[name] = (_SPACE.sub(" ", value.strip()[:_LONGEST_VALUE]), bool(important))
    return found


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
        for rule in _flat(tinycss2.parse_stylesheet(css, skip_comments=True)):
            declared = _declared(tinycss2.parse_blocks_contents(rule.content))
            for last, above in _selectors(rule.prelude) if declared else ():
                order += 1
                yield _Rule(last, above, _weight(last, *above), order, declared)


def _flat(rules: Iterable[Any]) -> Iterator[Any]:
    """The rules that hold on a screen."""
    import tinycss2  # noqa: PLC0415 - most comments bring no sheet

    for rule in rules:
        if rule.type == "qualified-rule":
            yield rule
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content:
            media = "".join(getattr(part, "value", "?") for part in rule.prelude)
            if _SPACE.sub(" ", media).strip().lower() in _MEDIA:
                inside = tinycss2.parse_rule_list(rule.content, skip_comments=True)
                yield from (one for one in inside if one.type == "qualified-rule")


def _declared(parsed: Iterable[Any]) -> Declared:
    found = {}
    for one in parsed:
        if one.type == "declaration" and one.lower_name in _READ:
            value = _written(one.value).lower().strip()
            found[one.lower_name] = (_SPACE.sub(" ", value[:_LONGEST_VALUE]), bool(one.important))
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


def _selectors(prelude: Iterable[Any]) -> Iterator[tuple[_Compound, tuple[_Compound, ...]]]:
    """Each selector that is understood: its last compound, and those above, nearest first."""
    parts: list[Any] = []
    for part in (*prelude, None):
        if part is not None and part != ",":
            parts.append(part)
            continue
        found = _selector(parts)
        parts = []
        if found:
            yield found[-1], tuple(reversed(found[:-1]))


def _selector(tokens: Sequence[Any]) -> list[_Compound]:
    """Compounds from left to right; none where the selector is beyond what is read here."""
    found: list[_Compound] = []
    parts: list[tuple[str, str]] = []  # of the compound at hand: its kind, and a name
    for part in (*tokens, None):
        kind, name = _part_of_selector(part)
        if kind == "beyond" or (parts and parts[-1] == (".", "") and kind != "name"):
            return []
        if kind == "name" and parts and parts[-1] == (".", ""):
            parts[-1] = (".", name)
        elif kind in {"name", "#", ".", "*"}:
            parts.append((kind, name))
        else:
            if parts:
                named = {key: value for key, value in parts if key != "."}
                classes = frozenset(value for key, value in parts if key == ".")
                found.append(_Compound(named.get("name", ""), named.get("#", ""), classes))
            parts = []
            if kind == "beside":
                found = found[:-1]
    return found[-8:]


def _part_of_selector(part: Any) -> tuple[str, str]:
    if part is None or part.type == "whitespace" or part == ">":
        return "end", ""
    if part.type == "ident":
        name = part.lower_value
        return "name", "zd-body" if name in {"body", "html"} else part.value
    if part.type == "hash":
        return "#", part.value
    if part in (".", "*"):
        return part.value, ""
    return ("beside", "") if part in ("+", "~") else ("beyond", "")


def _weight(*compounds: _Compound) -> tuple[int, int, int]:
    return (
        sum(bool(one.id) for one in compounds),
        sum(len(one.classes) for one in compounds),
        sum(bool(one.tag) for one in compounds),
    )
