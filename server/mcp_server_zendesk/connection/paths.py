"""The one place where a path to Zendesk is put together."""

from __future__ import annotations

from urllib.parse import SplitResult, quote, urlsplit

from mcp_server_zendesk.connection.errors import ForeignAddress

API = "/api/v2"
_DEFAULT_PORTS = {"https": 443, "http": 80}

Segment = str | int


def api_path(*segments: Segment) -> str:
    """Join segments below ``/api/v2``, each percent-encoded whole.

    No segment can leave its place: a slash, a dot segment, a query or a control character
    inside one stays inside it.

    Raises:
        ValueError: A segment is empty, ``.`` or ``..``, or there is none.
    """
    if not segments:
        raise ValueError("a path needs at least one segment")
    return API + "".join(f"/{_encode(segment)}" for segment in segments)


def _encode(segment: Segment) -> str:
    text = str(segment)
    if text in {"", ".", ".."}:
        raise ValueError("a path segment may not be empty, '.' or '..'")
    return quote(text, safe="", errors="surrogatepass")


def same_origin(url: str, origin: str) -> bool:
    """Whether an absolute URL has exactly this origin, and no user information."""
    try:
        ours, theirs = urlsplit(origin), urlsplit(url)
        port, our_port = _port(theirs), _port(ours)
    except ValueError:
        return False
    return (
        theirs.scheme == ours.scheme
        and theirs.hostname == ours.hostname
        and port == our_port
        and "@" not in theirs.netloc
        and "\\" not in url
    )


def _port(parts: SplitResult) -> int | None:
    return _DEFAULT_PORTS.get(parts.scheme) if parts.port is None else parts.port


def link_path(link: str, origin: str) -> str:
    """The path and query of a link that Zendesk gave, once it is known to be on our origin.

    Raises:
        ForeignAddress: The link leads to another host (a next page or a redirect that a
            host mapping or an attacker changed).
    """
    if link.startswith("/") and not link.startswith("//"):
        link = origin + link
    if not same_origin(link, origin):
        raise ForeignAddress
    parts = urlsplit(link)
    if ".." in parts.path.split("/"):
        raise ForeignAddress
    return parts.path + (f"?{parts.query}" if parts.query else "")
