"""Whom a workspace may write to: mail domains and addresses, compared without guessing.

What is not plainly an address of an allowed domain is not allowed: no display names, no quoted
parts, no domain that only becomes one by somebody's mapping of letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{4,253}}\Z)(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z])[a-z0-9-]{{2,63}}")
_LOCAL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}")
_BELOW = "*."


@dataclass(frozen=True, slots=True)
class Recipients:
    """Entries as ``read_entry`` gives them. None at all: nobody may be written to."""

    entries: tuple[str, ...]

    @classmethod
    def of(cls, entries: Iterable[str]) -> Recipients:
        """From what an admin wrote.

        Raises:
            ValueError: An entry is neither a domain nor an address.
        """
        read: dict[str, None] = {}
        for place, entry in enumerate(entries, 1):
            try:
                read[read_entry(entry)] = None
            except ValueError as error:
                raise ValueError(f"entry {place} {error}") from None
        return cls(tuple(read))

    def allow(self, address: str) -> bool:
        """Whether one bare address may be written to."""
        parts = parts_of(address)
        if parts is None:
            return False
        local, domain = parts
        return any(
            domain.endswith(entry[1:]) if entry.startswith(_BELOW) else entry in {domain, whole}
            for whole in [f"{local}@{domain}"]
            for entry in self.entries
        )


def read_entry(entry: str) -> str:
    """An entry in one spelling: ``acme.com``, ``*.acme.com`` (what is below it) or an address.

    ``@acme.com`` is how some write the first, and capitals are no other letters.

    Raises:
        ValueError: It is none of them.
    """
    text = "".join(map(_lowered, entry.strip().removeprefix("@")))
    if "@" in text:
        parts = parts_of(text)
        if parts is not None:
            return f"{parts[0]}@{parts[1]}"
    else:
        star, rest = (_BELOW, text[2:]) if text.startswith(_BELOW) else ("", text)
        domain = domain_name(rest)
        if domain is not None:
            return star + domain
    other_script = "" if text.isascii() else "; spell a name in another script as xn--…"
    raise ValueError(
        "is no mail domain; write acme.com for its addresses, *.acme.com for those of its "
        f"subdomains, or one whole address{other_script}"
    )


def _lowered(letter: str) -> str:
    """A small letter of the same script: the Kelvin sign stays, which is no ``k``."""
    lowered = letter.lower()
    return lowered if lowered.isascii() == letter.isascii() else letter


def parts_of(address: str) -> tuple[str, str] | None:
    """What stands before and behind the ``@``, in one spelling; None for what is no address."""
    local, at, rest = address.partition("@")
    domain = domain_name(rest)
    if not at or domain is None or not _LOCAL.fullmatch(local) or not local.isprintable():
        return None
    return (local.lower() if local.isascii() else local), domain


def domain_name(text: str) -> str | None:
    """A domain in small letters and punycode; None for what is none.

    A name in another script has to be the very one that its punycode spells: what a mapping
    would turn into another name (full-width letters, ``ß`` into ``ss``) is no domain here.
    """
    name = text
    if not name.isascii():
        try:
            name = text.encode("idna").decode("ascii")
            if name.encode("ascii").decode("idna") != text:
                return None
        except UnicodeError:
            return None
    name = name.lower()
    return name if _DOMAIN.fullmatch(name) else None


def domain_of(address: str) -> str:
    """What may be said of an address that was refused: its domain, where it has one."""
    parts = parts_of(address)
    return parts[1] if parts else "what is no plain address"
