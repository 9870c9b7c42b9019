"""Every recorded route beside the sandbox: the same keys, and values of the same kinds.

What differs is listed in `DIFFERENCES`, what is not served at all in `NOT_SERVED`, each with its
reason. Neither table may go stale: an entry that is no longer true fails.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    FJALLGARDEN_ID,
    NEW_TICKET,
    NORTHWIND_BRAND_ID,
    NOTE_MACRO,
    OPEN_TICKET,
    PRODUCT_AREA_FIELD_ID,
    REQUESTER_ID,
    SUPPORT_FORM_ID,
    SUPPORT_GROUP_ID,
    SUSPENDED_MAIL,
    UNASSIGNED_VIEW,
)

pytestmark = pytest.mark.anyio

N = r"\d+"


@dataclass(frozen=True)
class Compared:
    """A recorded route, and the request of the sandbox that stands for it."""

    method: str
    recorded: str
    asked: str
    status: int = 200
    body: Any = None
    also: str | None = None
    """Asked for as well, where recordings show a route in two styles."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.recorded} {self.status}".replace(r"\d+", "N")


def got(recorded: str, asked: str | None = None, status: int = 200) -> Compared:
    return Compared("GET", recorded, asked or recorded, status)


ORGANIZATION = f"organizations/{FJALLGARDEN_ID}"
TICKET = {"ticket": {"subject": "A", "comment": {"body": "B"}, "tags": ["c"]}}
COMPARED = (
    got("account/settings"),
    got("brands"),
    got(f"brands/{N}", f"brands/{NORTHWIND_BRAND_ID}"),
    got("custom_roles"),
    got("groups"),
    got("groups/assignable"),
    got(f"groups/{N}", f"groups/{SUPPORT_GROUP_ID}"),
    got("macros"),
    got("macros/active"),
    got(f"macros/{N}", f"macros/{NOTE_MACRO}"),
    got(f"macros/{N}", "macros/1", 404),
    got(f"macros/{N}/apply", f"macros/{NOTE_MACRO}/apply"),
    got("organization_memberships"),
    got(f"organization_memberships/{N}", f"organization_memberships/{REQUESTER_ID + 7}"),
    got(f"organization_memberships/{N}", "organization_memberships/1", 404),
    Compared("GET", "organizations", "organizations", also="organizations?page[size]=2"),
    got("organizations/autocomplete", "organizations/autocomplete?name=fj"),
    got("organizations/search", "organizations/search?external_id=C-1042"),
    got("organizations/show_many", f"organizations/show_many?ids={FJALLGARDEN_ID}"),
    got(f"organizations/{N}", ORGANIZATION),
    got(f"organizations/{N}", "organizations/1", 404),
    got(f"organizations/{N}/tags", f"{ORGANIZATION}/tags"),
    got(f"organizations/{N}/tickets", f"{ORGANIZATION}/tickets"),
    got(f"organizations/{N}/users", f"{ORGANIZATION}/users"),
    got("satisfaction_ratings"),
    got("satisfaction_ratings/received"),
    got(f"satisfaction_ratings/{N}", "satisfaction_ratings/RATING"),
    got("suspended_tickets"),
    got(f"suspended_tickets/{N}", f"suspended_tickets/{SUSPENDED_MAIL}"),
    got(f"suspended_tickets/{N}", "suspended_tickets/1", 404),
    got("ticket_fields"),
    got(f"ticket_fields/{N}", f"ticket_fields/{PRODUCT_AREA_FIELD_ID}"),
    got(f"ticket_fields/{N}", "ticket_fields/1", 404),
    got("ticket_forms"),
    got(f"ticket_forms/{N}", f"ticket_forms/{SUPPORT_FORM_ID}"),
    got("ticket_metrics"),
    got(f"ticket_metrics/{N}", f"ticket_metrics/{41_699_000_000_000 + OPEN_TICKET}"),
    got("tickets"),
    got("tickets/recent"),
    got(f"tickets/{N}", f"tickets/{OPEN_TICKET}"),
    got(f"tickets/{N}", "tickets/1", 404),
    got(f"tickets/{N}/audits", f"tickets/{OPEN_TICKET}/audits?include=users"),
    got(f"tickets/{N}/macros/{N}/apply", f"tickets/{NEW_TICKET}/macros/{NOTE_MACRO}/apply"),
    got(f"tickets/{N}/metrics", f"tickets/{OPEN_TICKET}/metrics"),
    Compared("GET", "users", "users", also="users?page[size]=2"),
    got("users/me"),
    got("users/search", "users/search?query=lena"),
    got(f"users/{N}", f"users/{AGENT_ID}?include=roles"),
    got(f"users/{N}/groups", f"users/{AGENT_ID}/groups"),
    got(f"users/{N}/tickets/ccd", f"users/{REQUESTER_ID}/tickets/ccd"),
    got(f"users/{N}/tickets/requested", f"users/{REQUESTER_ID}/tickets/requested"),
    got("views"),
    got("views/active"),
    got(f"views/{N}", f"views/{UNASSIGNED_VIEW}"),
    got(f"views/{N}", "views/1", 404),
    Compared("POST", "tickets", "tickets", 201, TICKET),
    Compared("PUT", f"tickets/{N}", f"tickets/{OPEN_TICKET}", 200, {"ticket": {"subject": "A"}}),
    Compared("DELETE", f"tickets/{N}", f"tickets/{OPEN_TICKET}", 204),
    Compared("POST", "users", "users", 201, {"user": {"name": "A", "email": "a@b.example"}}),
    Compared("PUT", f"users/{N}", f"users/{REQUESTER_ID}", 200, {"user": {"name": "A"}}),
    Compared("DELETE", f"users/{N}", "users/UNUSED"),
    Compared(
        "POST",
        f"users/{N}/identities",
        f"users/{REQUESTER_ID}/identities",
        422,
        {"identity": {"value": "d.carter@mail.example"}},
    ),
    Compared("PUT", f"users/{N}/password", f"users/{AGENT_ID}/password", 400, {"password": 1}),
    Compared("POST", f"users/{N}/password", f"users/{AGENT_ID}/password", 400, {"password": 1}),
    Compared("POST", "organizations", "organizations", 201, {"organization": {"name": "A"}}),
    Compared("PUT", f"organizations/{N}", ORGANIZATION, 200, {"organization": {"notes": "A"}}),
    Compared("DELETE", f"organizations/{N}", ORGANIZATION, 204),
    Compared("DELETE", f"organizations/{N}", "organizations/1", 404),
    Compared("GET", r"job_statuses/\S+", "job_statuses/JOB"),
    Compared(
        "POST", "organizations/create_many", "organizations/create_many", 200, {"organizations": []}
    ),
    Compared(
        "PUT", "organizations/update_many", "organizations/update_many", 200, {"organizations": []}
    ),
    Compared("DELETE", "organizations/destroy_many", "organizations/destroy_many?ids=1"),
    Compared("PUT", f"organizations/{N}/tags", f"{ORGANIZATION}/tags", 200, {"tags": ["a"]}),
    Compared("POST", f"organizations/{N}/tags", f"{ORGANIZATION}/tags", 201, {"tags": ["a"]}),
    Compared("DELETE", f"organizations/{N}/tags", f"{ORGANIZATION}/tags", 200, {"tags": ["a"]}),
    Compared("POST", "uploads", "uploads?filename=a.gif", 201, {}),
    Compared("DELETE", r"uploads/\w+", "uploads/UPLOAD", 204),
    Compared("DELETE", f"suspended_tickets/{N}", f"suspended_tickets/{SUSPENDED_MAIL}", 204),
)

_OLD_PRODUCTS = "of products and features that are retired, or that a support desk does without"
DIFFERENCES = {
    "GET account/settings 200": {
        "no settings.active_features.*": _OLD_PRODUCTS,
        "no settings.chat": _OLD_PRODUCTS,
        "no settings.voice": _OLD_PRODUCTS,
        "no settings.twitter": _OLD_PRODUCTS,
        "no settings.screencast": _OLD_PRODUCTS,
        "no settings.gooddata_advanced_analytics": _OLD_PRODUCTS,
    },
    "POST tickets 201": {
        "no audit.events[].*": "notifications by triggers: the sandbox's triggers do not run",
    },
}
"""What was recorded and differs here, by route, each with the reason why it stays so."""

_ADMIN = "setting up the account: outside the catalogue of design §7"
_END_USER = "requests are the end user's side of tickets: outside the catalogue of design §7"
NOT_SERVED = {
    "DELETE channels/voice/phone_numbers/N 200": "voice is outside the catalogue",
    "POST channels/voice/phone_numbers 200": "voice is outside the catalogue",
    "POST brands 422": _ADMIN,
    "DELETE groups/N 204": _ADMIN,
    "POST groups 201": _ADMIN,
    "PUT groups/N 200": _ADMIN,
    "DELETE macros/N 204": _ADMIN,
    "POST macros 201": _ADMIN,
    "PUT macros/N 200": _ADMIN,
    "DELETE views/N 204": _ADMIN,
    "POST views 201": _ADMIN,
    "PUT views/N 200": _ADMIN,
    "DELETE ticket_fields/N 204": _ADMIN,
    "POST ticket_fields 201": _ADMIN,
    "PUT ticket_fields/N 200": _ADMIN,
    "DELETE ticket_forms/N 204": _ADMIN,
    "POST ticket_forms 201": _ADMIN,
    "PUT ticket_forms/N 200": _ADMIN,
    "DELETE organization_memberships/N 204": "a user of the sandbox is in one organization",
    "POST organization_memberships 201": "a user of the sandbox is in one organization",
    "GET locales 200": _ADMIN,
    "GET locales/N 200": _ADMIN,
    "GET locales/current 200": _ADMIN,
    "GET users/me/settings 200": _ADMIN,
    "PUT users/me/settings 200": _ADMIN,
    "GET requests 200": _END_USER,
    "GET requests/N 200": _END_USER,
    "GET users/N/requests 200": _END_USER,
    "POST requests 201": _END_USER,
    "PUT requests/N 200": _END_USER,
    "PUT requests/N 406": _END_USER,
    "POST imports/tickets 201": "imports are outside the catalogue of design §7",
    "POST imports/tickets 409": "imports are outside the catalogue of design §7",
    "POST imports/tickets 422": "imports are outside the catalogue of design §7",
    "GET users/me 404": "of another subdomain: compared in test_sandbox_recordings.py",
}
"""What was recorded and has no route here."""

RETIRED = ("chat_only",)
"""Keys of 2013 to 2015 that are gone by the recordings of 2023."""


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


@cache
def interactions() -> tuple[tuple[str, str, int, Any], ...]:
    """Every recorded answer: method, path without version and suffix, status, body."""
    assert FOLDER is not None
    return tuple(
        (
            entry["method"],
            entry["path"].split("?")[0].removeprefix("/api/v2/").removesuffix(".json"),
            entry["status"],
            entry["body"],
        )
        for file in sorted(FOLDER.glob("*/*.json"))
        for entry in json.loads(file.read_text(encoding="utf-8"))
    )


FREE = ("user_fields", "organization_fields", "metadata", "configuration", "authenticity_token")
"""Objects whose keys are data."""


def shape(value: Any, at: str = "") -> Iterator[tuple[str, str | None]]:
    """Each place in a body with its kind; lists and their items share one place."""
    if isinstance(value, dict):
        yield at, "object"
        for key, inner in value.items():
            if not at.endswith(FREE):
                yield from shape(inner, f"{at}.{key}" if at else key)
    elif isinstance(value, list):
        yield at, "list"
        for inner in value:
            yield from shape(inner, f"{at}[]")
    elif value is None:
        yield at, None
    else:
        yield at, {bool: "flag", str: "text"}.get(type(value), "number")


def shapes(bodies: list[Any]) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for body in bodies:
        for place, kind in shape(body):
            known.setdefault(place, set()).update({kind} - {None})  # type: ignore[arg-type]
    return known


def differences(theirs: dict[str, set[str]], ours: dict[str, set[str]]) -> set[str]:
    """What was recorded and is not here, or is of another kind than in any recording.

    Below a place that is missing, null or an empty list here, nothing more is told.
    """
    told = set()
    for place, kinds in theirs.items():
        if place.endswith(RETIRED):
            continue
        parent = re.sub(r"(\.\w+|\[\])$", "", place) if re.search(r"[.\[]", place) else ""
        if place not in ours:
            if parent == "" or ours.get(parent) in ({"object"}, {"list", "object"}):
                told.add(f"no {place}")
        elif kinds and ours[place] and not ours[place] <= kinds:
            told.add(f"{place}: {'/'.join(sorted(ours[place]))} not {'/'.join(sorted(kinds))}")
    return told


@needs_recordings
@pytest.mark.parametrize("route", COMPARED, ids=lambda route: route.name)
async def test_a_route_answers_what_was_recorded(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    route: Compared,
) -> None:
    theirs = [
        body
        for method, path, status, body in interactions()
        if (method, status) == (route.method, route.status) and re.fullmatch(route.recorded, path)
        if not is_anonymous(body)
    ]
    assert theirs, "this was not recorded at all"
    answer = await client.request(
        route.method, await prepared(sandbox, client, route.asked), json=route.body
    )
    assert answer.status_code == route.status, answer.text
    ours = [answer.json() if answer.content else ""]
    if route.also:
        ours.append((await client.get(route.also)).json())
    found = differences(shapes(theirs), shapes(ours))
    explained = DIFFERENCES.get(route.name, {})
    matched = {told: [one for one in explained if is_told(one, told)] for told in found}
    assert {told for told, by in matched.items() if not by} == set(), "not explained"
    assert set(explained) == {one for by in matched.values() for one in by}, "gone stale"


@needs_recordings
def test_every_recorded_route_is_compared_or_said_not_to_be_served() -> None:
    recorded = {(method, path, status) for method, path, status, _ in interactions()}
    compared = [(one.method, re.compile(one.recorded), one.status) for one in COMPARED]
    left = {
        f"{method} {re.sub(N, 'N', path)} {status}"
        for method, path, status in recorded
        if not any(
            (method, status) == (known, code) and pattern.fullmatch(path)
            for known, pattern, code in compared
        )
    }
    assert left == set(NOT_SERVED)


def test_the_tables_name_routes_that_are_compared() -> None:
    assert set(DIFFERENCES) <= {route.name for route in COMPARED}


@pytest.mark.parametrize("name", NOT_SERVED)
async def test_what_is_not_served_is_still_not_served(client: httpx.AsyncClient, name: str) -> None:
    method, path, status = name.split()
    answer = await client.request(method, path.replace("N", "1"), json={})
    refused = answer.status_code == 404 and answer.json()["error"] == "InvalidEndpoint"
    assert refused or "subdomain" in NOT_SERVED[name], f"{answer.status_code}, not {status}"


def is_told(entry: str, told: str) -> bool:
    """Whether an entry of the table is about a difference; `*` at its end stands for anything."""
    return told.startswith(entry[:-1]) if entry.endswith("*") else told == entry


def is_anonymous(body: Any) -> bool:
    return isinstance(body, dict) and "user" in body and body["user"]["id"] is None


async def prepared(sandbox: Sandbox, client: httpx.AsyncClient, asked: str) -> str:
    """A path with the ids of what has to be made first."""
    store = sandbox.store
    if "RATING" in asked:
        return asked.replace("RATING", str(next(iter(store.satisfaction_ratings))))
    if "UNUSED" in asked:
        user = store.add_user(name="Unused", email="unused@mail.example")
        return asked.replace("UNUSED", str(user["id"]))
    if "UPLOAD" in asked:
        made = await client.post("uploads?filename=a.gif", content=b"GIF")
        return asked.replace("UPLOAD", made.json()["upload"]["token"])
    if "JOB" in asked:
        sandbox.rules.job_phases = ("completed",)
        batch = {"organizations": [{"id": FJALLGARDEN_ID, "notes": "n"}]}
        made = await client.put("organizations/update_many", json=batch)
        return asked.replace("JOB", made.json()["job_status"]["id"])
    if "ccd" in asked:
        store.tickets[OPEN_TICKET]["collaborator_ids"] = [REQUESTER_ID]
    assert ADMIN_ID in store.users
    return asked
