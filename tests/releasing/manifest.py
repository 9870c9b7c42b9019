"""`bundle/manifest.json`: what a bundle (MCPB, manifest 0.4) tells the host that installs it."""

from __future__ import annotations

from typing import Any

from mcp_server_zendesk import __version__
from releasing.offered import Offered, offered
from releasing.project import PROJECT, REPOSITORY, ROOT
from releasing.server_json import TITLE
from zendesk_tools import CATALOGUE

FILE = ROOT / "bundle" / "manifest.json"
ENTRY_POINT = "server/mcp_server_zendesk/__main__.py"
EXTRAS = ("images", "pdf", "redaction")
"""Those of a server on a person's machine; the others are for HTTP."""
NOT_ASKED = frozenset({"workspace", "redirect_ports", "tools", "exclude_tools", "log_level"})
"""Left to `config.toml`: a form with every setting is read by nobody."""

_PRIVACY = "https://www.zendesk.com/company/agreements-and-terms/privacy-notice/"
_TITLES = {
    "auth": "Kind of sign-in",
    "client_id": "OAuth client identifier",
    "client_secret": "OAuth client secret",
    "oauth_token": "OAuth token",
    "api_token": "API token",
    "email": "E-mail of the API token's user",
    "confirm": "Who asks before a contact",
    "redact": "Kinds to redact",
}
_ASIDE = (
    "It acts as one Zendesk user, within the scopes that you give: `read` unless you allow more. "
    "Before anyone is contacted, or something is done that cannot be undone, a human is asked "
    "through the app, and where the app cannot ask it is refused. Fields left empty mean what the "
    "workspace's table in config.toml says, then the default."
)

Json = dict[str, Any]


def document(repository: str = REPOSITORY) -> Json:
    """The whole of it."""
    asked = [setting for setting in offered() if setting.name not in NOT_ASKED]
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    urls = PROJECT["urls"]
    return {
        "manifest_version": "0.4",
        "name": PROJECT["name"],
        "display_name": TITLE,
        "version": __version__,
        "description": PROJECT["description"],
        "long_description": f"{PROJECT['description']}\n\n{_ASIDE}",
        "author": {"name": PROJECT["authors"][0]["name"]},
        "repository": {"type": "git", "url": repository},
        "homepage": urls["Homepage"],
        "documentation": urls["Documentation"],
        "support": urls["Issues"],
        "license": PROJECT["license"],
        "keywords": PROJECT["keywords"],
        "privacy_policies": [_PRIVACY],
        "server": {
            "type": "uv",
            "entry_point": ENTRY_POINT,
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", *extras, PROJECT["name"]],
                "env": {one.variable: f"${{user_config.{one.name}}}" for one in asked},
            },
        },
        "compatibility": {
            "platforms": ["darwin", "linux", "win32"],
            "runtimes": {"python": PROJECT["requires-python"]},
        },
        "user_config": {setting.name: _field(setting) for setting in asked},
        "tools": [
            {"name": spec.name, "description": spec.description.partition("\n")[0]}
            for spec in CATALOGUE
        ],
        "prompts_generated": True,
    }


def _field(setting: Offered) -> Json:
    """One field of the form: always a text, whose default, nothing, counts as not set.

    A host leaves the placeholder of a field without a default as it stands.
    """
    title = _TITLES.get(setting.name, setting.name.replace("_", " ").capitalize())
    return {
        "type": "string",
        "title": title,
        "description": setting.meaning,
        "required": setting.required,
        **({"sensitive": True} if setting.secret else {}),
        **({} if setting.required else {"default": ""}),
    }
