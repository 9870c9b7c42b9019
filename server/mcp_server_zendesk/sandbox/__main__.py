"""`python -m mcp_server_zendesk.sandbox`: the embedded Zendesk on a port."""

import signal
import sys
import tempfile
from pathlib import Path

import click

from mcp_server_zendesk.sandbox.app import Sandbox
from mcp_server_zendesk.sandbox.certificate import (
    Certificate,
    CryptographyMissing,
    make_certificate,
)
from mcp_server_zendesk.sandbox.landmarks import DEMO_CLIENT, DEMO_REDIRECT_URIS, DEMO_TOKEN
from mcp_server_zendesk.sandbox.rules import Rules
from mcp_server_zendesk.sandbox.seed.desk import seeded_store

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command(
    epilog="""\b
    Examples:
      python -m mcp_server_zendesk.sandbox
      python -m mcp_server_zendesk.sandbox --port 8443 --tls
      python -m mcp_server_zendesk.sandbox --port 8443 --tls --tickets 200000 --rate-limited

    \b
    Then, with the token that it prints:
      curl -H "Authorization: Bearer TOKEN" http://127.0.0.1:8080/api/v2/users/me.json
    """,
)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option(
    "--host",
    type=click.Choice(_LOOPBACK),
    default=_LOOPBACK[0],
    show_default=True,
    help="Loopback only: its data and its tokens are no secrets.",
)
@click.option("--tls", is_flag=True, help="Serve over TLS, with a certificate of its own.")
@click.option(
    "--ca-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the certificate is written; a folder that is deleted at the end by default.",
)
@click.option(
    "--tickets",
    type=click.IntRange(min=0),
    default=0,
    help="How many generated tickets to add, for load.",
)
@click.option("--rate-limited", is_flag=True, help="Count requests, and refuse with 429.")
@click.option(
    "--exports-per-minute",
    type=click.IntRange(min=1),
    default=Rules.exports_per_minute,
    show_default=True,
    help="With --rate-limited: how many incremental exports a minute has.",
)
@click.option("--verbose", is_flag=True, help="Log every request.")
def main(
    port: int,
    host: str,
    tls: bool,
    ca_dir: Path | None,
    tickets: int,
    rate_limited: bool,
    exports_per_minute: int,
    verbose: bool,
) -> None:
    """Serve an embedded Zendesk with a small, made-up support desk. Ctrl-C ends it.

    It answers for every host name, so that a program whose name resolution is redirected
    reaches it as https://X.zendesk.com too.
    """
    store = seeded_store(tickets=tickets)
    rules = Rules(
        any_subdomain=True, rate_limited=rate_limited, exports_per_minute=exports_per_minute
    )
    sandbox = Sandbox(store, rules)
    with tempfile.TemporaryDirectory(prefix="embedded-zendesk-") as folder:
        try:
            certificate = make_certificate(ca_dir or Path(folder)) if tls else None
        except CryptographyMissing as error:
            raise click.ClickException(str(error)) from None
        _serve(sandbox, host, port, certificate, verbose=verbose)


def _serve(
    sandbox: Sandbox,
    host: str,
    port: int,
    certificate: Certificate | None,
    *,
    verbose: bool,
) -> None:
    from mcp_server_zendesk.sandbox.port import listening, server_for  # noqa: PLC0415 - slow

    try:
        bound = listening(host, port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None
    server = server_for(sandbox, certificate, log_level="info" if verbose else "warning")
    scheme = "http" if certificate is None else "https"
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Embedded Zendesk: {scheme}://{shown}:{bound.getsockname()[1]}/api/v2/")
    click.echo(f"Bearer token:     {DEMO_TOKEN}")
    if certificate is not None:
        click.echo(f"CA to trust:      {certificate.authority_file}")
    click.echo(f"OAuth client:     {DEMO_CLIENT} (public: PKCE, no secret)")
    click.echo(f"Redirect URLs:    {' '.join(DEMO_REDIRECT_URIS)}")
    click.echo("Ctrl-C ends it.")
    sys.stdout.flush()
    # The server takes the signal for itself and raises it again once it has stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.run([bound])
    except KeyboardInterrupt:
        pass
    finally:
        bound.close()


if __name__ == "__main__":
    main()
