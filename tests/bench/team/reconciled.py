"""The audit of the replicas, held against Zendesk's own log and against what clients were told."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.team.settling import Task
from mcp_server_zendesk.serving.auditing import seal
from mcp_server_zendesk.serving.auditing.lines import canonical
from mcp_server_zendesk.serving.auditing.verification import RecordedCall, Verification

MARKER = re.compile(r"(?:note|ticket|tag|title)-[0-9a-f]{32}")
_FIRST_REFUSAL = 400


@dataclass
class Reconciled:
    """What does not add up; all of it has to be empty."""

    applied: Counter[str] = field(default_factory=Counter)
    """How often each marker was written in Zendesk."""
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Done, as a client was told, and not in Zendesk; or never settled."""
    unasked: list[str] = field(default_factory=list)
    """In Zendesk although its client was told that it was refused."""
    unrecorded: list[str] = field(default_factory=list)
    """In Zendesk, and not in the audit of any replica, or under another caller's name."""
    untrue: list[str] = field(default_factory=list)
    """Applied, as the audit says, and not in Zendesk."""
    denied: list[str] = field(default_factory=list)
    """In Zendesk, and not applied as the audit says of each call."""
    broken: list[str] = field(default_factory=list)
    """Audit files that are not as they were written."""
    open_ends: int = 0
    """Writes whose line after them is missing, because their process was killed."""
    open_and_sent: int = 0
    """Of these, those of which something had been sent."""
    milliseconds: dict[Path, list[float]] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Whether everything does."""
        by_clients = (self.doubled, self.lost, self.unasked)
        by_audits = (self.unrecorded, self.untrue, self.denied, self.broken)
        return not any((*by_clients, *by_audits))


def written_by(requests: Iterable[dict[str, Any]]) -> Counter[str]:
    """How often each marker was written, by Zendesk's log of requests."""
    written: Counter[str] = Counter()
    for request in requests:
        if request["method"] != "GET" and request["status"] < _FIRST_REFUSAL:
            written.update(set(MARKER.findall(json.dumps(request["body"]))))
    return written


def reconcile(tasks: list[Task], applied: Counter[str], audits: Iterable[Path]) -> Reconciled:
    """Hold the clients' tasks, what was written in Zendesk, and the audits against each other."""
    told = Reconciled(applied)
    told.doubled = [marker for marker, times in told.applied.items() if times > 1]
    _hold_against_clients(told, tasks)
    _hold_against_audits(told, tasks, audits)
    return told


def _hold_against_clients(told: Reconciled, tasks: list[Task]) -> None:
    for task in tasks:
        name = task.marker or task.tool
        if task.ending == "lost" or (
            task.ending == "done" and task.marker and not told.applied[task.marker]
        ):
            told.lost.append(name)
        forbidden = MARKER.findall(str(task.arguments))
        if task.ending == "refused" and any(told.applied[marker] for marker in forbidden):
            told.unasked.append(name)


def _hold_against_audits(told: Reconciled, tasks: list[Task], audits: Iterable[Path]) -> None:
    written = {task.marker: task for task in tasks if task.marker}
    sent: Counter[str] = Counter()
    ended: dict[str, set[Any]] = {}
    for audit in audits:
        calls, whole = calls_of(audit)
        if not whole:
            told.broken.append(str(audit))
        key = seal.kept_key(audit)
        by_digest = {
            seal.digest(key, "arguments", canonical(task.arguments)): marker
            for marker, task in written.items()
        }
        told.milliseconds[audit] = [
            float(call.outcome["ms"]) for call in calls if call.outcome is not None
        ]
        for call in calls:
            marker = by_digest.get(str(call.lines[0].get("arguments")))
            if marker is None or call.lines[0].get("caller") != written[marker].caller:
                continue
            sends = [line for line in call.lines if line.get("phase") == "sending"]
            sent[marker] += len(sends)
            outcome = call.outcome
            ended.setdefault(marker, set()).add(outcome and outcome.get("outcome"))
            if outcome is None:
                told.open_ends += 1
                told.open_and_sent += bool(sends)
            elif outcome.get("outcome") == "applied" and not told.applied[marker]:
                told.untrue.append(marker)
    told.denied = [m for m, ends in ended.items() if ends == {"not_applied"} and told.applied[m]]
    told.unrecorded = [marker for marker in told.applied if not sent[marker]]


def calls_of(audit: Path) -> tuple[list[RecordedCall], bool]:
    """The calls of an audit file, and whether it is as it was written."""
    calls: list[RecordedCall] = []
    verification = Verification(seal.kept_key(audit), calls.append)
    verification.read([audit])
    return calls, verification.whole
