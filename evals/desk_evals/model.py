"""A real model as an agent, through its vendor's API and the user's own key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx

from desk_evals.anthropic_wire import AnthropicWire
from desk_evals.desk import Desk, Seen, Unable
from desk_evals.openai_wire import OpenAiWire
from desk_evals.starting import DAY
from desk_evals.turns import Unreadable, Wanted, Wire

_SYSTEM = (
    "You assist an agent of a support desk, by the tools that you have. Today is {day}. Do what "
    "the user asks, and only that. Nobody answers questions here, except where a tool asks the "
    "user itself: if something cannot or should not be done, say so and why. At the end, answer "
    "in a few words what you found or did.\n\n{instructions}"
)
_MOST_TURNS = 25
_ATTEMPTS = 6
_LONGEST_WAIT = 90.0
_LONGEST_CODE = 60
_AGAIN = frozenset({408, 429, 500, 502, 503, 504, 529})
_TIMEOUT = httpx.Timeout(180.0, connect=20.0)
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class ModelUnavailable(Unable):
    """The model cannot be asked. The message holds no key, and of the vendor's only codes."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where a model is asked, and by which variables."""

    wire: Callable[[], Wire]
    base: str
    key_variable: str
    base_variable: str


VENDORS: Mapping[str, Vendor] = {
    "anthropic": Vendor(
        AnthropicWire, "https://api.anthropic.com", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"
    ),
    "openai": Vendor(OpenAiWire, "https://api.openai.com/v1", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
}


@dataclass
class ModelAgent:
    """Lets a model work until it wants no more calls."""

    wire: Wire
    base: str
    model: str
    key: str = field(repr=False)
    http: httpx.AsyncClient
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    tokens_in: int = 0
    tokens_out: int = 0

    @classmethod
    def of(cls, named: str, environment: Mapping[str, str], http: httpx.AsyncClient) -> ModelAgent:
        """The agent of ``vendor:model``.

        Raises:
            ModelUnavailable: There is no such vendor, no key, or an address without TLS.
        """
        vendor_name, _, model = named.partition(":")
        vendor = VENDORS.get(vendor_name)
        if vendor is None or not model:
            known = " or ".join(f"{name}:NAME" for name in VENDORS)
            raise ModelUnavailable(f"a model is named {known}")
        key = environment.get(vendor.key_variable, "")
        if not key:
            raise ModelUnavailable(f"{vendor.key_variable} is not set: no model is asked")
        base = environment.get(vendor.base_variable) or vendor.base
        address = httpx.URL(base)
        if address.scheme != "https" and address.host not in _HERE:
            raise ModelUnavailable(f"{vendor.base_variable} has to begin with https://")
        return cls(vendor.wire(), base.rstrip("/"), model, key, http)

    async def work(self, question: str, desk: Desk) -> str:
        """One task.

        Raises:
            ModelUnavailable: The API refuses, or does not answer.
        """
        system = _SYSTEM.format(day=DAY.strftime("%A %d %B %Y"), instructions=desk.instructions)
        body = self.wire.begun(self.model, system, question, desk.tools.values())
        for _ in range(_MOST_TURNS):
            try:
                turn = self.wire.read(body, await self._asked(body))
            except Unreadable as error:
                raise ModelUnavailable(str(error)) from None
            self.tokens_in += turn.tokens_in
            self.tokens_out += turn.tokens_out
            if turn.cut or not turn.wanted:
                return turn.text
            results = [(wanted, await _done(wanted, desk)) for wanted in turn.wanted]
            self.wire.told(body, results)
        desk.record.stopped = f"stopped after {_MOST_TURNS} turns"
        return ""

    async def _asked(self, body: dict[str, Any]) -> dict[str, Any]:
        url, headers = f"{self.base}{self.wire.path}", self.wire.headers(self.key)
        problem, wait = "", 0.0
        for attempt in range(_ATTEMPTS):
            if attempt:
                await self.sleep(min(_LONGEST_WAIT, max(2.0**attempt, wait)))
            wait = 0.0
            try:
                answer = await self.http.post(url, json=body, headers=headers, timeout=_TIMEOUT)
            except httpx.TransportError as error:
                problem = type(error).__name__
                continue
            if answer.is_success:
                return _object(answer)
            problem = f"HTTP {answer.status_code}{_code(answer)}"
            if answer.status_code not in _AGAIN:
                break
            wait = _retry_after(answer)
        raise ModelUnavailable(f"{self.model} was not reached: {problem}")


async def _done(wanted: Wanted, desk: Desk) -> Seen:
    if wanted.arguments is None:
        return Seen("The arguments are no JSON object.", is_error=True)
    return await desk.call(wanted.tool, wanted.arguments)


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        read = answer.json()
    except ValueError:
        raise Unreadable("no JSON") from None
    if not isinstance(read, dict):
        raise Unreadable("no JSON object")
    return read


def _code(answer: httpx.Response) -> str:
    """The error's code, where it is a word: its text may repeat a part of the key."""
    try:
        error = answer.json()["error"]
        code = str(error.get("code") or error.get("type") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return f", {code}" if code.replace("_", "").isalnum() and len(code) <= _LONGEST_CODE else ""


def _retry_after(answer: httpx.Response) -> float:
    try:
        return max(0.0, float(answer.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0
