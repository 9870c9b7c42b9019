"""The page `docs/clients.md` and the install buttons of README, generated from the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mcp_server_zendesk.clients.catalogue import CLIENTS, SERVER_NAME, Client
from mcp_server_zendesk.clients.launch import PACKAGE, Launch
from mcp_server_zendesk.clients.snippet import snippet

_SYSTEMS = (("Linux", "linux"), ("macOS", "darwin"), ("Windows", "win32"))
_EXAMPLE = Launch("uvx", (PACKAGE,), {"ZENDESK_SUBDOMAIN": "acme"})
_LINKED = Launch("uvx", (PACKAGE,), {})
_BADGE = "https://img.shields.io/badge"
_INTRODUCTION = f"""\
<!-- Generated from mcp_server_zendesk.clients: change it there, then run `make snapshots`. -->
# Clients

No snippet here holds a secret: sign in once with `{PACKAGE} auth login`, and the system's
keyring keeps what the server needs. `{PACKAGE} config CLIENT` prints the snippet for your
installation, and with `--write` merges it into the client's own file, keeping a backup and
everything else as it is.
"""


def page() -> str:
    """The page, in Markdown."""
    return "\n".join((_INTRODUCTION, *(_section(client) for client in CLIENTS.values())))


def buttons() -> str:
    """The install buttons, one a line, in Markdown."""
    return "\n".join(_buttons())


def _buttons() -> Iterator[str]:
    for client in CLIENTS.values():
        if address := install_link(client):
            picture = f"{_BADGE}/{client.title.replace(' ', '_')}-install-24292f"
            yield f"[![Install in {client.title}]({picture})]({address})"


def install_link(client: Client) -> str | None:
    """The link that makes a client offer to install the server; None where it knows none."""
    if client.link is None:
        return None
    return client.link(client.entry(_LINKED, SERVER_NAME), SERVER_NAME)


def _section(client: Client) -> str:
    places = "\n".join(_places(client))
    address = install_link(client)
    linked = f"\nOr, after `setup`: [install in {client.title}]({address}).\n" if address else ""
    return f"""\
## {client.title}

`{PACKAGE} config {client.name}`

{places}
{linked}
```{client.format}
{snippet(client, _EXAMPLE)}```

{client.note}
"""


def _places(client: Client) -> Iterator[str]:
    """The file on each system."""
    files = {title: _place(client, system) for title, system in _SYSTEMS}
    if files["Linux"] == files["macOS"]:
        files = {"Linux and macOS": files["Linux"], "Windows": files["Windows"]}
    yield from (f"- {title}: `{file}`" for title, file in files.items())


def _place(client: Client, system: str) -> str:
    file = client.path(system, Path("~"), {"APPDATA": "%APPDATA%"}).as_posix()
    return file.replace("~", "%USERPROFILE%").replace("/", "\\") if system == "win32" else file
