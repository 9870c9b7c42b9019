"""`health`, as a container and a supervisor ask it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from in_process import run_command


class _Answers(BaseHTTPRequestHandler):
    server: Asked

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        status, body = self.server.says[self.path]
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Asked(HTTPServer):
    """An HTTP server that is up and not ready."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.paths: list[str] = []
        self.says = {"/healthz": (200, b'{"healthy": true}'), "/readyz": (503, b'{"ready": false}')}


@contextmanager
def asked() -> Iterator[Asked]:
    server = Asked()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_runs_and_is_not_ready(tmp_path: Path) -> None:
    with asked() as server:
        port = str(server.server_port)
        runs = run_command(["health", "--port", port], {}, tmp_path)
        ready = run_command(["health", "--port", port, "--ready"], {}, tmp_path)
    assert (runs.exit_code, ready.exit_code) == (0, 1)
    assert runs.stdout == f'http://127.0.0.1:{port}/healthz answers 200 {{"healthy": true}}\n'
    assert ready.stderr == f'http://127.0.0.1:{port}/readyz answers 503 {{"ready": false}}\n'
    assert server.paths == ["/healthz", "/readyz"]


def test_it_asks_on_this_machine_where_the_settings_say(tmp_path: Path) -> None:
    with asked() as server:
        file = tmp_path / "config.toml"
        file.write_text(f'[server]\nhost = "0.0.0.0"\nport = {server.server_port}\n')
        ended = run_command(["health", "--config", str(file)], {}, tmp_path)
    assert ended.exit_code == 0, ended.stderr


def test_what_a_stranger_on_the_port_says_does_not_steer_the_terminal(tmp_path: Path) -> None:
    with asked() as server:
        server.says["/healthz"] = (500, b"\x1b[2J gone")
        ended = run_command(["health", "--port", str(server.server_port)], {}, tmp_path)
    assert ended.exit_code == 1
    assert ended.stderr.endswith("/healthz answers 500\n")


def test_where_nothing_answers_it_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    ended = run_command(["health", "--port", port], {}, tmp_path)
    assert ended.exit_code == 1
    assert ended.stderr == f"http://127.0.0.1:{port}/healthz does not answer: Connection refused\n"


def test_what_is_no_http_server_is_not_healthy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def speak() -> None:
            taken, _ = listening.accept()
            taken.sendall(b"220 mail.example.com ESMTP\r\n")
            taken.close()

        thread = threading.Thread(target=speak)
        thread.start()
        ended = run_command(["health", "--port", str(port)], {}, tmp_path)
        thread.join()
    assert ended.exit_code == 1
    assert "does not answer" in ended.stderr


@pytest.mark.parametrize(
    "variables", [{"ZENDESK_SERVER_PORT": "none"}, {"ZENDESK_SERVER_PROT": "1"}]
)
def test_settings_that_cannot_be_used_are_one_line(
    variables: dict[str, str], tmp_path: Path
) -> None:
    ended = run_command(["health"], variables, tmp_path)
    assert ended.exit_code == 1
    assert len(ended.stderr.strip().splitlines()) == 1
