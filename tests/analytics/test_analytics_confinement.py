"""What a query's process gives up, it has given up: each in a process that then tries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bounds of POSIX")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="what Linux alone has")

_TRYING = """
import errno, json, os, resource, signal, socket, subprocess, sys, threading, urllib.request
from pathlib import Path
from mcp_server_zendesk.analytics.querying import confinement as c

folder = Path(sys.argv[1])
told = {}

def tried(name, act):
    try:
        told[name] = str(act())
    except BaseException as error:
        told[name] = errno.errorcode.get(getattr(error, "errno", None), type(error).__name__)

def written():
    with open(folder / "new", "wb") as file:
        file.write(b"x")
        file.flush()

c.bounded(memory=256 * 2**20, seconds=5)
tried("seconds", lambda: resource.getrlimit(resource.RLIMIT_CPU))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
tried("memory", lambda: len(bytearray(512 * 2**20)))
tried("less memory", lambda: len(bytearray(64 * 2**20)))
tried("write", written)
listening = socket.create_server(("127.0.0.1", 0))
c.tied_to(os.getppid())
c.alone_with(folder)
tried("own file", lambda: (folder / "own").read_text())
tried("folder", lambda: os.listdir(folder))
tried("other file", lambda: Path("/etc/passwd").read_text()[:1])
tried("above", lambda: (folder / ".." / "other").read_text())
tried("link", lambda: (folder / "link").read_text())
tried("remove", lambda: (folder / "own").unlink())
tried("proc", lambda: Path("/proc/self/environ").read_bytes()[:1])
tried("run", lambda: subprocess.run([sys.executable, "-c", "print(1)"]).returncode)
tried("connect", lambda: socket.create_connection(listening.getsockname(), 5))
tried("listen", lambda: socket.create_server(("127.0.0.1", 0)))
c.sealed()
tried("sealed file", lambda: open(folder / "own").read())
tried("sealed socket", lambda: socket.socket())
tried("sealed pipe", lambda: os.pipe())
print(json.dumps(told))
"""


@cache
def _told() -> dict[str, str]:
    import tempfile  # noqa: PLC0415

    above = Path(tempfile.mkdtemp())
    folder = above / "store"
    folder.mkdir()
    (above / "other").write_text("other", encoding="utf-8")
    (folder / "own").write_text("own", encoding="utf-8")
    (folder / "link").symlink_to(above / "other")
    done = subprocess.run(
        [sys.executable, "-c", _TRYING, str(folder)], capture_output=True, check=True, timeout=50
    )
    told: dict[str, str] = json.loads(done.stdout)
    assert (folder / "own").exists()
    return told


def test_memory_is_bounded() -> None:
    if sys.platform == "linux":
        assert _told()["memory"] == "MemoryError"
    assert _told()["less memory"] == str(64 * 2**20)


def test_nothing_is_written() -> None:
    assert _told()["write"] == "EFBIG"


def test_nothing_is_opened_once_it_is_sealed() -> None:
    assert {_told()[name] for name in ("sealed file", "sealed socket", "sealed pipe")} == {"EMFILE"}


def _landlock() -> bool:
    active = Path("/sys/kernel/security/lsm")
    try:
        return "landlock" in active.read_text(encoding="utf-8")
    except OSError:
        return _told()["other file"] == "EACCES"


@on_linux
def test_no_file_but_the_stores_is_reached_where_the_kernel_has_landlock() -> None:
    if not _landlock():
        pytest.skip("this kernel has no Landlock")
    assert _told()["own file"] == "own"
    others = ("folder", "other file", "above", "link", "remove", "proc")
    assert {name: _told()[name] for name in others} == dict.fromkeys(others, "EACCES")


@on_linux
def test_no_program_is_run_and_no_network_reached_where_the_kernel_has_landlock() -> None:
    if not _landlock():
        pytest.skip("this kernel has no Landlock")
    assert _told()["run"] == "EACCES"
    if os.uname().release.split(".")[0] >= "6":
        assert {_told()["connect"], _told()["listen"]} <= {"EACCES"}


def test_time_on_the_processor_is_bounded() -> None:
    assert _told()["seconds"] == "(5, 5)"


@on_linux
def test_who_has_lost_its_parent_ends_at_once() -> None:
    room = "mcp_server_zendesk.analytics.querying"
    code = f"from {room} import confinement as c\nc.tied_to(1)\nprint('on')\n"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, timeout=50, capture_output=True
    )
    assert done.stdout == b""
