"""Texts sealed before they leave for the store: whoever reads it there reads nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import SecretStr

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = "1."
_MARK_BYTES = 4
_NONCE_BYTES = 12


class Seal:
    """AES-256-GCM by keys from outside, each stretched for this one purpose (HKDF-SHA256).

    The first key seals, and all of them open: to change keys, put the new one first.
    """

    def __init__(self, keys: Sequence[SecretStr], purpose: str) -> None:
        self._ring: dict[bytes, AESGCM] = {}
        for key in keys:
            mark, cipher = _cipher(key, purpose)
            self._ring.setdefault(mark, cipher)

    def sealed(self, text: str, name: str) -> str:
        """A text, bound to the name under which it is kept."""
        mark, cipher = next(iter(self._ring.items()))
        nonce = os.urandom(_NONCE_BYTES)
        hidden = cipher.encrypt(nonce, text.encode(), mark + name.encode())
        return _FORMAT + base64.b64encode(mark + nonce + hidden).decode("ascii")

    def opened(self, sealed: str, name: str) -> str | None:
        """The text; None where no key of ours opens it, or it was kept under another name."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - heavy

        try:
            raw = base64.b64decode(sealed.removeprefix(_FORMAT), validate=True)
        except (binascii.Error, ValueError):
            return None
        mark, raw = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
        cipher = self._ring.get(mark)
        if cipher is None or not sealed.startswith(_FORMAT):
            return None
        try:
            nonce, hidden = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
            return cipher.decrypt(nonce, hidden, mark + name.encode()).decode()
        except (InvalidTag, ValueError):
            return None


def _cipher(key: SecretStr, purpose: str) -> tuple[bytes, AESGCM]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - heavy

    info = f"mcp-server-zendesk/{purpose}/v1".encode()
    stretched = HKDF(algorithm=SHA256(), length=32, salt=None, info=info)
    secret = stretched.derive(key.get_secret_value().encode())
    return hashlib.sha256(b"mark:" + secret).digest()[:_MARK_BYTES], AESGCM(secret)
