"""`doctor` as a person runs it: real TLS, a vault in a file, and here and there a real process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from keyrings import needs_keyring, secret_service
from mcp_server_zendesk.doctor.checks import Candidate, Check
from mcp_server_zendesk.doctor.examination import NAMES
from mcp_server_zendesk.doctor.report import as_json, as_text
from mcp_server_zendesk.sandbox import DEMO_API_TOKEN, DEMO_TOKEN, Fault, misfortunes
from mcp_server_zendesk.sandbox.landmarks import ADMIN_EMAIL, ADMIN_ID
from mcp_server_zendesk.signing_in.sign_in import SignIn
from mcp_server_zendesk.signing_in.vaults import FileVault
from reach import Ran, Reach, reachable

SUBDOMAIN = {"ZENDESK_SUBDOMAIN": "northwind-demo"}
GOOD = {**SUBDOMAIN, "ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": DEMO_TOKEN}
KEPT = SignIn.model_validate(
    {
        "auth": "oauth",
        "subdomain": "northwind-demo",
        "client_id": "x",
        "token": DEMO_TOKEN,
        "granted": ["read", "write"],
    }
)
CANARY_TOKEN, CANARY_REFRESH, CANARY_CLIENT, CANARY_API = CANARIES = tuple(
    f"c4nary{number}0f1e2d3c4b5a69788796a5b4c3d2e1f0" for number in range(4)
)


@pytest.fixture
def reach(tmp_path: Path) -> Iterator[Reach]:
    with reachable(tmp_path) as reach:
        yield reach


@pytest.fixture
def vault(reach: Reach) -> FileVault:
    """The file that `auth login --insecure-storage` writes in the reach's home."""
    return FileVault(reach.home / ".local/share/mcp-server-zendesk/sign-ins")


def examine(reach: Reach, environ: Mapping[str, str], *flags: str) -> Ran:
    return replace(reach, extra={**reach.extra, **environ}).invoke("doctor", *flags)


def examine_as_process(reach: Reach, environ: Mapping[str, str], *flags: str) -> Ran:
    return replace(reach, extra={**reach.extra, **environ}).run("doctor", *flags)


def states(ran: Ran) -> dict[str, str]:
    told = json.loads(ran.out)
    assert told["ok"] == (ran.code == 0)
    assert [check["name"] for check in told["checks"]] == list(NAMES)
    return {check["name"]: check["state"] for check in told["checks"]}


def test_a_good_set_up_is_told_in_a_line_each(reach: Reach) -> None:
    ran = examine_as_process(reach, GOOD)
    assert (ran.code, ran.err) == (0, "")
    lines = [line for line in ran.out.splitlines() if not line.startswith(" ")]
    assert [line.split()[1] for line in lines[: len(NAMES)]] == list(NAMES)
    assert lines[-1].startswith("Ready: ")
    assert "Ada Okafor" in ran.out
    assert {request.method for request in reach.sandbox.requests} == {"GET"}


def test_a_failure_tells_why_and_what_mends_it(reach: Reach) -> None:
    ran = examine(reach, {**GOOD, "ZENDESK_OAUTH_TOKEN": "f" * 64})
    assert (ran.code, ran.err) == (1, "")
    assert "✗ authentication" in ran.out
    assert "1. expired_or_revoked:" in ran.out
    assert "mend: set ZENDESK_OAUTH_TOKEN to another token" in ran.out
    assert "- role            skipped: Zendesk does not accept" in ran.out
    assert ran.out.splitlines()[-1].startswith("Not ready: 1 failed")


def test_the_form_for_machines_says_the_same(reach: Reach) -> None:
    good = examine(reach, GOOD, "--json")
    assert good.code == 0
    assert set(states(good).values()) == {"ok"}
    bad = examine(reach, {**GOOD, "ZENDESK_OAUTH_TOKEN": DEMO_API_TOKEN}, "--json")
    assert bad.code == 1
    assert states(bad)["authentication"] == "fail"
    (told,) = (c for c in json.loads(bad.out)["checks"] if c["name"] == "authentication")
    assert told["candidates"][0]["cause"] == "token_is_api_token"
    assert set(told) == {"name", "state", "found", "why", "mend", "candidates"}


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ([], "mend: mcp-server-zendesk setup"),
        (["--subdomain", "not a name"], "subdomain"),
        (["--subdomain", "a", "--scopes", "raed"], "the nearest is 'read'"),
        (["--subdomain", "a", "--tools", "get_tikcet"], "the nearest is 'get_ticket'"),
        (["--config", "missing.toml"], "does not exist"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_a_failed_check(
    reach: Reach, flags: list[str], told: str
) -> None:
    ran = reach.invoke("doctor", *flags)
    assert (ran.code, ran.err) == (1, "")
    assert told in ran.out
    machine = reach.invoke("doctor", "--json", *flags)
    assert machine.code == 1
    assert states(machine)["configuration"] == "fail"


def test_wrong_usage_has_a_code_of_its_own(reach: Reach) -> None:
    assert reach.invoke("doctor", "--nonsense").code == 2
    assert reach.invoke("doctor", "--port", "70000").code == 2


def test_what_the_vault_keeps_is_used_and_its_commands_can_be_copied(
    reach: Reach, vault: FileVault
) -> None:
    config = reach.home / "other folder.toml"
    config.write_text('[workspaces.night]\nsubdomain = "northwind-demo"\nclient_id = "x"\n')
    missing = reach.invoke("doctor", "--config", str(config))
    assert missing.code == 1
    wanted = f"mcp-server-zendesk auth login --config '{config}' --workspace night"
    assert wanted in missing.out
    vault.write("night", KEPT.text())
    ran = reach.invoke("doctor", "--config", str(config))
    assert ran.code == 0, ran.out
    assert "! storage" in ran.out
    assert f"[workspaces.night] of {config}" in ran.out
    assert f"mend: {wanted}" in ran.out


@needs_keyring
def test_a_keyring_is_named_and_one_that_cannot_be_opened_is_told(
    reach: Reach, tmp_path: Path
) -> None:
    with secret_service(tmp_path, prompter=False) as desktop:
        reach.extra.update(desktop.environment)
        empty = examine_as_process(reach, SUBDOMAIN)
        assert "the system keyring (SecretService" in empty.out
        assert "[not_signed_in]" in empty.out
        keep = "import keyring, sys; keyring.set_password(*sys.argv[1:3], sys.stdin.read())"
        subprocess.run(
            [sys.executable, "-c", keep, "mcp-server-zendesk", "northwind-demo"],
            env=reach.environment(),
            input=KEPT.text(),
            encoding="utf-8",
            check=True,
        )
        good = examine_as_process(reach, SUBDOMAIN)
        assert good.code == 0, good.out
        assert "✓ storage         signed in; kept in the system keyring (SecretService" in good.out
        desktop.lock()
        locked = examine_as_process(reach, SUBDOMAIN)
    assert locked.code == 1
    assert "[keyring_unreadable]" in locked.out
    assert "unlock the keyring" in locked.out


def test_without_a_keyring_it_says_so(reach: Reach) -> None:
    ran = examine(reach, SUBDOMAIN)
    assert ran.code == 1
    assert "[no_keyring]" in ran.out
    assert "auth login --subdomain northwind-demo --insecure-storage" in ran.out


@pytest.mark.parametrize(
    "environ",
    [
        {"ZENDESK_OAUTH_TOKEN": CANARY_API, "ZENDESK_OAUTH_CLIENT_SECRET": CANARY_CLIENT},
        {"ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": CANARY_TOKEN},
        {"ZENDESK_AUTH": "oauth_token", "ZENDESK_OAUTH_TOKEN": CANARY_API},
        {
            "ZENDESK_AUTH": "api_token",
            "ZENDESK_API_TOKEN": CANARY_API,
            "ZENDESK_EMAIL": ADMIN_EMAIL,
        },
        {"ZENDESK_AUTH": CANARY_CLIENT, "ZENDESK_SCOPES": CANARY_TOKEN},
        {"ZENDESK_TOOLS": CANARY_TOKEN},
        {"HTTPS_PROXY": f"http://me:{CANARY_CLIENT}@127.0.0.1:9"},
        {"HTTPS_PROXY": f"nonsense://{CANARY_CLIENT}"},
    ],
)
def test_no_secret_is_ever_shown(reach: Reach, vault: FileVault, environ: dict[str, str]) -> None:
    sign_in_with_canaries(vault)
    reach.sandbox.store.add_access_token(CANARY_TOKEN, ADMIN_ID, ["read"])
    for form in ([], ["--json"]):
        assert_silent(examine(reach, {**SUBDOMAIN, **environ}, *form))


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("users/me", misfortunes.html_with_200()),
        ("/api/v2/tickets", misfortunes.forbidden()),
        ("oauth/tokens", misfortunes.html_error(500)),
    ],
)
def test_neither_is_one_of_the_vault_nor_zendesks_own_text(
    reach: Reach, vault: FileVault, path: str, fault: Fault
) -> None:
    sign_in_with_canaries(vault)
    reach.sandbox.store.add_access_token(CANARY_TOKEN, ADMIN_ID, ["read"])
    reach.sandbox.faults.add("GET", path, None, fault)
    for form in ([], ["--json"]):
        assert_silent(examine(reach, SUBDOMAIN, *form))


def sign_in_with_canaries(vault: FileVault) -> None:
    kept = {
        "auth": "oauth",
        "subdomain": "northwind-demo",
        "client_id": "x",
        "client_secret": CANARY_CLIENT,
        "token": CANARY_TOKEN,
        "refresh_token": CANARY_REFRESH,
    }
    vault.write("northwind-demo", SignIn.model_validate(kept).text())


def assert_silent(ran: Ran) -> None:
    assert ran.code in {0, 1}
    assert "configuration" in ran.out
    for canary in CANARIES:
        assert canary not in ran.out + ran.err
    for zendesks_own in ("authenticity", "You do not have access", "under maintenance"):
        assert zendesks_own not in ran.out + ran.err


def test_help_names_checks_and_codes(reach: Reach) -> None:
    ran = reach.invoke("doctor", "--help")
    listed = re.findall(r"^    ([a-z_]+)  ", ran.out, re.MULTILINE)
    assert listed == list(NAMES)
    assert "Exit code 0" in ran.out


def test_nothing_is_imported_that_is_not_needed(reach: Reach) -> None:
    unwanted = {"mcp", "mcp_types", "keyring", "starlette", "uvicorn"}
    program = (
        "import sys\n"
        "from mcp_server_zendesk.cli import main\n"
        "try:\n"
        "    main(['doctor'])\n"
        "except SystemExit as ended:\n"
        "    assert ended.code == 0\n"
        f"print(sorted({unwanted}.intersection(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=reach.environment(**GOOD),
        cwd=reach.home,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "[]"


WORDY = Check(
    "role",
    "fail",
    "Žofie",
    why="A reason " * 20,
    mend="mcp-server-zendesk " + "--a-flag 'and its value' " * 10,
    candidates=(Candidate("first", "it is likely " * 12), Candidate("second", "less so")),
)


def test_reasons_are_wrapped_and_commands_are_not() -> None:
    lines = as_text([WORDY, Check("clock", "ok", "fine")]).splitlines()
    (mend,) = (line for line in lines if "mend: " in line)
    assert len(mend) > 200
    assert all(len(line) <= 100 for line in lines if line != mend)
    assert sum(line.startswith("         ") for line in lines) > 4


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "✗"), ("cp1252", "x"), ("ascii", "x")])
def test_a_terminal_gets_what_it_can_show(encoding: str, sign: str) -> None:
    text = as_text([WORDY], encoding)
    text.encode(encoding)
    assert text.startswith(f"{sign} role")


def test_machines_get_ascii_and_nothing_empty(reach: Reach) -> None:
    text = as_json([Check("clock", "ok", "Ž")])
    assert text.isascii()
    assert json.loads(text) == {
        "ok": True,
        "checks": [{"name": "clock", "state": "ok", "found": "Ž"}],
    }
