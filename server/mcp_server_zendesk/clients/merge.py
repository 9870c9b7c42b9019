"""Merges the server's entry into a client's own file, and touches nothing else in it."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mcp_server_zendesk.clients import files
from mcp_server_zendesk.clients.catalogue import SERVER_NAME, Client, check_server_name
from mcp_server_zendesk.clients.formats import FORMATS, Format
from mcp_server_zendesk.clients.launch import Launch
from mcp_server_zendesk.clients.refusals import EntryRefused, Unparsable

# An entry with one of these reaches a server over the network; it has nothing to be merged with.
_REMOTE = frozenset({"url", "serverUrl", "httpUrl", "uri"})
_UNSAFE = "it cannot be edited without changing something else"


@dataclass(frozen=True)
class Merged:
    """What was done: the file as it was named, its backup if there was one to keep."""

    file: Path
    backup: Path | None
    changed: bool


def _local_time() -> datetime:
    return datetime.now().astimezone()


def merge(
    client: Client,
    launch: Launch,
    file: Path,
    server_name: str = SERVER_NAME,
    *,
    now: Callable[[], datetime] = _local_time,
) -> Merged:
    """Set the server's entry in a client's file.

    An entry of that name belongs to the person who tuned it: only what says how the server is
    started is replaced. Keys that we do not set (`disabled`, `autoApprove`, `timeout`) stay, and
    so do those that we set for a new entry alone (`Client.defaults`): a server that was switched
    off stays off. Environment variables are set one by one, and those that we do not set stay:
    scopes or a log level chosen there are worth more than a tidy entry, and taking a token away
    would break what works.

    The file is created with its folders when absent. A link is followed. Nothing at all is
    written where nothing would change. The backup stands beside the file, readable by its owner
    alone.

    Raises:
        EntryRefused: Nothing was changed; says why in one line, and never shows content.
    """
    check_server_name(server_name)
    target = Path(os.path.realpath(file))
    try:
        before = files.read(target)
        text = before.text()
        edited = _edited(text, client, launch, server_name)
        if edited == text:
            return Merged(file, None, changed=False)
        return _written(file, target, before, edited.encode("utf-8"), now())
    except Unparsable as error:
        raise EntryRefused(f"{file} cannot be merged: {error}") from None
    except UnicodeError:
        raise EntryRefused(f"{file} cannot be merged: it is not UTF-8 text") from None
    except OSError as error:
        raise EntryRefused(
            f"{file} cannot be changed: {error.strerror or 'unknown error'}"
        ) from None


def _written(
    file: Path, target: Path, before: files.Content, raw: bytes, moment: datetime
) -> Merged:
    backup = files.back_up(file, before, moment) if before.exists else None
    try:
        files.replace(target, raw, before)
    except BaseException:
        if backup:
            backup.unlink(missing_ok=True)
        raise
    return Merged(file, backup, changed=True)


def _edited(text: str, client: Client, launch: Launch, name: str) -> str:
    """The text with the entry set, and with everything else as it was.

    Raises:
        Unparsable: The text cannot be read, or not be edited without changing something else.
    """
    form = FORMATS[client.format]
    entry = client.entry(launch, name)
    place = (*client.table, name)
    before = form.parse(text)
    theirs = _value_at(before, place)
    ours = _value_at(form.parse(form.put("", client.table, name, entry)), place)
    if not isinstance(theirs, dict):
        edited = form.put(text, client.table, name, entry)
        return _checked(form, before, place, ours, edited)
    if _REMOTE & theirs.keys():
        raise Unparsable(
            f"its entry {name!r} is a remote server; remove that entry, or choose another name"
        )
    wanted = copy.deepcopy(theirs)
    edited = text
    for path, key in _differences(theirs, ours, client.defaults):
        try:
            edited = form.put(edited, (*place, *path), key, _value_at(entry, (*path, key)))
        except Unparsable:
            raise Unparsable(_UNSAFE) from None
        _value_at(wanted, path)[key] = _value_at(ours, (*path, key))
    return _checked(form, before, place, wanted, edited)


def _differences(
    theirs: Mapping[str, Any], ours: Mapping[str, Any], defaults: frozenset[str]
) -> list[tuple[tuple[str, ...], str]]:
    """What must be set: the path below the entry, and the key."""
    found: list[tuple[tuple[str, ...], str]] = []
    for key, value in ours.items():
        present = theirs.get(key)
        if key in defaults and key in theirs:
            continue
        if isinstance(value, dict) and isinstance(present, dict):
            found += [
                ((key,), inner)
                for inner in value
                if inner not in present or present[inner] != value[inner]
            ]
        elif key not in theirs or present != value:
            found.append(((), key))
    return found


def _value_at(data: Any, path: Sequence[str]) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _checked(
    form: Format, before: dict[Any, Any], place: Sequence[str], entry: Any, edited: str
) -> str:
    """The edited text, if its data are those of before with the entry in its place."""
    expected = copy.deepcopy(before)
    holder = expected
    for key in place[:-1]:
        inner = holder.get(key)
        holder[key] = inner if isinstance(inner, dict) else {}
        holder = holder[key]
    holder[place[-1]] = entry
    with suppress(Unparsable):
        if form.parse(edited) == expected:
            return edited
    raise Unparsable(_UNSAFE)
