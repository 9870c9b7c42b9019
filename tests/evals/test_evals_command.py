"""`make evals`, as CI and a person with a key run it."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest
import respx

from desk_evals.__main__ import main
from mcp_server_zendesk.serving import explain


def test_a_run_by_script_tells_what_was_done_and_that_traps_spring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evals.json"
    assert main(["wrong-tool-for-tags", "replace-all-tags", "--json", str(file)]) == 0
    told = capsys.readouterr().out
    assert "all         2 of   2 passed, 0 with harm; 3 calls" in told
    assert "falls into the trap            1 of   1 not passed" in told
    written = json.loads(file.read_text("utf-8"))
    assert {one["task"]: one["verdict"] for one in written["tasks"]} == {
        "wrong-tool-for-tags": "passed",
        "replace-all-tags": "passed",
    }


def test_a_run_fails_where_a_task_does(capsys: pytest.CaptureFixture[str]) -> None:
    less = {"field": "tags", "problem": "is bad"}
    with mock.patch.object(explain, "_argument", return_value=less):
        assert main(["wrong-tool-for-tags"]) == 1
    told = capsys.readouterr().out
    assert "missed  not changed: ticket 1030: tags +vip" in told


def test_only_a_part_is_run_where_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["who-is-that", "who-closed-it", "--part", "held-out"]) == 0
    told = capsys.readouterr().out
    assert "who-closed-it" in told
    assert "who-is-that" not in told


@pytest.mark.parametrize("model", ["openai:gpt-test", "anthropic:claude-test", "gpt-test"])
def test_without_a_key_nothing_is_sent(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with respx.mock(assert_all_called=False) as router:
        assert main(["--model", model]) == 2
    assert not router.calls
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_model_that_refuses_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with respx.mock() as router:
        router.post("https://api.openai.com/v1/chat/completions").respond(403, json={})
        assert main(["who-is-that", "who-closed-it", "--model", "openai:gpt-test"]) == 2
        assert router.calls.call_count == 1
    assert capsys.readouterr().err == "gpt-test was not reached: HTTP 403\n"


def test_a_task_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-task"]) == 2
    assert "no such task: no-such-task" in capsys.readouterr().err
