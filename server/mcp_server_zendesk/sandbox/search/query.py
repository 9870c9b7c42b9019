"""A search query, taken apart into terms (`zendesk-api.md` §7)."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Operator = Literal[":", "<", ">", "<=", ">="]

_TERM = re.compile(
    r"""(?<!\S)
        (?P<negated>-)?
        (?:(?P<field>[A-Za-z_]\w*)(?P<operator>:[<>]=?|[<>]=?|:))?
        (?:"(?P<phrase>[^"]*)"|(?P<word>\S+))
    """,
    re.VERBOSE,
)

RECORD_TYPES = ("ticket", "user", "organization", "group")


@dataclass(frozen=True)
class Term:
    """One condition: a free word or phrase where `field` is `None`."""

    field: str | None
    operator: Operator
    value: str
    negated: bool = False
    phrase: bool = False


@dataclass(frozen=True)
class Query:
    """A query's terms, with `type:`, `order_by:` and `sort:` taken out of them."""

    terms: tuple[Term, ...]
    types: tuple[str, ...]
    order_by: str | None = None
    sort: str | None = None

    @cached_property
    def repeated(self) -> frozenset[str]:
        """The fields that are named more than once with `:`, whose terms are alternatives."""
        named = (term.field for term in self.terms if term.operator == ":" and not term.negated)
        counted = Counter(field for field in named if field is not None)
        return frozenset(field for field, times in counted.items() if times > 1)

    @property
    def free(self) -> list[Term]:
        """The words and phrases that stand alone."""
        return [term for term in self.terms if term.field is None and not term.negated]


def parse(text: str) -> Query:
    """Reads a query. Nothing is an error here: what is no term is a word to look for."""
    terms: list[Term] = []
    types: list[str] = []
    order_by = sort = None
    for match in _TERM.finditer(text):
        term = _term(match)
        if term.field == "type" and term.value in RECORD_TYPES:
            types.append(term.value)
        elif term.field == "order_by":
            order_by = term.value
        elif term.field == "sort":
            sort = term.value
        else:
            terms.append(term)
    return Query(tuple(terms), tuple(types), order_by, sort)


def _term(match: re.Match[str]) -> Term:
    phrase = match["phrase"]
    value = match["word"] if phrase is None else phrase
    field = match["field"]
    operator = (match["operator"] or ":").removeprefix(":") or ":"
    return Term(
        field=field.lower() if field else None,
        operator=_OPERATORS[operator],
        value=value,
        negated=bool(match["negated"]),
        phrase=phrase is not None,
    )


_OPERATORS: dict[str, Operator] = {":": ":", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
