"""Pictures made small enough for a model, and the text of a PDF, with the optional extras."""

from __future__ import annotations

import logging
import struct
import time
import warnings
from io import BytesIO
from types import ModuleType
from typing import TYPE_CHECKING

import anyio

from mcp_server_zendesk.serving.results import Image
from zendesk_tools.attachment_content import Text, clean_whole

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageFile import ImageFile
    from pypdf import PdfReader

LARGEST_IMAGE = 1_000_000
"""Bytes of a picture as a model gets it."""

_LONGEST_SIDE = 1_568  # hosts scale down what is larger
_MOST_PIXELS = 50_000_000  # what phones take
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_QUALITY = 85
_PDF_PAGES = 50
_PDF_CHARACTERS = 300_000
_PDF_SECONDS = 15.0


class CannotShow(Exception):
    """Why nothing of a file is shown, in words for a model."""


def picture(content: bytes, media_type: str) -> tuple[Image, str]:
    """A picture for a model, and a line about it.

    Raises:
        CannotShow: It is damaged, too large, or a bomb.
    """
    pillow = _pillow()
    if pillow is not None:
        return _prepared(pillow, content, media_type)
    width, height = _declared_size(content, media_type)
    _refuse_bombs(width, height)
    if len(content) > LARGEST_IMAGE:
        raise CannotShow(
            "The picture is larger than 1 MB, and the server cannot scale it down: an admin can "
            "install the extra mcp-server-zendesk[images]."
        )
    return Image(content, media_type), media_type


def _pillow() -> ModuleType | None:
    try:
        from PIL import Image as pillow  # noqa: N813, PLC0415 - an extra, and a module
    except ImportError:
        return None
    logging.getLogger("PIL").setLevel(logging.WARNING)
    # Pillow only warns of a picture that takes gigabytes once it is unpacked.
    warnings.filterwarnings("error", category=pillow.DecompressionBombWarning)
    return pillow


def _prepared(pillow: ModuleType, content: bytes, media_type: str) -> tuple[Image, str]:
    """As it is where it is small and stands still; else its first frame, scaled down."""
    try:
        with pillow.open(BytesIO(content), formats=_FORMATS) as opened:
            width, height = opened.size
            _refuse_bombs(width, height)
            told = f"{media_type}, {width} x {height} pixels"
            moving = getattr(opened, "is_animated", False)
            if max(width, height) <= _LONGEST_SIDE and len(content) <= LARGEST_IMAGE and not moving:
                opened.verify()
                return Image(content, media_type), told
            still = _first_frame(opened)
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning) as error:
        raise CannotShow("The picture has too many pixels.") from error
    except CannotShow:
        raise
    except Exception as error:  # the library raises whatever a hostile picture trips it with
        raise CannotShow("The picture is damaged.") from error
    part = ", first frame" if moving else ""
    shown = _encoded(pillow, still, media_type)
    size = f"{still.size[0]} x {still.size[1]}"
    return shown, f"{told}{part}; shown as {shown.media_type}, {size}"


def _refuse_bombs(width: int, height: int) -> None:
    if width * height > _MOST_PIXELS:
        raise CannotShow(f"The picture has {width} x {height} pixels, which is too many.")


def _first_frame(opened: ImageFile) -> Picture:
    """Scaled down, and turned as its camera was held."""
    from PIL import ImageOps  # noqa: PLC0415 - an extra

    opened.seek(0)
    opened.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
    still = ImageOps.exif_transpose(opened)
    still = still.convert("RGBA" if still.has_transparency_data else "RGB")
    still.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return still


def _encoded(pillow: ModuleType, image: Picture, media_type: str) -> Image:
    """PNG where that is small and it was drawn rather than taken; else JPEG, on white."""
    if media_type in {"image/png", "image/gif"}:
        drawn = BytesIO()
        image.save(drawn, "PNG", optimize=False)
        if drawn.tell() <= LARGEST_IMAGE:
            return Image(drawn.getvalue(), "image/png")
    if image.mode == "RGBA":
        ground = pillow.new("RGBA", image.size, "white")
        image = pillow.alpha_composite(ground, image).convert("RGB")
    taken = BytesIO()
    image.save(taken, "JPEG", quality=_QUALITY)
    return Image(taken.getvalue(), "image/jpeg")


def _declared_size(content: bytes, media_type: str) -> tuple[int, int]:
    """Width and height where a few bytes tell them: the formats that pack a bomb best."""
    try:
        if media_type == "image/png":
            width, height = struct.unpack_from(">II", content, 16)
            return width, height
        if media_type == "image/gif":
            width, height = struct.unpack_from("<HH", content, 6)
            return width, height
    except struct.error as error:
        raise CannotShow("The picture is damaged.") from error
    return 0, 0


async def text_of_pdf(content: bytes) -> Text:
    """The text of a PDF's first pages.

    Raises:
        CannotShow: The extra is not installed, or the file is encrypted, damaged or endless.
    """
    try:
        import pypdf  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise CannotShow(
            "The text of PDF files cannot be read here: an admin can install the extra "
            "mcp-server-zendesk[pdf]."
        ) from error
    try:
        with anyio.fail_after(_PDF_SECONDS):
            return await anyio.to_thread.run_sync(_pdf_text, content, abandon_on_cancel=True)
    except TimeoutError as error:
        raise CannotShow("Reading this PDF takes too long.") from error


def _pdf_text(content: bytes) -> Text:
    import pypdf  # noqa: PLC0415 - an extra

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it logs what it stumbles over
    ends = time.monotonic() + _PDF_SECONDS
    try:
        reader = pypdf.PdfReader(BytesIO(content))
        locked = reader.is_encrypted
        pages, whole = ([], True) if locked else _pages(reader, ends)
    except Exception as error:
        # The library raises whatever a hostile file makes it trip over.
        raise CannotShow("The PDF is damaged, or built in a way that cannot be read.") from error
    if locked:
        raise CannotShow("The PDF is protected by a password.")
    if not any(page.strip() for page in pages):
        raise CannotShow("The PDF holds no text: it may be a scan. A person can open it.")
    text = "\n\n".join(f"[page {number}]\n{page}" for number, page in enumerate(pages, 1))
    return clean_whole(text, whole=whole)


def _pages(reader: PdfReader, ends: float) -> tuple[list[str], bool]:
    """The text of each page, and whether that is all: until there is enough, or time is up."""
    found: list[str] = []
    room = _PDF_CHARACTERS
    for page in reader.pages:
        if len(found) == _PDF_PAGES or time.monotonic() > ends or room <= 0:
            return found, False
        text = page.extract_text()
        found.append(text[:room])
        room -= len(text)
    return found, room >= 0
