"""Wheel and sdist, and what is wrong with them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

from mcp_server_zendesk import __version__
from releasing.project import PROJECT, ROOT, TOOLS, registry_name
from releasing.registry_rules import declares
from zendesk_tools import CATALOGUE

_STEM = f"{PROJECT['name'].replace('-', '_')}-{__version__}"
_BESIDE_THE_TRACKED = {"PKG-INFO"}
_KEPT_TO_THE_REPOSITORY = {".gitignore"}


def build(folder: Path) -> tuple[Path, Path]:
    """Builds an sdist, and a wheel from it; returns both."""
    _run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)])
    return folder / f"{_STEM}.tar.gz", folder / f"{_STEM}-py3-none-any.whl"


def twine_check(*files: Path) -> None:
    """What PyPI would refuse or could not show; warnings count."""
    _run([str(TOOLS / "twine"), "check", "--strict", *map(str, files)])


def problems_of_wheel(wheel: Path) -> list[str]:
    """What its metadata lacks, and what is in it or not in it by mistake."""
    with zipfile.ZipFile(wheel) as held:
        names = set(held.namelist())
        told = Parser().parsestr(held.read(f"{_STEM}.dist-info/METADATA").decode())
    tops = {name.partition("/")[0] for name in names}
    expected = {"mcp_server_zendesk", "zendesk_tools", f"{_STEM}.dist-info"}
    found = [f"not expected: {name}" for name in sorted(tops ^ expected)]
    listings = {f"zendesk_tools/listings/{spec.name}.json" for spec in CATALOGUE}
    typed = {"mcp_server_zendesk/py.typed", "zendesk_tools/py.typed"}
    found += [f"not in it: {name}" for name in sorted((listings | typed) - names)]
    return [*found, *_problems_of_metadata(told)]


def _problems_of_metadata(told: Message) -> Iterator[str]:
    expected = {
        "Name": PROJECT["name"],
        "Version": __version__,
        "Summary": PROJECT["description"],
        "License-Expression": PROJECT["license"],
        "License-File": "LICENSE",
        "Requires-Python": PROJECT["requires-python"],
        "Description-Content-Type": "text/markdown",
    }
    for name, value in expected.items():
        if told[name] != value:
            yield f"{name}: {told[name]}"
    if set(told.get_all("Project-URL", [])) != {f"{k}, {v}" for k, v in PROJECT["urls"].items()}:
        yield "Project-URL"
    if set(told.get_all("Provides-Extra", [])) != set(PROJECT["optional-dependencies"]):
        yield "Provides-Extra"
    if not (told["Author"] and told["Keywords"] and told.get_all("Classifier")):
        yield "Author, Keywords or Classifier"
    text = told.get_payload()
    if not isinstance(text, str) or not declares(text, registry_name()):
        yield "its description does not name the server"
    elif lost := re.findall(r"\]\((?!https?://|#)[^)]*\)", text):
        yield f"its description leads nowhere on PyPI: {lost}"


def problems_of_sdist(sdist: Path) -> list[str]:
    """Where it differs from what git tracks."""
    with tarfile.open(sdist) as held:
        names = {name.partition("/")[2] for name in held.getnames()}
    listed = _run([shutil.which("git") or "git", "-C", str(ROOT), "ls-files", "-z"])
    tracked = set(listed.split("\0")) - {""}
    missing = tracked - names - _KEPT_TO_THE_REPOSITORY
    more = names - tracked - _BESIDE_THE_TRACKED - _KEPT_TO_THE_REPOSITORY
    return [
        *(f"not in it: {name}" for name in sorted(missing)),
        *(f"in it and not tracked by git: {name}" for name in sorted(more)),
    ]


def _run(command: list[str]) -> str:
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(ended.stdout + ended.stderr)
    return ended.stdout
