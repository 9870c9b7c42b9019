"""The selectors of a style sheet, as far as they are read.

Elements, classes, ids and ``*``, attributes of class and id, ``:is``, ``:where``, ``:not``,
``:root`` and ``&``. A selector with anything else is left out: it mostly speaks of a state or of
one mail program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mcp_server_zendesk.serving.cleaning.html_tree import Element

_MOST_COMPOUNDS = 8
_MOST_CHOICES = 16
_MOST_TOKENS = 400
_CHOICE = frozenset({"is", "where", "matches", "any", "-webkit-any", "-moz-any"})
# What holds of no element before somebody acts.
_STATES = frozenset({"hover", "focus", "active", "checked", "target", "visited", "focus-within"})


class Compound(NamedTuple):
    """What a selector asks of one element: ``like`` is a part of a class."""

    tag: str = ""
    id: str = ""
    classes: frozenset[str] = frozenset()
    like: tuple[str, ...] = ()
    never: tuple[Compound, ...] = ()


Selector = list[Compound]
"""Compounds from left to right."""


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

    def meets(self, asked: Compound) -> bool:
        """Whether a compound selector matches."""
        return (
            (not asked.tag or asked.tag.lower() == self.tag)
            and (not asked.id or asked.id == self.id)
            and asked.classes <= self.classes
            and (
                not asked.like
                or all(any(part in name for name in self.classes) for part in asked.like)
            )
            and (not asked.never or not any(map(self.meets, asked.never)))
        )


def selectors(prelude: Iterable[Any], outer: Sequence[Selector]) -> Iterator[Selector]:
    """Each selector that is understood, within those of the rules around it."""
    for tokens in _parted(prelude):
        for plain in _choices(tokens[:_MOST_TOKENS]):
            found = _selector(plain)
            if not found:
                continue
            if not outer and all(one.tag != "&" for one in found):
                yield found
            for around in outer:
                yield _within(around, found)


def weight(selector: Selector) -> tuple[int, int, int]:
    """How specific a selector is."""
    return (
        sum(bool(one.id) for one in selector),
        sum(len(one.classes) + len(one.like) for one in selector),
        sum(bool(one.tag) for one in selector),
    )


def _within(around: Selector, found: Selector) -> Selector:
    """A nested selector with what its ``&`` stands for."""
    above, parent = around[:-1], around[-1]
    if all(one.tag != "&" for one in found):
        return [*around, *found][-_MOST_COMPOUNDS:]
    joined = [_both(parent, one._replace(tag="")) if one.tag == "&" else one for one in found]
    return [*above, *joined][-_MOST_COMPOUNDS:]


def _both(one: Compound, other: Compound) -> Compound:
    return Compound(
        one.tag, other.id or one.id, one.classes | other.classes, one.like + other.like,
        one.never + other.never,
    )  # fmt: skip


def _parted(tokens: Iterable[Any]) -> Iterator[list[Any]]:
    """The parts between commas."""
    parts: list[Any] = []
    for piece in tokens:
        if piece == ",":
            yield parts
            parts = []
        else:
            parts.append(piece)
    yield parts


def _choices(tokens: list[Any]) -> list[list[Any]]:
    """The same without ``:is``: one for each of its choices, up to a bound."""
    open_: list[list[Any]] = [tokens]
    done: list[list[Any]] = []
    while open_ and len(open_) + len(done) <= _MOST_CHOICES:
        one = open_.pop()
        at = next(
            (n for n, piece in enumerate(one[1:], 1) if one[n - 1] == ":" and _is_choice(piece)), 0
        )
        if not at:
            done.append(one)
            continue
        chosen = list(_parted(part for part in one[at].arguments if part.type != "comment"))
        open_ += [
            [*one[: at - 1], *_trimmed(part), *one[at + 1 :]][:_MOST_TOKENS]
            for part in chosen[:_MOST_CHOICES]
        ]
    return done


def _is_choice(piece: Any) -> bool:
    return bool(piece.type == "function" and piece.lower_name in _CHOICE)


def _trimmed(tokens: Sequence[Any]) -> list[Any]:
    kept = list(tokens)
    while kept and kept[0].type == "whitespace":
        kept.pop(0)
    while kept and kept[-1].type == "whitespace":
        kept.pop()
    return kept


def _selector(tokens: Sequence[Any]) -> Selector:
    """Compounds from left to right; none where the selector is beyond what is read here."""
    found: Selector = []
    asked: Compound | None = None
    before = ""
    for piece in (*tokens, None):
        if before in {".", ":"}:
            told = _named(piece) if before == "." else _pseudo(piece)
            if told is None:
                return []
            asked, before = _both_or(asked, told), ""
        elif piece is None or piece.type == "whitespace" or piece in (">", "+", "~"):
            if asked is not None:
                found.append(asked)
            asked = None
            if piece in ("+", "~"):
                found = found[:-1]
        elif piece in (".", ":"):
            before = piece.value
        else:
            told = _plain(piece)
            if told is None:
                return []
            asked = _both_or(asked, told)
    return found[-_MOST_COMPOUNDS:]


def _both_or(asked: Compound | None, told: Compound) -> Compound:
    if asked is None:
        return told
    return _both(asked._replace(tag=told.tag or asked.tag), told)


def _named(piece: Any) -> Compound | None:
    if piece is None or piece.type != "ident":
        return None
    return Compound(classes=frozenset({piece.value}))


def _plain(piece: Any) -> Compound | None:
    if piece.type == "ident":
        body = piece.lower_value in {"body", "html"}
        return Compound(tag="zd-body" if body else piece.value)
    if piece.type == "hash":
        return Compound(id=piece.value)
    if piece.type == "[] block":
        return _attribute(_trimmed(piece.content))
    if piece == "*":
        return Compound()
    return Compound(tag="&") if piece == "&" else None


def _pseudo(piece: Any) -> Compound | None:
    if piece is None:
        return None
    if piece.type == "ident" and piece.lower_value == "root":
        return Compound(tag="zd-body")
    if piece.type != "function" or piece.lower_name != "not":
        return None
    never: list[Compound] = []
    for part in _parted(piece.arguments):
        inside = _trimmed(part)[:_MOST_TOKENS]
        if len(inside) == 2 and inside[0] == ":" and getattr(inside[1], "value", "") in _STATES:  # noqa: PLR2004
            continue
        # Only what is plain: within each other they would cost more than they say.
        compound = [] if ":" in inside else _selector(inside)
        if len(compound) != 1 or len(never) == _MOST_CHOICES:
            return None
        never += compound
    return Compound(never=tuple(never))


def _attribute(content: Sequence[Any]) -> Compound | None:
    parts = [part for part in content if part.type != "whitespace"][:4]
    name = getattr(parts[0], "lower_value", "") if parts else ""
    if len(parts) == 1:
        return Compound(like=("",)) if name == "class" else None
    if len(parts) < 3 or name not in {"class", "id"}:  # noqa: PLR2004
        return None
    sign, value = getattr(parts[1], "value", ""), str(getattr(parts[2], "value", ""))
    if name == "id":
        return Compound(id=value) if sign == "=" and value else None
    if sign in {"=", "~="}:
        return Compound(classes=frozenset(value.split()))
    return Compound(like=(value,)) if value and sign in {"*=", "^=", "$=", "|="} else None
