"""Whether what a client sent is a message at all; if it is none, why, and how to mend it.

The SDK leaves such a message without an answer on stdio, so that its client waits in vain, and over
HTTP repeats its words in the answer.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

_MOST_DIGITS = 4_000
_HUGE = re.compile(rb"[0-9]{%d}" % _MOST_DIGITS)
_MEND = "Nothing was done. Mend it and send it again."


def refusal_of(raw: bytes) -> JSONRPCError | None:
    """Why something cannot be taken for a message, without a word of it; None where it can.

    The error has the id of the message, where one can be read.
    """
    try:
        message = jsonrpc_message_adapter.validate_json(raw, by_name=False)
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
            return _unreadable(raw)
    else:
        # A request whose id cannot be one looks like a notification.
        if not isinstance(message, JSONRPCNotification) or "id" not in json.loads(raw):
            return None
    found = _lenient(raw)
    return _refusal(INVALID_REQUEST, _invalid(found), found)


def expects_answer(raw: bytes) -> bool:
    """Whether somebody may wait for an answer to what is no message."""
    try:
        found = _lenient(raw)
    except (RecursionError, ValueError):
        return True
    if not isinstance(found, dict):
        return True
    return "id" in found and not _answers(found)


def _unreadable(raw: bytes) -> JSONRPCError:
    found = None
    try:
        found = _lenient(raw)
        why = _why_unreadable(raw, found)
    except RecursionError:
        why = "It is nested too deeply."
    except ValueError:
        why = "It is no JSON."
    return _refusal(PARSE_ERROR, f"The message cannot be read. {why}", found)


def _why_unreadable(raw: bytes, found: Any) -> str:
    """Why only a lenient parser reads it."""
    try:
        raw.decode()
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return "It is not UTF-8."
    except UnicodeEncodeError:
        return (
            "A text in it was cut in the middle of a character: one half of a surrogate pair, such "
            "as \\ud83d, stands alone. Cut the text elsewhere."
        )
    if _HUGE.search(raw):
        return "A number in it has thousands of digits."
    return "It is nested too deeply."


def _invalid(found: Any) -> str:
    """What keeps JSON from being a message."""
    if isinstance(found, list):
        return "The message is a batch, which MCP does not have: send each message by itself."
    if not isinstance(found, dict):
        return "The message is no JSON object."
    wrong = {
        'The message lacks "jsonrpc": "2.0".': found.get("jsonrpc") != "2.0",
        "The message is no answer of JSON-RPC 2.0.": _answers(found),
        "The id of a request is a text or an integer.": "id" in found and _id_in(found) is None,
        "The method is missing, or is no text.": not isinstance(found.get("method"), str),
    }
    return next((words for words, is_so in wrong.items() if is_so), "The params are no object.")


def _answers(found: dict[str, Any]) -> bool:
    return "method" not in found and ("result" in found or "error" in found)


def _refusal(code: int, words: str, found: Any) -> JSONRPCError:
    told = ErrorData(code=code, message=f"{words} {_MEND}")
    return JSONRPCError(jsonrpc="2.0", id=_id_in(found), error=told)


def _id_in(found: Any) -> str | int | None:
    message_id = found.get("id") if isinstance(found, dict) else None
    if isinstance(message_id, bool) or not isinstance(message_id, str | int):
        return None
    try:
        str(message_id).encode()
    except UnicodeEncodeError:
        return None
    return message_id


def _lenient(raw: bytes) -> Any:
    """The JSON, although the SDK could not take it.

    Raises:
        RecursionError: It is nested too deeply for this too.
        ValueError: It is none.
    """
    return json.loads(raw.decode(errors="replace"), parse_int=_number)


def _number(digits: str) -> int | None:
    return int(digits) if len(digits) < _MOST_DIGITS else None
