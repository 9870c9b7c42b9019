"""One small harm for each gate, or several, and what the gate has to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CONNECTION = "server/mcp_server_zendesk/connection"
SERVING = "server/mcp_server_zendesk/serving"
LISTINGS = "tools/zendesk_tools/listings"
JOBS = "tools/zendesk_tools/job_statuses.py"
EXPECTED = "tests/gates/conformance_expected.toml"


@dataclass(frozen=True, slots=True)
class Damage:
    """One edit of one file, after which one gate must fail.

    ``old`` stands once in the file and becomes ``new``; where it is empty, ``new`` is put at the
    file's end, which may be new itself; where both are, the file is removed.
    """

    gate: str
    what: str
    file: str
    old: str
    new: str
    says: str
    """A regular expression that the gate's output must match: it failed for this and no other."""
    narrowed: tuple[str, ...] = ()
    """Variables for make, where the whole gate would take minutes."""

    def done(self, root: Path) -> None:
        """Do it.

        Raises:
            LookupError: The file no longer holds exactly one of what is to be replaced.
        """
        file = root / self.file
        if not self.old and not self.new:
            file.unlink()
            return
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        file.write_text(self.damaged(text), encoding="utf-8")

    def damaged(self, text: str) -> str:
        """The file's text after it."""
        if not self.old:
            return text + self.new
        if text.count(self.old) != 1:
            raise LookupError(f"{self.file} holds {self.old!r} {text.count(self.old)} times")
        return text.replace(self.old, self.new)


def _tests(*files: str) -> tuple[str, ...]:
    return (f"TESTS={' '.join(f'tests/{file}' for file in files)}",)


SNAPSHOTS = _tests("test_tool_snapshots.py")
PATHS = _tests("connection/test_connection_paths.py")
README = _tests("test_readme.py")
ERRORS = _tests("serving/test_serving_error_table.py")
CANARIES = _tests("boundary/test_boundary_canaries.py", "connection/test_connection_secrets.py")
MEASURED_PATHS = (*PATHS, "COVERED=--include=*/connection/paths.py")

DAMAGES = (
    Damage(
        "style", "an import that nobody uses", f"{CONNECTION}/paths.py",
        "from urllib.parse import", "import json\nfrom urllib.parse import",
        "F401",
    ),
    Damage(
        "style", "a line that the formatter would write otherwise", f"{CONNECTION}/paths.py",
        'API = "/api/v2"', 'API  = "/api/v2"', "would be reformatted",
    ),
    Damage(
        "style", "an exemption from a rule that is not broken", f"{CONNECTION}/paths.py",
        'API = "/api/v2"', 'API = "/api/v2"  # noqa: S105 - no secret', "RUF100",
    ),
    Damage(
        "types", "a function that returns what it does not promise", f"{CONNECTION}/paths.py",
        "origin: str) -> bool:", "origin: str) -> str:", "Incompatible return value type",
    ),
    Damage(
        "types", "a test that takes a number for a text", "tests/humans.py",
        "", "\n_WRONG: int = 'a text'\n", r"humans\.py:\d+: error: Incompatible types",
    ),
    Damage(
        "imports", "a tool that sends its own requests", "tools/zendesk_tools/names.py",
        "", "\nimport httpx\n", "Tools know neither MCP nor HTTP BROKEN",
    ),
    Damage(
        "imports", "a connection that looks up to the tools", f"{CONNECTION}/paths.py",
        "", "\nimport zendesk_tools\n", "Arrows run one way.* BROKEN",
    ),
    Damage(
        "listings", "an argument that is described otherwise", JOBS,
        "e.g. V3-8d31…", "e.g. V3-8d32…", "review the change", SNAPSHOTS,
    ),
    Damage(
        "listings", "a tool without its listing", f"{LISTINGS}/get_job_status.json",
        "", "", "review the new file", SNAPSHOTS,
    ),
    Damage(
        "listings", "the listing of a tool that is gone", f"{LISTINGS}/get_nothing.json",
        "", '{"outputSchema": {}}\n', "get_nothing", SNAPSHOTS,
    ),
    Damage(
        "generated", "a setting that only README.md knows", "README.md",
        "<!-- settings:begin -->\n", "<!-- settings:begin -->\n| `ZENDESK_HOPE` | | | |\n",
        "review the change", README,
    ),
    Damage(
        "generated", "a tool reference of yesterday", "docs/tools.md",
        "# The tools\n", "# The tools of yesterday\n", "review the change",
        _tests("test_tool_reference.py"),
    ),
    Damage(
        "generated", "a client's page that was edited by hand", "docs/clients.md",
        "", "\nBy hand.\n", "review the change", _tests("clients/test_clients_handbook.py"),
    ),
    Damage(
        "generated", "a metric that only the guide knows", "docs/deploy.md",
        "<!-- metrics:begin -->\n", "<!-- metrics:begin -->\n| `hopes_total` | | |\n",
        "hopes_total", _tests("operations/test_operations_guide.py"),
    ),
    Damage(
        "budgets", "a description longer than clients show", JOBS,
        "    forgets jobs after a while; then", f"    {'forgets jobs ' * 70}; then",
        r"assert 40 <= \d{4}|\d{4} <= 1024", SNAPSHOTS,
    ),
    Damage(
        "budgets", "an argument without a description", JOBS,
        'description="The job_id that merge_tickets or update_tickets named, e.g. V3-8d31…"',
        'description=""', "job_id is not described", SNAPSHOTS,
    ),
    Damage(
        "budgets", "more tools by default than hosts accept", f"{SERVING}/spec.py",
        'DEFAULT_TOOLSETS = ("tickets", "users", "routing")',
        'DEFAULT_TOOLSETS = ("tickets", "users", "routing", "cleanup")', r"\d+ <= 25", SNAPSHOTS,
    ),
    Damage(
        "error-table", "an exception without an explanation", f"{SERVING}/refusals.py",
        "", '\n\nclass Forgotten(RefusedHere):\n    """Nobody explains it."""\n',
        "Forgotten", ERRORS,
    ),
    Damage(
        "error-table", "an explanation that says nothing to do next",
        f"{SERVING}/explain_refusals.py",
        'hint="Do not repeat the call. Tell the user which record it was; ',
        'hint="" and "Do not repeat the call. Tell the user which record it was; ',
        "assert .*strip", ERRORS,
    ),
    Damage(
        "canaries", "the signature of a request in the log", f"{CONNECTION}/exchange.py",
        '            request.headers["Authorization"] = authorization\n',
        '            request.headers["Authorization"] = authorization\n'
        '            __import__("logging").getLogger(__name__).warning("%s", authorization)\n',
        "in log of|canary-secret", CANARIES,
    ),
    Damage(
        "canaries", "a library's log of each address asked for",
        "server/mcp_server_zendesk/logs.py", '_TALKATIVE = ("httpx", ', "_TALKATIVE = (",
        "in log of httpx", CANARIES,
    ),
    Damage(
        "properties", "a path that a ticket's name can leave", f"{CONNECTION}/paths.py",
        'quote(text, safe="", ', 'quote(text, safe="/", ', "Failing test case", PATHS,
    ),
    Damage(
        "properties", "a fence that outside text can close", f"{SERVING}/cleaning/fences.py",
        "if _forges(text", "if not text and _forges(text", "Failing explicit example",
        _tests("serving/test_serving_text.py"),
    ),
    Damage(
        "test", "a segment that leads upwards", f"{CONNECTION}/paths.py",
        '{"", ".", ".."}', '{"", "."}', r"FAILED .*test_connection_paths", PATHS,
    ),
    Damage(
        "coverage", "code that no test runs", f"{CONNECTION}/paths.py",
        "", "\n\ndef unused(link: str) -> str:\n" + "    link += link\n" * 9 + "    return link\n",
        "less than fail-under", MEASURED_PATHS,
    ),
    Damage(
        "coverage", "an exemption of what the tests run", f"{CONNECTION}/paths.py",
        "def _port(parts: SplitResult) -> int | None:",
        "def _port(parts: SplitResult) -> int | None:  # pragma: no cover",
        r"paths\.py:\d+: is exempt from coverage, and is covered", MEASURED_PATHS,
    ),
    Damage(
        "coverage", "an exemption of what is nowhere", "pyproject.toml",
        '"@overload", ', '"@overload", "def nobody_", ', "exempts nothing", MEASURED_PATHS,
    ),
    Damage(
        "conformance", "a server that answers to any name",
        "server/mcp_server_zendesk/hosting/app.py",
        "enable_dns_rebinding_protection=True", "enable_dns_rebinding_protection=False",
        "dns-rebinding-protection: .*FAILURE",
    ),
    Damage(
        "conformance", "an expected failure that holds", EXPECTED,
        '  "logging-set-level: ', '  "ping: ping",\n  "logging-set-level: ',
        "ping: ping: holds now",
    ),
    Damage(
        "conformance", "a failure that nobody expects", EXPECTED,
        '  "tools-call-audio: tools-call-audio",\n', "", "tools-call-audio: FAILURE",
    ),
    Damage(
        "inspector", "an argument whose schema is no schema", f"{LISTINGS}/get_job_status.json",
        """      "job_id": {
        "description": "The job_id that merge_tickets or update_tickets named, e.g. V3-8d31…",
        "pattern": "^[A-Za-z0-9_-]{1,100}$",
        "type": "string"
      }""", '      "job_id": true', "Bare `true` used",
    ),
    Damage(
        "wheel", "a package that is left out", "pyproject.toml",
        'packages = ["server/mcp_server_zendesk", "tools/zendesk_tools"]',
        'packages = ["server/mcp_server_zendesk"]', "zendesk_tools",
    ),
    Damage(
        "wheel", "a dependency that is not declared", "pyproject.toml",
        '  "stamina>=', '  # "stamina>=', "get_ticket failed",
    ),
    Damage(
        "wheel", "an error that the first TypeScript generation refuses", f"{SERVING}/calls.py",
        "        is_error=True,\n", "        is_error=True,\n        structured_content={},\n",
        r"FAILED .*test_the_typescript_clients_read_and_are_refused\[v1",
    ),
)  # fmt: skip
