"""All attacks, family by family."""

from __future__ import annotations

from attacks import (
    callers,
    calls,
    colleagues,
    doors,
    fields,
    hosts,
    limits,
    outside,
    queries,
    replicas,
    sizes,
    statements,
    texts,
    traces,
    watching,
    yes,
)
from attacks.attack import Attack

ATTACKS: tuple[Attack, ...] = (
    *fields.ATTACKS,
    *texts.ATTACKS,
    *outside.ATTACKS,
    *yes.ATTACKS,
    *limits.POLICY,
    *limits.REDACTION,
    *calls.CALLS,
    *calls.SCOPES,
    *calls.CURSORS,
    *hosts.PATHS,
    *hosts.HOSTS,
    *sizes.ATTACKS,
    *traces.ATTACKS,
    *watching.ATTACKS,
    *doors.ATTACKS,
    *colleagues.ATTACKS,
    *callers.ATTACKS,
    *replicas.ATTACKS,
    *statements.ATTACKS,
    *queries.ATTACKS,
)
