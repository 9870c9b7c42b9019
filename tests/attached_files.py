"""Files for tests about attachments, and what a call shows of them."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from functools import cache
from io import BytesIO
from typing import Any

from mcp_types import CallToolResult, ImageContent, TextContent
from PIL import Image

from desk import Workspace
from mcp_server_zendesk.sandbox import Sandbox

HERE = {"toolsets": "tickets,attachments"}


def attach(
    sandbox: Sandbox, name: str, content: bytes, declared: str = "text/plain", **more: Any
) -> int:
    """A file of a ticket."""
    number = sandbox.store.new_id()
    sandbox.store.contents[number] = content
    sandbox.store.attachments[number] = {
        "id": number, "token": f"t{number:x}", "file_name": name, "content_type": declared,
        "size": len(content), **more,
    }  # fmt: skip
    return number


def drawn(kind: str, size: tuple[int, int] = (4, 3), mode: str = "RGB", **options: Any) -> bytes:
    into = BytesIO()
    Image.new(mode, size, "teal" if mode == "RGB" else 3).save(into, kind, **options)
    return into.getvalue()


@cache
def bomb(size: tuple[int, int]) -> bytes:
    """A small PNG of a large picture, all black; quicker than drawing it."""
    width, height = size
    rows = zlib.compress((b"\0" * (1 + (width + 7) // 8)) * height, 1)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")):
        png += struct.pack(">I", len(data)) + kind + data
        png += struct.pack(">I", zlib.crc32(kind + data))
    return png


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.effect_noise(size, 90).convert("RGB")


def saved(image: Image.Image, kind: str) -> bytes:
    into = BytesIO()
    image.save(into, kind)
    return into.getvalue()


async def look(desk: Workspace, number: int, **more: Any) -> tuple[dict[str, Any], CallToolResult]:
    """The answer's JSON, and all of it."""
    result = await desk.client.call_tool("get_attachment", {"attachment_id": number, **more})
    first = result.content[0]
    assert isinstance(first, TextContent)
    assert not result.is_error, first.text
    assert result.structured_content == json.loads(first.text)
    return dict(result.structured_content or {}), result


def picture_in(result: CallToolResult) -> tuple[str, Image.Image]:
    _, block = result.content
    assert isinstance(block, ImageContent)
    return block.mime_type, Image.open(BytesIO(base64.b64decode(block.data)))


def unfenced(text: str) -> str:
    return "\n".join(text.split("\n")[1:-1])
