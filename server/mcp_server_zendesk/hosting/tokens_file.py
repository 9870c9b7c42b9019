"""The file of static tokens: whom each stands for, what it may do, and a hash of it.

A token has 256 random bits, so that a plain hash keeps it: nobody can go through all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
)

from mcp_server_zendesk.connection.scopes import parse_scopes
from mcp_server_zendesk.setting_problems import problems_of
from mcp_server_zendesk.signing_in.private_files import write_private

PREFIX = "zmcp_"
"""Of each token, so that scanners for secrets know it, and no token of Zendesk's looks like it."""

_VERSION = 1
_RANDOM_BYTES = 32
_MOST_BYTES = 1_048_576
_SECONDS_TO_WAIT = 10
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
# A pipe that nobody writes to would be waited for.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_SORTED = PlainSerializer(sorted)


class TokensUnusable(Exception):
    """The file cannot be used, or not so. The message says how to mend it, in one line."""


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "has to be 1 to 64 letters, digits and any of ._@+-, beginning with a letter or digit"
        )
    return value


def _scopes(value: object) -> object:
    return parse_scopes(value) if isinstance(value, str | list) else value


class StaticToken(BaseModel):
    """One token, without itself. ``workspaces`` None means all."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, AfterValidator(_name)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", repr=False)]
    scopes: Annotated[frozenset[str], BeforeValidator(_scopes), _SORTED]
    workspaces: Annotated[frozenset[str], Field(min_length=1), _SORTED] | None = None
    created: AwareDatetime
    expires: AwareDatetime | None = None


def hash_of(token: str) -> str:
    """What the file keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_tokens(file: Path) -> tuple[StaticToken, ...]:
    """All tokens of a file, in its order.

    Raises:
        TokensUnusable: It is not there, somebody else could have written it, or it is no such
            file.
    """
    return _parsed(file, _read(file))


def add_token(
    file: Path,
    *,
    name: str,
    scopes: str,
    workspaces: frozenset[str] | None,
    created: datetime,
    expires: datetime | None,
) -> str:
    """Make a token, and keep its hash. The file is made where there is none.

    Returns:
        The token, which nothing can tell again.

    Raises:
        TokensUnusable: There is one of that name, or the file or an argument cannot be used.
    """
    token = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    try:
        made = StaticToken.model_validate(
            {
                "name": name,
                "sha256": hash_of(token),
                "scopes": scopes,
                "workspaces": workspaces,
                "created": created.replace(microsecond=0),
                "expires": expires and expires.replace(microsecond=0),
            }
        )
    except ValidationError as error:
        raise TokensUnusable(problems_of(error)) from None
    with _turn(file):
        known = read_tokens(file) if file.exists() else ()
        if any(one.name == name for one in known):
            raise TokensUnusable(
                f"there is a token of that name; remove it first: tokens remove {name}"
            )
        _write(file, (*known, made))
    return token


def remove_token(file: Path, name: str) -> None:
    """Forget a token.

    Raises:
        TokensUnusable: There is none of that name, or the file cannot be used.
    """
    with _turn(file):
        known = read_tokens(file)
        left = tuple(one for one in known if one.name != name)
        if len(left) == len(known):
            raise TokensUnusable("there is no token of that name; see: tokens list")
        _write(file, left)


@contextmanager
def _turn(file: Path) -> Iterator[None]:
    """One change at a time."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - a server only reads

    lock = file.with_name(f"{file.name}.lock")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(lock, timeout=_SECONDS_TO_WAIT, mode=0o600):
            yield
    except Timeout:
        raise TokensUnusable(f"{lock} is held by another process; try again") from None
    except OSError as error:
        raise TokensUnusable(f"{file} cannot be written: {error.strerror}") from None


def _write(file: Path, tokens: tuple[StaticToken, ...]) -> None:
    told = [one.model_dump(mode="json", exclude_none=True) for one in tokens]
    text = json.dumps({"version": _VERSION, "tokens": told}, indent=2) + "\n"
    write_private(file, text, like=file.stat() if file.exists() else None)


def _read(file: Path) -> bytes:
    try:
        with os.fdopen(os.open(file, _FLAGS), "rb") as opened:
            _refuse_unsafe(file, os.fstat(opened.fileno()))
            content = opened.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise TokensUnusable(f"{file} does not exist; make it with: tokens add") from None
    except OSError as error:
        raise TokensUnusable(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > _MOST_BYTES:
        raise TokensUnusable(f"{file} is larger than {_MOST_BYTES} bytes")
    return content


def _refuse_unsafe(file: Path, found: os.stat_result) -> None:
    """Whoever can write there could let themselves in. Windows tells it by other means."""
    if os.name != "posix":
        return
    if not stat.S_ISREG(found.st_mode):
        raise TokensUnusable(f"{file} is no regular file")
    if found.st_uid not in {os.geteuid(), 0}:
        raise TokensUnusable(f"{file} belongs to another user; it has to be the server's or root's")
    if found.st_mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise TokensUnusable(
            f"{file} can be written or read by others; mend it with: chmod 600 '{file}'"
        )
    folder = file.parent.stat().st_mode
    if folder & (stat.S_IWGRP | stat.S_IWOTH) and not folder & stat.S_ISVTX:
        raise TokensUnusable(
            f"{file} can be replaced by others; mend it with: chmod go-w '{file.parent}'"
        )


def _parsed(file: Path, content: bytes) -> tuple[StaticToken, ...]:
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        raise TokensUnusable(f"{file} is not valid JSON; 'tokens add' writes it") from None
    if not isinstance(document, dict) or set(document) != {"version", "tokens"}:
        raise TokensUnusable(f"{file} holds no tokens as 'tokens add' writes them")
    if document["version"] != _VERSION or not isinstance(document["tokens"], list):
        raise TokensUnusable(f"{file} was written by another version of this program")
    tokens = []
    for place, entry in enumerate(document["tokens"], 1):
        try:
            tokens.append(StaticToken.model_validate(entry))
        except ValidationError as error:
            raise TokensUnusable(f"{file}: token {place}: {problems_of(error)}") from None
    for what in ("name", "sha256"):
        if len({getattr(one, what) for one in tokens}) < len(tokens):
            raise TokensUnusable(f"{file}: two tokens have one {what}; remove one of them")
    return tuple(tokens)
