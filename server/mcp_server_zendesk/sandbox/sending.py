"""An answer on its way out: Zendesk's headers, and a body that may be slow, huge or cut off."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mcp_server_zendesk.sandbox.breakage import break_connection
from mcp_server_zendesk.sandbox.faults import Fault

Sleep = Callable[[float], Awaitable[None]]

_PLAIN = "text/plain; charset=utf-8"
_JSON = "application/json; charset=utf-8"


def respond(
    status: int,
    body: object,
    headers: Mapping[str, str],
    number: int,
    now: datetime,
) -> Response:
    """A response with the headers that every answer has; `number` counts the answers."""
    always = {
        "date": format_datetime(now.astimezone(UTC), usegmt=True),
        "x-request-id": f"{0x8F00000000000000 + number:016x}-ARN",
        "x-zendesk-api-version": "v2",
        "cache-control": "max-age=0, private, must-revalidate",
    }
    if body is None:
        return Response(status_code=status, headers={**always, **headers})
    content, media_type = _content(body)
    given = {name.lower() for name in headers}
    chosen = None if "content-type" in given else media_type
    return Response(content, status, {**always, **headers}, chosen)


async def send_response(
    response: Response,
    fault: Fault | None,
    scope: Scope,
    receive: Receive,
    send: Send,
    sleep: Sleep,
) -> None:
    """Sends a response, altered, cut into pieces or broken off as the fault says."""
    if fault is None:
        await response(scope, receive, send)
        return
    headers = {key: value for key, value in response.headers.items() if key != "content-length"}
    content = bytes(response.body)
    if fault.alter is not None:
        content = fault.alter(content)
    if fault.stream is None:
        headers["content-length"] = str(len(content))
        pieces: Iterable[bytes] = _cut(content, fault.pieces)
    else:
        pieces = fault.stream()
    headers |= {key.lower(): value for key, value in fault.headers.items()}

    async def body() -> AsyncIterator[bytes]:
        for number, piece in enumerate(pieces):
            if number and fault.pause_seconds:
                await sleep(fault.pause_seconds)
            if number and fault.breaks == "cut":
                await break_connection("cut", scope, receive, fault.exception)
                return
            yield piece

    await StreamingResponse(body(), response.status_code, headers)(scope, receive, send)


def _content(body: object) -> tuple[bytes, str]:
    if isinstance(body, bytes):
        return body, _PLAIN
    if isinstance(body, str):
        return body.encode(), _PLAIN
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), _JSON


def _cut(content: bytes, pieces: int) -> list[bytes]:
    """At least one piece, even of nothing; as many as asked for where the content is enough."""
    size = max(1, -(-len(content) // max(1, pieces)))
    return [content[at : at + size] for at in range(0, len(content), size)] or [b""]
