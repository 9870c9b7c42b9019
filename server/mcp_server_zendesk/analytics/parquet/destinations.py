"""Where an export goes: what can be done there, and a folder of this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import anyio

_OWNER_ONLY = 0o700
_FILE_OWNER_ONLY = 0o600
_READ_BY_OTHERS = 0o044
_ENTERED_BY_OTHERS = 0o055
_PART = ".part"
_COPIED_AT_ONCE = 1 << 20


class ExportFailed(Exception):
    """An export that came to nothing. Its text says why in a line, for whoever started it."""


class Destination(Protocol):
    """A place for files. Their names are relative to it, with ``/`` between the parts.

    Whatever goes wrong is raised as ``ExportFailed``.
    """

    @property
    def shown(self) -> str:
        """How to speak of it. It holds no secret."""
        ...

    def names(self) -> AsyncGenerator[tuple[str, int]]:
        """All files there, with their sizes in bytes, in no order."""
        ...

    async def read(self, name: str) -> bytes | None:
        """What is in a small file; None where there is none."""
        ...

    async def put(self, name: str, file: Path) -> None:
        """Bring a file there. It is seen when all of it is there."""
        ...

    async def move(self, name: str, to: str) -> None:
        """Give a file that was brought there another name, at once. The old one may stay too."""
        ...

    async def remove(self, names: Sequence[str]) -> None:
        """Take files away; one that is gone already is no matter."""
        ...


@dataclass(slots=True)
class Folder:
    """A folder, made for its owner alone where there is none.

    What is in one that was there before may be read by those who may read the folder.
    """

    path: Path

    @property
    def shown(self) -> str:
        """Its path."""
        return str(self.path)

    async def names(self) -> AsyncGenerator[tuple[str, int]]:
        """All files below it. A link is refused: what is behind it is not ours to remove."""
        for found in self._walked():
            yield found

    async def read(self, name: str) -> bytes | None:
        """What is in a file."""
        with self._told():
            try:
                return (self.path / name).read_bytes()
            except FileNotFoundError:
                return None

    async def put(self, name: str, file: Path) -> None:
        """A copy of a file."""

        def copy() -> None:
            with (
                self._told(),
                file.open("rb") as source,
                self._written(name) as part,
                part.open("wb") as target,
            ):
                shutil.copyfileobj(source, target, _COPIED_AT_ONCE)
                target.flush()
                os.fsync(target.fileno())

        await anyio.to_thread.run_sync(copy)

    async def move(self, name: str, to: str) -> None:
        """Rename."""
        with self._told():
            self._made((self.path / to).parent)
            (self.path / name).replace(self.path / to)

    async def remove(self, names: Sequence[str]) -> None:
        """Take files away, and the folders that are empty then."""
        with self._told():
            for name in names:
                (self.path / name).unlink(missing_ok=True)
            folders = {one for name in names for one in Path(name).parents if one.name}
            for folder in sorted(folders, reverse=True):  # the inner ones first
                with suppress(OSError):
                    (self.path / folder).rmdir()

    def _walked(self) -> Iterator[tuple[str, int]]:
        with self._told():
            for folder, inner, files in os.walk(self.path, onerror=_raised):
                for name in inner + files:
                    one = Path(folder, name)
                    if one.is_symlink():
                        raise ExportFailed(f"{one} is a link: an export holds none")
                for name in files:
                    one = Path(folder, name)
                    yield one.relative_to(self.path).as_posix(), one.stat().st_size

    @contextmanager
    def _written(self, name: str) -> Iterator[Path]:
        final = self.path / name
        self._made(final.parent)
        part = final.with_name(final.name + _PART)
        try:
            part.unlink(missing_ok=True)
            part.touch(mode=_FILE_OWNER_ONLY, exist_ok=False)
            yield part
            part.chmod(_FILE_OWNER_ONLY | self.path.stat().st_mode & _READ_BY_OTHERS)
            part.replace(final)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def _made(self, folder: Path) -> None:
        """A folder within it, as open as it is itself."""
        self.path.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        mode = _OWNER_ONLY | self.path.stat().st_mode & _ENTERED_BY_OTHERS
        for one in reversed(missing):
            one.mkdir(mode=_OWNER_ONLY, exist_ok=True)  # another file's turn may have made it
            one.chmod(mode)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = error.filename or self.path
            raise ExportFailed(f"{place}: {error.strerror or type(error).__name__}") from None


def folder_of(path: Path, *, apart_from: Path) -> Folder:
    """A folder as a destination.

    Raises:
        ExportFailed: It is the root, a file, or one with the folder of the store.
    """
    whole = path.expanduser().resolve()
    store = apart_from.expanduser().resolve()
    if whole == Path(whole.anchor):
        raise ExportFailed(f"{whole} is the root of the disk: name a folder")
    if whole.exists() and not whole.is_dir():
        raise ExportFailed(f"{whole} is no folder")
    if whole == store or store in whole.parents or whole in store.parents:
        raise ExportFailed(
            f"{whole} and the folder of the store, {store}, lie in one another: choose another one"
        )
    return Folder(whole)


def _raised(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
