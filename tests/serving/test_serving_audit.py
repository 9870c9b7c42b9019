from __future__ import annotations

import json
import logging
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving.audit import Audit
from mcp_server_zendesk.serving.results import Result
from mcp_server_zendesk.serving.spec import ToolSpec

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def update_thing(zendesk: Zendesk) -> Result:
    raise NotImplementedError


SPEC = ToolSpec(handler=update_thing, title="Update", toolset="tickets", effect="write")


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _record(audit: Audit, arguments: dict[str, Any], spec: ToolSpec | None = SPEC) -> None:
    audit.outcome(
        "update_thing",
        spec,
        arguments,
        kind="ok",
        milliseconds=12.6,
        requests=2,
        outcome="applied",
        request_id="abc",
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def audit(file: Path) -> Audit:
    return Audit(file, workspace="acme", clock=lambda: NOON)


def test_a_write_leaves_a_line_before_and_a_line_after(audit: Audit, file: Path) -> None:
    audit.intent(SPEC, {"ticket_id": 7})
    assert [line["phase"] for line in _lines(file)] == ["intent"]
    _record(audit, {"ticket_id": 7})
    audit.close()
    intent, outcome = _lines(file)
    assert intent["arguments"] == outcome["arguments"]
    digest = outcome.pop("arguments")
    assert len(digest) == 16
    assert outcome == {
        "time": "2026-11-22T12:00:00.000+00:00",
        "workspace": "acme",
        "phase": "outcome",
        "tool": "update_thing",
        "effect": "write",
        "records": {"ticket_id": 7},
        "kind": "ok",
        "outcome": "applied",
        "ms": 13,
        "zendesk_requests": 2,
        "zendesk_request_id": "abc",
    }


def test_neither_file_nor_log_holds_what_was_said(
    audit: Audit, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    arguments = {
        "ticket_id": 7,
        "body": "canary",
        "tags": ["canary"],
        "external_id": "canary",
        "canary": {"canary": "canary"},
        "canary here_id": 5,
    }
    audit.intent(SPEC, arguments)
    _record(audit, arguments)
    audit.outcome(
        "canary_tool",
        None,
        arguments,
        kind="unknown_tool",
        milliseconds=0,
        requests=0,
        outcome=None,
        request_id=None,
    )
    audit.close()
    assert len(_lines(file)) == 3
    assert "canary" not in file.read_text(encoding="utf-8")
    assert "canary" not in caplog.text
    assert "update_thing" in caplog.text


def test_equal_calls_can_be_told_equal_within_one_run_only(file: Path, tmp_path: Path) -> None:
    one = Audit(file, workspace="acme")
    _record(one, {"a": 1, "b": 2})
    _record(one, {"b": 2, "a": 1})
    _record(one, {"a": 1, "b": 3})
    one.close()
    other = Audit(tmp_path / "other", workspace="acme")
    _record(other, {"a": 1, "b": 2})
    other.close()
    first, second, third = [line["arguments"] for line in _lines(file)]
    assert first == second
    assert first != third
    assert first != _lines(tmp_path / "other")[0]["arguments"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (7, 7),
        ("35436", 35436),
        (0, 0),
        (True, None),
        (-1, None),
        (7.5, None),
        ("7a", None),
        ("", None),
        ("9" * 5000, None),
        (10**30, None),
        ("٣", None),
        ([1], None),
        (None, None),
    ],
)
def test_only_what_is_an_id_is_recorded(
    audit: Audit, file: Path, value: object, kept: int | None
) -> None:
    _record(audit, {"ticket_id": value})
    audit.close()
    assert _lines(file)[0].get("records") == (None if kept is None else {"ticket_id": kept})


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ({"user": 7}, {"user": 7}),
        ({"user": "35436"}, {"user": 35436}),
        ({"user": "me"}, None),
        ({"user": "ann@example.com"}, None),
        ({"ticket_ids": [7, "8", "x", True]}, {"ticket_ids": [7, 8]}),
        ({"ticket_ids": []}, None),
        ({"ticket_ids": 7}, None),
        ({"limit": 7}, None),
    ],
)
def test_people_and_lists_of_records_are_recorded_too(
    audit: Audit, file: Path, arguments: dict[str, Any], kept: dict[str, Any] | None
) -> None:
    _record(audit, arguments)
    audit.close()
    assert _lines(file)[0].get("records") == kept


def test_the_file_is_its_owners_alone_and_is_appended_to(file: Path) -> None:
    file.write_text('{"phase":"old"}\n')
    file.chmod(0o644)
    audit = Audit(file, workspace="acme")
    _record(audit, {})
    audit.close()
    audit.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [line["phase"] for line in _lines(file)] == ["old", "outcome"]


def test_without_a_file_the_log_has_the_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    _record(Audit(workspace="acme"), {"ticket_id": 7})
    (record,) = caplog.records
    assert json.loads(record.getMessage())["records"] == {"ticket_id": 7}


def test_a_number_of_thousands_of_digits_is_recorded_as_a_call(audit: Audit, file: Path) -> None:
    _record(audit, {"ticket_id": 10**5_000})
    audit.close()
    (line,) = _lines(file)
    assert "records" not in line
