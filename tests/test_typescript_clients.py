"""The real TypeScript clients of both SDK generations understand what this server says.

They check each answer against the tool's output schema, as they do by default: the first
generation would refuse an explanation with structured content. What they hear is compared with
what the Python client hears.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp import Client, StdioServerParameters

from mcp_server_zendesk.sandbox import landmarks
from mcp_server_zendesk.serving.explanation import META_KEY

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(120)]

Json = dict[str, Any]
Transport = Literal["stdio", "streamable-http", "sse"]

HERE = Path(__file__).parent / "typescript"
ENVIRONMENT = {key: v for key, v in os.environ.items() if not key.startswith("ZENDESK_")}
HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"
FULL, NARROW = "read tickets:write", "read"
NOBODYS_TICKET = 999_999
TAG = "seen_by_a_client"


def call(tool: str, **arguments: Any) -> Json:
    return {"name": tool, "arguments": arguments}


# For each server, told apart by its scopes, what each client calls in one connection. The tag
# goes again at the end: clients over HTTP share a server.
CALLS: dict[str, dict[str, Json]] = {
    FULL: {
        "search": call("search_tickets", query="status:open", limit=5),
        "read": call("get_ticket", ticket_id=landmarks.OPEN_TICKET),
        "tag_closed": call("update_ticket_tags", ticket_id=landmarks.CLOSED_TICKET, add=[TAG]),
        "untag_closed": call("update_ticket_tags", ticket_id=landmarks.CLOSED_TICKET, remove=[TAG]),
        "unknown_argument": call("get_ticket", ticket_id=landmarks.OPEN_TICKET, verbose=True),
        "not_found": call("get_ticket", ticket_id=NOBODYS_TICKET),
        "unknown_tool": call("serch_tickets", query="status:open"),
        "closed": call("add_internal_note", ticket_id=landmarks.CLOSED_TICKET, body="Too late."),
        "missing_scope": call("update_user", user="me", name="Nobody"),
    },
    NARROW: {
        "missing_scope": call("update_ticket_tags", ticket_id=landmarks.OPEN_TICKET, add=[TAG]),
    },
}
KINDS = {
    "unknown_argument": "invalid_arguments",
    "not_found": "not_found",
    "unknown_tool": "unknown_tool",
    "closed": "ticket_closed",
    "missing_scope": "scope_missing",
}
"""Each call that has to be explained, with the kind of its explanation."""
EXPECTED: dict[str, Json] = {
    "search": {"has_more": True},
    "read": {"id": landmarks.OPEN_TICKET, "status": "open"},
    "tag_closed": {"path": "update_ticket", "added": [TAG], "ticket_status": "closed"},
    "untag_closed": {"path": "update_ticket", "removed": [TAG], "ticket_status": "closed"},
}
"""Each call that succeeds, with a part of its answer."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One way for a client to reach the server."""

    generation: Literal["v1", "v2"]
    transport: Transport
    version: str = HANDSHAKE

    def __str__(self) -> str:
        return f"{self.generation}-{self.version}-{self.transport}"

    @property
    def scopes(self) -> tuple[str, ...]:
        """Of the servers that it reaches: two, where it starts them and asks in two ways."""
        return (FULL, NARROW) if (self.transport, self.version) == ("stdio", MODERN) else (FULL,)

    def _negotiation(self, scopes: str) -> str | Json:
        """The second generation asks for the newer revision only when told to, in two ways."""
        if self.version == HANDSHAKE:
            return "legacy"
        return "auto" if scopes == FULL else {"pin": self.version}

    def session(self, scopes: str, address: str | None) -> Json:
        """What the script of this generation has to play."""
        return {
            "name": f"{self} {scopes}",
            "transport": self.transport,
            "negotiation": self._negotiation(scopes),
            "server": {"url": address}
            if address
            else {"command": sys.executable, "args": serve(scopes)},
            "calls": CALLS[scopes],
        }


LEGS = (
    Leg("v1", "stdio"),
    Leg("v1", "streamable-http"),
    Leg("v1", "sse"),
    Leg("v2", "stdio"),
    Leg("v2", "streamable-http"),
    Leg("v2", "sse"),
    Leg("v2", "stdio", MODERN),
    Leg("v2", "streamable-http", MODERN),
)
every_leg = pytest.mark.parametrize("leg", LEGS, ids=str)


def serve(scopes: str, transport: Transport = "stdio") -> list[str]:
    command = ["-m", "mcp_server_zendesk", "serve", "--demo", "--scopes", scopes]
    return command if transport == "stdio" else [*command, "--transport", transport, "--port", "0"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a client made of one server."""

    tools: list[Json]
    calls: dict[str, Json]
    version: str | None = None
    complaints: tuple[str, ...] = ()
    failure: str | None = None


class HttpServer:
    """A server that listens on a port of its own choice until it is interrupted."""

    def __init__(self, transport: Transport, scopes: str, log: Path) -> None:
        self._log = log
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, *serve(scopes, transport)], stderr=stderr, env=ENVIRONMENT
            )

    def address(self) -> str:
        while True:
            found = re.search(r"Serving at (http://\S+)", self._log.read_text())
            if found:
                return found[1]
            assert self._process.poll() is None, self._log.read_text()
            time.sleep(0.05)

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def ended(self) -> None:
        try:
            code = self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        log = self._log.read_text()
        assert code in (0, 130), log
        assert "Traceback" not in log, log


@pytest.fixture(scope="session")
def node() -> str:
    """The Node 22 that comes with the clients; the machine's own may be too old for them."""
    pinned = json.loads((HERE / "package.json").read_text())["dependencies"]
    for package, version in pinned.items():
        manifest = HERE / "node_modules" / package / "package.json"
        if not manifest.exists() or json.loads(manifest.read_text())["version"] != version:
            pytest.skip(f"{package} {version} is not installed: run `make node` (needs npm)")
    return str(HERE / "node_modules" / "node" / "bin" / "node")


@pytest.fixture(scope="session")
def addresses(
    node: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[Transport, str], str]]:
    """Servers over HTTP, by transport and scopes."""
    logs = tmp_path_factory.mktemp("servers")
    transports: tuple[Transport, ...] = ("streamable-http", "sse")
    with ExitStack() as ending:
        servers = {}
        for transport in transports:
            server = HttpServer(transport, FULL, logs / f"{transport}.log")
            ending.callback(server.ended)
            servers[transport, FULL] = server
        for server in servers.values():
            ending.callback(server.interrupt)  # all of them, before the end of any is awaited
        yield {key: server.address() for key, server in servers.items()}


@pytest.fixture(scope="session")
def typescript(
    node: str, addresses: dict[tuple[Transport, str], str]
) -> dict[tuple[Leg, str], Heard]:
    """What the TypeScript clients heard, by leg and scopes: one process for each generation."""
    heard = {}
    for generation in ("v1", "v2"):
        played = [
            (leg, scopes) for leg in LEGS if leg.generation == generation for scopes in leg.scopes
        ]
        sessions = [
            leg.session(scopes, addresses.get((leg.transport, scopes))) for leg, scopes in played
        ]
        process = subprocess.run(
            [node, str(HERE / f"client-{generation}.mjs")],
            input=json.dumps(sessions),
            capture_output=True,
            text=True,
            timeout=60,
            env=ENVIRONMENT,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        results = json.loads(process.stdout)
        for leg, scopes in played:
            result = results[leg.session(scopes, None)["name"]]
            heard[leg, scopes] = Heard(
                tools=result.get("tools", []),
                calls=result["calls"],
                version=result.get("protocolVersion"),
                complaints=tuple(result["complaints"]),
                failure=result.get("failure"),
            )
    return heard


@pytest.fixture(scope="session")
def python(node: str) -> dict[str, Heard]:
    """What the Python client heard, by scopes."""

    heard: dict[str, Heard] = {}

    async def ask(scopes: str) -> None:
        server = StdioServerParameters(command=sys.executable, args=serve(scopes), env=ENVIRONMENT)
        async with Client(server) as client:
            listed = await client.list_tools()
            calls = {
                label: await client.call_tool(params["name"], params["arguments"])
                for label, params in CALLS[scopes].items()
            }
        heard[scopes] = Heard(
            tools=[
                tool.model_dump(mode="json", by_alias=True, exclude_none=True)
                for tool in listed.tools
            ],
            calls={
                label: result.model_dump(mode="json", by_alias=True, exclude_none=True)
                for label, result in calls.items()
            },
        )

    async def ask_all() -> dict[str, Heard]:
        async with anyio.create_task_group() as tasks:
            for scopes in CALLS:
                tasks.start_soon(ask, scopes)
        return heard

    return anyio.run(ask_all)


@pytest.mark.parametrize("folder", [HERE, HERE.parent / "gates"], ids=lambda folder: folder.name)
def test_the_lock_is_exact_and_names_no_registry(folder: Path) -> None:
    manifest = json.loads((folder / "package.json").read_text())
    lock = json.loads((folder / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == manifest["dependencies"]
    for path, package in lock["packages"].items():
        if path:
            assert re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", package["version"]), path
            assert package["integrity"].startswith("sha512-"), path
        package.pop("funding", None)  # whom to thank: the only addresses that npm has to write
    assert "://" not in json.dumps(lock)


@pytest.mark.node
@every_leg
def test_connects_without_a_complaint(leg: Leg, typescript: dict[tuple[Leg, str], Heard]) -> None:
    for scopes in leg.scopes:
        heard = typescript[leg, scopes]
        assert heard.failure is None
        assert heard.complaints == ()
        assert heard.version == leg.version


@pytest.mark.node
@every_leg
def test_lists_what_the_python_client_lists(
    leg: Leg, typescript: dict[tuple[Leg, str], Heard], python: dict[str, Heard]
) -> None:
    for scopes in leg.scopes:
        assert typescript[leg, scopes].tools == python[scopes].tools
    assert len(python[NARROW].tools) < len(python[FULL].tools)


@pytest.mark.node
@pytest.mark.parametrize("label", EXPECTED)
@every_leg
def test_understands_an_answer(
    leg: Leg, label: str, typescript: dict[tuple[Leg, str], Heard]
) -> None:
    result = typescript[leg, FULL].calls[label]
    assert "thrown" not in result
    assert not result.get("isError", False)
    assert result["validated"] == [True]  # checked once against the output schema
    (block,) = result["content"]
    assert block["type"] == "text"
    assert json.loads(block["text"]) == result["structuredContent"]
    assert result["structuredContent"].items() >= EXPECTED[label].items()


@pytest.mark.node
@pytest.mark.parametrize(
    ("leg", "label"),
    [
        (leg, label)
        for leg in LEGS
        for scopes in leg.scopes
        for label in KINDS
        if label in CALLS[scopes]
    ],
    ids=str,
)
def test_understands_an_explanation(
    leg: Leg, label: str, typescript: dict[tuple[Leg, str], Heard], python: dict[str, Heard]
) -> None:
    scopes = next(scopes for scopes, calls in CALLS.items() if label in calls)
    result = typescript[leg, scopes].calls[label]
    assert "thrown" not in result
    assert result["isError"] is True
    assert "structuredContent" not in result
    assert result["validated"] == []
    (block,) = result["content"]
    error = result["_meta"][META_KEY]
    assert json.loads(block["text"]) == {"error": error}
    assert error["kind"] == KINDS[label]
    in_python = python[scopes].calls[label]["_meta"][META_KEY]
    for part in ("kind", "message", "reason", "hint", "who", "outcome", "details"):
        assert error.get(part) == in_python.get(part), part
