"""Every fault against every effect: nothing is done twice, nothing is told that did not happen.

``pytest -s tests/tools/test_tools_fault_matrix.py`` prints the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from desk import OpenWorkspace, Workspace, text_of
from mcp_server_zendesk.sandbox import Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import CLOSED_TICKET, OPEN_TICKET

pytestmark = pytest.mark.anyio

NOTE = "Written once, and only **once**."
TAG = "seen_once"
MOST_REQUESTS = 20


@dataclass(frozen=True)
class Effect:
    """A call, the request of it that meets the fault, and how its effect is seen in the store."""

    tool: str
    arguments: dict[str, Any]
    hit: tuple[str, str]
    applied: Callable[[Sandbox], int]


def priority(sandbox: Sandbox) -> int:
    return int(sandbox.store.tickets[OPEN_TICKET]["priority"] == "low")


def tagged(ticket: int) -> Callable[[Sandbox], int]:
    return lambda sandbox: sandbox.store.tickets[ticket]["tags"].count(TAG)


def notes(sandbox: Sandbox) -> int:
    comments = sandbox.store.comments[OPEN_TICKET]
    return sum("Written once" in str(comment) for comment in comments)


EFFECTS = {
    "read": Effect(
        "get_ticket", {"ticket_id": OPEN_TICKET}, ("GET", f"/tickets/{OPEN_TICKET}$"), lambda _: 0
    ),
    "update": Effect(
        "update_ticket",
        {"ticket_id": OPEN_TICKET, "priority": "low"},
        ("PUT", f"/tickets/{OPEN_TICKET}$"),
        priority,
    ),
    "guarded update": Effect(
        "update_ticket",
        {"ticket_id": OPEN_TICKET, "priority": "low", "expected_updated_at": "LATEST"},
        ("PUT", f"/tickets/{OPEN_TICKET}$"),
        priority,
    ),
    "tags": Effect(
        "update_ticket_tags",
        {"ticket_id": OPEN_TICKET, "add": [TAG]},
        ("PUT", f"/tickets/{OPEN_TICKET}/tags$"),
        tagged(OPEN_TICKET),
    ),
    "closed tags": Effect(
        "update_ticket_tags",
        {"ticket_id": CLOSED_TICKET, "add": [TAG]},
        ("PUT", f"/tickets/{CLOSED_TICKET}$"),
        tagged(CLOSED_TICKET),
    ),
    "note": Effect(
        "add_internal_note",
        {"ticket_id": OPEN_TICKET, "body": NOTE},
        ("PUT", f"/tickets/{OPEN_TICKET}$"),
        notes,
    ),
}

FAULTS: dict[str, Callable[[], Fault]] = {
    "429, wait 1 s": lambda: misfortunes.rate_limited(1),
    "429, wait 600 s": lambda: misfortunes.rate_limited(600),
    "429, no word": lambda: misfortunes.rate_limited(None),
    "500 HTML": lambda: misfortunes.html_error(500),
    "500 applied": lambda: misfortunes.html_error(500, applied=True),
    "502": lambda: misfortunes.html_error(502),
    "503, wait 1 s": lambda: misfortunes.html_error(503, retry_after=1),
    "504 applied": lambda: misfortunes.html_error(504, applied=True),
    "524": lambda: misfortunes.html_error(524),
    "refused": misfortunes.connection_refused,
    "reset before": misfortunes.reset_before_write,
    "reset after": misfortunes.reset_after_write,
    "silence": misfortunes.never_answered,
    "silence, applied": lambda: misfortunes.never_answered(applied=True),
    "cut off": misfortunes.cut_off,
    "truncated JSON": misfortunes.truncated_json,
    "wrong types": misfortunes.wrong_types,
    "HTML with 200": misfortunes.html_with_200,
    "empty 200": misfortunes.empty_answer,
    "huge body": lambda: misfortunes.huge_body(40_000_000),
    "401": misfortunes.invalid_token,
    "409 safe update": misfortunes.update_conflict,
    "409 database": misfortunes.database_conflict,
    "redirect away": misfortunes.redirect_elsewhere,
}


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_told_as_it_is(
    open_workspace: OpenWorkspace, fault: str, effect: str, times: int | None
) -> None:
    planned = EFFECTS[effect]
    async with open_workspace() as desk:
        desk.sandbox.faults.add(*planned.hit, times, FAULTS[fault]())
        result = await desk.client.call_tool(planned.tool, arguments_of(planned, desk))
        error = {} if not result.is_error else parsed(text_of(result))
        applied = planned.applied(desk.sandbox)
        requests = len(desk.sent()) + (times is None and "refused" in fault)
        show(fault, effect, times, error, requests, applied)

        assert applied <= 1, "done twice"
        assert requests <= MOST_REQUESTS
        if effect == "read":
            assert "outcome" not in error
        elif not error:
            assert applied == 1, "told as done, and it was not"
        elif error["outcome"] == "applied":
            assert applied == 1
        elif error["outcome"] == "not_applied":
            assert applied == 0, "told as not done, and it was"
        else:
            assert error["retryable"] is False
        if error:
            assert error["kind"] != "internal_error"


def arguments_of(effect: Effect, desk: Workspace) -> dict[str, Any]:
    latest = desk.sandbox.store.tickets[OPEN_TICKET]["updated_at"]
    return {k: latest if v == "LATEST" else v for k, v in effect.arguments.items()}


def parsed(text: str) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(text)["error"]
    return error


def show(
    fault: str, effect: str, times: int | None, error: dict[str, Any], requests: int, applied: int
) -> None:
    kind = error.get("kind", "answered")
    often = "once" if times else "always"
    row = (fault, often, effect, kind, error.get("outcome", ""))
    widths = (18, 7, 15, 20, 12)
    cells = "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    print(f"{cells}{requests:>3} requests {applied:>2} applied")  # noqa: T201 - the table
