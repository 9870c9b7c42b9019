"""The MCP registry's rules for `server.json`, written from its schema of 2025-12-11.

And those that its validator adds: a version is one version, a repository is on a forge that it
knows, and a package's own description names the server, as a whole word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

_SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9]/[a-zA-Z0-9][a-zA-Z0-9._-]*[a-zA-Z0-9]")
_IN_A_NAME = "[a-zA-Z0-9._/-]"
_RANGE = re.compile(r"[\^~<>=*|]|\d[.]x|\s-\s|latest")
_FORGES = {
    "github": re.compile(r"https?://(www\.)?github\.com/[\w.-]+/[\w.-]+/?"),
    "gitlab": re.compile(r"https?://(www\.)?gitlab\.com/[\w.-]+(/[\w.-]+)+/?"),
}
_BASES = {"pypi": "https://pypi.org"}
_FORMATS = {"string", "number", "boolean", "filepath"}
_SERVER = {"$schema", "name", "title", "description", "version", "websiteUrl", "repository"}
_PACKAGE = {"registryType", "registryBaseUrl", "identifier", "version", "runtimeHint", "transport"}
_INPUT = {"name", "description", "isRequired", "isSecret", "format", "choices", "default", "value"}

Json = dict[str, Any]


def problems(server: Json) -> list[str]:
    """What the registry would refuse, in the order of the document."""
    return [*_server(server), *_repository(server), *_packages(server)]


def declares(description: str, name: str) -> bool:
    """Whether a package's description proves that the server of this name is the package's."""
    return bool(re.search(rf"mcp-name: {re.escape(name)}(?!{_IN_A_NAME})", description))


def _server(server: Json) -> Iterator[str]:
    if unknown := sorted(set(server) - _SERVER - {"packages"}):
        yield f"unknown: {unknown}"
    if server.get("$schema") != _SCHEMA:
        yield "$schema is not that of 2025-12-11"
    name = server.get("name", "")
    if not _NAME.fullmatch(name) or len(name) > 200:
        yield "name is not NAMESPACE/NAME"
    elif "." not in name.partition("/")[0]:
        yield "name's namespace is no domain read backwards"
    for key, most in (("title", 100), ("description", 100)):
        if not 0 < len(server.get(key, "").strip()) <= most:
            yield f"{key} is empty or longer than {most} characters"
    if not _one_version(server.get("version")):
        yield "version is not one version"
    site = urlsplit(server.get("websiteUrl", ""))
    if (site.scheme, bool(site.netloc)) != ("https", True):
        yield "websiteUrl is no https address"


def _repository(server: Json) -> Iterator[str]:
    if (repository := server.get("repository")) is not None:
        forge = _FORGES.get(repository.get("source", ""))
        if forge is None or not forge.fullmatch(repository.get("url", "")):
            yield "repository is on no forge that the registry knows"


def _packages(server: Json) -> Iterator[str]:
    packages = server.get("packages", [])
    if not packages:
        yield "packages is empty"
    for package in packages:
        if unknown := sorted(set(package) - _PACKAGE - {"environmentVariables"}):
            yield f"packages: unknown: {unknown}"
        kind = package.get("registryType")
        if package.get("registryBaseUrl") != _BASES.get(kind, ""):
            yield "packages: registryBaseUrl is not the registry's"
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", package.get("identifier", "")):
            yield "packages: identifier is no name of a package"
        if not _one_version(package.get("version")):
            yield "packages: version is not one version"
        if package.get("transport") != {"type": "stdio"}:
            yield "packages: transport is not stdio alone"
        for one in package.get("environmentVariables", []):
            yield from _variable(one)


def _variable(one: Json) -> Iterator[str]:
    name = one.get("name", "")
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        yield "environmentVariables: one has no name"
    if unknown := sorted(set(one) - _INPUT):
        yield f"{name}: unknown: {unknown}"
    if not isinstance(one.get("description", ""), str):
        yield f"{name}: description is no text"
    if one.get("format", "string") not in _FORMATS:
        yield f"{name}: format is none of {sorted(_FORMATS)}"
    if not all(isinstance(one.get(key, False), bool) for key in ("isRequired", "isSecret")):
        yield f"{name}: isRequired and isSecret are true or false"
    choices = one.get("choices", [""])
    if not choices or not all(isinstance(choice, str) for choice in choices):
        yield f"{name}: choices are no texts"
    if not all(isinstance(one.get(key, ""), str) for key in ("default", "value")):
        yield f"{name}: default and value are texts"
    if one.get("isSecret") and {"default", "value"} & set(one):
        yield f"{name}: a secret stands in the file"


def _one_version(version: object) -> bool:
    if not isinstance(version, str) or not 0 < len(version) <= 255:
        return False
    return not _RANGE.search(version)
