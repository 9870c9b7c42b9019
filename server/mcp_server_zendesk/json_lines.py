"""The log as one JSON object a line, for a collector: no words of exceptions there either.

``time`` (ISO 8601, UTC), ``level``, ``logger`` and ``message``; ``error`` is the way to an
exception, ``trace_id`` and ``span_id`` that of a trace. A line of the audit stands in ``audit`` to
the byte as it was sealed, in place of a message.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from mcp_server_zendesk.tracebacks import message_of, without_words

AUDIT_LINE = "audit_line"
"""The attribute of a record that is a line of the audit: the line, which is JSON itself."""


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object, in ASCII and without a line's end."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text. What another handler has made of its exception is not used."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        line = getattr(record, AUDIT_LINE, None)
        if line is None:
            told["message"] = message_of(record)
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = without_words(record.exc_info[1])
        whole = json.dumps({**told, **_trace()})
        return whole if line is None else f'{whole[:-1]}, "audit": {line}}}'


def _trace() -> dict[str, str]:
    """The trace in which this is told; the module is there where the SDK is."""
    tracing = sys.modules.get("opentelemetry.trace")
    if tracing is None:
        return {}
    at = tracing.get_current_span().get_span_context()
    if not at.is_valid:
        return {}
    return {"trace_id": f"{at.trace_id:032x}", "span_id": f"{at.span_id:016x}"}
