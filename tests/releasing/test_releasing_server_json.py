"""server.json, held against the registry's rules, the settings and the README."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from typing import Any

import pytest

from mcp_server_zendesk.settings import SECRETS, all_variables, environment_name
from releasing.project import registry_name, to_be_settled
from releasing.registry_rules import problems
from releasing.server_json import FILE, document, text

ON_GITHUB = "https://github.com/acme/zendesk-for-assistants"
Json = dict[str, Any]


def package(server: Json) -> Json:
    (only,) = server["packages"]
    assert isinstance(only, dict)
    return only


def test_the_file_is_what_the_code_says() -> None:
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        FILE.write_text(text(document()), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text(document()), "run `make snapshots`, review it"


@pytest.mark.parametrize("repository", [None, ON_GITHUB, "https://gitlab.com/acme/tools/zendesk"])
def test_the_registry_takes_it(repository: str | None) -> None:
    assert problems(document(repository) if repository else document()) == []


DAMAGE: dict[str, Callable[[Json], object]] = {
    "unknown": lambda server: server.update(scopes=["read"]),
    "$schema": lambda server: server.update({"$schema": "https://example.com/draft.json"}),
    "name is not": lambda server: server.update(name="mcp-server-zendesk"),
    "name's namespace": lambda server: server.update(name="acme/zendesk"),
    "title": lambda server: server.update(title=" "),
    "description": lambda server: server.update(description="x" * 101),
    "version is not": lambda server: server.update(version=">=0.1"),
    "websiteUrl": lambda server: server.update(websiteUrl="http://acme.example"),
    "repository": lambda server: server.update(
        repository={"url": "https://git.acme.example/zendesk", "source": "github"}
    ),
    "packages is empty": lambda server: server.update(packages=[]),
    "packages: unknown": lambda server: package(server).update(registry_type="pypi"),
    "packages: registryBaseUrl": lambda server: package(server).update(
        registryBaseUrl="https://pypi.acme.example"
    ),
    "packages: identifier": lambda server: package(server).update(identifier="MCP Server"),
    "packages: version": lambda server: package(server).update(version="latest"),
    "packages: transport": lambda server: package(server)["transport"].update(url="https://a.b"),
    "environmentVariables": lambda server: package(server)["environmentVariables"].append({}),
    "A: unknown": lambda server: package(server)["environmentVariables"].append(
        {"name": "A", "is_secret": True}
    ),
    "A: format": lambda server: package(server)["environmentVariables"].append(
        {"name": "A", "format": "secret"}
    ),
    "A: isRequired": lambda server: package(server)["environmentVariables"].append(
        {"name": "A", "isRequired": "yes"}
    ),
    "A: choices": lambda server: package(server)["environmentVariables"].append(
        {"name": "A", "choices": [True]}
    ),
    "A: default": lambda server: package(server)["environmentVariables"].append(
        {"name": "A", "default": False}
    ),
    "A: a secret": lambda server: package(server)["environmentVariables"].append(
        {"name": "A", "isSecret": True, "value": "hunter2"}
    ),
    "A: description": lambda server: package(server)["environmentVariables"].append(
        {"name": "A", "description": None}
    ),
}


@pytest.mark.parametrize("said", DAMAGE)
def test_what_the_registry_refuses_is_found(said: str) -> None:
    server = copy.deepcopy(document())
    DAMAGE[said](server)
    (found,) = problems(server)
    assert found.startswith(said)


def test_every_setting_is_asked_for_and_secrets_are_kept_out_of_sight() -> None:
    asked = {one["name"]: one for one in package(document())["environmentVariables"]}
    assert list(asked) == all_variables()
    hidden = {name for name, one in asked.items() if one.get("isSecret")}
    assert hidden == {environment_name(secret) for secret in SECRETS}
    needed = {name for name, one in asked.items() if one.get("isRequired")}
    assert needed == {"ZENDESK_SUBDOMAIN"}
    assert asked["ZENDESK_CONFIRM"]["choices"] == ["require", "client"]
    assert asked["ZENDESK_READ_ONLY"]["format"] == "boolean"
    assert asked["ZENDESK_WRITES_PER_MINUTE"]["format"] == "number"
    assert asked["ZENDESK_AUDIT_LOG"]["format"] == "filepath"
    assert not any("default" in one for one in asked.values()), "it would beat config.toml"


def test_the_namespace_is_the_one_that_the_repository_proves() -> None:
    assert registry_name(ON_GITHUB) == "io.github.acme/mcp-server-zendesk"
    assert registry_name("https://gitlab.com/acme/z") == "io.gitlab.acme/mcp-server-zendesk"
    assert registry_name("https://code.acme.com/z") == "com.acme.code/mcp-server-zendesk"
    assert document(ON_GITHUB)["repository"] == {"url": ON_GITHUB, "source": "github"}
    assert not to_be_settled(ON_GITHUB)
    assert to_be_settled("https://acme.example/z")
