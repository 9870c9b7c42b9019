"""The product as a real process that reaches the embedded Zendesk over TLS, by its real name.

with reachable(tmp_path) as reach:
    ran = reach.run("tools", "--demo")
    assert reach.invoke("tools", "--demo") == ran
    terminal = reach.start("auth", "login")
    terminal.expect("Subdomain")
    terminal.type("northwind-demo")
    assert terminal.wait() == 0
    assert reach.sandbox.requests
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from in_process import run_command
from mcp_server_zendesk.sandbox import Rules, Sandbox
from mcp_server_zendesk.sandbox.certificate import make_certificate
from mcp_server_zendesk.sandbox.port import Served

if sys.platform != "linux":
    pytest.skip("terminals and processes are watched as Linux has it", allow_module_level=True)

import termios

COMMAND = str(Path(sys.executable).with_name("mcp-server-zendesk"))
"""The console script, as `pip install` puts it beside the interpreter."""

_CLOSING = ThreadPoolExecutor()
_REDIRECTED = Path(__file__).with_name("redirected")
_TERMINAL_SIZE = (50, 200)
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")
_DIRECTORIES = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": ".run",
}


@dataclass(frozen=True)
class Ran:
    """What a process left behind."""

    code: int
    out: str
    err: str


class Terminal:
    """A process under a pseudo terminal of its own, and somebody who sits before it."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self._screen, line = os.openpty()
        self._line: int | None = line
        termios.tcsetwinsize(line, _TERMINAL_SIZE)
        # A session's leader that opens a terminal is controlled by it: what getpass reads from,
        # and where Ctrl-C comes from. Popen itself cannot open it late enough. A shell that runs
        # the tests in the background has Ctrl-C ignored; here it is heard.
        heard = ["env", "--default-signal=INT"]
        shell = [*heard, "/bin/sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(line)]
        self._process = subprocess.Popen(
            [*shell, *command], env=environment, cwd=folder, start_new_session=True
        )
        self._ended = os.pidfd_open(self._process.pid)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._seen = 0
        self.transcript = ""
        """All that was shown, what was typed and echoed included; lines end in a newline."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code, once there is one; the process keeps its number until `close`."""
        ended = os.waitid(os.P_PIDFD, self._ended, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if ended is None:
            return None
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status

    def expect(self, text: str, timeout: float = 20) -> str:
        """Waits until a text is shown, after what was expected before; returns all up to it.

        An input that hides what is typed throws away what was typed before its prompt: expect the
        prompt before you type.
        """
        deadline = time.monotonic() + timeout
        while (at := self.transcript.find(text, self._seen)) < 0:
            if not self._read(deadline):
                state = "still runs" if self.code is None else f"ended with {self.code}"
                pytest.fail(f"{text!r} was not shown; the process {state}:\n{self.transcript}")
        begin, self._seen = self._seen, at + len(text)
        return self.transcript[begin : self._seen]

    def type(self, line: str) -> None:
        """Types a line, with Enter."""
        os.write(self._screen, f"{line}\r".encode())

    def interrupt(self) -> None:
        """Presses Ctrl-C, once the process waits for something.

        Python sleeps through one that comes between writing a prompt and reading the answer.
        """
        quiet = 0
        deadline = time.monotonic() + 5
        while quiet < 2 and time.monotonic() < deadline:
            if select.select([self._ended], [], [], 0.02)[0]:
                return
            quiet = quiet + 1 if self._waits() else 0
        os.write(self._screen, b"\x03")

    def wait(self, timeout: float = 20) -> int:
        """The exit code, once the process has ended; the transcript is complete then."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        if self.code is None:
            pytest.fail(f"the process still runs:\n{self.transcript}")
        return self.code

    def close(self) -> None:
        """Ends the process and what it started; hangs up."""
        _kill(self._process)
        for descriptor in (self._ended, self._screen, self._line):
            if descriptor is not None:
                os.close(descriptor)

    def _waits(self) -> bool:
        """Whether the process sleeps, by the third field of its state."""
        status = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
        return status.rpartition(")")[2].split()[0] == "S"

    def _read(self, deadline: float) -> bool:
        """Takes in what is shown; false when nothing more comes, in time or at all."""
        left = max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([self._screen, self._ended], [], [], left)
        if self._ended in ready:
            # With nobody left at the other end, the screen tells when its last word was read.
            if self._line is not None:
                os.close(self._line)
                self._line = None
            ready, _, _ = select.select([self._screen], [], [], 0)
        if self._screen not in ready:
            return False
        try:
            self.transcript += self._decoder.decode(os.read(self._screen, 65_536))
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        return True


@dataclass
class Reach:
    """One installation of the product on a little machine of its own."""

    sandbox: Sandbox
    port: int
    home: Path
    authority_file: Path
    extra: dict[str, str] = field(default_factory=dict)
    """Set for every process that is started from now on."""
    _terminals: list[Terminal] = field(default_factory=list)

    def environment(self, **extra: str) -> dict[str, str]:
        """Nothing of this process's but what any process needs: no settings, no desktop."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or name.startswith("COVERAGE_")
        }
        return {
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            **kept,
            "HOME": str(self.home),
            **{name: str(self.home / path) for name, path in _DIRECTORIES.items()},
            "SSL_CERT_FILE": str(self.authority_file),
            "PYTHONPATH": str(_REDIRECTED),
            "REDIRECTED_PORT": str(self.port),
            # Without it the desktop of whoever runs the tests would be found, and its keyring.
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus",
            **self.extra,
            **extra,
        }

    def run(
        self, *arguments: str, stdin: str | None = None, timeout: float = 30, **env: str
    ) -> Ran:
        """Runs the product to its end, without any terminal."""
        process = subprocess.Popen(
            [COMMAND, *arguments],
            env=self.environment(**env),
            cwd=self.home,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        with process:
            try:
                out, err = process.communicate(stdin, timeout)
            except subprocess.TimeoutExpired:
                _kill(process)
                raise
        return Ran(process.returncode, out, err)

    def invoke(self, *arguments: str, stdin: str | None = None, **env: str) -> Ran:
        """The same in this process, much quicker: for tests that are not about a process."""
        ended = run_command(arguments, self.environment(**env), self.home, stdin)
        return Ran(ended.exit_code, ended.stdout, ended.stderr)

    def start(self, *arguments: str, **env: str) -> Terminal:
        """Starts the product under a terminal; whatever still runs at the end is killed."""
        terminal = Terminal([COMMAND, *arguments], self.environment(**env), self.home)
        self._terminals.append(terminal)
        return terminal

    def close(self) -> None:
        """Ends what was started."""
        while self._terminals:
            self._terminals.pop().close()


@contextmanager
def reachable(
    folder: Path, *, sandbox: Sandbox | None = None, rules: Rules | None = None
) -> Iterator[Reach]:
    """Serves an embedded Zendesk to the processes of a new home below a folder."""
    served = sandbox or Sandbox(rules=rules)
    certificate = make_certificate(folder / "certificate")
    home = folder / "home"
    home.mkdir()
    for path in _DIRECTORIES.values():
        (home / path).mkdir(parents=True, mode=0o700)
    with ExitStack() as opened:
        port = opened.enter_context(Served(served, certificate))
        reach = Reach(served, port.port, home, certificate.authority_file)
        try:
            yield reach
        finally:
            reach.close()
            # Its server looks ten times a second whether it shall end, and nobody waits for that.
            _CLOSING.submit(opened.pop_all().close)


def _kill(process: subprocess.Popen[Any]) -> None:
    """Kills a session's leader that was not waited for yet, and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
