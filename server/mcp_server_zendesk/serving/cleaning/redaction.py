"""What an admin wants taken out of the texts that a model reads: card numbers, tokens, passwords.

Off by default. It acts inside the cleaner, before a text is cut, for as long as a call of a
workspace that wants it runs; a mark stands where something was. It changes what is read and never
what is written: see ``refuse_marks`` and ``suspended``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

from mcp_server_zendesk.connection.nearest import or_nearest
from mcp_server_zendesk.serving.refusals import ArgumentProblem, InvalidArguments

ALL = "all"
KINDS: Mapping[str, str] = {
    "cards": "payment card numbers and their security codes",
    "bank_accounts": "IBANs",
    "national_ids": "national identity numbers",
    "tokens": "API keys, tokens and private keys",
    "passwords": "passwords and PINs that are named as such",
}
"""The kinds by their names in the configuration, and what they take out."""

META_KEY = "mcp-server-zendesk/redacted"
"""Where a result tells how much of each kind was taken out while it was made."""

_FINDERS = {
    "cards": ("card_numbers", "without_cards"),
    "bank_accounts": ("registered_numbers", "without_bank_accounts"),
    "national_ids": ("registered_numbers", "without_national_ids"),
    "tokens": ("secret_patterns", "without_tokens"),
    "passwords": ("secret_patterns", "without_passwords"),
}
_MARK = re.compile(r"\[[a-zA-Z0-9 ]{1,60} redacted\]")
# What a reader could take for a mark.
_LIKE_MARK = re.compile(
    r"[\[\uff3b\u3010]([^\[\]\uff3b\uff3d\u3010\u3011\n]{1,60}\bredacted[\W_]{0,3}?)[\]\uff3d\u3011]",
    re.IGNORECASE,
)
_ROUNDS = 4  # what is taken out may lay bare what stood right beside it
_VISIBLE_ASCII = "".join(map(chr, range(0x21, 0x7F)))

P = ParamSpec("P")
T = TypeVar("T")

Finder = Callable[[str], tuple[str, int]]
"""Takes what it finds out of a text: the text with marks, and how many."""


class RedactionUnavailable(Exception):
    """A kind needs the extra ``redaction``, which is not installed."""


@dataclass(frozen=True, slots=True)
class _Work:
    """The redaction of one call, and what it has taken out so far."""

    finders: Mapping[str, Finder]
    taken: Counter[str] = field(default_factory=Counter)
    marks: set[str] = field(default_factory=set)


_NOTHING = _Work({})
_acting: ContextVar[_Work | None] = ContextVar("redaction", default=_NOTHING)
"""The work of this call; None where it is suspended."""


class Redaction:
    """What one workspace takes out of texts.

    Args:
        kinds: Of ``KINDS``, or ``all``; none switches it off.

    Raises:
        ValueError: There is no such kind; the message lists those that there are.
        RedactionUnavailable: The library that a kind needs is not installed.
    """

    def __init__(self, kinds: Iterable[str] = ()) -> None:
        wanted = [kind.lower() for kind in kinds]
        for kind in wanted:
            if kind not in (ALL, *KINDS):
                near = or_nearest(kind, (ALL, *KINDS))
                raise ValueError(
                    f"redact: there is no kind of that name{near}. Valid: {', '.join(KINDS)}, {ALL}"
                )
        self.kinds = tuple(kind for kind in KINDS if ALL in wanted or kind in wanted)
        self._finders = {kind: _finder(kind) for kind in self.kinds}

    def begin(self) -> None:
        """From now on, every text that is cleaned in this task is redacted."""
        _acting.set(_Work(self._finders) if self._finders else _NOTHING)

    @contextmanager
    def acting(self) -> Iterator[Counter[str]]:
        """Every text that is cleaned inside is redacted. Yields what was taken out, by kind."""
        work = _Work(self._finders)
        token = _acting.set(work if self._finders else _NOTHING)
        try:
            yield work.taken
        finally:
            _acting.reset(token)

    def refuse_marks(self, arguments: Mapping[str, Any]) -> None:
        """Let no mark be written to Zendesk, where it would replace what it stands for.

        Raises:
            InvalidArguments: A text among the arguments holds one.
        """
        if not self._finders:
            return
        problem = (
            "holds a mark of this server's redaction; writing it would replace the original in "
            "Zendesk. Leave that passage as it is, or say it in other words"
        )
        found = [name for name, value in arguments.items() if any(map(_MARK.search, _texts(value)))]
        if found:
            raise InvalidArguments([ArgumentProblem(name, problem) for name in found])


def sentence(kinds: Iterable[str]) -> str:
    """In one line, what a workspace's setting takes out of what a model reads."""
    wanted = set(kinds)
    named = [says for kind, says in KINDS.items() if ALL in wanted or kind in wanted]
    if not named:
        return "Nothing is redacted in what a model reads."
    return f"Redacted in what a model reads, as far as recognised: {'; '.join(named)}."


def active() -> bool:
    """Whether texts are redacted in this call."""
    work = _acting.get()
    return work is not None and bool(work.finders)


def redacted(text: str) -> str:
    """The text without what the workspace wants taken out, and without marks that it brought.

    Somebody else's mark loses its brackets, whether or not anything is taken out here: it would
    say that an admin keeps something back, and no answer could repeat it (``refuse_marks``). A
    mark that this call has made stays, so that what is cleaned twice is the same as cleaned once.
    """
    work = _acting.get()
    if work is None:
        return text
    text = _with_marks_broken(text, work.marks)
    if not work.finders:
        return text
    for _ in range(_ROUNDS):
        before = text
        for kind, find in work.finders.items():
            text, count = find(text)
            if count:
                work.taken[kind] += count
        if text == before:
            break
    work.marks.update(_MARK.findall(text))
    return text


def _with_marks_broken(text: str, own: AbstractSet[str]) -> str:
    if "redacted" not in text.casefold():
        return text
    before = ""
    while text != before:  # brackets within brackets; a mark has room for three more at its end
        before = text
        text = _LIKE_MARK.sub(lambda found: found[0] if found[0] in own else f"({found[1]})", text)
    return text


def redacted_all(value: Any) -> Any:
    """JSON with every string in it redacted."""
    if not active():
        return value
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {key: redacted_all(one) for key, one in value.items()}
    return [redacted_all(one) for one in value] if isinstance(value, list) else value


def untorn(text: str) -> str:
    """A text whose end was cut off before it was read, without a number or a word cut in half."""
    if not active():
        return text
    kept = text.rstrip().rstrip(_VISIBLE_ASCII)
    end = len(kept)
    while end and (kept[end - 1].isdecimal() or not kept[end - 1].isalnum()):
        end -= 1
    return kept[:end]


def told() -> dict[str, Any] | None:
    """What was taken out in this call so far, for the ``_meta`` of its result; None for nothing."""
    work = _acting.get()
    return {META_KEY: dict(work.taken)} if work and work.taken else None


@contextmanager
def suspended() -> Iterator[None]:
    """Texts as they are: what a human agrees to, and what is compared and not shown."""
    token = _acting.set(None)
    try:
        yield
    finally:
        _acting.reset(token)


def as_it_is(ask: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """The same, with redaction suspended: a human is shown what will be done, to the letter."""

    async def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        with suspended():
            return await ask(*args, **kwargs)

    return asked


def _finder(kind: str) -> Finder:
    """Loads what a kind needs; most workspaces want none."""
    module, function = _FINDERS[kind]
    try:
        found: Finder = getattr(import_module(f"{__package__}.{module}"), function)
    except ImportError:
        raise RedactionUnavailable(
            f"redact: {kind} needs a library that is not installed; run pip install "
            "'mcp-server-zendesk[redaction]', or leave that kind out"
        ) from None
    return found


def _texts(value: Any) -> Iterator[str]:
    """Every string of an argument."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
