"""What is left of a link or an image once it can carry nothing out: its host."""

from __future__ import annotations

import re
import unicodedata

NO_HOST = "link"
_LONGEST_HOST = 253
_JUNK = re.compile("[\t\r\n]")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,20}):")
_HIERARCHIC = {"http", "https", "ftp", "ws", "wss"}
_NAMED = {
    "cid": "this message",
    "mid": "this message",
    "data": "embedded data",
    "blob": "embedded data",
    "javascript": "a script",
    "vbscript": "a script",
    "file": "a local file",
}
_AUTHORITY_END = re.compile(r"[/?#\s]")
_PERCENT = re.compile(r"%([0-9a-fA-F]{2})")
_PORT = re.compile(r":\d{0,8}$")
_HOST = re.compile(r"[a-z0-9_.:-]{1,253}")
_DOTS = re.compile("[\u3002\uff0e\uff61]")

_IMAGE = re.compile(r"!\[([^\[\]\n]{0,200}+)\]\(\s{0,4}+<?([^)\s>]{0,2000}+)[^)\n]{0,200}+\)")
_LINK = re.compile(r"\[([^\[\]\n]{1,300}+)\]\(\s{0,4}+<?([^)\s>]{1,2000}+)[^)\n]{0,200}+\)")
# A definition's label may begin lines before, and its address stand in the next line of a quote;
# what follows tells it from ``x = d[k]: ok``.
_REFERENCE = re.compile(r"\]:(?=[\s<>]*+[^\s\]]{0,40}(?:[:&\\%]|//))")
# Elements that fetch something, and any other with an attribute.
_ELEMENT = re.compile(
    r"<(?=(?P<fetches>(?:img|image|picture|source|video|audio|track|iframe|frame|object|embed|link"
    r"|style|svg|script|input|base|meta|form|body|portal)\b)|(?P<named>[a-z][\w.:-]{0,60}+[\s/])"
    r"|[a-z])",
    re.IGNORECASE,
)
_VALUE_OR_END = re.compile("[=>]")
_LOADS_OR_RUNS = re.compile(r"[\s/\"'](?:style|background|on[a-z]{3,30})\s*+=", re.IGNORECASE)
_BROKEN = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
_AUTHORITY = re.compile(
    r"(?i)\b((?:https?|ftp|wss?):[/\\]{1,8})([^\s/?#\\<>\"'()\[\]{}|`\u2039\u2026]{1,600}+)"
    r"(?=[\s/?#\\<>\"'()\[\]{}|`\u2039\u2026]|$)"
)
_CLEAR = re.compile(r"[a-zA-Z0-9_.:-]*")
_NO_HOST_LETTER = re.compile(r"[\x00-,/;-@\[-^`{-\x7f]")
_GOES_ON = re.compile("[.\u3002\uff0e\uff61][a-zA-Z0-9]")
_FOREIGN_TAIL = re.compile(
    r"([a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*\.[a-zA-Z]{2,24})(?::\d+)?[^\x00-\x7f]"
)


def host_of(url: str) -> str:
    """The host of an absolute link as a browser would find it, in letters that cannot pass for
    others; a word for what has no host; ``link`` for anything else.
    """
    url = _JUNK.sub("", url.strip("".join(map(chr, range(0x21))))).replace("\\", "/")
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else ""
    if scheme in _NAMED:
        return _NAMED[scheme]
    rest = url[found.end() :] if found else url
    if scheme in _HIERARCHIC:
        rest = rest.lstrip("/")
    elif rest.startswith("//"):
        rest = rest[2:]
    else:
        return NO_HOST
    authority = _AUTHORITY_END.split(rest[:4_000], maxsplit=1)[0]
    return _host(authority.rpartition("@")[2])


def _host(authority: str) -> str:
    """Lower case, percent signs decoded, letters beyond ASCII as punycode."""
    name = _PORT.sub("", authority).strip("[]")
    if len(name) > _LONGEST_HOST:
        return NO_HOST
    name = _PERCENT.sub(lambda hexed: chr(int(hexed[1], 16)), name)
    name = unicodedata.normalize("NFKC", _DOTS.sub(".", name)).lower()
    name = ".".join(label if label.isascii() else _punycode(label) for label in name.split("."))
    return name if _HOST.fullmatch(name) else NO_HOST


def _punycode(label: str) -> str:
    try:
        return "xn--" + label.encode("punycode").decode()
    except UnicodeError:
        return "?"


def settled(text: str) -> str:
    """Images, links and elements that a client would load or hide behind words made harmless,
    and still recognisable. Written-out addresses stay, without a user's name before the host and
    with a host that is what it looks like.
    """
    if "](" in text:
        text = _LINK.sub(_named_link, _IMAGE.sub(_named_image, text)).replace("](", "] (")
    if "]:" in text:
        text = _REFERENCE.sub("] :", text)
    if "<" in text:
        text = _without_elements(text)
    return _AUTHORITY.sub(_plain_authority, text) if ":/" in text or ":\\" in text else text


def _without_elements(text: str) -> str:
    """The angle broken of each element that fetches or has an attribute, as a browser reads it:
    an attribute's name may hold an angle, and an element's any sign. A comparison in code stays.
    """
    value = _Next(_VALUE_OR_END, text)
    loads = _Next(_LOADS_OR_RUNS, text)

    def broken(found: re.Match[str]) -> str:
        harmful = (
            found["fetches"]
            or (found["named"] and value.after(found.end())[:1] == "=")
            or loads.after(found.end())
        )
        return _BROKEN if harmful else "<"

    return _ELEMENT.sub(broken, text)


class _Next:
    """Where an expression is found next, asked from ever later places: one pass over the text."""

    def __init__(self, expression: re.Pattern[str], text: str) -> None:
        self._expression = expression
        self._text = text
        self._at = -1
        self._found = ""

    def after(self, at: int) -> str:
        """What is found from here on; empty for nothing."""
        if self._at < at:
            found = self._expression.search(self._text, at)
            self._at, self._found = (found.start(), found[0]) if found else (len(self._text), "")
        return self._found


def image(alt: str, url: str) -> str:
    """An image as what it shows and where it would be fetched."""
    return f"[{' '.join(['image', *alt.split(), 'at', host_of(url)])}]"


def link(text: str, url: str) -> str:
    """A link's text and where it leads, unless the text is that address."""
    host = host_of(url)
    if host == NO_HOST or _written_host(text) == host:
        return text
    return f"{text} [link to {host}]"


def _written_host(text: str) -> str | None:
    """The host of a text that is one address, with or without its scheme."""
    text = text.strip().strip("*_`<>")
    if not text or " " in text or "\n" in text or "." not in text:
        return None
    return host_of(text if _SCHEME.match(text) and "://" in text else f"https://{text}")


def _named_image(found: re.Match[str]) -> str:
    return image(found[1], found[2])


def _named_link(found: re.Match[str]) -> str:
    """What leads to no host is no link out, and may be code: ``handlers[name](event)``."""
    host = host_of(found[2])
    return found[0] if host == NO_HOST else f"{found[1].strip()} [link to {host}]".strip()


def _plain_authority(found: re.Match[str]) -> str:
    authority = found[2].rpartition("@")[2] or "_"  # else what follows would be read as the host
    if _CLEAR.fullmatch(authority):
        return found[1] + authority
    ends = _FOREIGN_TAIL.match(authority)
    if ends and not _GOES_ON.search(authority, ends.end()):
        return found[1] + authority  # words of a script without spaces follow the address
    plain = unicodedata.normalize("NFKC", _DOTS.sub(".", authority)).rpartition("@")[2].lower()
    labels = _NO_HOST_LETTER.sub("_", plain).split(".")
    return found[1] + ".".join(one if one.isascii() else _punycode(one) for one in labels)
