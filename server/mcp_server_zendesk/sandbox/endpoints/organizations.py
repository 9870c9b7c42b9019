"""Organizations (`zendesk-api.md` §8), their tags and memberships."""

from mcp_server_zendesk.sandbox.call import MANY, Answer, Call, number
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.errors import (
    invalid_attribute,
    record_invalid,
    record_not_found,
    too_many_values,
)
from mcp_server_zendesk.sandbox.jobs import Task, Work, changed, submit
from mcp_server_zendesk.sandbox.paging import offset_frame, offset_numbers, paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.tickets.keys import ON_ORGANIZATION, accept
from mcp_server_zendesk.sandbox.tickets.sideloads import beside_tickets, shown_tickets
from mcp_server_zendesk.sandbox.tickets.values import clean_tags

_SCOPE = "organizations"


def list_organizations(call: Call) -> Answer:
    """GET /organizations."""
    page = paged(call, list(call.store.organizations.values()))
    return Answer({"organizations": _shown(call, page.records), **page.frame})


def show_organization(call: Call) -> Answer:
    """GET /organizations/{id}."""
    return Answer({"organization": call.wire.organization(_organization(call))})


def show_many_organizations(call: Call) -> Answer:
    """GET /organizations/show_many by `ids` or `external_ids`."""
    every = call.store.organizations
    if "external_ids" in call.query:
        wanted = {value.casefold() for value in call.many("external_ids")}
        found = [one for one in every.values() if _external_id(one) in wanted]
    else:
        found = [every[key] for key in map(number, call.many("ids")) if key in every]
    frame = {"next_page": None, "previous_page": None, "count": len(found)}
    return Answer({"organizations": _shown(call, found), **frame})


def search_organizations(call: Call) -> Answer:
    """GET /organizations/search by exactly one of `external_id` and `name`."""
    every = call.store.organizations.values()
    if "external_id" in call.query:
        wanted = call.query["external_id"].casefold()
        return _found(call, [one for one in every if _external_id(one) == wanted])
    if "name" not in call.query:
        raise invalid_attribute("name", "external_id or name must be supplied")
    wanted = call.query["name"].casefold()
    return _found(call, [one for one in every if one["name"].casefold() == wanted])


def autocomplete_organizations(call: Call) -> Answer:
    """GET /organizations/autocomplete: names that begin so, from two characters on."""
    name = call.query.get("name", "").casefold()
    if len(name) < 2:
        raise invalid_attribute("name", "must be at least 2 characters")
    every = call.store.organizations.values()
    return _found(call, [one for one in every if one["name"].casefold().startswith(name)])


def list_organization_tickets(call: Call) -> Answer:
    """GET /organizations/{id}/tickets."""
    organization_id = _organization(call)["id"]
    every = call.store.tickets.values()
    page = paged(
        call,
        [one for one in every if one["organization_id"] == organization_id],
        sorts={"updated_at": lambda one: one["updated_at"]},
    )
    included = call.included()
    beside = beside_tickets(call, page.records, included)
    return Answer({"tickets": shown_tickets(call, page.records, included), **beside, **page.frame})


def list_organization_users(call: Call) -> Answer:
    """GET /organizations/{id}/users."""
    organization_id = _organization(call)["id"]
    users = call.store.users.values()
    found = [one for one in users if one["organization_id"] == organization_id and one["active"]]
    page = paged(call, found)
    return Answer({"users": [call.wire.user(one) for one in page.records], **page.frame})


def create_organization(call: Call) -> Answer:
    """POST /organizations: 201 with Location; the name is unique."""
    accepted = accept(call.payload("organization"), ON_ORGANIZATION, "organization")
    shown = call.wire.organization(_create(call.store, accepted.wanted))
    headers = {"Location": shown["url"], **accepted.warning("create", "organizations")}
    return Answer({"organization": shown}, 201, headers)


def update_organization(call: Call) -> Answer:
    """PUT /organizations/{id}."""
    organization = _organization(call)
    accepted = accept(call.payload("organization"), ON_ORGANIZATION, "organization")
    _update(call.store, organization, accepted.wanted)
    body = {"organization": call.wire.organization(organization)}
    return Answer(body, 200, accepted.warning("update", "organizations"))


def delete_organization(call: Call) -> Answer:
    """DELETE /organizations/{id}: 204."""
    _delete(call.store, _organization(call)["id"])
    return Answer(None, 204)


def create_many_organizations(call: Call) -> Answer:
    """POST /organizations/create_many."""
    return Answer({"job_status": submit(call, _CREATE, _batch(call))})


def update_many_organizations(call: Call) -> Answer:
    """PUT /organizations/update_many: for `ids`, or a batch."""
    if "ids" in call.query:
        wanted = call.payload("organization")
        items = [{"id": number(one), **wanted} for one in call.many("ids")]
    else:
        items = _batch(call)
    return Answer({"job_status": submit(call, _UPDATE, items)})


def destroy_many_organizations(call: Call) -> Answer:
    """DELETE /organizations/destroy_many."""
    items = [{"id": number(one)} for one in call.many("ids")]
    return Answer({"job_status": submit(call, _DELETE, items)})


def list_tags(call: Call) -> Answer:
    """GET /organizations/{id}/tags."""
    return Answer(_tags(_organization(call)))


def add_tags(call: Call) -> Answer:
    """PUT adds [REC]."""
    return _write_tags(call, set(_organization(call)["tags"]) | _given_tags(call))


def set_tags(call: Call) -> Answer:
    """POST sets: 201 with Location [REC]."""
    answer = _write_tags(call, _given_tags(call))
    location = call.wire.address(f"organizations/{call.ids['id']}/tags.json")
    return Answer(answer.body, 201, {"Location": location})


def remove_tags(call: Call) -> Answer:
    """DELETE removes: 200 with what remains [REC]."""
    return _write_tags(call, set(_organization(call)["tags"]) - _given_tags(call))


def list_memberships(call: Call) -> Answer:
    """GET /organization_memberships, of one user or organization or of all.

    A user of the sandbox is in one organization, so that the membership is made from the user.
    """
    users = [one for one in call.store.users.values() if one["organization_id"] is not None]
    if call.path.startswith("users/"):
        users = [one for one in users if one["id"] == call.ids["id"]]
    elif "id" in call.ids:
        users = [one for one in users if one["organization_id"] == call.ids["id"]]
    page = paged(call, [_membership(one) for one in users])
    shown = [call.wire.shown("organization_memberships", one) for one in page.records]
    return Answer({"organization_memberships": shown, **page.frame})


def show_membership(call: Call) -> Answer:
    """GET /organization_memberships/{id}."""
    for user in call.store.users.values():
        membership = _membership(user)
        if user["organization_id"] is not None and membership["id"] == call.ids["id"]:
            shown = call.wire.shown("organization_memberships", membership)
            return Answer({"organization_membership": shown})
    raise record_not_found()


def _membership(user: Json) -> Json:
    return {
        "id": user["id"] + 7,
        "user_id": user["id"],
        "organization_id": user["organization_id"],
        "default": True,
        "created_at": user["created_at"],
        "updated_at": user["created_at"],
    }


def _create(store: Store, wanted: Json) -> Json:
    name = str(wanted.get("name") or "").strip()
    if not name:
        entry = {"description": "Name: cannot be blank", "error": "BlankValue"}
        raise record_invalid({"name": [entry]})
    _check_unique(store, name, None)
    tags = sorted(clean_tags(wanted.get("tags", ())))
    return store.add_organization(**{**wanted, "name": name, "tags": tags})


def _update(store: Store, organization: Json, wanted: Json) -> None:
    if "name" in wanted:
        _check_unique(store, str(wanted["name"]), organization["id"])
    if "tags" in wanted:
        wanted = {**wanted, "tags": sorted(clean_tags(wanted["tags"]))}
    if "organization_fields" in wanted:
        fields = {**organization["organization_fields"], **wanted["organization_fields"]}
        wanted = {**wanted, "organization_fields": fields}
    organization.update(wanted, updated_at=stamp(store.now()))


def _delete(store: Store, organization_id: int) -> None:
    if store.organizations.pop(organization_id, None) is None:
        raise record_not_found()
    for user in store.users.values():
        if user["organization_id"] == organization_id:
            user["organization_id"] = None


def _check_unique(store: Store, name: str, own: int | None) -> None:
    for other in store.organizations.values():
        if other["id"] != own and other["name"].casefold() == name.casefold():
            entry = {"description": "Name: has already been taken", "error": "DuplicateValue"}
            raise record_invalid({"name": [entry]})


def _create_item(work: Work) -> Json:
    wanted = accept(work.item, ON_ORGANIZATION, "organization").wanted
    return {"status": "Created", "id": _create(work.store, wanted)["id"]}


def _update_item(work: Work) -> Json:
    organization = work.store.organizations.get(number(str(work.item.get("id", ""))))
    if organization is None:
        raise record_not_found()
    given = {key: value for key, value in work.item.items() if key != "id"}
    _update(work.store, organization, accept(given, ON_ORGANIZATION, "organization").wanted)
    return changed(organization["id"])


def _delete_item(work: Work) -> Json:
    _delete(work.store, work.item["id"])
    return changed(work.item["id"], "delete", "Deleted")


_CREATE = Task("Bulk Create Organization", "OrganizationCreateFailed", _create_item)
_UPDATE = Task("Bulk Update Organization", "OrganizationUpdateFailed", _update_item)
_DELETE = Task("Bulk Delete Organization", "OrganizationDeleteFailed", _delete_item)


def _batch(call: Call) -> list[Json]:
    given = call.body.get("organizations")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise invalid_attribute("organizations", "must be an array")
    if len(given) > MANY:
        raise too_many_values(MANY)
    return given


def _tags(organization: Json) -> Json:
    return {"tags": organization["tags"][::-1]}


def _given_tags(call: Call) -> set[str]:
    given = call.body.get("tags", [])
    return clean_tags(given if isinstance(given, list) else [given])


def _write_tags(call: Call, tags: set[str]) -> Answer:
    organization = _organization(call)
    organization.update(tags=sorted(tags), updated_at=stamp(call.store.now()))
    return Answer(_tags(organization))


def _organization(call: Call) -> Json:
    organization = call.store.organizations.get(call.ids["id"])
    if organization is None:
        raise record_not_found()
    return organization


def _external_id(organization: Json) -> str:
    return (organization["external_id"] or "").casefold()


def _shown(call: Call, found: list[Json]) -> list[Json]:
    return [call.wire.organization(one) for one in found]


def _found(call: Call, found: list[Json]) -> Answer:
    page, per_page = offset_numbers(call)
    shown = _shown(call, found[(page - 1) * per_page : page * per_page])
    return Answer({"organizations": shown, **offset_frame(call, page, per_page, len(found))})


ROUTES = (
    route("GET", "/organizations", list_organizations, _SCOPE),
    route("POST", "/organizations", create_organization, _SCOPE),
    route("GET", "/organizations/show_many", show_many_organizations, _SCOPE),
    route("GET", "/organizations/search", search_organizations, _SCOPE),
    route("GET", "/organizations/autocomplete", autocomplete_organizations, _SCOPE),
    route("POST", "/organizations/create_many", create_many_organizations, _SCOPE),
    route("PUT", "/organizations/update_many", update_many_organizations, _SCOPE),
    route("DELETE", "/organizations/destroy_many", destroy_many_organizations, _SCOPE),
    route("GET", "/organizations/{id:int}", show_organization, _SCOPE),
    route("PUT", "/organizations/{id:int}", update_organization, _SCOPE),
    route("DELETE", "/organizations/{id:int}", delete_organization, _SCOPE),
    route("GET", "/organizations/{id:int}/tickets", list_organization_tickets, "tickets"),
    route("GET", "/organizations/{id:int}/users", list_organization_users, "users"),
    route("GET", "/organizations/{id:int}/tags", list_tags, _SCOPE),
    route("PUT", "/organizations/{id:int}/tags", add_tags, _SCOPE),
    route("POST", "/organizations/{id:int}/tags", set_tags, _SCOPE),
    route("DELETE", "/organizations/{id:int}/tags", remove_tags, _SCOPE),
    route("GET", "/organization_memberships", list_memberships, _SCOPE),
    route("GET", "/organization_memberships/{id:int}", show_membership, _SCOPE),
    route("GET", "/organizations/{id:int}/organization_memberships", list_memberships, _SCOPE),
    route("GET", "/users/{id:int}/organization_memberships", list_memberships, _SCOPE),
)
