"""The embedded Zendesk as a process of its own, which writes down every request as it comes.

It answers as late as a real one, once what was asked is done, so that answers can be lost on their
way. Its first line on stdout is JSON: its port and the CA to trust. The end of its input ends it;
it then writes down what its tickets hold.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.app import RecordedRequest
from mcp_server_zendesk.sandbox.certificate import make_certificate
from mcp_server_zendesk.sandbox.port import Served
from mcp_server_zendesk.sandbox.store import Store

SECONDS = 0.1
REQUESTS, HELD = "requests.jsonl", "held.jsonl"


class WrittenDown(list[RecordedRequest]):
    """A list of requests that keeps none of them in memory."""

    def __init__(self, log: TextIO) -> None:
        super().__init__()
        self._log = log

    def append(self, one: RecordedRequest) -> None:
        line = {"method": one.method, "path": one.path, "status": one.status, "body": one.body}
        self._log.write(json.dumps(line) + "\n")


def answering_after(seconds: float, app: ASGIApp) -> ASGIApp:
    """The app, whose answers come that much later."""

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                await anyio.sleep(seconds)
            await send(message)

        await app(scope, receive, told)

    return late


def serve(folder: Path, sandbox: Sandbox) -> None:
    """Serve until the input ends; write the files ``REQUESTS`` and ``HELD``."""
    app = answering_after(SECONDS, sandbox)
    certificate = make_certificate(folder / "zendesk-tls")
    with (folder / REQUESTS).open("w", encoding="utf-8") as log:
        sandbox.requests = WrittenDown(log)
        with Served(app, certificate) as served:
            told = {"port": served.port, "authority": str(certificate.authority_file)}
            print(json.dumps(told), flush=True)
            sys.stdin.read()
    with (folder / HELD).open("w", encoding="utf-8") as file:
        for ticket_id in sandbox.store.tickets:
            file.write(json.dumps(_held(sandbox.store, ticket_id)) + "\n")


def _held(store: Store, ticket_id: int) -> dict[str, Any]:
    """What a ticket holds: ``subjects`` are all that it ever had."""
    events = [event for audit in store.audits[ticket_id] for event in audit["events"]]
    return {
        "comments": store.said(ticket_id),
        "tags": store.tickets[ticket_id]["tags"],
        "subjects": [e["value"] for e in events if e.get("field_name") == "subject"],
    }


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Sandbox())
