from __future__ import annotations

import json
import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from audited import verified
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.sent import Sent
from mcp_server_zendesk.serving.auditing.audit import Audit, CallLines
from mcp_server_zendesk.serving.auditing.lines import client_name
from mcp_server_zendesk.serving.auditing.seal import kept_key, key_beside
from mcp_server_zendesk.serving.results import Result
from mcp_server_zendesk.serving.spec import ToolSpec

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


An = Annotated[Any, Field(description="An argument")]


async def update_thing(
    zendesk: Zendesk,
    ticket_id: An = None,
    ticket_ids: An = None,
    user: An = None,
    external_id: An = None,
    id: An = None,  # noqa: A002 - as ChatGPT's tool has it
    body: An = None,
    tags: An = None,
    limit: An = None,
) -> Result:
    raise NotImplementedError


SPEC = ToolSpec(handler=update_thing, title="Update", toolset="tickets", effect="write")


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _calls(file: Path) -> list[dict[str, Any]]:
    return [line for line in _lines(file) if "call" in line]


def _record(audit: Audit, arguments: dict[str, Any]) -> None:
    _end(audit.call("update_thing", SPEC), arguments)


def _end(lines: CallLines, arguments: dict[str, Any]) -> None:
    lines.outcome(
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


def test_a_write_leaves_lines_before_and_a_line_after(audit: Audit, file: Path) -> None:
    call = audit.call(
        "update_thing", SPEC, caller="anna\n@acme.com", issuer="us", client="Some client"
    )
    call.intent({"ticket_id": 7})
    assert [line["phase"] for line in _lines(file)] == ["start", "intent"]
    call.sending(Sent("PUT", "tickets/7"), "human", "Really?")
    assert [line["phase"] for line in _calls(file)] == ["intent", "sending"]
    _end(call, {"ticket_id": 7, "limit": 2})
    audit.close()
    intent, sending, outcome = _calls(file)
    assert [line["phase"] for line in _lines(file)][-1] == "end"
    assert intent["call"] == sending["call"] == outcome["call"] == f"{intent['run']}.1"
    assert (sending["method"], sending["path"]) == ("PUT", "tickets/7")
    assert sending["confirmed"] == "human"
    assert len(sending["question"]) == 16
    assert [len(outcome.pop(key)) for key in ("arguments", "seal", "run", "call")] == [
        16,
        32,
        10,
        12,
    ]
    assert outcome == {
        "v": 1,
        "time": "2026-11-22T12:00:00.000+00:00",
        "workspace": "acme",
        "seq": 3,
        "phase": "outcome",
        "tool": "update_thing",
        "effect": "write",
        "caller": "anna?@acme.com",
        "issuer": "us",
        "client": "Some client",
        "records": {"ticket_id": 7},
        "given": ["ticket_id", "limit"],
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
        "canary_id": 5,
    }
    call = audit.call("update_thing", SPEC)
    call.intent(arguments)
    call.sending(
        Sent.of(
            "PUT",
            ("tickets", 7, "tags", "canary"),
            {"ids": "canary", "canary": "canary"},
            {"ids": ["canary"], "canary": "canary"},
        ),
        "human",
        "canary?",
    )
    _end(call, arguments)
    _end(audit.call("canary_tool", None), arguments)
    audit.close()
    assert len(_calls(file)) == 4
    assert _calls(file)[1]["path"] == "tickets/7/tags/*"
    assert "canary" not in file.read_text(encoding="utf-8")
    assert "canary" not in caplog.text
    assert "update_thing" in caplog.text


def test_an_id_of_another_system_is_nobodys_business(audit: Audit, file: Path) -> None:
    _record(audit, {"external_id": "19121212"})
    audit.close()
    assert "19121212" not in file.read_text(encoding="utf-8")
    assert _calls(file)[0]["given"] == ["external_id"]


def test_equal_calls_can_be_told_equal_across_runs_of_one_file_only(
    file: Path, tmp_path: Path
) -> None:
    for place in (file, file, tmp_path / "other"):
        audit = Audit(place, workspace="acme")
        _record(audit, {"a": 1, "b": 2})
        _record(audit, {"b": 2, "a": 1})
        _record(audit, {"a": 1, "b": 3})
        audit.close()
    first, second, third, again, *_ = [line["arguments"] for line in _calls(file)]
    assert first == second == again
    assert first != third
    assert first != _calls(tmp_path / "other")[0]["arguments"]


def test_the_key_is_its_owners_alone_and_kept(file: Path) -> None:
    Audit(file, workspace="acme").close()
    key = file.with_name("audit.jsonl.key")
    kept = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    Audit(file, workspace="acme").close()
    assert key.read_text() == kept
    assert sorted(file.parent.iterdir()) == [file, key], "nothing else is left behind"


def test_a_damaged_key_is_refused_and_not_replaced(file: Path) -> None:
    key = file.with_name("audit.jsonl.key")
    key.write_text("damaged")
    with pytest.raises(OSError, match="is damaged"):
        Audit(file, workspace="acme")
    assert key.read_text() == "damaged"


def test_processes_that_start_at_once_make_one_key(file: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: kept_key(file), range(32)))
    assert len(keys) == 1


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
    assert _calls(file)[0].get("records") == (None if kept is None else {"ticket_id": kept})


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
        ({"id": "ticket:7"}, {"ticket_id": 7}),
        ({"id": "ticket:7 "}, None),
        ({"other_id": 7}, None),
    ],
)
def test_people_and_lists_of_records_are_recorded_too(
    audit: Audit, file: Path, arguments: dict[str, Any], kept: dict[str, Any] | None
) -> None:
    _record(audit, arguments)
    audit.close()
    assert _calls(file)[0].get("records") == kept


def test_the_file_is_its_owners_alone_and_is_appended_to(file: Path) -> None:
    for _ in range(2):
        audit = Audit(file, workspace="acme")
        _record(audit, {})
        audit.close()
        audit.close()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.chmod(0o644)
    assert [line["phase"] for line in _lines(file)] == ["start", "outcome", "end"] * 2


@pytest.mark.parametrize(
    "content",
    [
        b"Notes of mine.\n",
        b"\x00\xff" * 9,
        b'{"v": 1, "time": "now"}\n{}\n',
        b"\n",
        b"0" * 64 + b"\n",
    ],
)
def test_a_file_that_holds_something_else_is_refused_and_left_as_it_is(
    file: Path, content: bytes
) -> None:
    file.write_bytes(content)
    file.chmod(0o644)
    with pytest.raises(OSError, match="something else than audit lines"):
        Audit(file, workspace="acme")
    assert file.read_bytes() == content
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(file.parent.iterdir()) == [file], "no key is put beside it"


def test_a_log_that_a_crash_cut_off_in_its_first_line_goes_on(file: Path) -> None:
    audit = Audit(file, workspace="acme")
    _record(audit, {})
    file.write_bytes(file.read_bytes()[:40])
    for _ in range(2):
        again = Audit(file, workspace="acme")
        _record(again, {})
        again.close()
    assert verified(file)[0].problems == []


def test_a_new_key_beside_a_log_with_lines_is_warned_of(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        audit = Audit(file, workspace="acme")
        _record(audit, {})
        audit.close()
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []
    key_beside(file).unlink()
    Audit(file, workspace="acme").close()
    (warning,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert f"There is no key beside the audit log {file}" in warning.getMessage()


def test_without_a_file_the_log_has_the_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    _record(Audit(workspace="acme"), {"ticket_id": 7})
    _, record = caplog.records
    assert json.loads(record.getMessage())["records"] == {"ticket_id": 7}


def test_a_number_of_thousands_of_digits_is_recorded_as_a_call(audit: Audit, file: Path) -> None:
    _record(audit, {"ticket_id": 10**5_000})
    audit.close()
    (line,) = _calls(file)
    assert "records" not in line


def test_a_run_in_which_nothing_is_called_leaves_nothing(audit: Audit, file: Path) -> None:
    audit.close()
    assert _lines(file) == []


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("claude-ai", "claude-ai"),
        ("Visual Studio Code", "Visual Studio Code"),
        ("x" * 65, None),
        ("a\nb", None),
        ("", None),
        (7, None),
    ],
)
def test_a_client_is_called_as_it_calls_itself_where_that_is_a_name(
    told: object, kept: str | None
) -> None:
    assert client_name(told) == kept
