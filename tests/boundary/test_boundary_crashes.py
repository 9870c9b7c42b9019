"""What crashes, and what nobody catches: logged where it happened, without its words."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from canaries import (
    PERSONAL,
    SECRET,
    WORDS,
    Failing,
    Heard,
    leaks,
    logging_at_debug,
    session,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.tracebacks import without_words

pytestmark = pytest.mark.anyio


class _Strict(BaseModel):
    number: int


def _invalid() -> Exception:
    try:
        _Strict.model_validate({"number": WORDS})
    except ValueError as error:
        return error
    raise AssertionError


CRASHES: dict[str, Exception] = {
    "a key": KeyError(WORDS),
    "a value": ValueError(f"bad {WORDS}"),
    "a validation": _invalid(),
    "a decoding": UnicodeDecodeError("ascii", WORDS.encode(), 0, 1, WORDS),
    "a group": ExceptionGroup(WORDS, [KeyError(WORDS), ExceptionGroup(WORDS, [ValueError(WORDS)])]),
    "an attribute": AttributeError(WORDS, name=WORDS),
}


@pytest.mark.parametrize("crash", CRASHES)
async def test_a_crash_is_logged_where_it_happened_and_not_with_its_words(
    crash: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def crashes(*_: Any, **__: Any) -> Any:
        try:
            raise LookupError(WORDS)  # noqa: TRY301 - a cause
        except LookupError as error:
            raise CRASHES[crash] from error

    monkeypatch.setattr(Zendesk, "get", crashes)
    heard, _ = await session("oauth_token", Failing(None), tmp_path, monkeypatch)
    _, err = capsys.readouterr()
    audit = (tmp_path / "audit.jsonl").read_text()
    said = [*heard.all_said(), ("stderr", err), ("audit", audit)]
    assert not leaks(iter(said), (*SECRET, *PERSONAL[:3]))
    kinds = [json.loads(line).get("kind") for line in audit.splitlines()]
    assert kinds.count("internal_error") >= 3
    assert "get_ticket failed\nTraceback (most recent call last):" in err
    assert "LookupError\nwhich led to:" in err
    assert type(CRASHES[crash]).__name__ in err
    assert "in crashes" in err


def test_what_nobody_catches_is_logged_without_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with logging_at_debug(Heard()):
        for error in (ExceptionGroup(WORDS, [ValueError(WORDS)]), OSError(28, WORDS)):
            sys.excepthook(type(error), error, None)
        interrupted = KeyboardInterrupt()
        sys.excepthook(KeyboardInterrupt, interrupted, None)
        logging.getLogger("asyncio").error("Task broke\nfuture: <%s>", WORDS)
        logging.getLogger("mcp.server.sse").warning("invalid: %s", "x\n2026 forged\x1b[2K")
    _, err = capsys.readouterr()
    assert WORDS not in err
    assert err.count("The server stopped") == 2
    assert "  | ValueError" in err
    assert "OSError: No space left on device" in err
    assert "asyncio Task broke" in err
    assert r"invalid: x\x0a2026 forged\x1b[2K" in err
    assert "KeyboardInterrupt" in err


def test_a_chain_that_leads_into_itself_ends() -> None:
    first, second = ValueError("one"), KeyError("two")
    first.__cause__, second.__cause__ = second, first
    told = without_words(first)
    assert "ValueError" in told
    assert "KeyError" in told
    assert "one" not in told
    hushed = ValueError("three")
    hushed.__context__ = TypeError("four")
    hushed.__suppress_context__ = True
    assert "TypeError" not in without_words(hushed)
    assert "".join(traceback.format_exception(hushed)).count("three") == 1
