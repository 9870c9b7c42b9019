r"""The usual faults by name, to be armed with `Faults.add`.

    sandbox.faults.add("PUT", r"/tickets/\d+$", 1, reset_after_write())
    sandbox.faults.add("*", "/api/v2/", 2, rate_limited(retry_after=7))
    sandbox.faults.add("*", "/api/v2/", 1, token_revoked(sandbox.store), after=4)

Statuses and bodies are those of `zendesk-api.md` §3 and §4 where they are known.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

from mcp_server_zendesk.sandbox import errors
from mcp_server_zendesk.sandbox.faults import Fault
from mcp_server_zendesk.sandbox.store import Store

ELSEWHERE = "https://elsewhere.invalid"
"""Another origin, to which nothing may be sent."""

_PIECE = b" " * 65_536
_HTML = {"content-type": "text/html; charset=utf-8"}
_JSON = {"content-type": "application/json; charset=utf-8"}
_GATEWAYS = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
    520: "Web server is returning an unknown error",
    524: "A timeout occurred",
}


# limits


def rate_limited(
    retry_after: int | None = 30,
    body: Literal["text", "json"] = "text",
) -> Fault:
    """429, `Retry-After` left out where it is `None`; as plain text or as JSON (§3).

    The JSON form is not attested for the rate limit, only for `TooManyJobs`.
    """
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    text = "Number of allowed API requests per minute exceeded"
    told = {"error": "APIRateLimitExceeded", "description": text}
    return Fault(status=429, body=text if body == "text" else told, headers=headers)


def too_many_jobs() -> Fault:
    """429 above 30 background jobs (§4)."""
    return _refusal(errors.too_many_jobs())


# servers that fail


def html_error(status: int, *, retry_after: int | None = None, applied: bool = False) -> Fault:
    """500, 502, 503, 504, 520 or 524 with the HTML of the edge (§3).

    Args:
        status: What is answered.
        retry_after: The header, which a 503 may have.
        applied: Whether the request was carried out all the same, as after a gateway's timeout.
    """
    title = f"{status} {_GATEWAYS.get(status, 'Error')}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    headers = dict(_HTML) if retry_after is None else {**_HTML, "Retry-After": str(retry_after)}
    return Fault(status=status, body=page.encode(), headers=headers, applied=applied)


def html_with_200() -> Fault:
    """A login or maintenance page where JSON was expected."""
    page = b"<!DOCTYPE html><html><body><h1>Zendesk is under maintenance</h1></body></html>"
    return Fault(status=200, body=page, headers=_HTML)


# connections that break


def connection_refused(exception: Exception | None = None) -> Fault:
    """Nobody listens. On a port, where the connection stands already, it is a reset."""
    return Fault(breaks="refused", exception=exception)


def reset_before_write(exception: Exception | None = None) -> Fault:
    """The connection is reset, and the request was not carried out."""
    return Fault(breaks="reset", exception=exception)


def reset_after_write(exception: Exception | None = None) -> Fault:
    """The request is carried out, then the connection is reset: its answer is lost."""
    return Fault(breaks="reset", exception=exception, applied=True)


def never_answered(*, applied: bool = False) -> Fault:
    """Silence: in process a read timeout at once, on a port for as long as the client waits."""
    return Fault(breaks="silence", applied=applied)


def cut_off() -> Fault:
    """The request is carried out, its answer breaks off in the middle, with the connection."""
    return Fault(breaks="cut", pieces=2)


# answers that are not what they should be


def truncated_json() -> Fault:
    """The usual answer, complete as HTTP, but half of its JSON is missing."""
    return Fault(alter=lambda body: body[: len(body) // 2])


def wrong_types() -> Fault:
    """The usual answer as valid JSON with every value of another type."""
    return altered(_wrongly_typed)


def altered(change: Callable[[Any], Any]) -> Fault:
    """The usual answer with its parsed JSON changed."""
    return Fault(alter=lambda body: json.dumps(change(json.loads(body or b"null"))).encode())


def empty_answer(status: int = 200) -> Fault:
    """No body where JSON was expected."""
    return Fault(status=status, headers=_JSON)


def slow_start(seconds: float, *, applied: bool = True) -> Fault:
    """The usual answer, but late; `applied` tells whether anything happens at all."""
    return Fault(delay_seconds=seconds) if applied else never_answered()


def slow_body(pieces: int = 10, pause_seconds: float = 1.0) -> Fault:
    """The usual answer in pieces, with a pause before each."""
    return Fault(pieces=pieces, pause_seconds=pause_seconds)


def huge_body(size: int = 100_000_000, *, declared: bool = True) -> Fault:
    """A valid JSON object of `size` bytes, never in memory as a whole.

    Args:
        size: In bytes.
        declared: Whether `Content-Length` tells it beforehand.
    """
    headers = {**_JSON, "content-length": str(size)} if declared else _JSON
    return Fault(status=200, headers=headers, stream=lambda: _padded_json(size))


def compressed_bomb(size: int = 100_000_000) -> Fault:
    """The same, compressed to a thousandth: small on the wire, huge once unpacked."""
    headers = {**_JSON, "content-encoding": "gzip"}
    return Fault(status=200, headers=headers, stream=lambda: _gzipped(_padded_json(size)))


# tokens, conflicts, other hosts


def token_revoked(store: Store, token: str | None = None) -> Fault:
    """Somebody revokes a token, by default every one, just before the request: 401 from then on."""

    def revoke() -> None:
        if token is None:
            store.access_tokens.clear()
        else:
            store.access_tokens.pop(token, None)

    return Fault(effect=revoke)


def invalid_token() -> Fault:
    """401, as for a bearer token that has expired (§2.5); the token itself stays good."""
    return _refusal(errors.invalid_token())


def forbidden() -> Fault:
    """403 of the role or the plan (§2.5), for the paths that it is armed for."""
    return _refusal(errors.forbidden())


def update_conflict() -> Fault:
    """409 of the safe update (§5.4)."""
    return _refusal(errors.update_conflict())


def database_conflict() -> Fault:
    """409 of two writes at once; quoted by integrators, never recorded (§3)."""
    return _refusal(errors.database_conflict())


def redirect_elsewhere(status: int = 302, origin: str = ELSEWHERE) -> Fault:
    """A redirect to another host, where credentials must not follow."""
    return Fault(status=status, headers={"Location": f"{origin}/api/v2/users/me.json"})


def next_page_elsewhere(origin: str = ELSEWHERE) -> Fault:
    """The usual page, whose link to the next one leads to another host (§9)."""

    def lead_astray(page: Any) -> Any:
        if not isinstance(page, dict):
            return page
        address = f"{origin}/api/v2/stolen.json"
        if "links" in page:
            links, meta = {**page["links"], "next": address}, {**page["meta"], "has_more": True}
            return {**page, "links": links, "meta": meta}
        key = "after_url" if "after_url" in page else "next_page"
        return {**page, key: address}

    return altered(lead_astray)


def _refusal(refused: errors.ApiError) -> Fault:
    return Fault(status=refused.status, body=refused.body, headers=refused.headers)


def _wrongly_typed(value: Any) -> Any:
    """Objects keep their keys at the top, so that it is the values that are wrong."""
    if isinstance(value, dict):
        return {key: _other_type(inner) for key, inner in value.items()}
    return _other_type(value)


def _other_type(value: Any) -> Any:
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return {"0": value[:1]}
    if isinstance(value, str):
        return {"text": value}
    return "seven"


def _padded_json(size: int) -> Iterator[bytes]:
    start, end = b'{"tickets":[', b"]}"
    yield start
    left = size - len(start) - len(end)
    while left > 0:
        yield _PIECE[:left]
        left -= len(_PIECE)
    yield end


def _gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    for piece in pieces:
        packed = packer.compress(piece)
        if packed:
            yield packed
    yield packer.flush()
