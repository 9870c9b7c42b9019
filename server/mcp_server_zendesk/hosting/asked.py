"""Asks the HTTP server that runs on this machine how it is."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException

HEALTHY = '{"healthy":true}'
"""What a server of ours answers at ``/healthz``."""

_SECONDS = 4
_MOST_BYTES = 500
_OK = 200
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked at, never bound


def ask(host: str, port: int, path: str, seconds: float = _SECONDS) -> tuple[str, bool]:
    """What the server says, and whether that is good.

    Args:
        host: Where it listens.
        port: Likewise.
        path: ``/healthz`` or ``/readyz``.
        seconds: For the answer.
    """
    bare = host.strip("[]")
    host = _EVERYWHERE.get(bare, bare)
    shown = f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"
    connection = HTTPConnection(host, port, timeout=seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read(_MOST_BYTES).decode("ascii", "replace").strip()
    except TimeoutError:
        return f"{shown} does not answer within {seconds:g} s", False
    except (OSError, HTTPException) as error:
        return f"{shown} does not answer: {getattr(error, 'strerror', None) or 'no HTTP'}", False
    finally:
        connection.close()
    told = f"{shown} answers {answer.status}"
    return f"{told} {said}" if said.isprintable() else told, answer.status == _OK
