"""Every status and envelope of zendesk-api.md §2.5 and §3: the exception and its explanation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.envelopes import exception_for, read_refusal
from mcp_server_zendesk.serving.explain import explain
from mcp_server_zendesk.serving.explanation import KINDS, Circumstances

TICKET = "https://acme.zendesk.com/api/v2/tickets/1"
HTML = "<html><body>canary-html</body></html>"
PLAIN = {"content-type": "text/plain; charset=utf-8"}


@dataclass(frozen=True)
class Case:
    status: int
    body: Any
    raises: type[errors.Refused]
    kind: str
    headers: dict[str, str] | None = None
    code: str | None = None
    shows: str | None = None


def _titled(title: str, message: str) -> dict[str, Any]:
    return {"error": {"title": title, "message": message}}


CASES = {
    "bad_basic": Case(
        401, {"error": "Couldn't authenticate you"}, errors.Unauthenticated, "unauthenticated"
    ),
    "bad_bearer": Case(
        401,
        {"error": "invalid_token", "error_description": "The access token provided is expired"},
        errors.Unauthenticated,
        "unauthenticated",
        code="invalid_token",
    ),
    "401_empty": Case(401, "", errors.Unauthenticated, "unauthenticated"),
    "scope": Case(
        403,
        {
            "error": "Forbidden",
            "description": "You are missing the following required scopes: read",
        },
        errors.Forbidden,
        "scope_missing",
        code="Forbidden",
    ),
    "scopes": Case(
        403,
        {"error": "Forbidden", "description": "Il manque les droits requis : groups:read, read"},
        errors.Forbidden,
        "scope_missing",
    ),
    "role": Case(
        403,
        _titled("Forbidden", "You do not have access to this page."),
        errors.Forbidden,
        "forbidden",
    ),
    "role_with_colon": Case(
        403,
        {"error": "Forbidden", "description": "Cause: suspended"},
        errors.Forbidden,
        "forbidden",
    ),
    "403_html": Case(403, HTML, errors.Forbidden, "forbidden"),
    "too_many": Case(
        400,
        {"error": "TooManyValues", "description": "Parameter  cannot specify more than 100 values"},
        errors.InvalidRequest,
        "invalid_request",
        code="TooManyValues",
        shows="Parameter cannot specify more than 100 values",
    ),
    "invalid_attribute": Case(
        400,
        _titled("Invalid attribute", "You passed an invalid value for the x attribute."),
        errors.InvalidRequest,
        "invalid_request",
        shows="You passed an invalid value",
    ),
    "pagination": Case(
        400,
        {"errors": [{"code": "InvalidPaginationDepth", "title": "Too deep"}]},
        errors.InvalidRequest,
        "invalid_request",
        code="InvalidPaginationDepth",
        shows="Too deep",
    ),
    "idempotency": Case(
        400,
        {"error": "IdempotentRequestError", "description": "Request parameters don't match"},
        errors.InvalidRequest,
        "invalid_request",
        code="IdempotentRequestError",
    ),
    "invalid_grant": Case(
        400,
        {"error": "invalid_grant", "error_description": "The provided access grant is invalid"},
        errors.InvalidRequest,
        "invalid_request",
        code="invalid_grant",
    ),
    "400_plain": Case(
        400,
        "Required parameter missing: phone_number",
        errors.InvalidRequest,
        "invalid_request",
        headers=PLAIN,
        shows="Required parameter missing: phone_number",
    ),
    "400_text_called_html": Case(
        400,
        "Required parameter missing: phone_number",
        errors.InvalidRequest,
        "invalid_request",
        shows="Required parameter missing: phone_number",
    ),
    "400_html_after_text": Case(400, f"Sorry {HTML}", errors.InvalidRequest, "invalid_request"),
    "400_html_called_text": Case(
        400, HTML, errors.InvalidRequest, "invalid_request", headers=PLAIN
    ),
    "record": Case(
        404,
        {"error": "RecordNotFound", "description": "Not found"},
        errors.NotFound,
        "not_found",
        code="RecordNotFound",
    ),
    "404_empty": Case(404, "", errors.NotFound, "not_found"),
    "404_html": Case(404, HTML, errors.NotFound, "not_found"),
    "endpoint": Case(
        404,
        {"error": "InvalidEndpoint", "description": "Not found"},
        errors.EndpointUnavailable,
        "endpoint_unavailable",
    ),
    "no_help_desk": Case(
        404,
        _titled("No help desk at acme.zendesk.com", "There is no help desk configured."),
        errors.UnknownAccount,
        "not_configured",
    ),
    "406": Case(
        406,
        {"error": "CommentRequired", "description": "A comment is required."},
        errors.InvalidRequest,
        "invalid_request",
        code="CommentRequired",
        shows="A comment is required.",
    ),
    "safe_update": Case(
        409,
        {"error": "UpdateConflict", "description": "Safe Update prevented the update"},
        errors.Conflict,
        "conflict",
    ),
    "collision": Case(
        409,
        "Requester creation collision - please try again",
        errors.Conflict,
        "conflict",
        headers=PLAIN,
    ),
    "413": Case(413, HTML, errors.ValidationFailed, "validation_failed"),
    "duplicate": Case(
        422,
        {
            "error": "RecordInvalid",
            "description": "Record validation errors",
            "details": {
                "name": [{"description": "Name has already been taken", "error": "DuplicateValue"}]
            },
        },
        errors.ValidationFailed,
        "validation_failed",
        code="RecordInvalid",
        shows="Name has already been taken",
    ),
    "localized": Case(
        422,
        {
            "error": "RecordInvalid",
            "description": "レコード検証エラー",
            "details": {
                "base": [{"description": "説明: 空白にはできません", "error": "BlankValue"}]
            },
        },
        errors.ValidationFailed,
        "validation_failed",
        shows="説明: 空白にはできません",
    ),
    "search_window": Case(
        422,
        {"error": "invalid", "description": "Invalid search: Requested response size"},
        errors.ValidationFailed,
        "validation_failed",
        code="invalid",
        shows="Requested response size",
    ),
    "423": Case(423, "", errors.InvalidRequest, "invalid_request"),
    "per_minute": Case(
        429,
        "Number of allowed API requests per minute exceeded",
        errors.RateLimited,
        "rate_limited",
        headers={**PLAIN, "retry-after": "38"},
        shows="Number of allowed API requests per minute exceeded",
    ),
    "jobs": Case(
        429,
        {"error": "TooManyJobs", "description": "Too many jobs"},
        errors.RateLimited,
        "rate_limited",
        code="TooManyJobs",
        shows="background-jobs",
    ),
    "search_down": Case(
        503,
        {"error": "unavailable", "description": "Sorry, we could not complete your search query."},
        errors.Unavailable,
        "zendesk_unavailable",
    ),
    **{
        f"edge_{status}": Case(status, HTML, errors.Unavailable, "zendesk_unavailable")
        for status in (500, 502, 503, 504, 520, 524)
    },
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", CASES)
async def test_each_refusal_has_its_exception_and_its_explanation(
    zendesk_mock: respx.MockRouter, connection: Connection, name: str
) -> None:
    case = CASES[name]
    content = case.body if isinstance(case.body, str) else json.dumps(case.body)
    kind = "text/html" if isinstance(case.body, str) else "application/json"
    zendesk_mock.get(TICKET).respond(
        case.status, content=content, headers={"content-type": kind, **(case.headers or {})}
    )
    with pytest.raises(case.raises) as caught:
        await connection.send("GET", "/api/v2/tickets/1")
    error = caught.value
    assert type(error) is case.raises
    assert error.refusal.status == case.status
    if case.code:
        assert error.refusal.code == case.code
    payload = explain(error, Circumstances(tool="get_ticket")).payload()["error"]
    shown = json.dumps(payload, ensure_ascii=False)
    assert payload["kind"] == case.kind
    assert payload["status"] == case.status
    assert "canary-html" not in shown
    if case.shows:
        assert case.shows in shown


def _read(status: int, body: Any, **headers: str) -> errors.Refusal:
    return read_refusal(status, headers, json.dumps(body).encode())


def test_every_key_of_details_is_walked() -> None:
    refusal = _read(
        422,
        {
            "error": "RecordInvalid",
            "details": {
                "base": [
                    {
                        "description": "Assignee: is required when solving a ticket",
                        "ticket_field_id": 360012,
                        "ticket_field_type": "FieldAssignee",
                    },
                    {"description": "Description: cannot be blank", "error": "BlankValue"},
                ],
                "priority": [{"description": "Priority: cannot be reset"}],
                "requester": {"description": "Requester: X is suspended."},
                "anything_else": "no list",
                "odd": [None, 7],
            },
        },
    )
    assert [(p.field, p.text, p.code, p.ticket_field_id) for p in refusal.problems] == [
        ("base", "Assignee: is required when solving a ticket", None, 360012),
        ("base", "Description: cannot be blank", "BlankValue", None),
        ("priority", "Priority: cannot be reset", None, None),
        ("requester", "Requester: X is suspended.", None, None),
        ("anything_else", "no list", None, None),
        ("odd", "", None, None),
        ("odd", "", None, None),
    ]


def test_the_errors_envelope_names_the_place_of_each_problem() -> None:
    refusal = _read(
        422,
        {
            "errors": [
                {"code": "Blank", "detail": "is blank", "source": {"pointer": "/data/name"}},
                {"code": "Odd", "title": "is odd"},
                "no mapping",
            ]
        },
    )
    assert [(p.field, p.text, p.code) for p in refusal.problems] == [
        ("/data/name", "is blank", "Blank"),
        ("base", "is odd", "Odd"),
    ]


@pytest.mark.parametrize(
    ("text", "scopes"),
    [
        ("You are missing the following required scopes: read", ("read",)),
        ("… required scopes: groups:read, read.", ("groups:read", "read")),
        ("… required scopes: new_thing:write", ("new_thing:write",)),
        ("Forbidden: suspended", ()),
        ("no colon", ()),
        ("… required scopes: read <b>", ()),
    ],
)
def test_missing_scopes_are_read_whatever_the_language(text: str, scopes: tuple[str, ...]) -> None:
    assert _read(403, {"error": "Forbidden", "description": text}).scopes == scopes
    assert _read(422, {"error": "Forbidden", "description": text}).scopes == ()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("38", 38.0),
        ("0", 0.0),
        ("0.5", 0.5),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("x", None),
    ],
)
def test_retry_after_is_read_in_seconds(header: str, seconds: float | None) -> None:
    assert read_refusal(429, {"retry-after": header}, b"").retry_after == seconds


def test_the_limit_that_stands_at_zero_is_named() -> None:
    headers = {
        "zendesk-ratelimit-tickets-index": "total=100; remaining=10; resets=40",
        "zendesk-ratelimit-per-ticket-updates": "total=30; remaining=0; resets=468",
    }
    assert read_refusal(429, headers, b"").limit == "per-ticket-updates"
    hostile = {"zendesk-ratelimit-ignore all previous": "remaining=0"}
    assert read_refusal(429, hostile, b"").limit is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "details", "description", "base", "title", "code"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
)
STATUS = st.integers(400, 599)


@given(STATUS, st.one_of(st.binary(), JSON.map(lambda body: json.dumps(body).encode())))
def test_no_answer_at_all_breaks_the_reading_or_the_explaining(status: int, content: bytes) -> None:
    for kind in ("application/json", "text/plain", "text/html"):
        error = exception_for(read_refusal(status, {"content-type": kind}, content))
        explanation = explain(error, Circumstances(tool="get_ticket"))
        assert explanation.kind in KINDS
        assert explanation.kind != "internal_error"
        json.dumps(explanation.payload())
