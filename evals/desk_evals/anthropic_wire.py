"""The Messages API, as Anthropic documents it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from desk_evals.desk import Seen, Tool
from desk_evals.turns import Turn, Unreadable, Wanted

VERSION = "2023-06-01"
MOST_TOKENS = 4_096
"""Of one answer: the API wants a limit."""


class AnthropicWire:
    """``POST {base}/v1/messages``; tools and instructions are cached between the turns."""

    path = "/v1/messages"

    def headers(self, key: str) -> dict[str, str]:
        """A key, and the version that this module speaks."""
        return {"x-api-key": key, "anthropic-version": VERSION}

    def begun(
        self, model: str, system: str, question: str, tools: Iterable[Tool]
    ) -> dict[str, Any]:
        """The first request."""
        return {
            "model": model,
            "max_tokens": MOST_TOKENS,
            "system": [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}],
            "tools": [
                {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
                for tool in tools
            ],
            "messages": [{"role": "user", "content": question}],
        }

    def read(self, body: dict[str, Any], answer: Mapping[str, Any]) -> Turn:
        """Its blocks go back as they came: those of thinking too, which are signed."""
        try:
            blocks = list(answer["content"])
            text = "\n".join(block["text"] for block in blocks if block["type"] == "text")
            wanted = tuple(
                Wanted(
                    block["id"],
                    block["name"],
                    block["input"] if isinstance(block["input"], dict) else None,
                )
                for block in blocks
                if block["type"] == "tool_use"
            )
            usage = answer.get("usage") or {}
            body["messages"].append({"role": "assistant", "content": blocks})
            return Turn(
                text,
                wanted,
                sum(int(usage.get(key) or 0) for key in _INPUT),
                int(usage.get("output_tokens") or 0),
                cut=answer.get("stop_reason") in {"max_tokens", "refusal"},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(f"no message: {type(error).__name__}") from None

    def told(self, body: dict[str, Any], results: Sequence[tuple[Wanted, Seen]]) -> None:
        """All of a turn's results in one message of the user's."""
        blocks = []
        for call, seen in results:
            content: list[dict[str, Any]] = [{"type": "text", "text": seen.text}]
            if not seen.text:
                content = []
            for kind, data in seen.pictures:
                source = {"type": "base64", "media_type": kind, "data": data}
                content.append({"type": "image", "source": source})
            block = {"type": "tool_result", "tool_use_id": call.id, "content": content}
            blocks.append(block | ({"is_error": True} if seen.is_error else {}))
        body["messages"].append({"role": "user", "content": blocks})


_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
