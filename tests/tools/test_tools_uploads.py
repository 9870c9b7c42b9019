"""Uploading files for notes and replies."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from attached_files import HERE, drawn, look
from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Rules, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from zendesk_tools.uploads import MOST_BYTES as LARGEST_UPLOAD

WRITING = {**HERE, "scopes": "read tickets:write ticket_attachments:write"}


pytestmark = pytest.mark.anyio


async def test_a_text_is_uploaded_and_attached(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        answer = await desk.ask("upload_attachment", file_name="steps.md", text="# Schritte\nä")
        assert answer["upload_token"]
        assert answer["expires_at"]
        assert (answer["name"], answer["type"], answer["bytes"]) == (
            "steps.md",
            "text/markdown",
            13,
        )
        (request,) = [one for one in desk.sandbox.requests if one.path.endswith("/uploads")]
        assert request.query == {"filename": "steps.md"}
        assert request.headers["content-type"] == "text/markdown"
        await desk.ask(
            "add_internal_note",
            ticket_id=OPEN_TICKET,
            body="See the file",
            upload_tokens=[answer["upload_token"]],
        )
        (file,) = desk.sandbox.store.comments[OPEN_TICKET][-1]["attachments"]
        shown, _ = await look(desk, file["id"])
        assert "# Schritte\nä" in shown["text"]


async def test_bytes_are_uploaded_as_they_are(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**WRITING) as desk:
        content = drawn("PNG")
        encoded = base64.encodebytes(content).decode()
        answer = await desk.ask("upload_attachment", file_name="a.png", content_base64=encoded)
        assert (answer["type"], answer["bytes"]) == ("image/png", len(content))
        assert content in desk.sandbox.store.contents.values()
        answer = await desk.ask(
            "upload_attachment", file_name="b", text="x", content_type="text/x-special"
        )
        assert answer["type"] == "text/x-special"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\r.txt", "r.txt"),
        ("in\u202evoice\x00.txt", "invoice.txt"),
        ("a\r\nX-Evil: 1.txt", "a X-Evil: 1.txt"),
        ("a?token=1&b#c.txt", "a?token=1&b#c.txt"),
        ("n" * 400 + ".txt", "n" * 196 + ".txt"),
        ("n" * 400, "n" * 200),
        (".env", ".env"),
    ],
)
async def test_a_name_is_no_path(open_workspace: OpenWorkspace, given: str, sent: str) -> None:
    async with open_workspace(**WRITING) as desk:
        await desk.ask("upload_attachment", file_name=given, text="x")
        (request,) = [one for one in desk.sandbox.requests if one.path.endswith("/uploads")]
        assert request.query == {"filename": sent}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "text"),
        ({"text": "x", "content_base64": "eA=="}, "text"),
        ({"text": ""}, "text"),
        ({"content_base64": ""}, "content_base64"),
        ({"content_base64": "no base64!"}, "content_base64"),
        ({"content_base64": "eA"}, "content_base64"),
        ({"content_base64": "ü"}, "content_base64"),
        ({"text": "ä" * (LARGEST_UPLOAD // 2 + 1)}, "text"),
        ({"content_base64": "A" * (LARGEST_UPLOAD // 3 * 4 + 8)}, "content_base64"),
        ({"content_base64": "A" * 8_000_000}, "content_base64"),
        ({"text": "x", "content_type": "text/plain\r\nX: 1"}, "content_type"),
        ({"text": "x", "content_type": "text"}, "content_type"),
        ({"text": "x", "file_name": "folder/"}, "file_name"),
        ({"text": "x", "file_name": "\u200b"}, "file_name"),
        ({"text": "x", "file_name": "a/.."}, "file_name"),
    ],
)
async def test_what_is_no_file_is_refused_here(
    open_workspace: OpenWorkspace, arguments: dict[str, Any], field: str
) -> None:
    async with open_workspace(**WRITING) as desk:
        error = await desk.fail("upload_attachment", **{"file_name": "a.txt", **arguments})
        assert error["kind"] == "invalid_arguments"
        assert error["details"]["fields"][0]["field"] == field
        assert desk.sent() == []


async def test_an_account_with_a_lower_limit_says_so(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(rules=Rules(largest_upload=3), **WRITING) as desk:
        error = await desk.fail("upload_attachment", file_name="a.txt", text="four")
        assert (error["kind"], error["status"]) == ("validation_failed", 413)
        assert error["details"]["zendesk_says"] == "Too large"
        assert error["outcome"] == "not_applied"


async def test_an_upload_whose_answer_was_lost_is_sent_again(open_workspace: OpenWorkspace) -> None:
    """What nobody refers to expires, so that the first one does no harm."""
    async with open_workspace(**WRITING) as desk:
        desk.sandbox.faults.add("POST", "/uploads$", 1, misfortunes.reset_after_write())
        answer = await desk.ask("upload_attachment", file_name="a.txt", text="once")
        assert answer["upload_token"] in desk.sandbox.store.uploads
        assert len(desk.sent("POST")) == 2


async def test_uploading_needs_its_own_scope(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    only = ("ticket_attachments:write",)
    async with open_workspace(
        sandbox=sandbox, token=sandbox.token(scopes=only), **{**HERE, "scopes": only[0]}
    ) as desk:
        answer = await desk.ask("upload_attachment", file_name="a.txt", text="x")
        assert answer["upload_token"]
    async with open_workspace(**HERE) as desk:
        error = await desk.fail("upload_attachment", file_name="a.txt", text="x")
        assert error["kind"] == "scope_missing"
        assert error["details"]["missing"] == [["ticket_attachments:write"]]
