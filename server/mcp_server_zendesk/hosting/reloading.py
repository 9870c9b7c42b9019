"""Takes up a changed configuration without ending a session.

What limits is taken up: policy, scopes, redaction, analytics, tokens of callers. A mistake leaves
what was in force, and says why. What decides how the server is built (account, sign-in, files,
addresses) takes a restart, and the log names it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

import anyio
from pydantic import BaseModel

from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.hosting.hosted import HostedWorkspace
from mcp_server_zendesk.hosting.static_tokens import StaticTokensRead
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.workspace import inventory_of, redaction_of

logger = logging.getLogger(__name__)

_TAKEN_UP = frozenset(
    {
        "scopes",
        "toolsets",
        "tools",
        "exclude_tools",
        "read_only",
        "confirm",
        "allow_effects",
        "allow_recipients",
        "allow_groups",
        "allow_brands",
        "writes_per_minute",
        "writes_per_session",
        "redact",
        "analytics",
        "analytics_keep",
        "analytics_folder",
        "retention_days",
    }
)
_SERVER_TAKEN_UP = frozenset({"calls_per_minute", "calls_at_once"})

Part = Callable[[ServerSettings], None]
"""Takes up the server's settings in one place; raises ``ConfigurationError`` and changes nothing
where it cannot."""
Tokens = Callable[[], StaticTokensRead | None]
"""Reads the callers' tokens again; raises likewise."""


class Reloader:
    """What a signal to reload does, one at a time.

    Args:
        workspaces: Those that are served, or failed to be.
        settings: Of the server, as it was started.
        load: Reads them anew.
        parts: What else takes up the server's settings, by what it is called in the log.
        tokens: Of callers. One that was taken back is refused, whatever else has a mistake.
        start: Serves a workspace that was not served.
    """

    def __init__(
        self,
        workspaces: Sequence[HostedWorkspace],
        settings: ServerSettings,
        load: Callable[[], ServerSettings],
        *,
        parts: Iterable[tuple[str, Part]] = (),
        tokens: Tokens = lambda: None,
        start: Callable[[HostedWorkspace], Awaitable[None]],
    ) -> None:
        self._workspaces = workspaces
        self._settings = settings
        self._load = load
        self._parts = tuple(parts)
        self._tokens = tokens
        self._start = start
        self._turn = anyio.Lock()

    async def reload(self) -> bool:
        """Take up what has changed. Whether all of it could be; nothing is raised."""
        async with self._turn:
            try:
                return await self._reload()
            except Exception:
                logger.exception("Reading the configuration again broke; what was stays in force")
                return False

    async def _reload(self) -> bool:
        done = [self._reload_tokens(), self._reload_server()]
        done += [await self._reload_workspace(workspace) for workspace in self._workspaces]
        if all(done):
            logger.info("The configuration was read again: all of it is in force")
        else:
            logger.warning("The configuration was read again: not all of it is in force, see above")
        return all(done)

    def _reload_tokens(self) -> bool:
        try:
            read = self._tokens()
        except ConfigurationError as error:
            _keeps("callers' tokens", error)
            return False
        if read is not None:
            logger.log(logging.INFO if read.known else logging.WARNING, "%s", read)
        return True

    def _reload_server(self) -> bool:
        try:
            settings = self._load()
        except ConfigurationError as error:
            _keeps("the HTTP server's settings", error)
            return False
        done = True
        for called, part in self._parts:
            try:
                part(settings)
            except ConfigurationError as error:
                _keeps(called, error)
                done = False
        waits = _others(self._settings, settings, _SERVER_TAKEN_UP)
        _tell_of_restart("the HTTP server", waits)
        changed = _changed(self._settings, settings) & _SERVER_TAKEN_UP if done else frozenset()
        if changed:
            taken_up = {name: getattr(settings, name) for name in changed}
            self._settings = self._settings.model_copy(update=taken_up)
            logger.info("The HTTP server goes by its new %s", ", ".join(sorted(changed)))
        return done and not waits

    async def _reload_workspace(self, workspace: HostedWorkspace) -> bool:
        try:
            if workspace.server is None or workspace.settings is None:
                workspace.prepare()
                await self._start(workspace)
                return workspace.server is not None
            settings = workspace.load()
            inventory, redaction = inventory_of(settings), redaction_of(settings)
        except ConfigurationError as error:
            _keeps(f"the workspace {workspace.name}", error)
            return False
        waits = _others(workspace.settings, settings, _TAKEN_UP)
        _tell_of_restart(f"the workspace {workspace.name}", waits)
        changed = _changed(workspace.settings, settings) & _TAKEN_UP
        if changed:
            guard = inventory.policy.guard().succeeding(workspace.server.offers.access.guard)
            await workspace.server.adopt(inventory, guard, settings.scopes, redaction)
            workspace.settings = _with(workspace.settings, settings, changed)
            logger.info(
                "The workspace %s goes by its new %s", workspace.name, ", ".join(sorted(changed))
            )
        return not waits


def _with(old: Settings, new: Settings, names: Iterable[str]) -> Settings:
    return old.model_copy(update={name: getattr(new, name) for name in names})


def _changed(old: BaseModel, new: BaseModel) -> frozenset[str]:
    names = type(old).model_fields
    return frozenset(name for name in names if getattr(old, name) != getattr(new, name))


def _others(old: BaseModel, new: BaseModel, taken_up: frozenset[str]) -> list[str]:
    return sorted(_changed(old, new) - taken_up)


def _keeps(what: str, error: ConfigurationError) -> None:
    logger.error("Not taken up for %s, where all stays as it was: %s", what, error)


def _tell_of_restart(what: str, names: Sequence[str]) -> None:
    if names:
        logger.warning("For %s a restart is needed to change %s", what, ", ".join(names))
