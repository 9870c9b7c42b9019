"""Groups, and who is in them."""

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.errors import record_not_found
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route


def list_groups(call: Call) -> Answer:
    """GET /groups and /groups/assignable: all that are not deleted."""
    groups = [group for group in call.store.groups.values() if not group["deleted"]]
    page = paged(call, groups)
    return Answer({"groups": [call.wire.group(group) for group in page.records], **page.frame})


def show_group(call: Call) -> Answer:
    """GET /groups/{id}."""
    return Answer({"group": call.wire.group(_group(call))})


def list_memberships(call: Call) -> Answer:
    """GET /group_memberships, with side-loads `users` and `groups`."""
    return _memberships(call, list(call.store.group_memberships.values()))


def list_group_memberships(call: Call) -> Answer:
    """GET /groups/{id}/memberships."""
    group_id = _group(call)["id"]
    held = call.store.group_memberships.values()
    return _memberships(call, [one for one in held if one["group_id"] == group_id])


def list_user_memberships(call: Call) -> Answer:
    """GET /users/{id}/group_memberships."""
    user_id = call.ids["id"]
    if user_id not in call.store.users:
        raise record_not_found()
    held = call.store.group_memberships.values()
    return _memberships(call, [one for one in held if one["user_id"] == user_id])


def _group(call: Call) -> Json:
    group = call.store.groups.get(call.ids["id"])
    if group is None:
        raise record_not_found()
    return group


def _memberships(call: Call, held: list[Json]) -> Answer:
    page = paged(call, held)
    body: Json = {
        "group_memberships": [call.wire.shown("group_memberships", one) for one in page.records],
        **page.frame,
    }
    if "users" in call.included():
        body["users"] = call.wire.users(one["user_id"] for one in page.records)
    if "groups" in call.included():
        body["groups"] = call.wire.groups(one["group_id"] for one in page.records)
    return Answer(body)


ROUTES = (
    route("GET", "/users/{id:int}/group_memberships", list_user_memberships, "groups"),
    route("GET", "/groups", list_groups, "groups"),
    route("GET", "/groups/assignable", list_groups, "groups"),
    route("GET", "/groups/{id:int}", show_group, "groups"),
    route("GET", "/groups/{id:int}/memberships", list_group_memberships, "groups"),
    route("GET", "/group_memberships", list_memberships, "groups"),
)
