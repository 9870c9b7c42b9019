"""The page at the end of a sign-in: what happened, and where to go on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

# No script, no image, no frame, and nobody may frame it; nothing is fetched.
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_STYLE = """
:root{color-scheme:light dark}
body{font:17px/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto 0;padding:0 1.5rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}
h1::before{display:block;font-size:2.5rem;margin-bottom:.5rem;content:var(--sign)}
.done{--sign:"\\2713"}.failed{--sign:"\\2715"}
.done h1::before{color:#1a7f4b}.failed h1::before{color:#c2332d}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0 0 1.5rem}
dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}
code{font:.9em ui-monospace,monospace}
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser is shown. All of it is escaped."""

    done: bool
    title: str
    text: str
    facts: Iterable[tuple[str, str]] = ()

    @property
    def status(self) -> int:
        """Of HTTP."""
        return 200 if self.done else 400

    def html(self) -> bytes:
        """The document."""
        facts = "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in self.facts
        )
        return (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style></head>"
            f'<body class="{"done" if self.done else "failed"}"><h1>{escape(self.title)}</h1>'
            f"{f'<dl>{facts}</dl>' if facts else ''}<p>{escape(self.text)}</p></body></html>"
        ).encode()
