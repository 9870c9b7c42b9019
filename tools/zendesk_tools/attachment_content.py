"""What a model can be shown of a file. Its first bytes decide, not its name or declared type."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from pathlib import PurePath
from typing import Literal

from mcp_server_zendesk.serving.cleaning.redaction import untorn
from mcp_server_zendesk.serving.cleaning.text import (
    HTML_CHARACTERS,
    Cleaned,
    clean_html,
    clean_line,
    clean_text,
)

Kind = Literal["image", "pdf", "mail", "html", "text"]

MOST_BYTES: dict[Kind, int] = {
    "image": 10 * 1024**2,
    "pdf": 10 * 1024**2,
    "mail": 1024**2,
    "html": 1024**2,
    "text": 1024**2,
}
"""How much of a file is fetched, by what it claims to be."""

_CHARACTERS = 2 * 1024**2

_TYPES: dict[str, Kind] = {
    "image/png": "image",
    "image/jpeg": "image",
    "image/jpg": "image",
    "image/pjpeg": "image",
    "image/gif": "image",
    "image/webp": "image",
    "application/pdf": "pdf",
    "message/rfc822": "mail",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/json": "text",
    "application/x-ndjson": "text",
    "application/xml": "text",
    "application/yaml": "text",
    "application/x-yaml": "text",
    "application/csv": "text",
    "application/sql": "text",
    "application/toml": "text",
}
_SUFFIXES: dict[str, Kind] = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp"), "image"),
    ".pdf": "pdf",
    ".eml": "mail",
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".txt", ".log", ".csv", ".tsv", ".md", ".markdown", ".json"), "text"),
    **dict.fromkeys((".jsonl", ".xml", ".yaml", ".yml", ".ini", ".toml", ".sql"), "text"),
    **dict.fromkeys((".har", ".ics", ".vcf", ".diff", ".patch", ".conf"), "text"),
}
_UNTOLD = {"", "application/octet-stream", "application/binary", "binary/octet-stream"}

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_WEBP = re.compile(rb"RIFF....WEBP", re.DOTALL)
_PDF = b"%PDF-"
_PDF_WITHIN = 1_024
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MARKUP = re.compile(
    r"\s{0,200}(?:<!--.{0,500}?-->\s{0,200})?<(?:!doctype\s+html|html|svg)\b", re.IGNORECASE
)
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_LOOKED_AT = 8_192
# Codecs that Python has and that no honest text names are left out: some are slow, some unpack.
_CHARSET = re.compile(
    r"us-ascii|utf-?(?:8|16|16le|16be)|iso-8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|koi8-[ru]"
    r"|shift_jis|euc-(?:jp|kr)|iso-2022-jp|gb2312|gbk|gb18030|big5"
)
_NAMED_CHARSET = re.compile(r"charset\s{0,5}=\s{0,5}[\"']?([\w.:-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Text:
    """A file as text, cleaned. ``whole`` tells whether that is all of it."""

    text: str
    hidden: int
    whole: bool


def claimed_kind(name: str, content_type: str) -> Kind | None:
    """What a file claims to be; None for what is never shown, such as archives and SVG."""
    declared = content_type.partition(";")[0].strip().lower()
    by_name = _SUFFIXES.get(PurePath(name.strip()).suffix.lower())
    if declared in _UNTOLD:
        return by_name
    if declared == "text/plain":
        return by_name if by_name in {"mail", "html"} else "text"
    return _TYPES.get(declared) or ("text" if declared.startswith("text/") else None)


def image_type(content: bytes) -> str | None:
    """The media type of a picture that models can see, by its first bytes."""
    if _WEBP.match(content):
        return "image/webp"
    return next((kind for start, kind in _MAGIC if content.startswith(start)), None)


def real_kind(content: bytes, claimed: Kind) -> Kind | None:
    """What a file is, whatever it claims to be; None where nothing of it can be shown."""
    if image_type(content):
        return "image"
    if _PDF in content[:_PDF_WITHIN]:
        return "pdf"
    if claimed in {"image", "pdf"}:
        return None
    start = content[:_LOOKED_AT]
    if _mark(content) != "utf-16" and _BINARY.search(start):
        return None
    return claimed


def read_text(content: bytes, content_type: str, kind: Kind, *, complete: bool) -> Text:
    """Text, HTML or a mail as clean text."""
    if kind == "mail":
        mail = _readable_mail(content)
        return _cleaned(mail.text, whole=complete and mail.whole, hidden=mail.hidden)
    text = decode(content, content_type, complete=complete)
    if kind == "html" or _MARKUP.match(text):
        text = text if complete else untorn(text)
        return _of(clean_html(text, HTML_CHARACTERS), whole=complete)
    return _cleaned(text, whole=complete)


def clean_whole(text: str, *, whole: bool = True) -> Text:
    """Text of a file, such as a PDF's, after the cleaner."""
    return _cleaned(text, whole=whole)


def decode(content: bytes, content_type: str, *, complete: bool = True) -> str:
    """Bytes as text: by a byte order mark, the declared charset, UTF-8, else Latin-1."""
    found = _NAMED_CHARSET.search(content_type)
    declared = found[1].lower() if found else ""
    for charset in (_mark(content), declared, "utf-8"):
        if charset and (charset == "utf-8-sig" or _CHARSET.fullmatch(charset)):
            try:
                return codecs.getincrementaldecoder(charset)().decode(content, final=complete)
            except (UnicodeError, LookupError):
                continue
    return content.decode("latin-1")


def _mark(content: bytes) -> str:
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "")


def _cleaned(text: str, *, whole: bool, hidden: int = 0) -> Text:
    cleaned = clean_text(text if whole else untorn(text), _CHARACTERS, hidden=hidden)
    return _of(cleaned, whole=whole)


def _of(cleaned: Cleaned, *, whole: bool) -> Text:
    return Text(cleaned.text, cleaned.hidden, whole=whole and not cleaned.truncated)


_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_MOST_PARTS = 100
_LONGEST_HEADER = 2_000


def _readable_mail(content: bytes) -> Text:
    """A mail as a person reads it; as it stands where it cannot be taken apart."""
    try:
        return _mail(content)
    except Exception:  # noqa: BLE001 - the parser raises whatever a hostile mail trips it with
        return Text(decode(content, ""), 0, whole=True)


def _mail(content: bytes) -> Text:
    """A mail's headers, its text and the names of its files."""
    mail = BytesParser(policy=compat32).parsebytes(content)
    parts = [part for part, _ in zip(mail.walk(), range(_MOST_PARTS), strict=False)]
    lines = [f"{name}: {_header(str(mail[name]))}" for name in _HEADERS if mail[name]]
    files = [_header(str(part.get_filename())) for part in parts if part.get_filename()]
    lines += [f"Attached: {', '.join(files)}"] if files else []
    inline = [part for part in parts if not part.is_multipart() and not part.get_filename()]
    for kind in ("text/html", "text/plain"):  # what a mail program shows: HTML, where there is any
        for part in inline:
            if part.get_content_type() == kind:
                body = _part(part, html=kind == "text/html")
                text = "\n".join([*lines, "", body.text])
                return Text(text, body.hidden, whole=not body.truncated)
    return Text("\n".join(lines), 0, whole=True)


def _part(part: Message, *, html: bool) -> Cleaned:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    text = decode(raw, str(part.get("Content-Type", "")))
    return clean_html(text, HTML_CHARACTERS) if html else clean_text(text, _CHARACTERS)


def _header(text: str) -> str:
    """A header's encoded words as letters."""
    try:
        return clean_line(str(make_header(decode_header(text[:_LONGEST_HEADER]))))
    except (MessageError, LookupError, ValueError):
        return clean_line(text)
