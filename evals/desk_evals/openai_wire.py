"""Chat completions, as OpenAI documents them and many others offer them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from desk_evals.desk import Seen, Tool
from desk_evals.turns import Turn, Unreadable, Wanted


class OpenAiWire:
    """``POST {base}/chat/completions``.

    A tool's message holds text only, so a picture is named and not shown.
    """

    path = "/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        """A bearer token."""
        return {"Authorization": f"Bearer {key}"}

    def begun(
        self, model: str, system: str, question: str, tools: Iterable[Tool]
    ) -> dict[str, Any]:
        """The first request; limits and temperature stay the model's own."""
        return {
            "model": model,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": question},
            ],
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": tool.schema,
                    },
                }
                for tool in tools
            ],
        }

    def read(self, body: dict[str, Any], answer: Mapping[str, Any]) -> Turn:
        """One choice is asked for, and one is there."""
        try:
            (choice,) = answer["choices"]
            message = choice["message"]
            calls = message.get("tool_calls") or []
            wanted = tuple(
                Wanted(call["id"], call["function"]["name"], _read(call["function"]["arguments"]))
                for call in calls
            )
            text = message.get("content") or message.get("refusal") or ""
            usage = answer.get("usage") or {}
            said = {"role": "assistant", "content": message.get("content")}
            body["messages"].append(said | ({"tool_calls": calls} if calls else {}))
            return Turn(
                text,
                wanted,
                int(usage.get("prompt_tokens", 0)),
                int(usage.get("completion_tokens", 0)),
                cut=choice.get("finish_reason") in {"length", "content_filter"},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(f"no chat completion: {type(error).__name__}") from None

    def told(self, body: dict[str, Any], results: Sequence[tuple[Wanted, Seen]]) -> None:
        """A message for each call."""
        for call, seen in results:
            pictures = "".join(f"\n[a picture, {kind}]" for kind, _ in seen.pictures)
            body["messages"].append(
                {"role": "tool", "tool_call_id": call.id, "content": seen.text + pictures}
            )


def _read(arguments: str) -> dict[str, Any] | None:
    try:
        read = json.loads(arguments or "{}")
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
