"""What `make packages` finds wrong with a wheel and a bundle; it builds the real ones itself."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from mcp_server_zendesk import __version__
from releasing import manifest
from releasing.built import problems_of_wheel
from releasing.bundle import MCPB, NODE, mcpb, node_version
from releasing.project import PROJECT, ROOT, registry_name
from zendesk_tools import CATALOGUE

INFO = f"mcp_server_zendesk-{__version__}.dist-info/METADATA"
METADATA = "\n".join(
    [
        "Metadata-Version: 2.4",
        f"Name: {PROJECT['name']}",
        f"Version: {__version__}",
        f"Summary: {PROJECT['description']}",
        *(f"Project-URL: {name}, {address}" for name, address in PROJECT["urls"].items()),
        f"Author: {PROJECT['authors'][0]['name']}",
        f"License-Expression: {PROJECT['license']}",
        "License-File: LICENSE",
        f"Keywords: {','.join(PROJECT['keywords'])}",
        *(f"Classifier: {one}" for one in PROJECT["classifiers"]),
        "Requires-Python: >=3.11",
        *(f"Provides-Extra: {extra}" for extra in PROJECT["optional-dependencies"]),
        "Description-Content-Type: text/markdown",
        "",
        f"<!-- mcp-name: {registry_name()} --> [safety](https://mcp-server-zendesk.example/s)",
    ]
)


def wheel_of(folder: Path, metadata: str, leave_out: str = "", *more: str) -> Path:
    """A wheel of empty files."""
    names = [f"zendesk_tools/listings/{spec.name}.json" for spec in CATALOGUE]
    names += ["mcp_server_zendesk/py.typed", "zendesk_tools/py.typed", *more]
    wheel = folder / "one.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        for name in names:
            if name != leave_out:
                made.writestr(name, "")
        made.writestr(INFO, metadata)
    return wheel


def test_a_whole_wheel_is_fine(tmp_path: Path) -> None:
    assert problems_of_wheel(wheel_of(tmp_path, METADATA)) == []


@pytest.mark.parametrize(
    ("pattern", "instead", "said"),
    [
        (r"^Version: .*", "Version: 9.9", "Version"),
        (r"^Summary: .*", "Summary: ?", "Summary"),
        (r"^License-Expression: .*\n", "", "License-Expression"),
        (r"^Requires-Python: .*\n", "", "Requires-Python"),
        (r"^Project-URL: Issues.*\n", "", "Project-URL"),
        (r"^Provides-Extra: redis\n", "", "Provides-Extra"),
        (r"^Author: .*\n", "", "Author"),
        (r"mcp-name: .* -->", r"mcp-name: io.github.somebody/else -->", "does not name the server"),
        (r"\(https:[^)]*\)", "(SECURITY.md)", "leads nowhere on PyPI"),
    ],
)
def test_metadata_that_lacks_something_is_found(
    tmp_path: Path, pattern: str, instead: str, said: str
) -> None:
    damaged, count = re.subn(pattern, instead, METADATA, flags=re.MULTILINE)
    assert count >= 1
    (found,) = problems_of_wheel(wheel_of(tmp_path, damaged))
    assert said in found


def test_files_that_are_missing_or_too_many_are_found(tmp_path: Path) -> None:
    lost = "zendesk_tools/listings/get_ticket.json"
    assert problems_of_wheel(wheel_of(tmp_path, METADATA, lost)) == [f"not in it: {lost}"]
    found = problems_of_wheel(wheel_of(tmp_path, METADATA, "", "tests/conftest.py"))
    assert found == ["not expected: tests"]


@pytest.fixture
def official_tool() -> None:
    if not (NODE.exists() and MCPB.exists()):
        pytest.skip("the bundle's tool is not installed: run `make node` (needs npm)")
    assert node_version().startswith("v22.")


@pytest.mark.node
@pytest.mark.usefixtures("official_tool")
def test_the_official_tool_takes_the_manifest_and_can_refuse_one(tmp_path: Path) -> None:
    assert "passes" in mcpb("validate", str(manifest.FILE))
    damaged = json.loads(manifest.FILE.read_text("utf-8"))
    del damaged["author"]
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(damaged), encoding="utf-8")
    with pytest.raises(RuntimeError, match="author"):
        mcpb("validate", str(file))


def test_the_tools_lock_is_exact_and_names_no_registry() -> None:
    folder = ROOT / "tests" / "releasing"
    wanted = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    assert lock[""]["dependencies"] == wanted
    for path, package in lock.items():
        if path:
            assert package["integrity"].startswith("sha512-"), path
            assert "resolved" not in package, path
