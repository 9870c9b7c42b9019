"""The settings as a form asks for them: the registry's clients', and a bundle's host's.

No form is given a default. What it fills in becomes a variable, and a variable beats the
workspace's table: a default of `false` would switch off the `read_only` that an admin wrote there.
The texts tell the defaults instead.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mcp_server_zendesk.serving.spec import DEFAULT_TOOLSETS
from mcp_server_zendesk.settings import SECRETS, Settings, environment_name


@dataclass(frozen=True)
class Offered:
    """One setting.

    Attributes:
        name: As `Settings` calls it.
        variable: Its environment variable.
        meaning: What it does, in plain text.
        default: As the environment would hold it; empty where there is none.
        required: Whether nothing works without it.
        secret: Whether it is to be kept out of sight.
        choices: The values that it may have, where they are a few.
        type: What its value is made of.
    """

    name: str
    variable: str
    meaning: str
    default: str
    required: bool
    secret: bool
    choices: tuple[str, ...]
    type: type


def offered() -> tuple[Offered, ...]:
    """All settings, in the order of `Settings`."""
    return tuple(_offered(name, field) for name, field in Settings.model_fields.items())


def default_text(name: str, field: FieldInfo) -> str:
    """A default as the environment would hold it; empty where there is none."""
    value: Any = field.default
    if name == "toolsets":
        return " ".join(DEFAULT_TOOLSETS)
    if name == "workspace" or value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset | tuple):
        texts = map(str, value)
        return " ".join(sorted(texts) if isinstance(value, frozenset) else texts)
    return str(value)


def _offered(name: str, field: FieldInfo) -> Offered:
    default = default_text(name, field)
    meaning = (field.description or "").replace("`", "")
    kinds = _kinds(field.annotation)
    choices = tuple(
        value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)
    )
    known = [kind for kind in (SecretStr, Path, bool, int) if kind in kinds]
    return Offered(
        name=name,
        variable=environment_name(name),
        meaning=f"{meaning}. Default: {default}" if default else meaning,
        default=default,
        required=field.is_required(),
        secret=name in SECRETS,
        choices=choices,
        type=known[0] if known else str,
    )


def _kinds(annotation: Any) -> list[Any]:
    """What an annotation is made of, without what pydantic has to know of it."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return [kind for part in get_args(annotation) for kind in _kinds(part)]
    return [annotation]
