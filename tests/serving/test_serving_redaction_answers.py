"""Redaction on every way into a model, and never on a way into Zendesk."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio.lowlevel
import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult, PromptReference

import poison
from attached_files import attach
from desk import OpenWorkspace, text_of
from humans import yes_to
from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import ManualClock, Sandbox, landmarks
from mcp_server_zendesk.serving.cleaning.redaction import META_KEY
from mcp_server_zendesk.workspace import build_server
from poison import Poisoned
from tool_examples import EXAMPLES, kept_in
from zendesk_tools import CATALOGUE
from zendesk_tools.prompts import PROMPTS

pytestmark = pytest.mark.anyio

DAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CARD = "4111 1111 1111 1111"
SECRETS = (
    f"[x] card {CARD}, password: zq7canary sk-proj-canarycanarycanary99 DE89370400440532013000"
)
SHOWN = ("1111 1111", "zq7canary", "canarycanary", "370400440532")


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


def as_callback(human: Any) -> Any:
    """A person, as a client takes one."""
    return human


def holds_secrets(payload: Any) -> bool:
    text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    return any(secret in text for secret in SHOWN)


@pytest.fixture
def _told_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(text: str, **_: Any) -> str:
        return f"{text} {SECRETS}"

    monkeypatch.setattr(poison, "payload", said)


async def results_of(
    sandbox: Sandbox,
    folder: Path,
    *,
    failure: httpx.Response | None = None,
    redact: str = "all",
) -> tuple[dict[str, CallToolResult], list[str], list[str]]:
    """Every tool's answer, what humans were asked, and all that came beside."""
    asked: list[str] = []
    told: list[str] = []

    async def human(_: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        asked.append(params.message)
        return yes_to(params)

    async def sleep(_: float) -> None:
        await anyio.lowlevel.checkpoint()

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append(f"{progress} {total} {message}")

    transport = Poisoned(httpx.ASGITransport(app=sandbox), failure=failure)
    flags = {"scopes": "read write", "toolsets": "all", "redact": redact}
    settings = embedded_settings({**flags, **kept_in(folder), "analytics_keep": "texts"})
    server = build_server(settings, transport=transport, sleep=sleep)
    results = {}
    async with server.running(), Client(server, elicitation_callback=as_callback(human)) as client:
        for spec in CATALOGUE:
            arguments = dict(EXAMPLES[spec.name])
            if "job_id" in arguments:
                arguments["job_id"] = next(iter(sandbox.store.jobs), "V3-none")
            results[spec.name] = await client.call_tool(
                spec.name, arguments, progress_callback=heard
            )
        # Refused while the question is put together, which is not redacted.
        unknown = {**EXAMPLES["create_side_conversation"], "to": ["Bergström"]}
        refused = await client.call_tool("create_side_conversation", unknown)
        results["create_side_conversation, refused"] = refused
        for kind, number in (
            ("tickets", landmarks.OPEN_TICKET),
            ("users", landmarks.REQUESTER_ID),
            ("articles", landmarks.RETURNS_ARTICLE),
        ):
            try:
                read = await client.read_resource(f"zendesk://{kind}/{number}")
                told.append(str(read))
            except MCPError as error:
                told += [error.error.message, str(error.error.data)]
        for prompt in PROMPTS:
            for argument in prompt.completions:
                reference = PromptReference(type="ref/prompt", name=prompt.name)
                found = await client.complete(reference, {"name": argument, "value": ""})
                told += found.completion.values
    return results, asked, told


@pytest.mark.usefixtures("_told_secrets")
async def test_nothing_that_is_redacted_reaches_a_model_by_any_tool(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    results, _, told = await results_of(sandbox, tmp_path)
    assert not [name for name, result in results.items() if holds_secrets(str(result))]
    assert not [text for text in told if holds_secrets(text)]
    answers = [result for result in results.values() if not result.is_error]
    marked = [result for result in answers if "ending 1111 redacted]" in text_of(result)]
    assert len(marked) > len(CATALOGUE) // 2
    for result in marked:
        assert (result.meta or {})[META_KEY]["cards"] >= 1
        assert result.structured_content == json.loads(text_of(result))


@pytest.mark.usefixtures("_told_secrets")
async def test_the_same_answers_hold_it_where_nothing_is_redacted(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    results, _, told = await results_of(sandbox, tmp_path, redact="none")
    assert sum(holds_secrets(str(result)) for result in results.values()) > len(CATALOGUE) // 2
    assert any(map(holds_secrets, told))
    assert not [name for name, one in results.items() if META_KEY in (one.meta or {})]


@pytest.mark.usefixtures("_told_secrets")
@pytest.mark.parametrize("failure", ["400", "403", "404", "409", "422", "422, listed", "500"])
async def test_nor_does_it_in_an_explanation(
    sandbox: Sandbox, tmp_path: Path, failure: str
) -> None:
    results, _, told = await results_of(sandbox, tmp_path, failure=poison.failures()[failure])
    assert not [name for name, result in results.items() if holds_secrets(str(result))]
    assert not [text for text in told if holds_secrets(text)]


@pytest.mark.parametrize("body", [f"Refund to {CARD}", "Your password: Spring-2026!"])
async def test_a_human_is_shown_what_will_be_sent_to_the_letter(
    sandbox: Sandbox, body: str
) -> None:
    asked: list[str] = []

    async def human(_: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return yes_to(params)

    settings = embedded_settings({"scopes": "read write", "toolsets": "all", "redact": "all"})
    server = build_server(settings, transport=httpx.ASGITransport(app=sandbox))
    arguments = {"ticket_id": landmarks.OPEN_TICKET, "body": body}
    async with server.running(), Client(server, elicitation_callback=as_callback(human)) as client:
        result = await client.call_tool("reply_to_ticket", arguments)
    assert not result.is_error
    assert body in asked[0]
    assert sandbox.store.comments[landmarks.OPEN_TICKET][-1]["body"] == body


async def test_what_a_model_cannot_read_it_cannot_write_over(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    body = f"<p>Returns go to IBAN DE89370400440532013000.</p><p>Old card {CARD}</p>"
    for one in sandbox.store.translations[landmarks.DRAFT_ARTICLE].values():
        one["body"] = body
    async with open_workspace(
        sandbox=sandbox, scopes="read write", toolsets="all", redact="all"
    ) as desk:
        article = await desk.ask("get_article", article_id=landmarks.DRAFT_ARTICLE)
        assert "[IBAN ending 3000 redacted]" in article["body"]
        error = await desk.fail(
            "update_article", article_id=landmarks.DRAFT_ARTICLE, body=article["body"]
        )
        assert error["kind"] == "invalid_arguments"
        assert error["outcome"] == "not_applied"
        assert "redaction" in error["reason"]
        assert desk.sent("PUT") == []
        # What stands beside the marks can be changed, and they stay what they are.
        await desk.ask(
            "update_article",
            article_id=landmarks.DRAFT_ARTICLE,
            old_text="Old card",
            new_text="Former card",
        )
    translations = sandbox.store.translations[landmarks.DRAFT_ARTICLE].values()
    bodies = [one["body"] for one in translations]
    assert body.replace("Old", "Former") in bodies


async def test_a_change_of_only_what_is_redacted_is_told_as_one(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    for one in sandbox.store.translations[landmarks.DRAFT_ARTICLE].values():
        one["body"] = "<p>The password: winter25</p>"
    async with open_workspace(
        sandbox=sandbox, scopes="read write", toolsets="all", redact="all"
    ) as desk:
        changed = await desk.ask(
            "update_article",
            article_id=landmarks.DRAFT_ARTICLE,
            body="<p>The password: spring26</p>",
        )
    (change,) = [one for one in changed["changes"] if one["requested"]]
    assert change["from"] == change["to"] == "other only in what is redacted here"


async def test_ids_numbers_and_cursors_stay(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox(clock=ManualClock(DAY))

    async def answers(redact: str) -> list[str]:
        async with open_workspace(sandbox=sandbox, redact=redact) as desk:
            found = [
                await desk.ask("search_tickets", query="status<solved", limit=5),
                await desk.ask("get_ticket", ticket_id=landmarks.OPEN_TICKET),
                await desk.ask("list_views"),
            ]
        return [re.sub("untrusted [0-9a-f]{8}", "untrusted", json.dumps(one)) for one in found]

    redacted = await answers("all")
    assert '"next_cursor"' in redacted[0]
    assert redacted == await answers("none")


async def test_the_text_of_a_file_is_redacted_too(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    attachment = attach(sandbox, "card.txt", f"Card {CARD}\n".encode(), "text/plain")
    async with open_workspace(sandbox=sandbox, toolsets="all", redact="cards") as desk:
        answer = await desk.ask("get_attachment", attachment_id=attachment)
    assert "[card number ending 1111 redacted]" in answer["text"]


async def test_a_model_is_told_what_the_marks_mean(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(redact="cards") as desk:
        assert "redacted]" in (desk.client.instructions or "")
    async with open_workspace() as desk:
        assert "redacted]" not in (desk.client.instructions or "")


def test_an_unknown_kind_stops_the_start(tmp_path: Path) -> None:
    audit = tmp_path / "audit"
    with pytest.raises(ConfigurationError, match="the nearest is 'cards'"):
        build_server(embedded_settings({"redact": "crads"}), audit_log=audit)
    assert not audit.exists()
