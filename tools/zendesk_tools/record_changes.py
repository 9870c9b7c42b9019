"""Changing a user or an organization, and telling what really changed.

Zendesk returns no audit of these, so its answer is compared with what was read before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import AfterValidator, Field

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.organization_records import OrganizationRecord
from mcp_server_zendesk.connection.records import UserRecord, parse
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result
from zendesk_tools.people import NOBODY
from zendesk_tools.ticket_changes import Change, ignored_keys
from zendesk_tools.ticket_tags import clean_tags

RecordT = TypeVar("RecordT", bound=UserRecord | OrganizationRecord)
Values = dict[str, object]

_MOST_TAGS = 100
_ARGUMENTS = {"organization_id": "organization", "group_id": "group"}


def _not_too_many(tags: list[str]) -> list[str]:
    """A bound without a byte in each list."""
    if len(tags) > _MOST_TAGS:
        raise ValueError(f"should have at most {_MOST_TAGS} entries")
    return tags


Texts = Annotated[list[str], AfterValidator(_not_too_many)]
Tags = Annotated[Texts | None, Field(description="Tags without spaces")]
CustomValues = Annotated[
    dict[str, str | int | float | bool | None] | None,
    Field(description='By key, e.g. {"plan":"gold"}; null clears'),
]


class RecordChange(Result):
    """What an update really did."""

    id: int
    name: Line | None = None
    changes: list[Change]
    unchanged: Annotated[
        list[Line] | None, Field(description="Asked for, but it was so already, or had no effect")
    ] = None
    ignored: Annotated[
        list[Line] | None, Field(description="Asked for, but dropped by Zendesk")
    ] = None
    answer_was_lost: Annotated[
        bool | None, Field(description="An answer was lost; the record was read again")
    ] = None


@dataclass(frozen=True, slots=True)
class Kind(Generic[RecordT]):
    """A kind of record that is changed: where it lives, and what of it is told."""

    path: str
    key: str
    record: type[RecordT]
    fields: tuple[str, ...]
    custom: str
    """The key of its custom fields."""

    def values(self, record: RecordT) -> Values:
        """Its fields, custom ones by ``custom.key``; what is empty is None."""
        values: Values = {name: _plain(getattr(record, name)) for name in self.fields}
        for key, value in (getattr(record, self.custom) or {}).items():
            values[f"{self.custom}.{key}"] = _plain(value)
        return values

    def wished(self, record: RecordT, wanted: Mapping[str, Any]) -> Values:
        """Its fields as they would be if all that is wanted were done."""
        changed = dict(wanted)
        if self.custom in changed:
            changed[self.custom] = {**(getattr(record, self.custom) or {}), **changed[self.custom]}
        return self.values(cast("RecordT", record.model_copy(update=changed)))

    def asked(self, wanted: Mapping[str, Any]) -> list[str]:
        """The names, as in ``values``, of what is wanted."""
        custom = [f"{self.custom}.{key}" for key in wanted.get(self.custom) or {}]
        return [*(key for key in wanted if key != self.custom), *custom]


@dataclass(frozen=True, slots=True)
class Update(Generic[RecordT]):
    """A record before and after."""

    kind: Kind[RecordT]
    before: RecordT
    after: RecordT
    asked: tuple[str, ...]
    warning: str | None = None
    lost: bool = False

    def moved(self, key: str) -> set[int]:
        """The ids before and after of a field that changed."""
        ids = (getattr(self.before, key), getattr(self.after, key))
        return {one for one in ids if one is not None} if ids[0] != ids[1] else set()

    def told(self, names: Mapping[int, str]) -> dict[str, Any]:
        """The parts of a ``RecordChange``, with ``names`` of the organizations or groups in it."""
        before, after = self.kind.values(self.before), self.kind.values(self.after)
        differing = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        ignored = dropped(self.warning, (key for key in self.asked if key not in differing))
        same = [key for key in self.asked if key not in differing and key not in ignored]
        return {
            "id": self.before.id,
            "name": self.after.name,
            "changes": [
                Change(
                    field=argument_of(key),
                    before=_shown(key, before.get(key), names),
                    after=_shown(key, after.get(key), names),
                    requested=key in self.asked,
                )
                for key in differing
            ],
            "unchanged": [argument_of(key) for key in same] or None,
            "ignored": [argument_of(key) for key in ignored] or None,
            "answer_was_lost": self.lost or None,
        }


async def update_record(
    zendesk: Zendesk,
    kind: Kind[RecordT],
    before: RecordT,
    wanted: Mapping[str, Any],
    *,
    harmless: bool = True,
) -> Update[RecordT]:
    """Change a record, once; nothing is sent when all is so already.

    Args:
        zendesk: The call's handle.
        kind: What it is.
        before: It, as it was read.
        wanted: What is to change, by Zendesk's names.
        harmless: Whether doing it twice is the same as once.

    Raises:
        ZendeskError: In one of its kinds; a lost answer only where the record does not show
            that all was done.
    """
    asked = tuple(kind.asked(wanted))
    wished = kind.wished(before, wanted)
    if _holds(wished, kind.values(before), asked):
        return Update(kind, before, before, asked)
    record_id = before.id or 0
    try:
        body = {kind.key: dict(wanted)}
        answer = await zendesk.put(kind.path, record_id, body=body, harmless=harmless)
        after = parse(kind.record, answer.body, kind.key)
    except ZendeskError as lost:
        if not may_have_arrived(lost):
            raise
        seen = await _seen(zendesk, kind, record_id)
        if seen is None or not _holds(wished, kind.values(seen), asked):
            zendesk.outcome = "unknown"
            raise
        zendesk.outcome = "applied"
        return Update(kind, before, seen, asked, lost=True)
    return Update(kind, before, after, asked, answer.warning, lost=answer.repeated)


def _holds(wished: Values, values: Values, asked: Iterable[str]) -> bool:
    return all(wished.get(key) == values.get(key) for key in asked)


async def _seen(zendesk: Zendesk, kind: Kind[RecordT], record_id: int) -> RecordT | None:
    """The record as it is now; None when it cannot be read: the lost answer is to be told."""
    try:
        return parse(kind.record, await zendesk.get(kind.path, record_id), kind.key)
    except ZendeskError:
        return None


def given(texts: Mapping[str, str | None]) -> dict[str, Any]:
    """The texts that were given; an empty one clears, but for the name.

    Raises:
        InvalidArguments: The name is empty.
    """
    found = {key: text.strip() or None for key, text in texts.items() if text is not None}
    if "name" in found and found["name"] is None:
        raise InvalidArguments.of("name", "cannot be empty")
    return found


def nobody(said: str) -> bool:
    """Whether it is the word that removes."""
    return said.casefold() == NOBODY


def changed_tags(
    before: Iterable[str] | None, add: list[str] | None, remove: list[str] | None
) -> list[str]:
    """The whole new list of tags, which is what Zendesk takes.

    Raises:
        InvalidArguments: One is no tag, or is to be added and removed.
    """
    to_add, to_remove = clean_tags("add_tags", add), clean_tags("remove_tags", remove)
    return changed_list("remove_tags", before, to_add, to_remove)


def changed_list(
    field: str, before: Iterable[str] | None, add: Iterable[str], remove: Iterable[str]
) -> list[str]:
    """A list with some more and some fewer entries.

    Raises:
        InvalidArguments: On ``field``: an entry is to be added and removed.
    """
    to_add, to_remove = dict.fromkeys(add), set(remove)
    if to_remove & set(to_add):
        raise InvalidArguments.of(field, "names one that is to be added too")
    held = dict.fromkeys(entry.lower() for entry in before or ())
    return [entry for entry in {**held, **to_add} if entry not in to_remove]


def _plain(value: Any) -> object:
    """To compare: lists without their order, and nothing in place of what is empty."""
    if isinstance(value, list):
        return sorted(map(str, value)) or None
    return None if value == "" else value


def dropped(warning: str | None, asked: Iterable[str]) -> list[str]:
    """What Zendesk says it dropped; of a custom field it may name the last part alone."""
    return [key for key in asked if ignored_keys(warning, [key.rpartition(".")[2]])]


def argument_of(key: str) -> str:
    """A field as the tools' arguments call it."""
    return _ARGUMENTS.get(key, key)


def _shown(key: str, value: object, names: Mapping[int, str]) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if key in _ARGUMENTS and isinstance(value, int):
        return named(value, names)
    return str(value)


def named(record_id: int, names: Mapping[int, str]) -> str:
    """An id with its name, where that is known."""
    name = names.get(record_id)
    return f"{name} ({record_id})" if name else str(record_id)
