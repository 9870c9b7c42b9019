"""The table from exceptions to explanations is total, and each row says what to do next."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

import mcp_server_zendesk
import zendesk_tools
from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.connection.errors import FieldProblem, Outcome, Refusal
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.serving import local_refusals, refusals
from mcp_server_zendesk.serving.explain import ROWS, explain
from mcp_server_zendesk.serving.explanation import KINDS, Circumstances, Who

pytestmark = pytest.mark.error_table

ABSTRACT = {
    *(errors.ZendeskError, errors.TransportError, errors.Refused, refusals.RefusedHere),
    local_refusals.LocalRefusal,
}
HELD = HeldScopes(frozenset({"read"}), frozenset({"read"}))
GROUPS = (("tickets:write",),)
FULL = Refusal(
    status=400,
    code="SomeCode",
    text="Something is wrong",
    problems=(FieldProblem("status", "is wrong", "Wrong", 360, ("open", "solved")),),
    limit="per-ticket-updates",
    request_id="zendesk-1",
    retry_after=37.2,
)
BARE = Refusal(status=500)

SAMPLES: dict[type[BaseException], list[BaseException]] = {
    refusals.InvalidArguments: [
        refusals.InvalidArguments.of(
            "status", "is wrong", allowed_values=["open"], candidates=[{"id": 1}]
        )
    ],
    refusals.UnknownTool: [
        refusals.UnknownTool(exists=True),
        refusals.UnknownTool(exists=False),
        refusals.UnknownTool(exists=False, nearest="get_ticket"),
    ],
    refusals.ReadOnlyWorkspace: [refusals.ReadOnlyWorkspace()],
    refusals.AuditUnavailable: [refusals.AuditUnavailable("No space left on device")],
    refusals.ConfirmationUnavailable: [
        refusals.ConfirmationUnavailable(),
        refusals.ConfirmationUnavailable(failed=True),
    ],
    refusals.ConfirmationDeclined: [
        refusals.ConfirmationDeclined(mistyped=False),
        refusals.ConfirmationDeclined(mistyped=True),
        refusals.ConfirmationDeclined(in_time=False),
    ],
    refusals.ChangedMeanwhile: [refusals.ChangedMeanwhile()],
    refusals.AlreadyDone: [refusals.AlreadyDone()],
    refusals.TooManyCalls: [
        refusals.TooManyCalls("calls_per_minute", 60, retry_after=12.3),
        refusals.TooManyCalls("calls_at_once", 8, retry_after=1),
    ],
    errors.NotConfigured: [
        errors.NotConfigured("Nothing is set.", missing=["ZENDESK_OAUTH_TOKEN"]),
        errors.NotConfigured("Nothing is set."),
        errors.NotConfigured("Nobody has signed in.", sign_in=True),
        errors.NotConfigured("Nobody has.", missing=["ZENDESK_OAUTH_TOKEN"], sign_in=True),
    ],
    errors.TokenUnavailable: [
        errors.TokenUnavailable(errors.TimedOut("it took too long", sent=True)),
        errors.TokenUnavailable(errors.RateLimited(FULL)),
        errors.TokenUnavailable(errors.Forbidden(BARE)),
    ],
    errors.TokenRefused: [
        errors.TokenRefused(FULL, auth="oauth", grant="refresh_token"),
        errors.TokenRefused(FULL, auth="oauth_client_credentials", grant="client_credentials"),
        errors.TokenRefused(
            replace(BARE, code="invalid_scope"), auth="x", grant="client_credentials"
        ),
    ],
    errors.ScopeMissing: [errors.ScopeMissing(GROUPS, HELD)],
    errors.OutOfReach: [errors.OutOfReach("a read tool asked to write")],
    errors.PolicyRefused: [
        errors.PolicyRefused(
            "allow_recipients", "it would reach others", allowed=["acme.com"], asked=["evil.org"]
        ),
        errors.PolicyRefused("allow_groups", "it cannot be told where it is"),
    ],
    errors.CeilingReached: [errors.CeilingReached(10, retry_after=12.3)],
    errors.StoreUnavailable: [errors.StoreUnavailable("nobody can tell what was counted")],
    errors.ConnectionFailed: [errors.ConnectionFailed("it broke", sent=True)],
    errors.TimedOut: [errors.TimedOut("it took too long", sent=False)],
    errors.UnreadableResponse: [errors.UnreadableResponse("it is odd", status=200)],
    errors.AnswerTooLarge: [errors.AnswerTooLarge("it is long", status=200)],
    errors.SecondTooFull: [errors.SecondTooFull("tickets")],
    errors.ForeignAddress: [errors.ForeignAddress()],
    errors.Unauthenticated: [
        errors.Unauthenticated(FULL, auth="api_token"),
        errors.Unauthenticated(BARE, auth="oauth_token"),
        errors.Unauthenticated(BARE),
    ],
    errors.Forbidden: [
        errors.Forbidden(FULL),
        errors.Forbidden(replace(BARE, scopes=("groups:read", "read"))),
    ],
    errors.TicketClosed: [
        errors.TicketClosed(FULL, ticket_id=7, tried=["tags_endpoint"]),
        errors.TicketClosed(BARE, ticket_id=7),
    ],
    local_refusals.StoreUnusable: [local_refusals.StoreUnusable("It is damaged.", "Purge it.")],
    local_refusals.StoreFull: [local_refusals.StoreFull("No space left on device")],
    local_refusals.QueryRefused: [
        local_refusals.QueryRefused("It writes."),
        local_refusals.QueryRefused("There is no such column.", ("status", "tags")),
    ],
    local_refusals.QueryStopped: [local_refusals.QueryStopped("10 seconds")],
    Exception: [ValueError("canary"), KeyError("canary")],
}
for bare in (
    local_refusals.ExtraNeeded,
    local_refusals.SwitchedOff,
    local_refusals.NeverSynced,
    local_refusals.SyncUnderWay,
    local_refusals.StoreBusy,
    local_refusals.OtherUser,
):
    SAMPLES[bare] = [bare()]
for plain in (
    errors.NotFound,
    errors.EndpointUnavailable,
    errors.UnknownAccount,
    errors.Conflict,
    errors.ValidationFailed,
    errors.RateLimited,
    errors.Unavailable,
    errors.InvalidRequest,
):
    SAMPLES[plain] = [plain(FULL), plain(BARE)]
ALL = [(row, sample) for row, samples in SAMPLES.items() for sample in samples]


def _descendants(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


def _ours() -> set[type[BaseException]]:
    """Every exception class of the product, wherever it is defined."""
    for package in (mcp_server_zendesk, zendesk_tools):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".sandbox" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    roots = (errors.ZendeskError, refusals.RefusedHere)
    found = {kind for root in roots for kind in (root, *_descendants(root))}
    return {kind for kind in found if kind.__module__.startswith(("mcp_server_", "zendesk_tools"))}


def test_every_exception_that_is_raised_has_a_row_of_its_own() -> None:
    assert _ours() - ABSTRACT == set(ROWS) - {Exception}
    assert set(SAMPLES) == set(ROWS)


def _raised_names() -> set[str]:
    names: set[str] = set()
    for package in (mcp_server_zendesk, zendesk_tools):
        for file in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Raise) and node.exc is not None:
                    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
                    names.add(ast.unparse(raised).rpartition(".")[2])
    return names


def test_what_has_no_row_is_never_raised_itself() -> None:
    raised = _raised_names()
    assert "ScopeMissing" in raised
    assert raised.isdisjoint(kind.__name__ for kind in ABSTRACT)


@pytest.mark.parametrize(("row", "error"), ALL)
def test_each_explanation_says_what_why_and_what_next(
    row: type[BaseException], error: BaseException
) -> None:
    assert row in ROWS
    explanation = explain(error, Circumstances(tool="update_ticket"))
    assert explanation.kind in KINDS
    assert (explanation.kind == "internal_error") == (row in {Exception, errors.OutOfReach})
    assert explanation.who in get_args(Who)
    for text in (explanation.message, explanation.reason, explanation.hint):
        assert text.strip()
        assert "  " not in text
        assert "None" not in text
        assert (
            text.endswith((".", "…"))
            or error in SAMPLES[refusals.InvalidArguments]
            or ("details" in explanation.hint)
        )
    payload = explanation.payload()["error"]
    assert "outcome" not in payload
    assert None not in payload.values()
    assert "canary" not in json.dumps(payload)


def test_an_exception_of_no_known_kind_is_an_internal_error() -> None:
    class Unheard(BaseException):
        pass

    assert explain(Unheard("canary"), Circumstances(tool="x")).kind == "internal_error"


@pytest.mark.parametrize(("row", "error"), ALL)
@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_a_failed_write_says_what_became_of_it(
    row: type[BaseException], error: BaseException, outcome: Outcome
) -> None:
    explanation = explain(error, Circumstances(tool="x", writes=True, outcome=outcome))
    payload = explanation.payload()["error"]
    assert payload["outcome"] == outcome
    if outcome == "unknown":
        assert not explanation.retryable
        assert explanation.hint.startswith("Whether the change was made is unknown: read")
    if outcome == "applied":
        assert not explanation.retryable
        assert "do not repeat it" in explanation.hint
        assert "try once more" not in explanation.hint.lower()
    if outcome == "not_applied":
        assert explanation.retryable == explain(error, Circumstances(tool="x")).retryable


@pytest.mark.parametrize(("row", "error"), ALL)
def test_zendesks_request_id_and_status_are_given(
    row: type[BaseException], error: BaseException
) -> None:
    explanation = explain(error, Circumstances(tool="x", request_id="earlier"))
    answer = error.cause if isinstance(error, errors.TokenUnavailable) else error
    if isinstance(answer, errors.Refused):
        assert explanation.status == answer.refusal.status
        assert explanation.request_id == (answer.refusal.request_id or "earlier")
    else:
        assert explanation.request_id == "earlier"


def test_a_rate_limit_says_which_and_how_long() -> None:
    limited = explain(errors.RateLimited(FULL), Circumstances(tool="x"))
    assert limited.retry_after_seconds == 38
    assert limited.details["limit"] == "per-ticket-updates"
    assert "38 seconds" in limited.hint
    bare = explain(errors.RateLimited(BARE), Circumstances(tool="x"))
    assert bare.retry_after_seconds is None
    assert "about a minute" in bare.hint


def test_a_limit_waited_for_ahead_is_not_told_as_zendesks_refusal() -> None:
    ahead = errors.RateLimited(FULL, sent=False)
    limited = explain(ahead, Circumstances(tool="x", request_id="earlier"))
    payload = limited.payload()["error"]
    assert payload["kind"] == "rate_limited"
    assert payload["retry_after_seconds"] == 38
    assert "nothing was sent" in payload["message"]
    assert "refused" not in payload["message"]
    assert "status" not in payload
    assert "request_id" not in payload
    assert payload["details"] == {"limit": "per-ticket-updates"}


def test_a_missing_scope_names_what_is_needed_held_and_who_lacks_it() -> None:
    held = HeldScopes(frozenset({"read"}), frozenset({"read", "write"}), frozenset({"read"}))
    explanation = explain(errors.ScopeMissing(GROUPS, held), Circumstances(tool="x"))
    assert explanation.details == {
        "required": [["tickets:write"]],
        "missing": [["tickets:write"]],
        "lacking": ["workspace", "caller"],
        "held": ["read"],
    }
    assert "ZENDESK_SCOPES" in explanation.hint
    by_token = explain(
        errors.Forbidden(replace(BARE, status=403, scopes=("read",))), Circumstances(tool="x")
    )
    assert by_token.kind == "scope_missing"
    assert by_token.details["lacking"] == ["token"]


def test_layers_that_exclude_each_other_are_explained_too() -> None:
    held = HeldScopes(frozenset({"users:read"}), frozenset({"tickets:read"}))
    error = errors.ScopeMissing([("users:read", "tickets:read")], held)
    explanation = explain(error, Circumstances(tool="x"))
    assert explanation.details["lacking"] == ["workspace", "token"]
    assert "workspace" in explanation.reason
    assert "token" in explanation.reason


def test_a_refused_value_comes_with_its_field_its_code_and_what_is_allowed() -> None:
    explanation = explain(errors.ValidationFailed(FULL), Circumstances(tool="x"))
    assert explanation.details["fields"] == [
        {
            "field": "status",
            "problem": "is wrong",
            "code": "Wrong",
            "ticket_field_id": 360,
            "allowed_values": ["open", "solved"],
        }
    ]
    assert "(status)" in explanation.message


def test_the_closed_ticket_names_setting_permission_and_the_way_on() -> None:
    explanation = explain(SAMPLES[errors.TicketClosed][0], Circumstances(tool="x", writes=True))
    shown = json.dumps(explanation.payload())
    for word in ("Modify closed ticket", "modify_closed_tickets", "follow-up", "tags_endpoint"):
        assert word in shown
