"""Real answers, recorded by others against real accounts, through the product's own reading.

The recordings are not part of this repository: they are looked for beside the checkout.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr

from mcp_server_zendesk.connection.account import Account
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.credentials import BearerToken
from mcp_server_zendesk.connection.errors import Refused, UnreadableResponse
from mcp_server_zendesk.connection.records import (
    AuditRecord,
    CommentRecord,
    JobStatus,
    MetricSet,
    NamedRecord,
    Record,
    TicketField,
    TicketRecord,
    UserRecord,
    parse,
    parse_list,
)

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[2].parent / "shared" / "recordings"
ONE: dict[str, type[Record]] = {
    "ticket": TicketRecord,
    "user": UserRecord,
    "organization": NamedRecord,
    "group": NamedRecord,
    "brand": NamedRecord,
    "audit": AuditRecord,
    "ticket_field": TicketField,
    "job_status": JobStatus,
    "ticket_metric": MetricSet,
}
MANY: dict[str, type[Record]] = {
    "tickets": TicketRecord,
    "users": UserRecord,
    "organizations": NamedRecord,
    "groups": NamedRecord,
    "brands": NamedRecord,
    "audits": AuditRecord,
    "comments": CommentRecord,
    "ticket_fields": TicketField,
    "ticket_metrics": MetricSet,
}


Entry = dict[str, Any]


@pytest.fixture(scope="module")
def recorded() -> dict[str, Entry]:
    found = {
        f"{file.stem}-{number}": entry
        for file in sorted(FOLDER.rglob("*.json"))
        for number, entry in enumerate(json.loads(file.read_text(encoding="utf-8")))
    }
    return found or pytest.skip("no recordings beside the checkout")


def test_each_recorded_body_is_readable(recorded: dict[str, Entry]) -> None:
    failed = []
    for name, entry in recorded.items():
        try:
            assert_readable(entry)
        except Exception as error:  # noqa: BLE001 - all that fail are told together
            failed.append(f"{name}: {error!r}")
    assert not failed, "\n".join(failed)


async def test_each_recorded_pair_replays_through_the_connection(
    recorded: dict[str, Entry],
) -> None:
    failed = []
    for name, entry in recorded.items():
        try:
            await assert_replayed(entry)
        except Exception as error:  # noqa: BLE001 - all that fail are told together
            failed.append(f"{name}: {error!r}")
    assert not failed, "\n".join(failed)


def assert_readable(entry: Entry) -> None:
    body = entry["body"]
    if not isinstance(body, dict) or entry["status"] >= 400:
        return
    for key, model in ONE.items():
        if isinstance(body.get(key), dict):
            parse(model, body, key)
    for key, model in MANY.items():
        if isinstance(body.get(key), list):
            assert len(parse_list(model, body, key)) == len(body[key])


async def assert_replayed(entry: Entry) -> None:
    connection = Connection(Account("acme"), BearerToken(SecretStr("recorded")))
    body = entry["body"]
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = {k: v if isinstance(v, str) else v[0] for k, v in (entry["headers"] or {}).items()}
    answer = httpx.Response(
        entry["status"], headers=headers, content=b"" if body in (None, "") else content
    )
    path = "/api/v2/" + entry["path"].partition("/api/v2/")[2]
    with respx.mock(base_url="https://acme.zendesk.com") as mock:
        mock.route().mock(return_value=answer)
        try:
            read = await connection.send(entry["method"], path, body=None)
        except Refused as refused:
            found: object = refused.refusal.status
        except UnreadableResponse:
            found = "unreadable"
        else:
            found = read.body
        finally:
            await connection.aclose()
    if entry["status"] >= 400:
        assert found == entry["status"]
    elif isinstance(body, dict):
        assert found == body
    else:
        assert found in ({}, "unreadable"), "only an empty body may pass for an object"
