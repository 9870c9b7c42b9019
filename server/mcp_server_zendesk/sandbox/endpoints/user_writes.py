"""Creating, changing and deleting users, and their identities (`zendesk-api.md` §8)."""

from mcp_server_zendesk.sandbox.call import MANY, Answer, Call, number
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.endpoints.users import user_of
from mcp_server_zendesk.sandbox.errors import (
    ApiError,
    Problems,
    forbidden,
    invalid_attribute,
    record_invalid,
    record_not_found,
)
from mcp_server_zendesk.sandbox.jobs import Task, Work, changed, submit
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.store import Store
from mcp_server_zendesk.sandbox.tickets.keys import ON_USER, accept
from mcp_server_zendesk.sandbox.tickets.values import clean_tags

_ROLES = ("end-user", "agent", "admin")
_EXTRAS = frozenset(
    {
        "organization",
        "organization_ids",
        "group_ids",
        "identities",
        "skip_verify_email",
        "remote_photo_url",
    }
)


def create_user(call: Call) -> Answer:
    """POST /users: 201 with Location; an address that is taken is a duplicate."""
    accepted = accept(call.payload("user"), ON_USER, "user")
    shown = call.wire.user(_create(call.store, call.user, accepted.wanted))
    headers = {"Location": shown["url"], **accepted.warning("create", "users")}
    return Answer({"user": shown}, 201, headers)


def create_or_update_user(call: Call) -> Answer:
    """POST /users/create_or_update, by `external_id` or `email`: 201 or 200."""
    given = call.payload("user")
    accepted = accept(given, ON_USER, "user")
    known = _known(call.store, accepted.wanted)
    if known is None:
        return create_user(call)
    _update(call.store, call.user, known, accepted.wanted)
    shown = call.wire.user(known)
    return Answer({"user": shown}, 200, {"Location": shown["url"]})


def update_user(call: Call) -> Answer:
    """PUT /users/{id}: an `email` becomes another identity and does not replace the address."""
    user = user_of(call)
    accepted = accept(call.payload("user"), ON_USER, "user")
    _update(call.store, call.user, user, accepted.wanted)
    return Answer({"user": call.wire.user(user)}, 200, accepted.warning("update", "users"))


def delete_user(call: Call) -> Answer:
    """DELETE /users/{id}: 200 with the user, inactive and without an address [REC]."""
    user = user_of(call)
    _delete(call.store, call.user, user)
    return Answer({"user": call.wire.user(user)})


def create_many_users(call: Call) -> Answer:
    """POST /users/create_many, at most a hundred [REC]."""
    given = call.body.get("users")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise invalid_attribute("users", "must be an array")
    if len(given) > MANY:
        text = "Maximum 100 users may be created per call"
        raise ApiError(400, {"error": "TooManyValues", "description": text})
    return Answer({"job_status": submit(call, _CREATE, given)})


def update_many_users(call: Call) -> Answer:
    """PUT /users/update_many: for `ids`, or a batch."""
    if "ids" in call.query:
        wanted = call.payload("user")
        items = [{"id": number(one), "wanted": wanted} for one in call.many("ids")]
    else:
        given = call.body.get("users")
        if not isinstance(given, list) or len(given) > MANY:
            raise invalid_attribute("users", "must be an array")
        items = [{"id": one.get("id"), "wanted": one} for one in given]
    return Answer({"job_status": submit(call, _UPDATE, items)})


def destroy_many_users(call: Call) -> Answer:
    """DELETE /users/destroy_many."""
    items = [{"id": number(one)} for one in call.many("ids")]
    return Answer({"job_status": submit(call, _DELETE, items)})


def show_identity(call: Call) -> Answer:
    """GET /users/{id}/identities/{identity_id}."""
    return Answer({"identity": call.wire.identity(_identity(call))})


def create_identity(call: Call) -> Answer:
    """POST /users/{id}/identities: 201; a value that is taken is a duplicate [REC]."""
    user, given = user_of(call), call.payload("identity")
    kind, value = str(given.get("type") or "email"), str(given.get("value") or "")
    if not value:
        entry = {"description": "Value: cannot be blank", "error": "BlankValue"}
        raise record_invalid({"value": [entry]})
    _check_free(call.store, value, user["id"], "value")
    identity = call.store.add_identity(
        user_id=user["id"], type=kind, value=value, verified=given.get("verified") is True
    )
    if given.get("primary") is True:
        _make_primary(call.store, user, identity)
    shown = call.wire.identity(identity)
    return Answer({"identity": shown}, 201, {"Location": shown["url"]})


def update_identity(call: Call) -> Answer:
    """PUT /users/{id}/identities/{identity_id}: its `verified` and `value`."""
    identity, given = _identity(call), call.payload("identity")
    if "value" in given:
        _check_free(call.store, str(given["value"]), identity["user_id"], "value")
    kept: Json = {key: given[key] for key in ("verified", "value") if key in given}
    identity.update(kept, updated_at=stamp(call.store.now()))
    if identity["primary"] and identity["type"] == "email":
        user_of(call)["email"] = identity["value"]
    return Answer({"identity": call.wire.identity(identity)})


def make_identity_primary(call: Call) -> Answer:
    """PUT …/make_primary: answers all identities."""
    identity = _identity(call)
    _make_primary(call.store, user_of(call), identity)
    held = call.store.identities[identity["user_id"]]
    shown = [call.wire.identity(one) for one in held]
    return Answer(
        {"identities": shown, "next_page": None, "previous_page": None, "count": len(held)}
    )


def verify_identity(call: Call) -> Answer:
    """PUT …/verify."""
    identity = _identity(call)
    identity.update(verified=True, updated_at=stamp(call.store.now()))
    return Answer({"identity": call.wire.identity(identity)})


def request_verification(call: Call) -> Answer:
    """PUT …/request_verification: an e-mail goes out, nothing else happens."""
    _identity(call)
    return Answer({})


def delete_identity(call: Call) -> Answer:
    """DELETE …: 204; the primary one stays (how that is refused is not attested)."""
    identity = _identity(call)
    if identity["primary"]:
        entry = {"description": "Primary identity cannot be deleted", "error": "InvalidValue"}
        raise record_invalid({"base": [entry]})
    call.store.identities[identity["user_id"]].remove(identity)
    return Answer(None, 204)


def refuse_password(call: Call) -> Answer:
    """PUT and POST /users/{id}/password: refused unless it is a string [REC]."""
    user_of(call)
    if not isinstance(call.body.get("password"), str):
        raise invalid_attribute("password", "must be a string")
    raise forbidden()


def _create(store: Store, by: Json, wanted: Json) -> Json:
    problems = Problems()
    name, email = str(wanted.get("name") or "").strip(), wanted.get("email")
    if not name:
        problems.add("name", "Name: is too short (minimum one character)", "ValueTooShort")
    _check_role(by, wanted, problems)
    problems.raise_if_any()
    if email:
        _check_free(store, str(email), None, "email")
    user = store.add_user(
        **{"verified": False, **_plain(wanted), "name": name, "email": email or None}
    )
    _attach(store, user, wanted)
    return user


def _update(store: Store, by: Json, user: Json, wanted: Json) -> None:
    problems = Problems()
    _check_role(by, wanted, problems)
    organization_id = wanted.get("organization_id")
    if organization_id is not None and organization_id not in store.organizations:
        problems.add("organization", "Organization: is invalid", "InvalidValue")
    problems.raise_if_any()
    email = wanted.get("email")
    if email:
        _check_free(store, str(email), user["id"], "email")
        held = store.identities.get(user["id"], [])
        if all(one["value"].casefold() != str(email).casefold() for one in held):
            store.add_identity(user_id=user["id"], value=email, verified=False)
        user["email"] = user["email"] or email
    plain = {key: value for key, value in _plain(wanted).items() if key != "email"}
    if "user_fields" in plain:
        plain["user_fields"] = {**user["user_fields"], **plain["user_fields"]}
    user.update(plain, updated_at=stamp(store.now()))
    _attach(store, user, wanted)


def _delete(store: Store, by: Json, user: Json) -> None:
    if user["id"] == by["id"] or by["role"] != "admin":
        raise forbidden()
    unsolved = [
        one
        for one in store.tickets.values()
        if one["requester_id"] == user["id"] and one["status"] not in {"solved", "closed"}
    ]
    if unsolved:
        text = f"User: has {len(unsolved)} open tickets"
        raise record_invalid({"base": [{"description": text, "error": "InvalidValue"}]})
    store.identities.pop(user["id"], None)
    user.update(active=False, email=None, updated_at=stamp(store.now()))


def _plain(wanted: Json) -> Json:
    plain = {key: value for key, value in wanted.items() if key not in _EXTRAS}
    if "tags" in plain:
        plain["tags"] = sorted(clean_tags(plain["tags"]))
    return plain


def _attach(store: Store, user: Json, wanted: Json) -> None:
    """What a user is created with besides its own keys: organization, identities."""
    named = (wanted.get("organization") or {}).get("name")
    if named:
        known = next(
            (one for one in store.organizations.values() if one["name"] == named),
            None,
        )
        user["organization_id"] = (known or store.add_organization(name=named))["id"]
    if wanted.get("organization_ids"):
        user["organization_id"] = int(wanted["organization_ids"][0])
    for one in wanted.get("identities", ()):
        held = store.identities.get(user["id"], [])
        if all(one.get("value") != other["value"] for other in held):
            store.add_identity(
                user_id=user["id"], type=one.get("type", "email"), value=one["value"]
            )


def _check_role(by: Json, wanted: Json, problems: Problems) -> None:
    role = wanted.get("role")
    if role is not None and role not in _ROLES:
        problems.add("role", f"Role: {role} is not valid", "InvalidValue")
    elif role in {"agent", "admin"} and by["role"] != "admin":
        raise forbidden()


def _check_free(store: Store, value: str, own: int | None, key: str) -> None:
    """The recorded refusal is of `value`; that of `email` is by analogy."""
    owner = store.user_by_email(value)
    if owner is not None and owner["id"] != own:
        text = f"{key.title()}: {value} is already being used by another user"
        raise record_invalid({key: [{"description": text, "error": "DuplicateValue"}]})


def _known(store: Store, wanted: Json) -> Json | None:
    external_id = str(wanted.get("external_id") or "").casefold()
    if external_id:
        for user in store.users.values():
            if str(user["external_id"] or "").casefold() == external_id:
                return user
    return store.user_by_email(str(wanted["email"])) if wanted.get("email") else None


def _make_primary(store: Store, user: Json, identity: Json) -> None:
    for one in store.identities[user["id"]]:
        if one["type"] == identity["type"]:
            one["primary"] = one is identity
    if identity["type"] == "email":
        user["email"] = identity["value"]


def _identity(call: Call) -> Json:
    for one in call.store.identities.get(user_of(call)["id"], []):
        if one["id"] == call.ids["identity_id"]:
            return one
    raise record_not_found()


def _create_item(work: Work) -> Json:
    wanted = accept(work.item, ON_USER, "user").wanted
    user = _create(work.store, work.by, wanted)
    return {"index": work.index, "id": user["id"], "account_id": 41}


def _update_item(work: Work) -> Json:
    user = work.store.users.get(number(str(work.item.get("id", ""))))
    if user is None:
        raise record_not_found()
    _update(work.store, work.by, user, accept(work.item["wanted"], ON_USER, "user").wanted)
    return changed(user["id"])


def _delete_item(work: Work) -> Json:
    user = work.store.users.get(work.item["id"])
    if user is None:
        raise record_not_found()
    _delete(work.store, work.by, user)
    return changed(user["id"], "delete", "Deleted")


_CREATE = Task("Bulk Create User", "UserCreateFailed", _create_item)
_UPDATE = Task("Bulk Update User", "UserUpdateFailed", _update_item)
_DELETE = Task("Bulk Delete User", "UserDeleteFailed", _delete_item)

_ONE = "/users/{id:int}/identities/{identity_id:int}"

ROUTES = (
    route("POST", "/users", create_user, "users"),
    route("POST", "/users/create_or_update", create_or_update_user, "users"),
    route("POST", "/users/create_many", create_many_users, "users"),
    route("PUT", "/users/update_many", update_many_users, "users"),
    route("DELETE", "/users/destroy_many", destroy_many_users, "users"),
    route("PUT", "/users/{id:int}", update_user, "users"),
    route("DELETE", "/users/{id:int}", delete_user, "users"),
    route("PUT", "/users/{id:int}/password", refuse_password, "users"),
    route("POST", "/users/{id:int}/password", refuse_password, "users"),
    route("POST", "/users/{id:int}/identities", create_identity, "users"),
    route("GET", _ONE, show_identity, "users"),
    route("PUT", _ONE, update_identity, "users"),
    route("DELETE", _ONE, delete_identity, "users"),
    route("PUT", _ONE + "/make_primary", make_identity_primary, "users"),
    route("PUT", _ONE + "/verify", verify_identity, "users"),
    route("PUT", _ONE + "/request_verification", request_verification, "users"),
)
