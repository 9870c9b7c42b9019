"""What an admin has decided otherwise since the store was filled, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_server_zendesk.analytics.facts import Facts
from mcp_server_zendesk.analytics.migrations import read_again
from mcp_server_zendesk.analytics.tables import (
    COMMENTS,
    FIELDS,
    SATISFACTION,
    SCHEMA,
    TICKETS,
    USERS,
)
from mcp_server_zendesk.serving.local_store import Analytics

if TYPE_CHECKING:
    from mcp_server_zendesk.analytics.store import Batch

FOR_EVER = "all"

_KEPT_AS_FIELDS = ("tagger", "multiselect", "checkbox", "integer", "decimal", "date", "lookup")
"""Custom fields whose values are choices, numbers or dates (``zendesk-api.md``): no text."""

_WITHOUT_TEXTS = (
    (
        f"UPDATE {SCHEMA}.{TICKETS.name} SET subject = NULL, custom_fields = list_filter("
        "custom_fields, lambda field: list_contains(kept.ids, field.id)) "
        f"FROM (SELECT coalesce(list(id), []) AS ids FROM {SCHEMA}.{FIELDS.name} WHERE type IN "
        f"({', '.join(repr(kind) for kind in _KEPT_AS_FIELDS)})) AS kept"
    ),
    f"DELETE FROM {SCHEMA}.{COMMENTS.name}",
    f"UPDATE {SCHEMA}.{SATISFACTION.name} SET comment = NULL",
    (
        f"UPDATE {SCHEMA}.{USERS.name} SET name = NULL WHERE role IS NULL "
        "OR role NOT IN ('agent', 'admin')"
    ),
)


def remembered(local: Analytics) -> dict[str, str]:
    """What is decided, as facts of the store."""
    days = FOR_EVER if local.retention_days is None else str(local.retention_days)
    return {"keep": local.keep, "retention_days": days}


def obey(batch: Batch, facts: Facts, local: Analytics) -> bool:
    """Take out what is to be kept no longer; have read again what is to be kept from now on.

    Returns:
        Whether texts were taken out, so that the file is to be written anew.
    """
    now = remembered(local)
    before = {name: facts.given.get(name) for name in now}
    if before == now:
        return False
    narrowed = local.keep == "fields" and before["keep"] != "fields"
    if narrowed:
        for statement in _WITHOUT_TEXTS:
            batch.execute(statement)
    if (local.texts and before["keep"] != "texts") or _longer(
        before["retention_days"], now["retention_days"]
    ):
        read_again(batch)
    for name, value in now.items():
        batch.set_fact(name, value)
    return narrowed


def _longer(before: str | None, now: str) -> bool:
    if before in {now, FOR_EVER}:
        return False
    return now == FOR_EVER or before is None or int(now) > int(before)
