"""What is posted and is no message: explained, in no word of it, in the same way to all eras."""

from __future__ import annotations

import json

import httpx
import pytest
from mcp_types import INVALID_REQUEST, PARSE_ERROR

from team import JSON_AND_STREAM, team

pytestmark = pytest.mark.anyio

WORDS = "c4n4ry"
HALF = f'{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{WORDS}\\ud83d"}}}}'
POSTED = {
    "half a character": (HALF.encode(), 7, PARSE_ERROR, "in the middle of a character"),
    "no JSON": (WORDS.encode(), None, PARSE_ERROR, "no JSON"),
    "nothing": (b"", None, PARSE_ERROR, "no JSON"),
    "a request whose id is null": (
        b'{"jsonrpc":"2.0","id":null,"method":"ping"}',
        None,
        INVALID_REQUEST,
        "The id of a request",
    ),
    "a method that is none": (
        json.dumps({"jsonrpc": "2.0", "id": 7, "method": {"body": WORDS}}).encode(),
        7,
        INVALID_REQUEST,
        "The method",
    ),
}
ERAS = {
    "2025-06-18": {"MCP-Protocol-Version": "2025-06-18"},
    "2026-07-28": {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call"},
}


@pytest.mark.parametrize("era", ERAS)
async def test_it_is_explained_and_not_repeated(era: str) -> None:
    async with team() as served, httpx.AsyncClient(timeout=20) as http:
        for body, message_id, code, words in POSTED.values():
            headers = {"Content-Type": "application/json", **JSON_AND_STREAM, **ERAS[era]}
            answer = await http.post(served.url(), content=body, headers=headers)
            assert answer.status_code == 400
            told = answer.json()
            assert told["id"] == message_id
            assert told["error"]["code"] == code
            assert words in told["error"]["message"]
            assert WORDS not in answer.text
            assert "pydantic" not in answer.text
