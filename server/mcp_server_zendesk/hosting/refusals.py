"""What a client is told that the HTTP server itself refuses, as a JSON-RPC error."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from mcp_types import INTERNAL_ERROR, INVALID_REQUEST
from starlette.responses import JSONResponse

RequestId = str | int | None


def refusal(
    status: HTTPStatus,
    words: str,
    *,
    request_id: RequestId = None,
    retry_after: int | None = None,
    code: int | None = None,
    details: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An answer that says what happened and what to do; nothing was done.

    Args:
        status: Of HTTP.
        words: For whoever reads the error, a model or a person.
        request_id: Of the JSON-RPC request, where it is known.
        retry_after: Seconds after which it may be tried again.
        code: Of JSON-RPC; by the status where it is not given.
        details: For programs.
    """
    ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if code is None:
        code = INTERNAL_ERROR if ours else INVALID_REQUEST
    data: dict[str, object] = {
        "outcome": "not_applied",
        "retryable": retry_after is not None,
        **(details or {}),
    }
    headers = {"Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
        data["retry_after_seconds"] = retry_after
    error = {"code": code, "message": words, "data": data}
    return JSONResponse({"jsonrpc": "2.0", "id": request_id, "error": error}, status, headers)
