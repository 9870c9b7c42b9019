"""The embedded Zendesk with many tickets and no limits, as a process of its own.

Its first line on stdout is JSON: its port and the CA to trust. It writes down every request. The
end of its input ends it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.team.zendesk import REQUESTS, WrittenDown
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.certificate import make_certificate
from mcp_server_zendesk.sandbox.port import Served
from mcp_server_zendesk.sandbox.seed.desk import seeded_store


def serve(folder: Path, tickets: int) -> None:
    """Serve until the input ends; write the file ``REQUESTS``."""
    sandbox = Sandbox(seeded_store(tickets=tickets))
    certificate = make_certificate(folder / "zendesk-tls")
    with (folder / REQUESTS).open("w", encoding="utf-8", buffering=1) as log:
        sandbox.requests = WrittenDown(log)
        with Served(sandbox, certificate) as served:
            told = {"port": served.port, "authority": str(certificate.authority_file)}
            print(json.dumps(told), flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
