"""The embedded Zendesk as a process of its own, which writes down every request at its end.

It answers as late as a real one, once what was asked is done, so that answers can be lost on their
way. Its first line on stdout is JSON: its port and the CA to trust. The end of its input ends it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from unittest import mock

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox import app as sandbox_app
from mcp_server_zendesk.sandbox.certificate import make_certificate
from mcp_server_zendesk.sandbox.port import Served

SECONDS = 0.1


def answering_after(seconds: float, app: ASGIApp) -> ASGIApp:
    """The app, whose answers come that much later."""

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                await anyio.sleep(seconds)
            await send(message)

        await app(scope, receive, told)

    return late


def main(folder: Path) -> None:
    """Serve until the input ends, then write ``requests.jsonl``."""
    sandbox = Sandbox()
    app = answering_after(SECONDS, sandbox)
    certificate = make_certificate(folder / "zendesk-tls")
    everything = mock.patch.object(sandbox_app, "_KEPT_REQUESTS", sys.maxsize)
    with everything, Served(app, certificate) as served:
        told = {"port": served.port, "authority": str(certificate.authority_file)}
        print(json.dumps(told), flush=True)
        sys.stdin.read()
    with (folder / "requests.jsonl").open("w", encoding="utf-8") as log:
        for one in sandbox.requests:
            line = {"method": one.method, "path": one.path, "status": one.status, "body": one.body}
            log.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
