"""Content for the seeded attachments: a small picture and a page of text, at any size."""

import base64

# A tent, 64 x 40 pixels, in shades of grey.
_PICTURE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiu"
    "im5woNqirr7EztDOfJri8uDI8LjKzsb/wAALCAAoAEABAREA/8QAGAABAAMBAAAAAAAAAAAAAAAAAAIEBQP/xAAm"
    "EAABBAEDAwUBAQAAAAAAAAABAAIDEQQSITEUQZEFEzJS0VGh/9oACAEBAAA/ANJEUZHtjjc9xprRZXPFn6iBsunS"
    "T2u6XZEREWT6lkGUFjOAaG/JTFm6d4oW2qIWsCCAQbBRERU87I0j2m8kbm+Fly/OO/jq/wB7LoruDkaT7TuCdjfC"
    "voi45M4gjurcdgFlEkkkmyVzmFxO7EbgqbTqaCO4tFp4eR7rNLvm0f3lWUVGbEmmkLy5gvgWdlDoJfszyfxOgl+z"
    "PJ/FCL02ZjdJdHQO2548KfQS/Znk/ikzCmjeHtcywb5Kvi6F8r//2Q=="
)


def picture(size: int) -> bytes:
    """A JPEG; what follows its end is padding, which programs leave aside."""
    return _PICTURE + b"." * max(0, size - len(_PICTURE))


def page(text: str, size: int) -> bytes:
    """A PDF with one line of text, padded by a comment."""
    line = f"BT /F1 12 Tf 40 780 Td ({text}) Tj ET".encode("ascii", "replace")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources 6 0 R>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(line), line),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Font<</F1 5 0 R>>>>",
    )
    return _joined(objects, size - len(_joined(objects, 0)))


def _joined(objects: tuple[bytes, ...], padding: int) -> bytes:
    # Every place is written with ten digits, so that padding changes no other length.
    written = b"%PDF-1.4\n%" + b"." * max(0, padding) + b"\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for number, content in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(written)
        written += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%010d\n%%%%EOF\n"
    return written + table + trailer % (len(objects) + 1, len(written))
