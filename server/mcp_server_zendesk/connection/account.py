"""Which Zendesk account a workspace talks to, and what could send credentials elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DOMAIN = ".zendesk.com"


@dataclass(frozen=True, slots=True)
class Account:
    """One Zendesk account, named by its subdomain (``acme`` for acme.zendesk.com)."""

    subdomain: str

    @property
    def host(self) -> str:
        """The only host that may ever see this workspace's credentials."""
        return self.subdomain + _DOMAIN

    @property
    def origin(self) -> str:
        """Scheme and host, without a trailing slash."""
        return f"https://{self.host}"


def parse_subdomain(text: str) -> str:
    """Read a subdomain from what an admin typed or pasted.

    ``acme``, ``Acme``, ``acme.zendesk.com`` and ``https://acme.zendesk.com/agent/`` all mean
    ``acme``. The rejected text is never part of the error: people paste secrets by mistake.

    Raises:
        ValueError: The text does not name one account below zendesk.com; says why.
    """
    trimmed = text.strip(" ")
    if not trimmed:
        raise ValueError("the subdomain is empty; for acme.zendesk.com it is 'acme'")
    if not trimmed.isascii() or not trimmed.isprintable() or " " in trimmed:
        raise ValueError(
            "the subdomain holds a space, a control character or a letter outside a-z; "
            "for acme.zendesk.com it is 'acme'"
        )
    if any(character in trimmed for character in "@\\[]"):
        raise ValueError(
            "the subdomain holds '@', '\\' or a bracket, which could send credentials elsewhere"
        )
    name = _host_of(trimmed.lower()).removesuffix(_DOMAIN)
    if "." in name:
        raise ValueError(
            "that host is not directly below zendesk.com; give the account's own subdomain "
            "('acme' for acme.zendesk.com), not a host-mapped domain"
        )
    if not _LABEL.fullmatch(name):
        raise ValueError(
            "a subdomain has only letters, digits and inner hyphens, at most 63 of them; "
            "for acme.zendesk.com it is 'acme'"
        )
    return name


def _host_of(text: str) -> str:
    """The host of a pasted address, or the text itself when it is a bare name."""
    if "://" not in text:
        if "/" in text.rstrip("/"):
            host, _, path = text.partition("/")
            if not host.endswith(_DOMAIN) or ".." in path:
                raise ValueError("the subdomain holds a path; give only the account's name")
            return host
        return text.rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"}:
        raise ValueError("only an https:// address names a Zendesk account")
    if parts.netloc != parts.hostname:
        raise ValueError("the address holds a port; Zendesk accounts have none")
    if not parts.netloc.endswith(_DOMAIN):
        raise ValueError("that address is not below zendesk.com, and credentials go nowhere else")
    return parts.netloc
