"""What a process that runs a model's SQL gives up, before it does: as much as the system allows.

POSIX systems bound memory, time, files and descriptors (``setrlimit``). Linux also ends it with
its parent, keeps it from privileges, and, by Landlock, from every file but the store and from the
network; that needs no root, and its system calls have the same numbers on every architecture.
A filter of system calls (seccomp) would have to know each architecture's numbers and each change
of the engine and the C library: without new descriptors, files, sockets and processes there is
little left that it could forbid. Where none of this exists, the engine's own locks stand, and the
parent that kills.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

if sys.platform != "win32":
    import resource

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_ASKED = 1
_BENEATH = 1
_READ_FILE = 1 << 2
# What each version of Landlock's interface can withhold, by the Linux kernel's documentation.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NETWORK_SINCE, _NETWORK_RIGHTS = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def bounded(*, memory: int, seconds: int) -> None:
    """Bound what this process may take: bytes of memory, seconds on processors; no file written,
    no memory image left behind. On Windows nothing.
    """
    for name, most in (
        ("RLIMIT_DATA", memory),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
    ):
        _lower(name, most)


def sealed() -> None:
    """From now on, no descriptor is opened any more, be it of a file, a pipe or a socket, and no
    process or thread is started. On Windows nothing.
    """
    _lower("RLIMIT_NPROC", 0)
    _lower("RLIMIT_NOFILE", 0)


def _lower(name: str, most: int) -> None:
    if sys.platform == "win32":
        return
    kind = getattr(resource, name, None)
    if kind is None:  # not every system has all of them
        return
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    try:
        resource.setrlimit(kind, (most, most))
    except (OSError, ValueError):  # a system that has the name and not the limit
        return


def tied_to(parent: int) -> None:
    """On Linux, end with this parent, at once where it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def alone_with(folder: Path) -> None:
    """On Linux, gain no privilege from now on, reach no file but those in ``folder``, which can be
    read, and no network. It holds this thread and those that it starts: call it before there are
    others.
    """
    if sys.platform == "linux":
        system = ctypes.CDLL(None, use_errno=True)
        if system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            _landlocked(system, folder)


def _landlocked(system: ctypes.CDLL, folder: Path) -> None:
    call = system.syscall
    call.restype = ctypes.c_long
    version = call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_ASKED)
    if version < 1:
        return
    rules = _Ruleset(files=(1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1)
    size = ctypes.sizeof(ctypes.c_uint64)
    if version >= _NETWORK_SINCE:
        rules.network, size = _NETWORK_RIGHTS, 2 * ctypes.sizeof(ctypes.c_uint64)
    if version >= _SCOPES_SINCE:
        rules.scopes, size = _SCOPES, ctypes.sizeof(_Ruleset)
    ruleset = call(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return
    where = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        beneath = _PathBeneath(allowed=_READ_FILE, folder=where)
        call(_ADD_RULE, ruleset, _BENEATH, ctypes.byref(beneath), 0)
        call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(where)
        os.close(ruleset)
