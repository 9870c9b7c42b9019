"""The product's command in this process, as though the process were another one."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from unittest import mock

import keyring.backend
from click.testing import CliRunner, Result

from mcp_server_zendesk.cli import main
from mcp_server_zendesk.signing_in import vaults
from redirected import zendesk_names


def run_command(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, stdin: str | None = None
) -> Result:
    """Runs it to its end; what it raises, other than an exit, is raised.

    It has a thread of its own, where no event loop runs: the command starts one.
    """
    with ExitStack() as apart, ThreadPoolExecutor(1) as thread:
        apart.enter_context(chdir(folder))
        apart.enter_context(mock.patch.dict(os.environ, environment, clear=True))
        apart.enter_context(_names_redirected())
        apart.enter_context(_logging_apart())
        apart.enter_context(_keyrings_apart())
        running = thread.submit(
            CliRunner().invoke, main, arguments, input=stdin, catch_exceptions=False
        )
        return running.result()


@contextmanager
def _names_redirected() -> Iterator[None]:
    zendesk_names.redirect()
    try:
        yield
    finally:
        zendesk_names.restore()


@contextmanager
def _logging_apart() -> Iterator[None]:
    """No handler but the command's own, which it would otherwise put in place of pytest's."""
    known = [logging.root, *logging.root.manager.loggerDict.values()]
    levels = [(logger, logger.level) for logger in known if isinstance(logger, logging.Logger)]
    handlers, logging.root.handlers = logging.root.handlers, []
    try:
        yield
    finally:
        logging.root.handlers = handlers
        for logger, level in levels:
            logger.setLevel(level)


@contextmanager
def _keyrings_apart() -> Iterator[None]:
    """A vault that waits for nobody yet, and keyrings as this environment has them."""
    found = vars(keyring.backend.get_all_keyring)
    with (
        mock.patch.object(vaults, "_SYSTEM_KEYRING", vaults.KeyringVault()),
        mock.patch.object(keyring.core, "_keyring_backend", None),
    ):
        found.pop("saved_result", None)
        try:
            yield
        finally:
            found.pop("saved_result", None)
