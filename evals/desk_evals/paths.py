r"""How a script names what an answer holds: ``{found.items[0].id}`` in a text.

``[0]`` takes one of a list, ``[only]`` the one where there is no other, ``[subject~crampons]``
the first whose subject holds the word, ``[]`` what is at the same place in each;
``{it.body|NW-\d+}`` is what fits this expression. A text that is nothing but such a name is the
value itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"\{([^{}]+)\}")
_PART = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")


class NotThere(LookupError):
    """The answer does not hold what the script expects: the agent is lost."""


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """A value with all names in it replaced.

    Raises:
        NotThere: An answer does not hold it.
    """
    if isinstance(value, dict):
        return {key: filled(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, known) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _NAME.fullmatch(value)
    if whole:
        return found(whole[1], known)
    return _NAME.sub(lambda name: _text(found(name[1], known)), value)


def blanked(text: str) -> str:
    """A text without what comes from answers: what the script itself claims."""
    return _NAME.sub(" ", text)


def found(name: str, known: Mapping[str, Any]) -> Any:
    """What stands at a name.

    Raises:
        NotThere: Nothing does.
    """
    place, _, expression = name.partition("|")
    value = _at(dict(known), [(key, within) for key, within in _PART.findall(place)], name)
    if not expression:
        return value
    fitting = re.search(expression, _text(value))
    if fitting is None:
        raise NotThere(f"nothing in the answer is like {expression}")
    return fitting[0]


def _at(value: Any, parts: list[tuple[str, str]], name: str) -> Any:
    for place, (key, within) in enumerate(parts):
        try:
            if key:
                value = value[key]
            elif within == "":
                rest = parts[place + 1 :]
                return [_at(one, rest, name) for one in value]
            elif within == "only":
                (value,) = value
            elif "~" in within:
                field, _, word = within.partition("~")
                value = next(
                    one for one in value if word.casefold() in _text(one.get(field)).casefold()
                )
            else:
                value = value[int(within)]
        except (LookupError, TypeError, ValueError, StopIteration, AttributeError):
            raise NotThere(f"the answer does not hold {name}") from None
    return value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)
