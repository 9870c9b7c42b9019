"""What an internal note may hold: nobody is asked before it is written."""

from __future__ import annotations

import re

from mcp_server_zendesk.serving.refusals import InvalidArguments

_IMAGE = re.compile(r"!\[[^\]\n]{0,500}\]\s?[(\[]|<img\b", re.IGNORECASE)
_DEFINITION = re.compile(r"^[ >]{0,9}\[[^\]\n]{1,500}\]:", re.MULTILINE)


def refuse_images(body: str) -> None:
    """Let no note make the browsers of colleagues fetch an address that a model chose.

    Raises:
        InvalidArguments: It holds an image.
    """
    by_reference = "![" in body and _DEFINITION.search(body)
    if by_reference or _IMAGE.search(body):
        raise InvalidArguments.of(
            "body",
            "holds an image, which whoever opens the ticket would fetch; attach the picture with "
            "upload_attachment, or give its address as plain text",
        )
