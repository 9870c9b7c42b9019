"""What an export looks like at its destination: the names of its files, and its table of contents.

A file's name ends in a part of the checksum of what is in it, so that none is ever written over.
``_manifest.json`` names the files that belong together, and is written when all of them are there.
Engines leave out what begins with an underscore, and ``_staging`` is no table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from mcp_server_zendesk.analytics.parquet.destinations import ExportFailed

MANIFEST = "_manifest.json"
VERSION = 1
NO_MONTH = "__HIVE_DEFAULT_PARTITION__"
"""Where rows without the time go by which a table is divided: Hive's name, which engines read."""

_STAGED = "_staging"
STAGED_MANIFEST = f"{_STAGED}/{MANIFEST}"
"""Where it waits: that there is room for it must not turn out when files have taken their names."""

_NAMED = 16
_OURS = re.compile(
    r"(?:_manifest\.json"
    r"|_staging/(?:[0-9a-f]{64}\.parquet|_manifest\.json)"
    r"|(?P<table>[a-z_]+)/(?:month=(?:[0-9]{4}-[0-9]{2}|__HIVE_DEFAULT_PARTITION__)/)?"
    r"(?P=table)-[0-9a-f]{16}\.parquet)(?:\.part)?"
)


class Piece(BaseModel, frozen=True):
    """One file. ``path`` is relative to the manifest, ``bytes`` its size, ``sha256`` in hex."""

    path: Annotated[str, Field(max_length=200)]
    month: str | None
    rows: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @property
    def staged(self) -> str:
        """Where it waits until all of the export is there."""
        return f"{_STAGED}/{self.sha256}.parquet"


class ExportedColumn(BaseModel, frozen=True):
    """A column as DuckDB spells its type, and what it means."""

    name: str
    type: str
    meaning: str


class ExportedTable(BaseModel, frozen=True):
    """A table: its columns in the order of the files, and the files.

    ``partitioned_by`` is ``month`` or None; ``month_of`` the column whose month (UTC) it is.
    """

    about: str
    rows: int
    partitioned_by: Literal["month"] | None
    month_of: str | None
    columns: list[ExportedColumn]
    files: list[Piece]


class Manifest(BaseModel, frozen=True):
    """The table of contents.

    ``as_of`` is the moment up to which Zendesk's changes are in, None where no sync came to its
    end; ``complete`` whether one did. ``keep`` and ``retention_days`` are the admin's settings,
    ``since`` the month before which nothing was asked for.
    """

    format: Literal["mcp-server-zendesk export"] = "mcp-server-zendesk export"
    version: int = VERSION
    account: str
    as_of: datetime | None
    complete: bool
    exported_at: datetime
    keep: Literal["fields", "texts"]
    retention_days: int | None
    since: str | None
    tables: dict[str, ExportedTable]

    @property
    def pieces(self) -> Iterator[Piece]:
        """All files, table by table."""
        for table in self.tables.values():
            yield from table.files

    def same_as(self, other: Manifest | None) -> bool:
        """Whether it says the same, whenever it was written."""
        return other is not None and self == other.model_copy(
            update={"exported_at": self.exported_at}
        )

    def to_bytes(self) -> bytes:
        """As it is written: JSON in UTF-8."""
        return self.model_dump_json(indent=2).encode() + b"\n"


class _Beginning(BaseModel):
    format: Literal["mcp-server-zendesk export"]
    version: int


def read_manifest(content: bytes, shown: str) -> Manifest:
    """The table of contents of a former export.

    Raises:
        ExportFailed: It is none of ours, or of a newer version.
    """
    try:
        version = _Beginning.model_validate_json(content).version
    except ValidationError:
        raise ExportFailed(f"{shown} holds a {MANIFEST} that is not of an export") from None
    if version > VERSION:
        raise ExportFailed(
            f"{shown} holds an export of a newer version: update this program, or choose another "
            "place"
        )
    try:
        return Manifest.model_validate_json(content)
    except ValidationError:
        raise ExportFailed(
            f"{shown} holds a {MANIFEST} that is damaged: take it away, and export again"
        ) from None


def path_of(table: str, month: str | None, sha256: str) -> str:
    """The name of a file, relative to the manifest."""
    folder = table if month is None else f"{table}/month={month}"
    return f"{folder}/{table}-{sha256[:_NAMED]}.parquet"


def is_ours(name: str) -> bool:
    """Whether an export may have left this file: only such are ever removed."""
    return _OURS.fullmatch(name) is not None


def superfluous(names: Sequence[str], manifest: Manifest) -> list[str]:
    """The files of former exports, and of those that came to no end, by this one's contents."""
    wanted = {piece.path for piece in manifest.pieces} | {MANIFEST}
    return sorted(name for name in names if name not in wanted and is_ours(name))
