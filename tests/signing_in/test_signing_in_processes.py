"""Several servers of one machine share a sign-in: whose refresh token is good for one use."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN
from mcp_server_zendesk.sandbox.landmarks import DEMO_CLIENT
from mcp_server_zendesk.signing_in.vaults import FileVault
from reach import Reach, reachable
from signing_in.ground import Desk, sign_ins

pytestmark = pytest.mark.anyio

PROCESSES = 6
CALLS = 8
ROUNDS = 6
LIFE = 1_800

SERVER = f"""
import collections, json, sys
import anyio
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.settings import load
from mcp_server_zendesk.signing_in.credentials import credentials_for

async def main():
    now = [0.0]
    settings = load({{"subdomain": {DEMO_SUBDOMAIN!r}, "client_id": {DEMO_CLIENT!r}}})
    signer = credentials_for(settings, settings.scopes, now=lambda: now[0])
    connection = Connection(settings.account, signer)

    async def call(outcomes):
        try:
            outcomes.append((await connection.send("GET", "/api/v2/users/me")).status)
        except Exception as error:
            outcomes.append(type(error).__name__)

    print("ready", flush=True)
    for line in sys.stdin:
        now[0], calls = json.loads(line)
        outcomes = []
        async with anyio.create_task_group() as tasks:
            for _ in range(calls):
                tasks.start_soon(call, outcomes)
        print(json.dumps(collections.Counter(map(str, outcomes))), flush=True)
    await connection.aclose()

anyio.run(main)
"""
HOLDER = f"""
import anyio
from mcp_server_zendesk.signing_in.turns import turns_in

async def main():
    async with turns_in()({DEMO_SUBDOMAIN!r}):
        print("held", flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


@dataclass
class Worker:
    """A Python process that is told what to do on its standard input."""

    process: subprocess.Popen[str]

    def tell(self, what: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{json.dumps(what)}\n")
        self.process.stdin.flush()

    def silent(self, seconds: float) -> bool:
        assert self.process.stdout
        return not select.select([self.process.stdout], [], [], seconds)[0]

    def heard(self) -> str:
        assert self.process.stdout
        assert not self.silent(30), "the process says nothing"
        return self.process.stdout.readline().strip()


@contextmanager
def worker(reach: Reach, script: str) -> Iterator[Worker]:
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=reach.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "desk")
    await desk.sign_in()
    return desk


@pytest.fixture
def reach(desk: Desk, tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path, sandbox=desk.sandbox) as opened:
        FileVault(sign_ins(opened.home)).write(DEMO_SUBDOMAIN, desk.kept().text())
        yield opened


async def test_processes_that_share_a_sign_in_refresh_it_once_an_end_and_answer_every_call(
    desk: Desk, reach: Reach
) -> None:
    answered = 0
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(reach, SERVER)) for _ in range(PROCESSES)]
        for one in workers:
            assert one.heard() == "ready"
        for ends in range(1, ROUNDS + 1):
            if ends % 2:
                desk.clock.forward(LIFE + 1)  # each process sees by its clock that it is over
            else:
                desk.clock.forward(100)  # each learns it from Zendesk's answers alone
                desk.sandbox.store.access_tokens.clear()
            for one in workers:
                one.tell((desk.now(), CALLS))
            for one in workers:
                assert json.loads(one.heard()) == {"200": CALLS}
                answered += CALLS
            assert desk.refreshes == (ends, 0)
    assert desk.asked == ROUNDS
    succeeded, refused = desk.refreshes
    print(  # noqa: T201 - for whoever runs it with -s
        f"\n{PROCESSES} processes, {ROUNDS} ends of the access token: {answered} calls answered, "
        f"{succeeded} refreshes, {refused} refused with invalid_grant"
    )
    assert answered == PROCESSES * CALLS * ROUNDS
    names = {file.name for file in sign_ins(reach.home).iterdir()}
    assert names == {f"{DEMO_SUBDOMAIN}.json", f"{DEMO_SUBDOMAIN}.lock"}
    assert {file.stat().st_mode & 0o777 for file in sign_ins(reach.home).iterdir()} == {0o600}


async def test_a_process_that_is_killed_in_its_turn_blocks_nobody(desk: Desk, reach: Reach) -> None:
    desk.clock.forward(LIFE + 1)
    with worker(reach, HOLDER) as holder, worker(reach, SERVER) as waiting:
        assert holder.heard() == "held"
        assert waiting.heard() == "ready"
        waiting.tell((desk.now(), 2))
        assert waiting.silent(0.5)
        assert desk.asked == 0
        holder.process.kill()
        assert json.loads(waiting.heard()) == {"200": 2}
    assert desk.refreshes == (1, 0)


async def test_a_process_that_is_killed_in_the_middle_of_a_refresh_leaves_what_was_kept_whole(
    desk: Desk, reach: Reach
) -> None:
    vault = FileVault(sign_ins(reach.home))
    before = vault.read(DEMO_SUBDOMAIN)
    crash = SERVER.replace(
        "import anyio\n",
        "import anyio, os, pathlib\npathlib.Path.replace = lambda *_: os._exit(9)\n",
        1,
    )
    desk.clock.forward(LIFE + 1)
    with worker(reach, crash) as one:
        assert one.heard() == "ready"
        one.tell((desk.now(), 1))
        assert one.process.wait(30) == 9
    # The new pair is lost with it, and what was kept is whole: the next one is told the truth.
    assert vault.read(DEMO_SUBDOMAIN) == before
    assert desk.refreshes == (1, 0)
    with worker(reach, SERVER) as next_one:
        assert next_one.heard() == "ready"
        next_one.tell((desk.now(), 4))
        assert json.loads(next_one.heard()) == {"TokenRefused": 4}
    assert desk.refreshes == (1, 1)
    left = [file for file in sign_ins(reach.home).iterdir() if file.name.startswith(".")]
    assert [oct(file.stat().st_mode & 0o777) for file in left] == ["0o600"]
