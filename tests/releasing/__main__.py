"""`make packages`: builds all that is published into `dist/`, and uses each as its host does."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import anyio
from mcp import Client, MCPError, StdioServerParameters

from mcp_server_zendesk import __version__
from releasing import built, manifest, server_json
from releasing.bundle import command, mcpb, node_version, stage
from releasing.project import PROJECT, REPOSITORY, ROOT, TOOLS, registry_name, to_be_settled
from releasing.registry_rules import problems

DIST = ROOT / "dist"
_PASSED_ON = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "UV_CACHE_DIR", "UV_INDEX_URL")
_PATIENCE = 300


def packages() -> Iterator[str]:
    """Each step, once it is done."""
    sdist, wheel = built.build(DIST)
    built.twine_check(sdist, wheel)
    yield f"{sdist.name} and {wheel.name}: twine finds nothing to say, even strictly"
    _none(built.problems_of_wheel(wheel))
    yield f"the wheel's metadata is whole and proves {registry_name()}"
    _none(built.problems_of_sdist(sdist))
    yield "the sdist holds what git tracks, and nothing else"
    _none(problems(json.loads(server_json.FILE.read_text("utf-8"))))
    yield f"server.json: the registry's rules are kept; version {__version__}"
    bundle = DIST / f"{PROJECT['name']}-{__version__}.mcpb"
    with tempfile.TemporaryDirectory() as folder:
        yield from _bundled(bundle, Path(folder))


def _bundled(bundle: Path, folder: Path) -> Iterator[str]:
    staged, unpacked = stage(folder / "staged"), folder / "unpacked"
    mcpb("validate", str(staged))
    mcpb("pack", str(staged), str(bundle))
    mcpb("unpack", str(bundle), str(unpacked))
    _none(_differences(staged, unpacked))
    digest = hashlib.sha256(bundle.read_bytes()).hexdigest()
    size = bundle.stat().st_size / 1024
    yield (
        f"{bundle.name}: the official tool validates, packs and unpacks it on Node "
        f"{node_version()}; {size:.0f} KiB, sha256 {digest}"
    )
    try:
        tools, answer = anyio.run(_started, unpacked)
    except (ExceptionGroup, MCPError, TimeoutError) as error:
        raise RuntimeError("the bundle does not start as its host starts it") from error
    told = {tool["name"] for tool in json.loads(manifest.FILE.read_text("utf-8"))["tools"]}
    _none([f"the manifest does not tell of {name}" for name in sorted(set(tools) - told)])
    yield f"the bundle starts by uv, lists {len(tools)} tools and answers a call: {answer}"


async def _started(folder: Path) -> tuple[list[str], str]:
    """What a bundle, installed and started as its host does, lists and answers."""
    form = {"subdomain": "acme", "scopes": "read"}
    host = command(json.loads((folder / "manifest.json").read_text("utf-8")), folder, form)
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # Nobody's settings and nobody's keyring: only what the form says.
    (folder.parent / "home").mkdir()
    environment["XDG_CONFIG_HOME"] = str(folder.parent / "home")
    environment["PATH"] = os.pathsep.join([str(TOOLS), os.environ["PATH"]])
    environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    server = StdioServerParameters(
        command=shutil.which(host.program, path=environment["PATH"]) or host.program,
        args=host.arguments,
        env={**environment, **host.environment},
    )
    with anyio.fail_after(_PATIENCE):
        async with Client(server, read_timeout_seconds=_PATIENCE) as client:
            listed = await client.list_tools()
            answer = await client.call_tool("get_ticket", {"ticket_id": 1})
    told = json.loads(getattr(answer.content[0], "text", "{}"))
    return [tool.name for tool in listed.tools], str(told["error"]["kind"])


def _differences(one: Path, other: Path) -> list[str]:
    held = [
        {
            str(file.relative_to(root)): file.read_bytes()
            for file in root.rglob("*")
            if file.is_file()
        }
        for root in (one, other)
    ]
    names = sorted(set(held[0]) | set(held[1]))
    return [f"differs: {name}" for name in names if held[0].get(name) != held[1].get(name)]


def _none(found: list[str]) -> None:
    if found:
        raise RuntimeError("\n".join(found))


def main() -> int:
    """Runs all, and tells by its exit code whether all is as it should be."""
    DIST.mkdir(exist_ok=True)
    try:
        for done in packages():
            sys.stdout.write(f"ok    {done}\n")
            sys.stdout.flush()
    except (RuntimeError, OSError) as error:
        sys.stdout.write(f"fail  {error}\n")
        return 1
    if to_be_settled():
        sys.stdout.write(
            f"Not to be published yet: {REPOSITORY} is a reserved name that nobody owns. Set the "
            "address in pyproject.toml, then `make snapshots`.\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
