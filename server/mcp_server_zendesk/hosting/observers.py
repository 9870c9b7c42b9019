"""Who watches this server: metrics and traces, as its admin switched them on."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from mcp_server_zendesk.configuration_tables import ConfigurationError
from mcp_server_zendesk.connection.observing import NOBODY, CallSeen, Observer, RequestSeen
from mcp_server_zendesk.server_settings import ServerSettings
from mcp_server_zendesk.workspace import ExtraMissing
from zendesk_tools import CATALOGUE

if TYPE_CHECKING:
    from mcp_server_zendesk.hosting.metrics import Metrics

logger = logging.getLogger(__name__)

_EXTRAS = {
    "metrics": ("metrics_port", "prometheus_client"),
    "otel": ("tracing", "opentelemetry.sdk"),
}


class Several:
    """Tells each of several observers. One that fails is logged once, and harms no call."""

    def __init__(self, observers: list[Observer]) -> None:
        self._observers = observers
        self._told = False

    def called(self, call: CallSeen) -> None:
        """A call has ended."""
        self._each(lambda observer: observer.called(call))

    def requested(self, request: RequestSeen) -> None:
        """A request to Zendesk has ended."""
        self._each(lambda observer: observer.requested(request))

    def _each(self, tell: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                tell(observer)
            except Exception:
                if not self._told:
                    logger.exception("A metric or a trace could not be noted; this is told once")
                self._told = True


def _unchanged(app: ASGIApp) -> ASGIApp:
    return app


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched: ``observer`` is for each workspace's server, ``counting`` goes around the
    whole app. ``metrics_port`` is where metrics are served, if they are.
    """

    observer: Observer = NOBODY
    counting: Callable[[ASGIApp], ASGIApp] = _unchanged
    metrics_port: int | None = None


@contextmanager
def watching(settings: ServerSettings) -> Iterator[Watch]:
    """Starts what the settings switch on, and ends it.

    Raises:
        ExtraMissing: It needs an extra that is not installed.
        ConfigurationError: Metrics cannot be served where they shall be.
    """
    for extra, (setting, module) in _EXTRAS.items():
        if getattr(settings, setting) and not _installed(module):
            raise ExtraMissing(
                f"{setting} needs the extra `{extra}`: pip install 'mcp-server-zendesk[{extra}]'"
            )
    if settings.metrics_port is None and not settings.tracing:
        yield Watch()
        return
    with ExitStack() as opened:
        observers: list[Observer] = []
        watch = Watch(Several(observers))
        if settings.metrics_port is not None:
            metrics, port = _metrics(settings.metrics_host, settings.metrics_port, opened)
            observers.append(metrics)
            watch = replace(watch, counting=metrics.counting, metrics_port=port)
        if settings.tracing:
            observers.append(_tracing(opened))
        yield watch


def _metrics(host: str, port: int, opened: ExitStack) -> tuple[Metrics, int]:
    from mcp_server_zendesk.hosting.metrics import Metrics, MetricsServer  # noqa: PLC0415 - an extra

    metrics = Metrics()
    try:
        server = MetricsServer(metrics, host, port)
    except OSError as error:
        raise ConfigurationError(
            f"metrics cannot be served at {host}:{port}: {error.strerror}"
        ) from None
    opened.callback(server.close)
    logger.info("Serving metrics at port %d", server.port)
    return metrics, server.port


def _tracing(opened: ExitStack) -> Observer:
    from mcp_server_zendesk.hosting.tracing import Tracing  # noqa: PLC0415 - an extra
    from zendesk_tools.prompts import PROMPTS  # noqa: PLC0415 - imports mcp

    tracing = Tracing([*(spec.name for spec in CATALOGUE), *(prompt.name for prompt in PROMPTS)])
    tracing.install()
    opened.callback(tracing.close)
    return tracing


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
