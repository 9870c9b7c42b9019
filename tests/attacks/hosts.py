"""Paths, queries and hosts: what of ours can be made to go where it was not meant to go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from mcp import Client
from pydantic import ValidationError

from asking import call, types
from attached_files import attach
from attacks.attack import Attack, Attacks, Ground, all_of, put_in_place
from attacks.reading import EVIL, read
from mcp_server_zendesk.connection import account
from mcp_server_zendesk.connection.records import UserRecord, parse_list
from mcp_server_zendesk.sandbox import DEMO_SUBDOMAIN, Fault, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.app import RecordedRequest
from mcp_server_zendesk.sandbox.landmarks import ADMIN_EMAIL, INCIDENT_TICKETS, OPEN_TICKET
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.workspace import build_server

PATHS = Attacks("paths and queries")
HOSTS = Attacks("hosts and credentials")

OWN = f"{DEMO_SUBDOMAIN}.zendesk.com"
CONNECTION = "mcp_server_zendesk.connection"


# paths and queries


def astray(request: RecordedRequest) -> bool:
    """Whether a poll for a job went elsewhere, or asked for more."""
    polls = "/job_statuses/" in request.path
    return request.path == "/api/v2/users/me" or (polls and "include" in request.query)


def job_named(name: str, job_id: str, tries: str) -> None:
    """A bulk update whose job, by Zendesk's answer, is called so."""

    def renamed(body: Any) -> Any:
        return {"job_status": {**body["job_status"], "id": job_id}}

    async def run(_: Ground) -> bool:
        sandbox = Sandbox()
        sandbox.faults.add("PUT", "update_many", 1, misfortunes.altered(renamed))
        await call(
            sandbox, "update_tickets", types(2), ticket_ids=list(INCIDENT_TICKETS), priority="low"
        )
        return any(astray(request) for request in sandbox.requests)

    without = put_in_place(f"{CONNECTION}.paths:_encode", str)
    defence = "each part of a path is encoded whole"
    PATHS.append(Attack(name, PATHS.family, "network", tries, defence, run, without))


job_named("dots in an id", "../users/me", "an id in an answer that climbs to another path")
job_named("query in an id", "x?include=secrets", "an id in an answer that adds a query")


async def _naive_address(zendesk: Any, wanted: str) -> list[UserRecord]:
    params = {"query": f'email:"{wanted}"'}
    found = parse_list(UserRecord, await zendesk.get("users", "search", params=params), "users")
    return [user for user in found if user.email == wanted] or found


@PATHS.add(
    "search in an address",
    who="model",
    tries="an e-mail address with a quote and search syntax, which finds an administrator",
    defence="a looked-up address is one phrase",
    without=put_in_place("zendesk_tools.users:_with_address", _naive_address),
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace(scopes="read") as desk:
        said = f'x@{EVIL}" email:"{ADMIN_EMAIL}'
        return "Ada Okafor" in await read(desk, "get_user", user=said)


@PATHS.add(
    "type in a search of organizations",
    who="model",
    tries="type:user in the query of a tool for organizations",
    defence="type: is refused where it is ours",
    without=put_in_place("zendesk_tools.organizations:_check_query", lambda *_, **__: None),
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace(scopes="read", toolsets="organizations") as desk:
        await read(desk, "search_organizations", query="type:user role:admin")
        return any(
            "type:user" in request.query.get("query", "") for request in desk.sandbox.requests
        )


# hosts and credentials


@dataclass
class Street(httpx.AsyncBaseTransport):
    """The embedded Zendesk at its own name, and somebody else at every other one."""

    sandbox: Sandbox = field(default_factory=Sandbox)
    visits: list[tuple[str, bool]] = field(default_factory=list)
    """Who else was visited, and whether our credentials came along."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host == OWN or host.endswith(".zdusercontent.com"):
            inner = httpx.ASGITransport(app=self.sandbox)
            return await inner.handle_async_request(request)
        self.visits.append((host, "authorization" in request.headers))
        return httpx.Response(200, json={"user": {"id": 1, "name": "x"}}, request=request)

    @property
    def robbed(self) -> bool:
        """Whether somebody else got our credentials."""
        return any(signed for _, signed in self.visits)


def _rest(link: str, origin: str) -> str:
    return link.removeprefix(origin)


UNCHECKED = all_of(
    put_in_place(f"{CONNECTION}.client:link_path", _rest),
    put_in_place(f"{CONNECTION}.downloads:link_path", _rest),
    put_in_place(f"{CONNECTION}.exchange:same_origin", lambda *_: True),
    put_in_place(f"{CONNECTION}.client:content_path", _rest),
    put_in_place(f"{CONNECTION}.handle:content_path", _rest),
)
"""An address from an answer is taken as it is."""

LURES = {
    "user information": f"https://{OWN}@{EVIL}/attachments/users/me.json",
    "a port": f"https://{OWN}:8443/attachments/users/me.json",
    "a longer name": f"https://{OWN}.{EVIL}/attachments/users/me.json",
}


def redirected(name: str, location: str) -> None:
    async def run(ground: Ground) -> bool:
        street = Street()
        to = Fault(status=302, headers={"Location": location})
        street.sandbox.faults.add("GET", "/users/me", 1, to)
        async with ground.open_workspace(transport=street, scopes="read") as desk:
            await read(desk, "get_user", user="me")
        return street.robbed

    tries = "a redirect to another host that looks like ours"
    defence = "an address is ours before it is signed"
    HOSTS.append(
        Attack(f"redirect by {name}", HOSTS.family, "network", tries, defence, run, UNCHECKED)
    )


redirected("user information", LURES["user information"])
redirected("a longer name", LURES["a longer name"])


@HOSTS.add(
    "file at another host",
    who="network",
    tries="an attachment whose address is another host's",
    defence="an address is ours before it is signed",
    without=UNCHECKED,
)
async def _(ground: Ground) -> bool:
    street = Street()
    number = attach(street.sandbox, "a.txt", b"text")

    def moved(body: Any) -> Any:
        return {"attachment": {**body["attachment"], "content_url": LURES["user information"]}}

    street.sandbox.faults.add("GET", "/attachments/", 1, misfortunes.altered(moved))
    async with ground.open_workspace(
        transport=street, scopes="read", toolsets="attachments"
    ) as desk:
        await read(desk, "get_attachment", attachment_id=number)
    return street.robbed


@HOSTS.add(
    "file that leads into the own network",
    who="network",
    tries="a redirect of an attachment to a cloud machine's metadata",
    defence="files come from Zendesk's hosts alone",
    without=all_of(
        put_in_place(f"{CONNECTION}.client:is_content_address", lambda _: True),
        put_in_place(f"{CONNECTION}.downloads:is_content_address", lambda _: True),
    ),
)
async def _(ground: Ground) -> bool:
    street = Street()
    number = attach(street.sandbox, "a.txt", b"text")
    to = Fault(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
    street.sandbox.faults.add("GET", "^/attachments/", 1, to)
    async with ground.open_workspace(
        transport=street, scopes="read", toolsets="attachments"
    ) as desk:
        await read(desk, "get_attachment", attachment_id=number)
    return bool(street.visits)


@contextmanager
def without_reading() -> Iterator[None]:
    """The subdomain is taken as it was typed; pydantic holds the function, so its code goes."""
    read_it = account.parse_subdomain.__code__
    account.parse_subdomain.__code__ = (lambda text: text).__code__
    try:
        yield
    finally:
        account.parse_subdomain.__code__ = read_it


UNREAD = all_of(
    without_reading, put_in_place(f"{CONNECTION}.exchange:same_origin", lambda *_: True)
)


def subdomain(name: str, typed: str, tries: str) -> None:
    async def run(_: Ground) -> bool:
        street = Street()
        try:
            settings = Settings.model_validate(
                {"subdomain": typed, "auth": "oauth_token", "oauth_token": "canary"}
            )
        except ValidationError:
            return False
        server = build_server(settings, transport=street)
        async with server.running(), Client(server) as client:
            await client.call_tool("get_user", {"user": "me"})
        return street.robbed

    defence = "a subdomain is one name below zendesk.com"
    HOSTS.append(Attack(name, HOSTS.family, "local user", tries, defence, run, UNREAD))


subdomain("subdomain with a path", f"{EVIL}/", "a subdomain that ends the host early")
subdomain("subdomain with a fragment", f"{EVIL}#", "the same with a fragment")
subdomain("subdomain with a user", f"acme@{EVIL}/", "a subdomain that becomes user information")


@HOSTS.add(
    "credentials in an error",
    who="network",
    tries="an error of the connection with the request's header in its words",
    defence="causes are told in words of our own",
    without=put_in_place(f"{CONNECTION}.exchange:_cause", str),
)
async def _(ground: Ground) -> bool:
    sandbox = Sandbox()
    token = sandbox.token(("read",))
    broken = httpx.ConnectError(f"cannot connect: Authorization: Bearer {token}")
    sandbox.faults.add("GET", "/users/me", None, Fault(exception=broken))
    async with ground.open_workspace(sandbox=sandbox, token=token, scopes="read") as desk:
        return token in await read(desk, "get_user", user="me")


@HOSTS.add(
    "comment sent twice",
    who="network",
    tries="breaks the connection once a note has arrived, so that it is sent again",
    defence="what may have arrived is not repeated",
    without=put_in_place(f"{CONNECTION}.retries:may_repeat", lambda *_, **__: True),
)
async def _(ground: Ground) -> bool:
    async with ground.open_workspace() as desk:
        desk.sandbox.faults.add("PUT", "/tickets/", 1, misfortunes.reset_after_write())
        await read(desk, "add_internal_note", ticket_id=OPEN_TICKET, body="Once, please.")
        return desk.sandbox.store.said(OPEN_TICKET).count("Once, please.") > 1
