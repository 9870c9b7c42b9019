"""Uploading a file, so that a note, a reply or a new ticket can carry it."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from mcp_server_zendesk.connection.attachment_records import UploadRecord
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import parse
from mcp_server_zendesk.serving.cleaning.redaction import suspended
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result, Time

MOST_BYTES = 5_000_000
"""All of it passes through a model and a client; people upload more in Zendesk itself."""

_LONGEST_BASE64 = MOST_BYTES * 4 // 3 + MOST_BYTES // 20  # with its line ends
_LONGEST_NAME = 200
_MEDIA_TYPE = r"^[A-Za-z0-9][\w.+-]{0,60}/[A-Za-z0-9][\w.+-]{0,100}$"
_UNKNOWN = "application/octet-stream"
_UNNAMED = {"", ".", ".."}


class Upload(Result):
    """A file that waits to be attached."""

    upload_token: Annotated[Line, Field(description="Pass in upload_tokens, once")]
    name: Line
    type: Line
    bytes: int
    expires_at: Time | None = None


async def upload_attachment(
    zendesk: Zendesk,
    file_name: Annotated[
        str, Field(min_length=1, max_length=1_000, description="With its ending, e.g. log.txt")
    ],
    text: Annotated[str | None, Field(description="The content of a text file")] = None,
    content_base64: Annotated[
        str | None, Field(description="The content of any other file, in base64")
    ] = None,
    content_type: Annotated[
        str | None,
        Field(pattern=_MEDIA_TYPE, description="Media type; by default from the name's ending"),
    ] = None,
) -> Upload:
    """Upload a file of up to 5 MB and get a token for it. Nobody sees the file yet: pass the
    token in upload_tokens of add_internal_note, reply_to_ticket or create_ticket, once and soon;
    unused it expires (see expires_at).

    Give text or content_base64. To send plain words, write them in the comment instead.
    """
    content = _content(text, content_base64)
    name = _name(file_name)
    kind = content_type or mimetypes.guess_type(name, strict=False)[0] or _UNKNOWN
    answer = await zendesk.upload(name, content, kind)
    record = parse(UploadRecord, answer.body, "upload")
    made = record.attachment
    with suspended():  # for the question before it is sent
        words = f"{clean_line(name)} ({len(content)} bytes)"
    await zendesk.access.uploads.note(record.token, words)
    return Upload(
        upload_token=record.token,
        name=(made.file_name if made else None) or name,
        type=(made.content_type if made else None) or kind,
        bytes=len(content) if made is None or made.size is None else made.size,
        expires_at=record.expires_at,
    )


async def files_named(zendesk: Zendesk, tokens: Sequence[str]) -> str:
    """The files behind upload tokens, for a human who is asked; unknown ones are said to be."""
    named = await zendesk.access.uploads.named(tokens)
    return "; ".join(words or "a file that was not uploaded here" for words in named)


def _content(text: str | None, content_base64: str | None) -> bytes:
    """The bytes to send.

    Raises:
        InvalidArguments: There is not exactly one source, it is too large, or no base64.
    """
    if (text is None) == (content_base64 is None):
        raise InvalidArguments.of("text", "or content_base64 has to be given, and not both")
    if text is not None:
        content = text[: MOST_BYTES + 1].encode(errors="replace")
    else:
        content = _decoded(content_base64 or "")
    field = "content_base64" if text is None else "text"
    if not content:
        raise InvalidArguments.of(field, "is empty")
    if len(content) > MOST_BYTES:
        raise _too_large(field)
    return content


def _decoded(content_base64: str) -> bytes:
    if len(content_base64) > _LONGEST_BASE64:
        raise _too_large("content_base64")
    try:
        return base64.b64decode("".join(content_base64.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidArguments.of("content_base64", "is not valid base64") from error


def _too_large(field: str) -> InvalidArguments:
    return InvalidArguments.of(
        field, f"holds more than {MOST_BYTES // 10**6} MB; a person can attach it in Zendesk"
    )


def _name(file_name: str) -> str:
    """The name alone, without folders or invisible characters; its ending survives a cut."""
    with suspended():
        last = clean_line(re.split(r"[/\\]", file_name)[-1], len(file_name) + 1).strip()
    if last in _UNNAMED:
        raise InvalidArguments.of("file_name", "names no file")
    stem, dot, ending = last.rpartition(".")
    if len(last) <= _LONGEST_NAME or not dot:
        return last[:_LONGEST_NAME]
    return stem[: max(1, _LONGEST_NAME - len(ending) - 1)] + dot + ending[:_LONGEST_NAME]
