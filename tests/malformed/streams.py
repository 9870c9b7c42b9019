"""A real process that is sent bad messages over stdio."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

from malformed.judging import Judged, id_of
from malformed.messages import ENVELOPE, GREETING, LEGACY, MODERN, Sent

SERVE = [sys.executable, "-m", "mcp_server_zendesk", "serve", "--demo", "--toolsets", "all"]
SERVE += ["--scopes", "read write", "--log-level", "warning"]
_AT_ONCE = 40
_SECONDS = 60


_FIRST: dict[str, dict[str, Any]] = {
    LEGACY: {"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": GREETING},
    MODERN: {
        "jsonrpc": "2.0",
        "id": "hello",
        "method": "tools/list",
        "params": {"_meta": ENVELOPE},
    },
}
"""The first message decides the era."""


def environment() -> dict[str, str]:
    """This process's, without any Zendesk setting."""
    return {key: value for key, value in os.environ.items() if not key.startswith("ZENDESK_")}


@dataclass
class Spoken:
    """The process, with all that it says."""

    process: subprocess.Popen[bytes]
    answers: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)
    log: list[bytes] = field(default_factory=list)

    def say(self, lines: Iterable[bytes]) -> None:
        """Write lines to it."""
        assert self.process.stdin
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()

    def hear(self, out: IO[bytes]) -> None:
        """Read its answers; what it asks is declined."""
        for line in out:
            said = json.loads(line)
            if "method" in said and "id" in said:
                error = {"code": -32601, "message": "Nobody is here"}
                declined = {"jsonrpc": "2.0", "id": said["id"], "error": error}
                self.say([json.dumps(declined).encode()])
            else:
                self.answers.put(said)

    def answers_to(self, messages: list[Sent], ping: bytes) -> list[dict[str, Any]]:
        """Say them all, and wait until each that has an id is answered, and a last one too."""
        waiting = {one.id for one in messages if id_of(one.raw) == one.id} | {"alive"}
        self.say([*(one.raw for one in messages), ping])
        heard: list[dict[str, Any]] = []
        while waiting:
            try:
                heard.append(self.answers.get(timeout=_SECONDS))
            except queue.Empty:
                break
            id_ = heard[-1].get("id")
            waiting.discard(id_ if isinstance(id_, str) else "")
        return heard


@contextmanager
def speaking() -> Iterator[Spoken]:
    """Start it; the end of the context waits for its end."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        SERVE, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe
    ) as process:
        assert process.stdout
        assert process.stderr
        spoken = Spoken(process)
        threads = [
            threading.Thread(target=spoken.hear, args=[process.stdout]),
            threading.Thread(target=lambda: spoken.log.extend(process.stderr or ())),
        ]
        for thread in threads:
            thread.start()
        try:
            yield spoken
            assert process.stdin
            process.stdin.close()
            process.wait(_SECONDS)
        finally:
            process.kill()
            for thread in threads:
                thread.join()


def try_over_stdio(era: str, messages: Iterable[Sent], judged: Judged) -> None:
    """Send all of them to one process, some at a time, and hold its answers against them."""
    with speaking() as spoken:
        ping: dict[str, Any] = {"jsonrpc": "2.0", "id": "alive", "method": "ping"}
        spoken.say([json.dumps(_FIRST[era]).encode()])
        judged.judge(spoken.answers.get(timeout=_SECONDS))
        if era == LEGACY:
            spoken.say([b'{"jsonrpc":"2.0","method":"notifications/initialized"}'])
        rest = iter(messages)
        while some := list(islice(rest, _AT_ONCE)):
            heard = spoken.answers_to(some, json.dumps(ping).encode())
            if not any(answer.get("id") == "alive" for answer in heard):
                judged.blame("the server does not live any more", some[-1].raw)
                return
            judged.hold(some, heard)
    if spoken.process.returncode != 0:
        judged.blame("it ended badly", spoken.process.returncode)
    if any(b"Traceback" in line for line in spoken.log):
        judged.blame("a traceback", b"".join(spoken.log)[-1_500:])
