"""The pages that a browser sees: consent, and a refusal that may not be sent back."""

from collections.abc import Iterable, Mapping
from html import escape

_STYLE = (
    "body{font:16px system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}"
    "button{font:inherit;padding:.5rem 1.5rem;margin-right:1rem}"
    "code{background:#eee;padding:.1rem .3rem}"
)


def consent_page(
    client: str, account: str, user: str, scopes: Iterable[str], hidden: Mapping[str, str]
) -> str:
    """Asks whether the client may act for the user; two buttons answer."""
    items = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in scopes)
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    return _page(
        f"Authorize {client}",
        f"<h1>{escape(client)} would like to access {escape(account)}</h1>"
        f"<p>Signed in as <strong>{escape(user)}</strong>. It asks for:</p>"
        f"<ul>{items or '<li>everything that you may do</li>'}</ul>"
        f'<form method="post" action="/oauth/authorizations">{fields}'
        '<button id="allow" name="decision" value="allow">Allow</button>'
        '<button id="deny" name="decision" value="deny">Deny</button></form>',
    )


def refusal_page(problem: str) -> str:
    """Tells the user what is wrong, where the client's address cannot be trusted."""
    return _page(
        "Invalid authorization request",
        f"<h1>Invalid authorization request</h1><p>{escape(problem)}</p>",
    )


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )
