"""The tickets and groups of a user."""

from collections.abc import Callable

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.endpoints.users import user_of
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import Endpoint, route
from mcp_server_zendesk.sandbox.tickets.sideloads import beside_tickets, shown_tickets

_IsTheirs = Callable[[Json, int], bool]


def _requested(ticket: Json, user_id: int) -> bool:
    return bool(ticket["requester_id"] == user_id)


def _ccd(ticket: Json, user_id: int) -> bool:
    return user_id in ticket["collaborator_ids"] or user_id in ticket["email_cc_ids"]


def _followed(ticket: Json, user_id: int) -> bool:
    return user_id in ticket["follower_ids"]


def _assigned(ticket: Json, user_id: int) -> bool:
    return bool(ticket["assignee_id"] == user_id)


def _listing(is_theirs: _IsTheirs) -> Endpoint:
    """An endpoint that lists the tickets of a user."""

    def list_user_tickets(call: Call) -> Answer:
        user_id, included = user_of(call)["id"], call.included()
        found = [one for one in call.store.tickets.values() if is_theirs(one, user_id)]
        page = paged(call, found, sorts={"updated_at": lambda one: one["updated_at"]})
        shown = shown_tickets(call, page.records, included)
        beside = beside_tickets(call, page.records, included)
        return Answer({"tickets": shown, **beside, **page.frame})

    return list_user_tickets


def list_recent_tickets(call: Call) -> Answer:
    """GET /tickets/recent: what the agent looked at; here, what is assigned to the agent."""
    found = [one for one in call.store.tickets.values() if _assigned(one, call.user["id"])]
    page = paged(call, sorted(found, key=lambda one: str(one["updated_at"]))[-5:])
    return Answer({"tickets": shown_tickets(call, page.records, set()), **page.frame})


def list_user_groups(call: Call) -> Answer:
    """GET /users/{id}/groups."""
    groups = call.store.groups_of(user_of(call)["id"])
    page = paged(call, [call.store.groups[one] for one in sorted(groups)])
    return Answer({"groups": [call.wire.group(one) for one in page.records], **page.frame})


ROUTES = (
    route("GET", "/tickets/recent", list_recent_tickets, "tickets"),
    route("GET", "/users/{id:int}/tickets/requested", _listing(_requested), "tickets"),
    route("GET", "/users/{id:int}/tickets/ccd", _listing(_ccd), "tickets"),
    route("GET", "/users/{id:int}/tickets/followed", _listing(_followed), "tickets"),
    route("GET", "/users/{id:int}/tickets/assigned", _listing(_assigned), "tickets"),
    route("GET", "/users/{id:int}/groups", list_user_groups, "groups"),
)
