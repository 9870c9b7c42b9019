"""A served workspace as operations meet it: health, metrics, a log of objects."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import anyio
import pytest
from mcp import Client

from mcp_server_zendesk.commands.serve import serve
from mcp_server_zendesk.doctor.binding import look_at_binding
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET
from mcp_server_zendesk.server_settings import ServerSettings
from operations.proxy import free_port

pytestmark = pytest.mark.skipif(
    "metrics_port" not in {parameter.name for parameter in serve.params},
    reason="the command line has no HTTP server yet",
)

PROGRAM = [sys.executable, "-m", "mcp_server_zendesk"]


def health(port: int, *flags: str) -> int:
    asked = [*PROGRAM, "health", "--port", str(port), *flags]
    return subprocess.run(asked, capture_output=True, timeout=50, check=False).returncode


async def one_call(url: str) -> None:
    async with Client(url) as client:
        result = await client.call_tool("get_ticket", {"ticket_id": OPEN_TICKET})
        assert not result.is_error


def test_health_metrics_and_a_log_of_objects_until_it_is_asked_to_end(tmp_path: Path) -> None:
    port, metrics = free_port(), free_port()
    log = tmp_path / "log.jsonl"
    served = ["--port", str(port), "--metrics-port", str(metrics), "--log-format", "json"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ZENDESK_")}
    with log.open("w") as out:
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--demo", "--transport", "streamable-http", *served],
            env=environment,
            stderr=out,
            stdout=out,
        )
    try:
        while health(port, "--ready"):
            assert process.poll() is None, log.read_text()
        anyio.run(one_call, f"http://127.0.0.1:{port}/mcp")
        served_already = look_at_binding(ServerSettings(port=port), None)
        with urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=20) as answer:
            told = answer.read().decode()
        assert 'kind="ok",tool="get_ticket",workspace="demo"} 1.0' in told
        assert 'zendesk_mcp_http_responses_total{method="POST",status="200"}' in told
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
    assert code == 128 + signal.SIGTERM
    assert (served_already.state, served_already.cause) == ("ok", None)
    assert "is served at" in served_already.found
    assert health(port) == 1
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert any(line.get("audit", {}).get("tool") == "get_ticket" for line in lines)
