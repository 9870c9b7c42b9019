"""What a closed ticket refuses, by the switches of `ClosedTicketRules` (`zendesk-api.md` §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mcp_server_zendesk.sandbox.errors import ApiError, record_invalid
from mcp_server_zendesk.sandbox.tickets.keys import LOCK_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.rules import ClosedTicketMode, ClosedTicketRules
    from mcp_server_zendesk.sandbox.store import Store

Verdict = Literal["proceed", "ignore"]

EDITABLE = frozenset(
    {"tags", "additional_tags", "remove_tags", "subject", "raw_subject", "priority"}
)
"""All that can ever be edited on a closed ticket (§6.1.3)."""

_REFUSALS = {
    # Only the English text is attested; the others stand for "it is localized" (§6.2).
    "en": ("closed prevents ticket update", "Status", "Record validation errors"),
    "de": (
        "geschlossen verhindert die Ticketaktualisierung",
        "Status",
        "Fehler bei der Validierung",
    ),
    "fr": ("clos empêche la mise à jour du ticket", "Statut", "Erreurs de validation"),
}


def judge(
    store: Store,
    rules: ClosedTicketRules,
    mode: ClosedTicketMode,
    by: Json,
    keys: Iterable[str],
) -> Verdict:
    """Decides on a write to a closed ticket.

    Raises:
        ApiError: The closed ticket refuses it.
    """
    editable = EDITABLE | {"custom_fields", "fields"} if rules.custom_fields else EDITABLE
    if mode == "refuse" or not set(keys) - LOCK_KEYS <= editable:
        raise refusal(rules)
    if mode == "by_setting" and not (
        rules.modify_closed_tickets and store.permits(by, "modify_closed_tickets")
    ):
        raise refusal(rules)
    return "ignore" if mode == "ignore" else "proceed"


def refusal(rules: ClosedTicketRules) -> ApiError:
    """The 422 of a closed ticket, in the envelope and language that the rules choose."""
    reason, label, title = _REFUSALS[rules.language]
    text = f"{label}: {reason}"
    if rules.envelope == "text":
        return ApiError(422, text)
    entry: dict[str, object] = {"description": text}
    if rules.envelope == "closed_ticket":
        entry["error"] = "ClosedTicket"
    key = "base" if rules.envelope == "base" else "status"
    return record_invalid({key: [entry]}, title)
