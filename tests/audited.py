"""An audit log as a server writes it, and what the verifier says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.sent import Sent
from mcp_server_zendesk.serving.auditing.audit import Audit
from mcp_server_zendesk.serving.auditing.seal import kept_key
from mcp_server_zendesk.serving.auditing.verification import RecordedCall, Verification
from mcp_server_zendesk.serving.results import Result
from mcp_server_zendesk.serving.spec import ToolSpec


async def update_thing(
    zendesk: Zendesk, ticket_id: Annotated[int, Field(description="Which")]
) -> Result:
    raise NotImplementedError


SPEC = ToolSpec(handler=update_thing, title="Update", toolset="tickets", effect="write")


def write_call(audit: Audit, ticket: int) -> None:
    """Four lines of a call, or three where the run has begun."""
    call = audit.call("update_thing", SPEC)
    call.intent({"ticket_id": ticket})
    sent = Sent("PUT", f"tickets/{ticket}")
    call.sending(sent, None, None)
    sent.statuses.append(200)
    end_call(call, ticket, sent)


def end_call(call: Any, ticket: int, *sent: Sent) -> None:
    """The last line of a call."""
    arguments = {"ticket_id": ticket}
    call.outcome(arguments, kind="ok", outcome="applied", milliseconds=1, sent=sent)


def lines_of(file: Path) -> list[dict[str, Any]]:
    """Each line as JSON."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def verified(*files: Path, key: bytes | None = None) -> tuple[Verification, list[RecordedCall]]:
    """What the verifier finds, and the calls it tells of."""
    calls: list[RecordedCall] = []
    verification = Verification(key or kept_key(files[0]), calls.append)
    verification.read(files)
    return verification, calls
