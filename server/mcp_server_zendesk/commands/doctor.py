"""`doctor`: what is wrong, why, and what mends it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mcp_server_zendesk.commands.options import workspace_options
from mcp_server_zendesk.commands.server_options import server_options, taken_out


@click.command()
@workspace_options
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@server_options
def doctor(*, config: Path | None, as_json: bool, **flags: Any) -> None:
    """Find out what keeps the server from working, and what mends it.

    Each check says what was found, why it matters and the command that mends it. It only reads
    from Zendesk; a sign-in that is due is renewed on the way. No secret is shown.

    \b
    Checks, by the names that --json gives them:
      configuration   which file, flags and variables are in force; which have no effect; who
                      else can change them
      storage         where the secret is: keyring, file or environment; signed in or not
      network         name, connection and certificate of Zendesk's host; the proxy, if any
      account         whether a help desk answers at the subdomain, and nothing in its place
      clock           this machine's clock against Zendesk's
      authentication  whom Zendesk takes the credentials for; if nobody, why
      role            whether that user may do what the tools do
      scopes          granted and configured scopes; the tools that they hide
      permissions     whether Zendesk lets the user read what the tools read; if not, why
      policy          what the agent may do and read, in sentences; what in it is risky or wrong
      account_facts   closed tickets, custom statuses, sandbox, as far as the account tells
      rate_limit      how much is left of the account's requests a minute
      analytics       tickets kept on this machine: whether they can be read, whose, how old
      http_binding    whether HTTP could be served on --host and --port
      http_callers    over HTTP: whether the callers' tokens can be told; which end soon;
                      whether the store of replicas answers

    \b
    --json prints {"ok": ..., "checks": [{"name", "state", "found", "why", "mend", "cause",
    "candidates": [{"cause", "why"}]}]}. A state is ok, warn, fail or skipped. A cause is named
    where evidence decides; otherwise candidates are given, the likeliest first. Where an HTTP
    server has several workspaces and none is named, each is looked at, and --json prints
    {"ok": ..., "workspaces": {NAME: {"ok": ..., "checks": ...}}}.

    \b
    Examples:
      mcp-server-zendesk doctor
      mcp-server-zendesk doctor --workspace acme --json
      mcp-server-zendesk doctor --port 9000
      mcp-server-zendesk doctor --tokens-file tokens.json

    Exit code 0: nothing failed (warnings are allowed). 1: a check failed. 2: wrong usage.
    """
    import os  # noqa: PLC0415 - likewise

    import anyio  # noqa: PLC0415 - not for help

    from mcp_server_zendesk import logs  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.doctor import report  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.doctor.examination import examine, workspaces_of  # noqa: PLC0415 - likewise
    from mcp_server_zendesk.doctor.surroundings import Surroundings  # noqa: PLC0415 - likewise

    logs.configure("error")
    around = Surroundings(environ=os.environ)
    of_server, shown = taken_out(flags), sys.stdout.encoding or "utf-8"
    names = workspaces_of(flags, config, of_server, around)
    if names:
        several = {
            name: anyio.run(examine, {**flags, "workspace": name}, config, of_server, around)
            for name in names
        }
        ready = all(map(report.passed, several.values()))
        text = (
            report.several_as_json(several) if as_json else report.several_as_text(several, shown)
        )
    else:
        checks = anyio.run(examine, flags, config, of_server, around)
        ready = report.passed(checks)
        text = report.as_json(checks) if as_json else report.as_text(checks, shown)
    click.echo(text)
    sys.exit(0 if ready else 1)
