"""The formats of clients' files, behind one interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mcp_server_zendesk.clients import jsonc, toml_text, yaml_text


@dataclass(frozen=True)
class Format:
    """How a format is read and edited; both raise `Unparsable`.

    Attributes:
        parse: The data of a text. Equal data compare equal, whatever they are made of.
        put: The text with one member set: text, keys that lead to it, its name, its value.
    """

    parse: Callable[[str], dict[Any, Any]]
    put: Callable[[str, Sequence[str], str, Any], str]


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "json": Format(jsonc.parse, jsonc.put),
        "toml": Format(toml_text.parse, toml_text.put),
        "yaml": Format(yaml_text.parse, yaml_text.put),
    }
)
