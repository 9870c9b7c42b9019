"""Puts one member into a YAML text, at the marks of PyYAML's composer.

PyYAML itself would write the whole text anew, without its comments. What is put is written in
flow style where it is a list, and as a block where it is a mapping.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_server_zendesk.clients.refusals import Unparsable
from mcp_server_zendesk.clients.texts import newline_of, split_mark

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node

_STRING_TAG = "tag:yaml.org,2002:str"
_NULL_TAG = "tag:yaml.org,2002:null"
_PLAIN = re.compile(r"(?![yYnN]$)[A-Za-z_][A-Za-z0-9_-]*")
_INDENT = 2


@dataclass(frozen=True)
class Scalar:
    """A scalar as it is written, and the tag that it resolves to."""

    tag: str
    text: str


def parse(text: str) -> dict[Any, Any]:
    """The mapping that a text holds; an empty one for a text without any value.

    Raises:
        Unparsable: It is not one YAML document without anchors, or not a mapping.
    """
    root = _compose(split_mark(text)[1])
    if root is None or _is_nothing(root):
        return {}
    plain = _plain(root)
    if not isinstance(plain, dict):
        raise Unparsable("a mapping is expected", 1, 1)
    return plain


def put(text: str, key_path: Sequence[str], entry_name: str, entry: Any) -> str:
    """The text with one member set.

    Args:
        text: A YAML text, which may have a byte order mark.
        key_path: The keys that lead to the mapping of the member; those missing are added.
        entry_name: The name of the member. Where it stands already, its value is replaced.
        entry: Its value: a scalar, a list of scalars, or a mapping of such.

    Raises:
        Unparsable: The text is no such YAML, or something on the way is not a mapping.
    """
    parse(text)
    mark, body = split_mark(text)
    root = _compose(body)
    if root is None or _is_nothing(root):
        document = _nested((*key_path, entry_name), entry)
        return mark + _insert_lines(body, len(body), _block(document, 0, _INDENT))
    step = _step(root)
    holder = _mapping(root)
    for depth, key in enumerate(key_path, start=1):
        found = _member(holder, key)
        added = _nested((*key_path[depth:], entry_name), entry)
        if found is None:
            return mark + _insert(body, holder, key, added, step)
        name, value = found
        if _is_nothing(value) or not value.value:
            return mark + _replace(body, holder, name, value, added, step)
        holder = _mapping(value)
    found = _member(holder, entry_name)
    if found is None:
        return mark + _insert(body, holder, entry_name, entry, step)
    return mark + _replace(body, holder, *found, entry, step)


def _compose(body: str) -> Node | None:
    """The tree of the only document, with the place of each node."""
    import yaml  # noqa: PLC0415 - for Goose alone

    try:
        for event in yaml.parse(body, Loader=yaml.SafeLoader):
            if getattr(event, "anchor", None):
                raise _at(event.start_mark, "anchors and aliases cannot be edited safely")
        documents = list(yaml.compose_all(body, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        raise _at(error.problem_mark, "this is not valid YAML") from None
    except yaml.YAMLError:
        raise Unparsable("this is not valid YAML") from None
    except RecursionError:
        raise Unparsable("it is nested too deeply") from None
    if len(documents) > 1:
        raise Unparsable("a single document is expected")
    return documents[0] if documents else None


def _at(mark: Any, reason: str) -> Unparsable:
    return Unparsable(reason, mark.line + 1, mark.column + 1) if mark else Unparsable(reason)


def _plain(node: Node) -> Any:
    """A node as data. Scalars stay as written: no date or number is computed."""
    from yaml.nodes import MappingNode, SequenceNode  # noqa: PLC0415 - for Goose alone

    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.value]
    if not isinstance(node, MappingNode):
        return Scalar(node.tag, node.value)
    mapping: dict[Any, Any] = {}
    for name, value in node.value:
        key = _plain(name)
        if not isinstance(key, Scalar):
            raise _at(name.start_mark, "this key is not a scalar")
        plain_key = key.text if key.tag == _STRING_TAG else key
        if plain_key in mapping:
            raise _at(name.start_mark, "this key stands twice")
        mapping[plain_key] = _plain(value)
    return mapping


def _is_nothing(node: Node) -> bool:
    return bool(node.tag == _NULL_TAG)


def _mapping(node: Node) -> MappingNode:
    from yaml.nodes import MappingNode  # noqa: PLC0415 - for Goose alone

    if not isinstance(node, MappingNode):
        raise _at(node.start_mark, "a mapping is expected")
    return node


def _member(holder: MappingNode, key: str) -> tuple[Node, Node] | None:
    for name, value in holder.value:
        if name.tag == _STRING_TAG and name.value == key:
            return name, value
    return None


def _nested(keys: Sequence[str], value: Any) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value


def _step(root: Node) -> int:
    """How many columns one level of this text is indented by."""
    for _, value in getattr(root, "value", ()):
        inner = value.value
        if isinstance(inner, list) and inner and isinstance(inner[0], tuple):
            column = int(inner[0][0].start_mark.column)
            if not value.flow_style and column:
                return column
    return _INDENT


def _end(node: Node) -> int:
    """Where the content of a node ends. A block's own mark stands behind comments, too."""
    from yaml.nodes import CollectionNode  # noqa: PLC0415 - for Goose alone

    if isinstance(node, CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _insert(body: str, holder: MappingNode, key: str, value: Any, step: int) -> str:
    """The text with a new last member in a mapping."""
    at = _end(holder.value[-1][1]) if holder.value else holder.start_mark.index + 1
    if holder.flow_style:
        comma = ", " if holder.value else ""
        return body[:at] + comma + f"{_scalar(key)}: {_flow(value)}" + body[at:]
    column = holder.value[0][0].start_mark.column
    return _insert_lines(body, at, _block({key: value}, column, step))


def _replace(body: str, holder: MappingNode, name: Node, old: Node, value: Any, step: int) -> str:
    """The text with another value of a member; what stands behind it in its line stays."""
    if holder.flow_style:
        if old.start_mark.index == old.end_mark.index:
            raise _at(name.start_mark, "flow style cannot be edited here")
        return body[: old.start_mark.index] + _flow(value) + body[old.end_mark.index :]
    start = body.index(":", name.end_mark.index) + 1
    end = max(start, _end(old))
    while end > start and body[end - 1] in "\r\n":
        end -= 1
    if not isinstance(value, Mapping) or not value:
        return f"{body[:start]} {_flow(value)}{body[end:]}"
    lines = _block(value, name.start_mark.column + step, step)
    return _insert_lines(body[:start] + body[end:], start, lines)


def _insert_lines(body: str, at: int, lines: Iterator[str]) -> str:
    """The text with lines behind the one of this place; its last line ends as it did."""
    newline = newline_of(body)
    written = newline.join(lines)
    if at == 0 or body[at - 1] == "\n":
        return body[:at] + written + newline + body[at:]
    line_end = body.find("\n", at)
    if line_end < 0:
        return body + newline + written
    return body[: line_end + 1] + written + newline + body[line_end + 1 :]


def _block(mapping: Mapping[str, Any], column: int, step: int) -> Iterator[str]:
    for key, value in mapping.items():
        start = " " * column + _scalar(key) + ":"
        if isinstance(value, Mapping) and value:
            yield start
            yield from _block(value, column + step, step)
        else:
            yield f"{start} {_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        members = (f"{_scalar(key)}: {_flow(item)}" for key, item in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A scalar without quotes where it is a word that YAML reads as text, else as in JSON."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        read = _compose(value)
        if read is not None and read.tag == _STRING_TAG:
            return value
    return json.dumps(value, ensure_ascii=False)
