"""What each contestant is put through, before an embedded Zendesk of its own."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from mcp import Client, StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

from bench.ground import environment, reaching
from bench.peers.contestants import Call, Contestant
from mcp_server_zendesk.sandbox import Sandbox, misfortunes
from mcp_server_zendesk.sandbox.certificate import Certificate
from mcp_server_zendesk.sandbox.faults import Fault
from mcp_server_zendesk.sandbox.landmarks import CLOSED_TICKET, OPEN_TICKET
from mcp_server_zendesk.sandbox.port import Served

LIMIT_SECONDS = 20
_LONG_WAIT = 120
_NOWHERE = 999_999
_THEIRS, _ADDED = "escalated_by_another", "churn_risk"


@dataclass(frozen=True)
class Mishap:
    """Something that goes wrong while a ticket is read, and the words that would name it."""

    name: str
    fault: Callable[[], Fault] | None
    named: str
    ticket_id: int = OPEN_TICKET


MISHAPS = (
    Mishap("401, the token is rejected", misfortunes.invalid_token, r"401|token|authenticat|sign"),
    Mishap("403", misfortunes.forbidden, r"403|forbidden|permi|role|allowed"),
    Mishap("404, no such ticket", None, r"404|not found|no such|does not exist", _NOWHERE),
    Mishap(
        f"429, wait {_LONG_WAIT} s",
        lambda: misfortunes.rate_limited(_LONG_WAIT),
        r"429|rate.?limit|too many",
    ),
    Mishap("500 as HTML", lambda: misfortunes.html_error(500), r"500|server error|failed"),
    Mishap("503 as HTML", lambda: misfortunes.html_error(503), r"503|unavailable|maintenance"),
    Mishap("connection reset", misfortunes.reset_before_write, r"connect|reset|network"),
    Mishap("a page of HTML with 200", misfortunes.html_with_200, r"json|html|readable|page"),
    Mishap("half of the JSON", misfortunes.truncated_json, r"json|readable|incomplete|truncat"),
    Mishap("silence", misfortunes.never_answered, r"tim(e|ed) ?out|too long|no answer"),
)


@dataclass(frozen=True)
class Ended:
    """How a call ended: its text, whether it is an error, and after how long; None was too long."""

    text: str | None
    is_error: bool
    seconds: float

    def told(self, named: str) -> str:
        """In a cell of the table."""
        if self.text is None:
            return f"nothing in {LIMIT_SECONDS} s"
        error = "error" if self.is_error else "no error"
        cause = "named" if re.search(named, self.text, re.IGNORECASE) else "not named"
        return f"{error}, {cause}, {self.seconds:.1f} s"


@dataclass
class Session:
    """A contestant that has just started, before a Zendesk that nobody else asks."""

    sandbox: Sandbox
    client: Client

    @property
    def requests(self) -> int:
        """Those about the work, not about the token."""
        return sum("/oauth/" not in request.path for request in self.sandbox.requests)

    async def call(self, call: Call) -> Ended:
        """One call, for as long as a patient client waits."""
        tool, arguments = call
        begun = time.perf_counter()
        text, is_error = None, False
        with anyio.move_on_after(LIMIT_SECONDS):
            try:
                result = await self.client.call_tool(tool, arguments)
            except MCPError as error:
                text, is_error = str(error), True
            else:
                blocks = [one.text for one in result.content if isinstance(one, TextContent)]
                text, is_error = "".join(blocks), bool(result.is_error)
        return Ended(text, is_error, time.perf_counter() - begun)


def variables(contestant: Contestant, home: Path, port: int, authority: str) -> dict[str, str]:
    """The environment of its process, on a little machine of its own."""
    known = contestant.set_up(home)
    return {**reaching(port, authority), **environment(HOME=str(home)), **known}


@asynccontextmanager
async def session(
    contestant: Contestant, program: str, certificate: Certificate
) -> AsyncIterator[Session]:
    """Start it."""
    sandbox = Sandbox()
    with ExitStack() as opened:
        home = Path(opened.enter_context(TemporaryDirectory()))
        served = opened.enter_context(Served(sandbox, certificate))
        nowhere = opened.enter_context((home / "log").open("w", encoding="utf-8"))
        env = variables(contestant, home, served.port, str(certificate.authority_file))
        server = StdioServerParameters(command=program, env=env, cwd=str(home))
        async with Client(stdio_client(server, errlog=nowhere)) as client:
            yield Session(sandbox, client)


async def work(contestant: Contestant, program: str, certificate: Certificate) -> dict[str, str]:
    """Ten hits, one ticket, and one ticket with its conversation: bytes, and requests."""
    one = contestant.ticket(OPEN_TICKET)
    more = contestant.conversation and contestant.conversation(OPEN_TICKET)
    tasks: dict[str, list[Call]] = {
        "ten tickets found": [contestant.search],
        "one ticket": [one],
        "one ticket and its comments": [one, *([more] if more else [])],
    }
    cells = {}
    for task, calls in tasks.items():
        async with session(contestant, program, certificate) as started:
            ended = [await started.call(call) for call in calls]
            size = sum(len((call.text or "").encode()) for call in ended)
            failed = any(call.is_error or call.text is None for call in ended)
            told = f"{size:,} bytes, {started.requests} requests"
            cells[task] = "failed" if failed else told
    return cells


async def mishaps(contestant: Contestant, program: str, certificate: Certificate) -> dict[str, str]:
    """What a caller learns of each fault."""
    cells = {}
    for mishap in MISHAPS:
        async with session(contestant, program, certificate) as started:
            if mishap.fault is not None:
                place = rf"/tickets/{mishap.ticket_id}\b"
                started.sandbox.faults.add("GET", place, None, mishap.fault())
            ended = await started.call(contestant.ticket(mishap.ticket_id))
            cells[mishap.name] = ended.told(mishap.named)
    return cells


async def tags(contestant: Contestant, program: str, certificate: Certificate) -> dict[str, str]:
    """A tag is added while somebody else adds one, and to a closed ticket."""
    race, closed = "a tag, while another adds one", "a tag on a closed ticket"
    if contestant.tag is None:
        return dict.fromkeys((race, closed), "cannot write")
    cells = {}
    async with session(contestant, program, certificate) as started:
        ticket = started.sandbox.store.tickets[OPEN_TICKET]

        def another() -> None:
            ticket["tags"] = [*ticket["tags"], _THEIRS]
            ticket["updated_at"] = "2099-01-01T00:00:00Z"

        call = contestant.tag(OPEN_TICKET, list(ticket["tags"]), _ADDED)
        started.sandbox.faults.add("PUT", rf"/tickets/{OPEN_TICKET}\b", 1, Fault(effect=another))
        ended = await started.call(call)
        left = started.sandbox.store.tickets[OPEN_TICKET]["tags"]
        kept = "kept the other's" if _THEIRS in left else "lost the other's"
        cells[race] = f"{kept}{_unless(ended, done=_ADDED in left)}"
    async with session(contestant, program, certificate) as started:
        before = list(started.sandbox.store.tickets[CLOSED_TICKET]["tags"])
        ended = await started.call(contestant.tag(CLOSED_TICKET, before, _ADDED))
        done = _ADDED in started.sandbox.store.tickets[CLOSED_TICKET]["tags"]
        cells[closed] = ("tagged" if done else "not tagged") + _unless(ended, done=done)
    return cells


def _unless(ended: Ended, *, done: bool) -> str:
    """What was said, where it is not what happened, or where it failed."""
    if ended.text is None:
        return f", nothing in {LIMIT_SECONDS} s"
    if ended.is_error:
        return ", said it failed" if done else ", an error"
    return "" if done else ", said it was done"
