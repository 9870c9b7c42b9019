"""What an internal note may hold: nobody is asked before it is written.

Markdown is not parsed here. Code is left out where every reader of Markdown would take it for code;
everything else may hold no beginning of an image or a tag.
"""

from __future__ import annotations

import re

from mcp_server_zendesk.serving.cleaning.invisible import visible
from mcp_server_zendesk.serving.refusals import InvalidArguments

_LINE_END = re.compile(r"\r\n?")
_FENCED = re.compile(r"^```[\w+#.-]* *\n(?:(?!.*(?:```|~~~)).*\n)*``` *$", re.MULTILINE)
_IN_LINE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
_PLAIN_LINK = re.compile(r"\]\(https?://[^\s`<>()\"'\\]+\)")
_UNSURE = ("`", "~~~", "](")
"""What can move the place where code begins: it holds a backtick, or may."""

_ADDRESS = re.compile(r"<(?:https?://[^\s`<>()\"'\\]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>")
_LOADS = re.compile(r"!\[|<[A-Za-z/!?]")


def refuse_images(body: str) -> None:
    """Let no note make the browsers of colleagues fetch an address that a model chose.

    Raises:
        InvalidArguments: It holds an image or a tag outside code, or it is not plain what is code.
    """
    for text in (_LINE_END.sub("\n", body), visible(body)[0]):
        if _LOADS.search(_ADDRESS.sub(" ", _without_code(text))):
            raise InvalidArguments.of(
                "body",
                "holds an image or a tag (![ or < before a letter), by which whoever opens the "
                "ticket could be made to fetch an address; give the address as a plain link, and "
                "put code into a block whose ``` stand at the beginning of their lines, or "
                "between two backticks of one line",
            )


def _without_code(text: str) -> str:
    """A text without its code; the whole of it where a backtick could be read in two ways."""
    unfenced = _FENCED.sub(" ", text)
    at = 0
    for found in _IN_LINE.finditer(unfenced):
        if "|" in found[0] or _in_an_address(unfenced[at : found.start()]):
            return text  # a table's cell and a bare address come before code
        at = found.end()
    rest = _IN_LINE.sub(" ", unfenced)
    left = _PLAIN_LINK.sub(" ", rest)
    if "\\`" in unfenced or any(mark in left for mark in _UNSURE):
        return text
    return rest


def _in_an_address(before: str) -> bool:
    """Whether what follows is still part of an address that is written out."""
    word = "" if not before or before[-1].isspace() else before.rsplit(None, 1)[-1]
    return "://" in word or "www." in word.casefold()
