"""One version, one name and one address, wherever they stand."""

from __future__ import annotations

import json
import os
import re
import tomllib
from typing import Any

import pytest
from mcp import Client

from mcp_server_zendesk import __version__
from mcp_server_zendesk.embedded import embedded_settings, embedded_transport
from mcp_server_zendesk.workspace import build_server
from releasing import manifest, server_json
from releasing.project import PROJECT, REPOSITORY, ROOT, registry_name
from releasing.registry_rules import declares

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
README_HOOK = PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def labels() -> dict[str, str]:
    """The image's."""
    return dict(
        re.findall(r'^(?:LABEL| {6})\s*([\w.]+)="([^"]*)"', text_of("Dockerfile"), re.MULTILINE)
    )


async def served() -> str:
    """What the server says when a client connects."""
    server = build_server(embedded_settings({}), transport=embedded_transport())
    async with server.running(), Client(server) as client:
        assert client.server_info is not None
        return client.server_info.version


@pytest.mark.anyio
async def test_all_versions_agree() -> None:
    registry: dict[str, Any] = json.loads(text_of("server.json"))
    found = {
        "pyproject.toml": PYPROJECT["tool"]["hatch"]["version"]["path"],
        "server.json": registry["version"],
        "server.json, package": registry["packages"][0]["version"],
        "bundle": json.loads(manifest.FILE.read_text("utf-8"))["version"],
        "image": labels()["org.opencontainers.image.version"],
        "changelog": re.findall(r"^## (\d+\.\d+\.\d+)", text_of("CHANGELOG.md"), re.MULTILINE)[0],
        "serverInfo": await served(),
    }
    assert found.pop("pyproject.toml") == "server/mcp_server_zendesk/__init__.py"
    assert set(found.values()) == {__version__}, found


def fresh(name: str) -> str:
    """A file with this version, name and address in it, where it has some."""
    image = "org.opencontainers.image"
    replaced = {
        "README.md": {r"(<!-- mcp-name: )\S+": registry_name()},
        "Dockerfile": {
            r'(server\.name=")[^"]*': registry_name(),
            rf'({image}\.version=")[^"]*': __version__,
            rf'({image}\.licenses=")[^"]*': PROJECT["license"],
            rf'({image}\.source=")[^"]*': REPOSITORY,
        },
    }
    text = text_of(name)
    for pattern, value in replaced[name].items():
        text, found = re.subn(pattern, rf"\g<1>{value}", text)
        assert found == 1, f"{name}: {pattern}"
    return text


@pytest.mark.parametrize("name", ["README.md", "Dockerfile"])
def test_the_file_follows_the_project(name: str) -> None:
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        (ROOT / name).write_text(fresh(name), encoding="utf-8")
    assert text_of(name) == fresh(name), "run `make snapshots`, review the change"


def test_the_readme_proves_whose_the_package_is() -> None:
    assert declares(text_of("README.md"), registry_name())
    assert not declares(text_of("README.md"), registry_name()[:-1]), "a name is a whole word"


def test_a_name_is_the_same_wherever_it_stands() -> None:
    assert labels()["io.modelcontextprotocol.server.name"] == registry_name()
    assert json.loads(text_of("server.json"))["name"] == registry_name()
    assert re.findall(r"<!-- mcp-name: (\S+) -->", text_of("README.md")) == [registry_name()]
    assert json.loads(manifest.FILE.read_text("utf-8"))["name"] == PROJECT["name"]


def test_an_address_is_the_same_wherever_it_stands() -> None:
    for name in ("Documentation", "Changelog", "Issues"):
        assert PROJECT["urls"][name].startswith(f"{REPOSITORY}/")
    (one,) = README_HOOK["substitutions"]
    assert one["replacement"] == rf"]({REPOSITORY}/blob/main/\1)"
    assert labels()["org.opencontainers.image.source"] == REPOSITORY
    assert labels()["org.opencontainers.image.licenses"] == PROJECT["license"]
    assert server_json.document()["websiteUrl"] == PROJECT["urls"]["Homepage"]


def test_on_pypi_the_readme_leads_nowhere_without_an_address() -> None:
    (one,) = README_HOOK["substitutions"]
    shown = re.sub(
        one["pattern"], one["replacement"].replace("\\1", r"\g<1>"), text_of("README.md")
    )
    targets = re.findall(r"\]\(([^)]+)\)", shown)
    assert len(targets) > 5
    for target in targets:
        assert target.startswith(("https://", "#")), target
        if target.startswith(f"{REPOSITORY}/blob/main/"):
            assert (ROOT / target.removeprefix(f"{REPOSITORY}/blob/main/").split("#")[0]).exists()
