"""The sandbox beside real answers: what no comparison of keys shows.

`test_sandbox_recorded_routes.py` compares every route.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    OPEN_TICKET,
)

pytestmark = pytest.mark.anyio


def recordings() -> Path | None:
    """The folder `shared/recordings` beside one of the folders that hold this file."""
    for folder in Path(__file__).resolve().parents:
        beside = folder.parent / "shared" / "recordings"
        if beside.is_dir():
            return beside
    return None


FOLDER = recordings()
needs_recordings = pytest.mark.skipif(
    FOLDER is None,
    reason="no ../shared/recordings beside the checkout: there is nothing to compare with",
)


def interactions(method: str, path: str, status: int) -> Iterator[Any]:
    """The recorded bodies of a route; `path` is a pattern without the version and `.json`."""
    assert FOLDER is not None
    for file in sorted(FOLDER.glob("*/*.json")):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            below = entry["path"].split("?")[0].removeprefix("/api/v2/").removesuffix(".json")
            same = entry["method"] == method and entry["status"] == status
            if same and re.fullmatch(path, below):
                yield entry["body"]


@needs_recordings
async def test_the_anonymous_user_is_as_recorded(client: httpx.AsyncClient) -> None:
    bodies = [body for body in interactions("GET", "users/me", 200) if body["user"]["id"] is None]
    user = (await client.get("users/me", headers={"Authorization": ""})).json()["user"]
    assert {frozenset(body["user"]) for body in bodies} == {frozenset(user)}


@needs_recordings
async def test_an_unknown_subdomain_is_as_recorded(client: httpx.AsyncClient) -> None:
    (body,) = interactions("GET", "users/me", 404)
    answer = await client.get("https://invalidsubdomain.zendesk.com/api/v2/users/me.json")
    assert (answer.status_code, answer.json()) == (404, body)


@needs_recordings
async def test_a_missing_record_is_as_recorded(client: httpx.AsyncClient) -> None:
    (body, *_) = interactions("GET", r"tickets/\d+", 404)
    answer = await client.get("tickets/8869")
    assert (answer.status_code, answer.json()) == (404, body)


@needs_recordings
async def test_creating_and_updating_answer_the_recorded_audits(
    client: httpx.AsyncClient,
) -> None:
    ticket = {"subject": "This is a question?", "comment": {"body": "Indeed it is!"}}
    created = (await client.post("tickets", json={"ticket": ticket})).json()
    (known, *_) = interactions("POST", "tickets", 201)
    assert set(known) <= set(created)
    assert set(known["audit"]) <= set(created["audit"])
    for event_type in ("Comment", "Create"):
        assert _event(known, event_type) <= _event(created, event_type)
    path = f"tickets/{created['ticket']['id']}"
    changed = (await client.put(path, json={"ticket": {"subject": "TESTDATA"}})).json()
    (known, *_) = interactions("PUT", r"tickets/\d+", 200)
    assert set(known) <= set(changed)
    assert _event(known, "Change") <= _event(changed, "Change")


@needs_recordings
async def test_tags_are_answered_as_recorded_on_organizations(client: httpx.AsyncClient) -> None:
    for method, status in (("GET", 200), ("PUT", 200), ("POST", 201), ("DELETE", 200)):
        assert any(interactions(method, r"organizations/\d+/tags", status))
        answer = await client.request(method, f"tickets/{OPEN_TICKET}/tags", json={"tags": ["a"]})
        assert answer.status_code == status
        assert set(answer.json()) == {"tags"}


@needs_recordings
async def test_jobs_are_as_recorded(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    path = f"tickets/update_many?ids={OPEN_TICKET}"
    queued = (await client.put(path, json={"ticket": {"priority": "low"}})).json()["job_status"]
    (known,) = interactions("PUT", "organizations/update_many", 200)
    same = ("status", "message", "results", "progress")
    assert [queued[key] for key in same] == [known["job_status"][key] for key in same]
    assert set(known["job_status"]) <= set(queued)
    clock.forward(sandbox.rules.job_seconds)
    done = (await client.get(queued["url"])).json()["job_status"]
    items = [
        item
        for body in interactions("GET", "job_statuses/.+", 200)
        for item in body["job_status"]["results"] or []
        if item.get("action") == "update"
    ]
    assert {frozenset(item) for item in items} == {frozenset(done["results"][0])}
    (now, then) = (
        re.sub(r"\d", "0", text)
        for text in (done["message"], "Completed at 2023-10-08 17:22:38 +0000")
    )
    assert now == then


@needs_recordings
async def test_metrics_have_the_recorded_keys(client: httpx.AsyncClient) -> None:
    (known, *_) = interactions("GET", r"ticket_metrics/\d+", 200)
    query = {"include": "metric_sets"}
    ticket = (await client.get(f"tickets/{OPEN_TICKET}", params=query)).json()["ticket"]
    assert set(known["ticket_metric"]) == set(ticket["metric_set"])


@needs_recordings
async def test_pages_have_the_recorded_frames(client: httpx.AsyncClient) -> None:
    cursor = [body for body in interactions("GET", "organizations", 200) if "meta" in body]
    page = (await client.get("organizations?page[size]=2")).json()
    assert {frozenset(body) for body in cursor} >= {frozenset(page)}
    assert set(page["meta"]) == set(cursor[0]["meta"])
    assert set(page["links"]) == set(cursor[0]["links"])


def _event(body: Any, event_type: str) -> set[str]:
    return set(next(one for one in body["audit"]["events"] if one["type"] == event_type))
