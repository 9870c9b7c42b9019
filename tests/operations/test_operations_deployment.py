"""The files by which it is deployed, held against the product and against the real tools."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcp_server_zendesk.server_settings import SECRETS, ServerSettings, load_server, server_variable
from mcp_server_zendesk.settings import Settings, environment_name, load
from mcp_server_zendesk.workspace import inventory_of
from operations.command_line import parse
from operations.proxy import ROOT, free_port, upstreams

DEPLOY = ROOT / "deploy"
CONFIG = DEPLOY / "config.toml"
UNIT = DEPLOY / "mcp-server-zendesk.service"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
REPLICAS = [name for name in SERVICES if name.startswith("zendesk-")]
PATIENCE = 20


def image_steps() -> list[tuple[str, str]]:
    """The Dockerfile as instructions."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def values(word: str) -> list[str]:
    return [rest for instruction, rest in image_steps() if instruction == word]


def configured() -> ServerSettings:
    """The example's server, with the secrets that it needs."""
    return load_server({"state_keys": "k" * 64, "store_url": "redis://redis"}, config=CONFIG)


def test_the_image_runs_as_nobody_in_particular_and_asks_itself_how_it_is() -> None:
    assert values("USER") == ["10001:10001"]
    after_user = [word for word, _ in image_steps()[[w for w, _ in image_steps()].index("USER") :]]
    assert not {"RUN", "COPY", "ADD"} & set(after_user)
    (asks,) = values("HEALTHCHECK")
    (entry,), (default,) = values("ENTRYPOINT"), values("CMD")
    program, *health = json.loads(asks.partition("CMD ")[2])
    assert json.loads(entry) == [program] == ["mcp-server-zendesk"]
    parse(health)
    parse(json.loads(default))
    assert values("STOPSIGNAL") == ["SIGTERM"]
    assert str(configured().port) in values("EXPOSE")[0].split()
    assert str(configured().metrics_port) in values("EXPOSE")[0].split()


def test_the_image_is_built_from_what_its_context_lets_in() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    sources = [
        source for step in values("COPY") if "--from" not in step for source in step.split()[:-1]
    ]
    assert set(sources) == let_in
    assert all((ROOT / source).exists() for source in sources)


def test_the_image_installs_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (installs,) = [step for step in values("RUN") if "pip install" in step]
    found = re.search(r"\.\[([a-z,]+)\]", installs)
    assert found
    assert set(found[1].split(",")) >= set(project["optional-dependencies"])


@pytest.mark.wheel
@pytest.mark.timeout(240)
def test_the_steps_of_the_image_make_a_wheel_that_runs(tmp_path: Path) -> None:
    """No engine is needed for it: what the first stage copies, in a folder of its own."""
    source = tmp_path / "source"
    source.mkdir()
    for step in values("COPY"):
        if "--from" in step:
            continue
        *names, target = step.split()
        for name in names:
            into = source if target == "./" else source / target
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, into, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, into)
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    shown = subprocess.run(
        [sys.executable, "-m", "mcp_server_zendesk", "--version"],
        env={"PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.stdout.startswith("mcp-server-zendesk"), shown.stderr


def test_the_example_configuration_is_one_that_may_leave_this_machine() -> None:
    server = configured()
    assert server.authenticates
    assert server.allowed_hosts
    assert server.public_url
    assert server.stateless
    settings = load({"client_secret": "secret"}, environ={}, config=CONFIG)
    assert settings.workspace == "support"
    assert inventory_of(settings).policy.allow_recipients == ("acme.com",)


def test_the_examples_of_secrets_name_settings_and_hold_none() -> None:
    known = {server_variable(name) for name in SECRETS}
    known |= {environment_name(name) for name in Settings.model_fields}
    for file, more in (("server.env.example", set()), ("redis.env.example", {"REDIS_PASSWORD"})):
        lines = (DEPLOY / file).read_text(encoding="utf-8").splitlines()
        given = dict(
            line.split("=", 1) for line in lines if line.strip() and not line.startswith("#")
        )
        assert set(given) <= known | more, file
        assert all("PASSWORD" in value or not value for value in given.values())


def test_secrets_and_keys_beside_the_examples_are_not_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for path in ("deploy/server.env", "deploy/redis.env"):
        assert any(fnmatch.fnmatch(path, pattern) for pattern in ignored), path
    assert {"deploy/etc/", "deploy/tls/"} <= set(ignored)


@pytest.mark.parametrize("name", REPLICAS)
def test_a_replica_can_write_nowhere_but_at_home(name: str) -> None:
    replica = SERVICES[name]
    assert replica["read_only"] is True
    assert replica["cap_drop"] == ["ALL"]
    assert replica["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in replica
    mounts = [volume.split(":") for volume in replica["volumes"]]
    writable = [mount[1] for mount in mounts if mount[-1] != "ro"]
    assert writable == ["/var/lib/mcp-server-zendesk"]
    homes = [mount[0] for mount in mounts if mount[-1] != "ro"]
    assert set(homes) <= set(COMPOSE["volumes"])


def test_replicas_have_their_own_homes_and_the_time_to_finish() -> None:
    homes = {SERVICES[name]["volumes"][-1] for name in REPLICAS}
    assert len(homes) == len(REPLICAS) == 2
    server = configured()
    needed = server.drain_seconds + server.finish_seconds
    for name in REPLICAS:
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > needed
    stop = re.search(r"^TimeoutStopSec=(\d+)s$", UNIT.read_text("utf-8"), re.MULTILINE)
    assert stop
    assert int(stop[1]) > needed


def test_only_the_proxy_is_reached_from_outside_and_the_store_from_inside() -> None:
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["proxy"]
    assert SERVICES["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    names = {server.partition(":")[0] for server in upstreams()}
    assert names == set(REPLICAS)
    assert {server.partition(":")[2] for server in upstreams()} == {str(configured().port)}


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs Debian's redis-server")
def test_the_store_asks_for_its_password_and_keeps_what_it_has(tmp_path: Path) -> None:
    """The very command of the compose file, under a real Redis."""
    port = free_port()
    shell, option, text = SERVICES["redis"]["command"]
    here = f"--bind 127.0.0.1 --port {port} --dir {tmp_path}"
    process = subprocess.Popen(
        [shell, option, text.replace("$$", "$").replace("--dir /data", here)],
        env={"REDIS_PASSWORD": "pass-4711", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert _said(port, "PING").startswith("-NOAUTH")
        told = _said(port, "AUTH pass-4711", "CONFIG GET appendonly", "CONFIG GET maxmemory*")
        assert "appendonly\r\n$3\r\nyes" in told
        assert "noeviction" in told
        arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert arguments.startswith(b"redis-server")  # and not a shell, which would get the signals
        assert b"pass-4711" not in arguments
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def _said(port: int, *commands: str) -> str:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    with connection:
        connection.sendall("".join(f"{one}\r\n" for one in (*commands, "QUIT")).encode())
        return b"".join(iter(lambda: connection.recv(65_536), b"")).decode()


def test_the_unit_starts_the_product_as_it_can_be_started() -> None:
    text = UNIT.read_text(encoding="utf-8")
    found = re.search(r"^ExecStart=(\S+) (.*)$", text, re.MULTILINE)
    assert found
    assert Path(found[1]).name == "mcp-server-zendesk"
    parse(shlex.split(found[2]))
    assert "SuccessExitStatus=143" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_accepts_the_unit_and_finds_it_well_locked_up(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    command = str(Path(sys.executable).with_name("mcp-server-zendesk"))
    unit.write_text(text.replace("/opt/mcp-server-zendesk/bin/mcp-server-zendesk", command))
    asked = ["systemd-analyze", "verify", "--man=no", str(unit)]
    verified = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    asked = ["systemd-analyze", "security", "--offline=true", str(unit)]
    judged = subprocess.run(asked, capture_output=True, text=True, check=False)
    exposure = re.search(r"exposure level for .*: ([0-9.]+)", judged.stdout)
    assert exposure, judged.stderr
    assert float(exposure[1]) <= 2.0
