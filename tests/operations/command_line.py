"""Command lines that stand in files, read as the product reads them."""

from __future__ import annotations

import click

from mcp_server_zendesk.cli import main


def parse(arguments: list[str]) -> None:
    """As the command line does it, without running anything; what does not exist is an error."""
    command: click.Command = main
    while isinstance(command, click.Group):
        name, *arguments = arguments
        assert name in command.commands, name
        command = command.commands[name]
    command.make_parser(click.Context(command)).parse_args(args=list(arguments))
