"""Macros, and what they would do: applying one writes nothing."""

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.endpoints.tickets import ticket_of
from mcp_server_zendesk.sandbox.errors import record_not_found
from mcp_server_zendesk.sandbox.paging import paged
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import route
from mcp_server_zendesk.sandbox.text_match import words_match
from mcp_server_zendesk.sandbox.tickets.macros import outcome


def list_macros(call: Call) -> Answer:
    """GET /macros, filtered by `active`, `category` and `group_id`."""
    macros = list(call.store.macros.values())
    if "active" in call.query:
        macros = [one for one in macros if one["active"] == (call.query["active"] == "true")]
    if "category" in call.query:
        macros = [one for one in macros if one["title"].startswith(call.query["category"] + "::")]
    return _macros(call, macros)


def list_active_macros(call: Call) -> Answer:
    """GET /macros/active."""
    return _macros(call, [one for one in call.store.macros.values() if one["active"]])


def search_macros(call: Call) -> Answer:
    """GET /macros/search by title."""
    wanted = call.query.get("query", "")
    found = [one for one in call.store.macros.values() if words_match(wanted, one["title"])]
    return _macros(call, found)


def show_macro(call: Call) -> Answer:
    """GET /macros/{id}."""
    return Answer({"macro": call.wire.shown("macros", _macro(call))})


def apply_macro(call: Call) -> Answer:
    """GET /macros/{id}/apply: the changes alone, `fields` always among them [REC]."""
    found = outcome(call.store, _macro(call), call.user, None)
    comment = {"comment": found.pop("comment")} if "comment" in found else {}
    fields = found.pop("custom_fields", None)
    return Answer({"result": {"ticket": {**found, "fields": fields, **comment}}})


def apply_macro_to_ticket(call: Call) -> Answer:
    """GET /tickets/{id}/macros/{macro_id}/apply: the whole ticket as it would be [REC]."""
    ticket, found = ticket_of(call), outcome(call.store, _macro(call), call.user, ticket_of(call))
    given = {one["id"]: one["value"] for one in found.pop("custom_fields", ())}
    fields = [
        {**one, "value": given.get(one["id"], one["value"])} for one in ticket["custom_fields"]
    ]
    comment = {"comment": found.pop("comment")} if "comment" in found else {}
    after = {**ticket, **found, "custom_fields": fields}
    return Answer({"result": {"ticket": {**call.wire.ticket(after), **comment}}})


def _macro(call: Call) -> Json:
    macro = call.store.macros.get(call.ids.get("macro_id", call.ids["id"]))
    if macro is None:
        raise record_not_found()
    return macro


def _macros(call: Call, macros: list[Json]) -> Answer:
    page = paged(
        call,
        macros,
        sorts={
            "position": lambda macro: macro["position"],
            "alphabetical": lambda macro: macro["title"],
            "created_at": lambda macro: macro["created_at"],
            "updated_at": lambda macro: macro["updated_at"],
        },
    )
    shown = [call.wire.shown("macros", macro) for macro in page.records]
    return Answer({"macros": shown, **page.frame})


ROUTES = (
    route("GET", "/macros", list_macros, "macros"),
    route("GET", "/macros/active", list_active_macros, "macros"),
    route("GET", "/macros/search", search_macros, "macros"),
    route("GET", "/macros/{id:int}", show_macro, "macros"),
    route("GET", "/macros/{id:int}/apply", apply_macro, "macros"),
    route("GET", "/tickets/{id:int}/macros/{macro_id:int}/apply", apply_macro_to_ticket, "tickets"),
)
