"""Refusals in Zendesk's own envelopes (`zendesk-api.md` §3)."""

from collections.abc import Mapping
from typing import Any

Details = dict[str, list[dict[str, Any]]]


class ApiError(Exception):
    """An answer that refuses: a status with a JSON body, or with plain text where `body` is one."""

    def __init__(
        self,
        status: int,
        body: dict[str, Any] | str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class Problems:
    """Validation errors, collected before anything is written, so that all are told at once."""

    def __init__(self) -> None:
        self.details: Details = {}

    def add(self, key: str, description: str, error: str | None = None, **more: object) -> None:
        """Notes one entry of `details`; the live answers carry `"error": null` at times."""
        self.details.setdefault(key, []).append(
            {"description": description, "error": error, **more},
        )

    def raise_if_any(self) -> None:
        """Refuses with 422 if anything was noted."""
        if self.details:
            raise record_invalid(self.details)


def record_invalid(details: Details, description: str = "Record validation errors") -> ApiError:
    """422 with `details` keyed by field or `base`."""
    return ApiError(
        422,
        {"error": "RecordInvalid", "description": description, "details": details},
    )


def record_not_found() -> ApiError:
    """404 for a record that does not exist."""
    return ApiError(404, {"error": "RecordNotFound", "description": "Not found"})


def invalid_endpoint() -> ApiError:
    """404 for a path that does not exist, or is not in the plan."""
    return ApiError(404, {"error": "InvalidEndpoint", "description": "Not found"})


def no_help_desk(host: str) -> ApiError:
    """404 of an address without an account, as recorded in 2023."""
    return ApiError(
        404,
        {
            "error": {
                "title": f"No help desk at {host}",
                "message": (
                    "There is no help desk configured at this address. This means that the "
                    "address is available and that you can claim it at "
                    "http://www.zendesk.com/signup"
                ),
            },
        },
    )


def could_not_authenticate() -> ApiError:
    """401 for missing or wrong Basic credentials."""
    return ApiError(401, {"error": "Couldn't authenticate you"})


def invalid_token() -> ApiError:
    """401 for a Bearer token that is unknown, expired or revoked."""
    return ApiError(
        401,
        {
            "error": "invalid_token",
            "error_description": (
                "The access token provided is expired, revoked, malformed or invalid for "
                "other reasons."
            ),
        },
    )


def missing_scopes(alternatives: str) -> ApiError:
    """403 for a scope that the token lacks; a report of 2026 lists the alternatives."""
    return ApiError(
        403,
        {
            "error": "Forbidden",
            "description": f"You are missing the following required scopes: {alternatives}",
        },
    )


def forbidden() -> ApiError:
    """403 for what the role or the plan does not allow.

    The sandbox says the same to a suspended user and to an address off the allow-list, whose
    bodies are not attested.
    """
    return ApiError(
        403,
        {
            "error": {
                "title": "Forbidden",
                "message": (
                    "You do not have access to this page. Please contact the account owner of "
                    "this help desk for further help."
                ),
            },
        },
    )


def invalid_attribute(name: str, problem: str) -> ApiError:
    """400 for a parameter of the wrong kind, in the recorded wording."""
    return ApiError(
        400,
        {
            "error": {
                "title": "Invalid attribute",
                "message": f"You passed an invalid value for the {name} attribute. {problem}",
            },
        },
    )


def too_many_values(maximum: int) -> ApiError:
    """400 for a list that is too long; the two spaces are Zendesk's."""
    return ApiError(
        400,
        {
            "error": "TooManyValues",
            "description": f"Parameter  cannot specify more than {maximum} values",
            "max_count": maximum,
        },
    )


def invalid_pagination(code: str, title: str) -> ApiError:
    """400 of the pagination layer; only code and title are attested."""
    return ApiError(400, {"errors": [{"code": code, "title": title, "detail": title}]})


def update_conflict() -> ApiError:
    """409 of safe update; the documentation's wording, never recorded."""
    return ApiError(
        409,
        {
            "error": "UpdateConflict",
            "description": (
                "Safe Update prevented the update due to outdated ticket data. Please fetch the "
                "latest ticket data and try again."
            ),
        },
    )


def database_conflict() -> ApiError:
    """409 of two writes at once; quoted by integrators, never recorded."""
    return ApiError(409, {"error": "DatabaseConflict", "description": "Database collision"})


def unsupported_media_type() -> ApiError:
    """415 of a Help Center path without `.json`; its body is not attested (§7)."""
    return ApiError(415, {"error": "UnsupportedMediaType", "description": "Unsupported media type"})


def unparsable_json() -> ApiError:
    """422 for a body that is not JSON; wording quoted by integrators, never recorded."""
    return ApiError(
        422,
        {"error": "Unprocessable Entity", "message": "Server could not parse JSON"},
    )


def too_many_requests(
    retry_after: int,
    text: str,
    headers: Mapping[str, str] | None = None,
) -> ApiError:
    """429, often text/plain, with the seconds to wait (`zendesk-api.md` §3)."""
    return ApiError(429, text, {**(headers or {}), "Retry-After": str(retry_after)})


def too_many_jobs() -> ApiError:
    """429 above the limit of background jobs; the code is attested, its description is not."""
    return ApiError(
        429,
        {"error": "TooManyJobs", "description": "Too many jobs are currently queued or running"},
        {"Retry-After": "10"},
    )


def search_invalid(problem: str) -> ApiError:
    """422 of the search backend."""
    return ApiError(422, {"error": "invalid", "description": f"Invalid search: {problem}"})
