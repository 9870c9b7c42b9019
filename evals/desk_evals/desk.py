"""What an agent has in its hands: the tools of the server, and a record of all it does with them.

An agent sees what any model sees, and nothing else: instructions, tools, answers.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from mcp import Client
from mcp_types import AudioContent, CallToolResult, ImageContent, TextContent

WAIT = "wait"
LONGEST_WAIT = 3_600
MOST_CALLS = 30


class OutOfCalls(Exception):
    """An agent that goes on for ever is stopped."""


class Unable(Exception):
    """An agent cannot work at all, whatever the task."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as a model sees it."""

    name: str
    description: str
    schema: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        """The arguments' schemas by name."""
        return dict(self.schema.get("properties", {}))


_WAIT = Tool(
    WAIT,
    "Wait, where an answer says to repeat a call later. It belongs to this assistant and not to "
    "Zendesk.",
    {
        "type": "object",
        "properties": {
            "seconds": {"type": "integer", "minimum": 1, "maximum": LONGEST_WAIT},
        },
        "required": ["seconds"],
    },
)


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer as a model sees it."""

    text: str
    is_error: bool = False
    pictures: tuple[tuple[str, str], ...] = ()
    """Media type and content in base64."""

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.text.encode()) + sum(len(content) for _, content in self.pictures)


@dataclass
class Record:
    """What happened in one task."""

    calls: list[str] = field(default_factory=list)
    """As ``tool {"argument":value}``."""
    errors: int = 0
    read: list[str] = field(default_factory=list)
    bytes_read: int = 0
    bytes_listed: int = 0
    questions: list[str] = field(default_factory=list)
    answer: str = ""
    changes: list[str] = field(default_factory=list)
    requests: int = 0
    stopped: str = ""
    """Why the agent did not come to an end of its own."""


@dataclass
class Desk:
    """The tools of one workspace, in the hands of one agent."""

    client: Client
    sleep: Callable[[float], Awaitable[None]]
    record: Record
    instructions: str = ""
    tools: dict[str, Tool] = field(default_factory=dict)
    most_calls: int = MOST_CALLS

    async def open(self) -> None:
        """Asks for the tools, all pages of them."""
        self.instructions = self.client.instructions or ""
        cursor: str | None = None
        while True:
            page = await self.client.list_tools(cursor=cursor)
            for tool in page.tools:
                self.tools[tool.name] = Tool(tool.name, tool.description or "", tool.input_schema)
            cursor = page.next_cursor
            if cursor is None:
                break
        listed = [[tool.name, tool.description, tool.schema] for tool in self.tools.values()]
        told = json.dumps(listed, ensure_ascii=False, separators=(",", ":")) + self.instructions
        self.record.bytes_listed = len(told.encode())
        self.record.read.append(told)
        self.tools[WAIT] = _WAIT

    async def call(self, tool: str, arguments: dict[str, Any]) -> Seen:
        """Calls a tool.

        Raises:
            OutOfCalls: There were too many.
        """
        if tool == WAIT:
            return await self._wait(arguments)
        if len(self.record.calls) >= self.most_calls:
            raise OutOfCalls(f"stopped after {self.most_calls} calls")
        told = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
        self.record.calls.append(f"{tool} {told}")
        seen = _seen(await self.client.call_tool(tool, arguments))
        self.record.errors += seen.is_error
        self.record.read.append(seen.text)
        self.record.bytes_read += seen.size
        return seen

    async def _wait(self, arguments: dict[str, Any]) -> Seen:
        seconds = arguments.get("seconds")
        if not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST_WAIT:
            return Seen(f"seconds has to be from 1 to {LONGEST_WAIT}", is_error=True)
        await self.sleep(seconds)
        return Seen("waited")


class Agent(Protocol):
    """Whoever does the tasks."""

    async def work(self, question: str, desk: Desk) -> str:
        """Does what is asked, and returns what it tells the user."""


def _seen(result: CallToolResult) -> Seen:
    texts, pictures = [], []
    for block in result.content:
        if isinstance(block, TextContent):
            texts.append(block.text)
        elif isinstance(block, ImageContent):
            pictures.append((block.mime_type, block.data))
        else:
            kind = "sound" if isinstance(block, AudioContent) else "resource"
            texts.append(f"[{kind} that this assistant cannot read]")
    return Seen("\n".join(texts), bool(result.is_error), tuple(pictures))
