"""The seal of an audit line, and the key that it is made with.

The key is for two things: arguments and questions are recorded as digests that nobody can guess
at without it, and each line is sealed over the line before it of the same run, so that one that
was changed, removed, added or moved is found. Beside an audit file it is kept in ``FILE.key``,
for its owner alone: equal calls can then be told equal across runs, and a log can be verified.
Whoever has both the file and the key can forge the log. Without the key a log can still be read,
but not verified; the next start makes a new one, and what the old one sealed stays unverifiable.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_KEY_BYTES = 32
_KEY = re.compile(r"[0-9a-f]{64}\n?")
_DIGEST_CHARACTERS = 16
_SEAL_CHARACTERS = 32
_ROTATED = re.compile(r"([.-][0-9][0-9T_-]*)+$")
"""What rotating adds to a file's name: a number, or a date."""
_SEALED = re.compile(rb'(\{.*),"seal":"([0-9a-f]{32})"\}', re.DOTALL)
FIRST = ""
"""What the first line of a run is sealed over."""


def new_key() -> bytes:
    """A key that nobody else has."""
    return secrets.token_bytes(_KEY_BYTES)


def key_beside(file: Path) -> Path:
    """Where the key of an audit file is kept."""
    return file.with_name(f"{file.name}.key")


def keys_of(file: Path) -> list[Path]:
    """Where the key of an audit file may be, also of one that was rotated away from its key."""
    before = _ROTATED.sub("", file.name)
    names = dict.fromkeys([file, file.with_name(before or file.name)])
    return [key_beside(name) for name in names]


def kept_key(file: Path) -> bytes:
    """The key of an audit file, made when there is none yet. One of several processes makes it.

    Raises:
        OSError: It can neither be read nor made, or is damaged.
    """
    place = key_beside(file)
    if not place.exists():
        _make_key(place)
    return read_key(place)


def read_key(place: Path) -> bytes:
    """A key that was kept.

    Raises:
        OSError: It cannot be read, or is damaged.
    """
    text = place.read_bytes()[: 4 * _KEY_BYTES].decode(errors="replace")
    if not _KEY.fullmatch(text):
        mend = "put back a copy of it, or begin a new log"
        raise OSError(errno.EINVAL, f"its key {place.name} is damaged: {mend}")
    return bytes.fromhex(text.strip())


def _make_key(place: Path) -> None:
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".audit-key.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="") as opened:
            opened.write(f"{new_key().hex()}\n")
            opened.flush()
            os.fsync(opened.fileno())
        place.hardlink_to(name)  # unlike a rename it never replaces another process's key
    except FileExistsError:
        pass
    finally:
        Path(name).unlink(missing_ok=True)


def fingerprint(key: bytes) -> str:
    """Tells keys apart without telling anything of them."""
    return digest(key, "key", "")


def digest(key: bytes, purpose: str, text: str) -> str:
    """A keyed digest, the same for the same text."""
    return _mac(key, f"{purpose}\n{text}".encode(errors="replace"))[:_DIGEST_CHARACTERS]


def seal(key: bytes, previous: str, entry: Mapping[str, Any]) -> tuple[bytes, str]:
    """An entry as a line without its end, and its seal over the seal before."""
    content = json.dumps(entry, separators=(",", ":"))[:-1].encode()
    made = _seal(key, previous, content)
    return content + f',"seal":"{made}"}}'.encode(), made


def unsealed(line: bytes) -> tuple[bytes, str] | None:
    """What was sealed, and the seal; None where a line has none."""
    found = _SEALED.fullmatch(line)
    return None if found is None else (found[1], found[2].decode())


def is_sealed(key: bytes, previous: str, content: bytes, claimed: str) -> bool:
    """Whether a seal is that of this content after that seal."""
    return hmac.compare_digest(_seal(key, previous, content), claimed)


def _seal(key: bytes, previous: str, content: bytes) -> str:
    return _mac(key, b"seal\n" + previous.encode() + b"\n" + content)[:_SEAL_CHARACTERS]


def _mac(key: bytes, content: bytes) -> str:
    return hmac.digest(key, content, hashlib.sha256).hex()
