"""Users (`zendesk-api.md` §8)."""

from mcp_server_zendesk.sandbox.call import Answer, Call, number
from mcp_server_zendesk.sandbox.errors import invalid_attribute, record_not_found
from mcp_server_zendesk.sandbox.paging import offset_frame, offset_numbers, paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.search.people import matching_users
from mcp_server_zendesk.sandbox.text_match import words_match


def list_users(call: Call) -> Answer:
    """GET /users, filtered by `role` or `role[]`."""
    roles = {value for key, value in call.query.items() if key in {"role", "role[]"}}
    users = [user for user in _active(call) if not roles or user["role"] in roles]
    page = paged(call, users)
    shown = [call.wire.user(user) for user in page.records]
    return Answer({"users": shown, **_beside(call, page.records), **page.frame})


def show_user(call: Call) -> Answer:
    """GET /users/{id}."""
    user = user_of(call)
    return Answer({"user": call.wire.user(user), **_beside(call, [user])})


def show_many_users(call: Call) -> Answer:
    """GET /users/show_many by `ids` or `external_ids`, at most 100; unknown ones are left out."""
    if "external_ids" in call.query:
        wanted = {value.casefold() for value in call.many("external_ids")}
        found = [user for user in _active(call) if _external_id(user) in wanted]
    else:
        ids = [number(value) for value in call.many("ids")]
        found = [call.store.users[one] for one in ids if one in call.store.users]
    shown = [call.wire.user(user) for user in found]
    return Answer({"users": shown, "next_page": None, "previous_page": None, "count": len(shown)})


def search_users(call: Call) -> Answer:
    """GET /users/search by `query` or `external_id`; offset pages only (§7)."""
    if "external_id" in call.query:
        wanted = call.query["external_id"].casefold()
        found = [user for user in _active(call) if _external_id(user) == wanted]
    else:
        found = matching_users(call, call.query.get("query", ""))
    return _listed(call, found)


def autocomplete_users(call: Call) -> Answer:
    """GET /users/autocomplete, from two characters on."""
    name = call.query.get("name", "")
    if len(name) < 2:
        raise invalid_attribute("name", "must be at least 2 characters")
    return _listed(call, [user for user in _active(call) if words_match(name, user["name"])])


def list_identities(call: Call) -> Answer:
    """GET /users/{id}/identities."""
    page = paged(call, call.store.identities.get(user_of(call)["id"], []))
    shown = [call.wire.identity(identity) for identity in page.records]
    return Answer({"identities": shown, **page.frame})


def show_related(call: Call) -> Answer:
    """GET /users/{id}/related: how many of what."""
    user_id = user_of(call)["id"]
    tickets = call.store.tickets.values()
    return Answer(
        {
            "user_related": {
                "assigned_tickets": sum(ticket["assignee_id"] == user_id for ticket in tickets),
                "requested_tickets": sum(ticket["requester_id"] == user_id for ticket in tickets),
                "ccd_tickets": sum(user_id in ticket["collaborator_ids"] for ticket in tickets),
                "followed_tickets": sum(user_id in ticket["follower_ids"] for ticket in tickets),
                "topics": 0,
                "topic_comments": 0,
                "votes": 0,
                "subscriptions": 0,
                "entry_subscriptions": 0,
                "forum_subscriptions": 0,
                "organization_subscriptions": 0,
            },
        },
    )


def _beside(call: Call, users: list[Json]) -> Json:
    """The side-loads `organizations`, `groups` and `roles`."""
    beside: Json = {}
    if "roles" in call.included():
        held = {user["custom_role_id"] for user in users}
        roles = call.store.custom_roles.values()
        beside["roles"] = [role for role in roles if role["id"] in held]
    if "organizations" in call.included():
        ids = [user["organization_id"] for user in users]
        beside["organizations"] = call.wire.organizations(ids)
    if "groups" in call.included():
        groups = [one for user in users for one in sorted(call.store.groups_of(user["id"]))]
        beside["groups"] = call.wire.groups(groups)
    return beside


def _active(call: Call) -> list[Json]:
    return [user for user in call.store.users.values() if user["active"]]


def _external_id(user: Json) -> str:
    return (user["external_id"] or "").casefold()


def user_of(call: Call) -> Json:
    """The user that the path names."""
    user = call.store.users.get(call.ids["id"])
    if user is None:
        raise record_not_found()
    return user


def _listed(call: Call, found: list[Json]) -> Answer:
    page, per_page = offset_numbers(call)
    first = (page - 1) * per_page
    shown = [call.wire.user(user) for user in found[first : first + per_page]]
    return Answer({"users": shown, **offset_frame(call, page, per_page, len(found))})


ROUTES = (
    route("GET", "/users", list_users, "users"),
    route("GET", "/users/show_many", show_many_users, "users"),
    route("GET", "/users/search", search_users, "users"),
    route("GET", "/users/autocomplete", autocomplete_users, "users"),
    route("GET", "/users/{id:int}", show_user, "users"),
    route("GET", "/users/{id:int}/identities", list_identities, "users"),
    route("GET", "/users/{id:int}/related", show_related, "users"),
)
