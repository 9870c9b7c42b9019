"""Update Many Tickets, and the job that it becomes (`zendesk-api.md` §5.4, §5.6)."""

from mcp_server_zendesk.sandbox.call import MANY, Answer, Call, number
from mcp_server_zendesk.sandbox.errors import invalid_attribute, too_many_values
from mcp_server_zendesk.sandbox.jobs import poll, submit
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.tickets.keys import ON_UPDATE_MANY, Accepted, accept

_JOB_TYPE = "Bulk Update Ticket"


def update_many_tickets(call: Call) -> Answer:
    """PUT /tickets/update_many: one change for `ids`, or a batch with a change for each."""
    if "ids" in call.query:
        ids = [number(value) for value in call.many("ids")]
        accepted = accept(call.payload("ticket"), ON_UPDATE_MANY, "ticket")
        items = [{"id": one, "wanted": accepted.wanted} for one in ids]
    else:
        accepted, items = _batch(call)
    body = {"job_status": submit(call, _JOB_TYPE, items)}
    return Answer(body, 200, accepted.warning("update_many"))


def show_job_status(call: Call) -> Answer:
    """GET /job_statuses/{id}."""
    return Answer({"job_status": poll(call, call.ids["id"])})


def _batch(call: Call) -> tuple[Accepted, list[Json]]:
    given = call.body.get("tickets")
    if not isinstance(given, list):
        raise invalid_attribute("tickets", "must be an array")
    if len(given) > MANY:
        raise too_many_values(MANY)
    every, items = Accepted(), []
    for index, entry in enumerate(given):
        changes = {key: value for key, value in entry.items() if key != "id"}
        accepted = accept(changes, ON_UPDATE_MANY, f"tickets.{index}")
        every.unpermitted += accepted.unpermitted
        every.invalid += accepted.invalid
        items.append({"id": number(str(entry.get("id", ""))), "wanted": accepted.wanted})
    return every, items
