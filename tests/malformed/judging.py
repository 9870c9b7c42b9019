"""What is a good answer to a bad message: explained, once, and without a word of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, get_args

from mcp_types import INTERNAL_ERROR, jsonrpc_message_adapter

from malformed.messages import Sent
from malformed.nasty import CANARY
from mcp_server_zendesk.serving.explanation import META_KEY, Kind

KINDS = frozenset(get_args(Kind)) - {"internal_error"}
_LONGEST = 3_000
_UNEXPLAINED = (0, INTERNAL_ERROR)


def id_of(raw: bytes) -> Any:
    """The id of a request, as far as anybody can read it; None where there is none."""
    try:
        found = json.loads(raw.decode(errors="replace"), parse_int=lambda digits: digits[:20])
    except (RecursionError, ValueError):
        return None
    return found.get("id") if isinstance(found, dict) and "method" in found else None


def _our_words(told: dict[str, Any]) -> str:
    """What an explanation says, without what it shows of Zendesk: calls before may stand there."""
    fields = told.get("details", {}).get("fields", [])
    words = [told.get(key, "") for key in ("message", "reason", "hint")]
    return " ".join([*words, *(str(one.get("problem")) for one in fields)])


@dataclass
class Judged:
    """All answers so far. ``wrong`` has to be empty."""

    sent: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    """How: ``ok``, the kind of an explanation, or the code of a protocol error."""
    wrong: list[str] = field(default_factory=list)

    def hold(self, sent: Iterable[Sent], answers: Iterable[dict[str, Any]]) -> None:
        """Hold answers against what they answer: each request has one, and it is explained."""
        times: Counter[Any] = Counter()
        for answer in answers:
            self.judge(answer)
            if "method" not in answer and isinstance(answer.get("id"), str):
                times[answer["id"]] += 1
        for message in sent:
            self.sent += 1
            if id_of(message.raw) == message.id and times[message.id] != 1:
                self.blame(f"{times[message.id]} answers", message.raw)

    def judge(self, answer: dict[str, Any]) -> None:
        """Whether an answer explains itself."""
        try:
            jsonrpc_message_adapter.validate_json(json.dumps(answer), by_name=False)
        except ValueError:
            self.blame("no message of JSON-RPC", answer)
            return
        if "error" in answer:
            self._judge_error(answer["error"], answer)
        elif "result" in answer:
            self._judge_result(answer["result"], answer)

    def _judge_error(self, error: dict[str, Any], answer: dict[str, Any]) -> None:
        data = error.get("data")
        kind = data.get("kind") if isinstance(data, dict) else None
        explained = kind in KINDS
        self.answered[str(kind) if explained else str(error["code"])] += 1
        words = error["message"]
        if error["code"] in _UNEXPLAINED and not explained:
            self.blame("an unexplained error", answer)
        if not words or len(words) > _LONGEST or CANARY in words or "pydantic" in words:
            self.blame("words that explain nothing, or repeat what was sent", answer)

    def _judge_result(self, result: dict[str, Any], answer: dict[str, Any]) -> None:
        if not result.get("isError"):
            self.answered["ok"] += 1
            return
        told = result.get("_meta", {}).get(META_KEY, {})
        text = "".join(block["text"] for block in result["content"])
        self.answered[told.get("kind", "?")] += 1
        if told.get("kind") not in KINDS or json.loads(text) != {"error": told}:
            self.blame("an unexplained refusal", answer)
        if result.get("structuredContent") is not None or not told.get("hint"):
            self.blame("a refusal without a hint, or with content", answer)
        if CANARY in _our_words(told):
            self.blame("a refusal that repeats what was sent", answer)

    def blame(self, why: str, what: object) -> None:
        """Remember what is wrong."""
        self.wrong.append(f"{why}: {str(what)[:1_500]}")
