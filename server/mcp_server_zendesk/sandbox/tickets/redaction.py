"""Redacting a comment: a text is gone for good, and the ticket tells that something was (§5.3)."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.errors import record_invalid, record_not_found
from mcp_server_zendesk.sandbox.tickets.history import record_redaction

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.store import Store

REDACTED = "▇"
"""Stands for each character that was taken out."""
_TEXTS = ("body", "plain_body", "html_body")


def redact_comment(store: Store, ticket: Json, comment_id: int, text: str, by: Json) -> Json:
    """Takes a text out of a comment wherever it is told; returns the comment.

    The event of it names the comment and not what was redacted. How Zendesk refuses a text that
    is not there, or a closed ticket, is not known.

    Raises:
        ApiError: 404 where the ticket has no such comment; 422 where there is nothing to redact.
    """
    number = ticket["id"]
    # What is generated is made anew each time: from now on it is kept.
    said = store.comments[number] = store.comments[number]
    audits = store.audits[number] = store.audits[number]
    comment = next((one for one in said if one["id"] == comment_id), None)
    if comment is None:
        raise record_not_found()
    if ticket["status"] == "closed":
        raise _refused("Status: closed prevents ticket update")
    if not text or text not in comment["plain_body"]:
        raise _refused("Text: could not be found in the comment")
    events = (one for audit in audits for one in audit["events"] if one["id"] == comment_id)
    for told in (comment, *events):
        told.update({key: _without(told[key], text) for key in _TEXTS})
    if said[0] is comment:
        ticket["description"] = comment["plain_body"]
    record_redaction(store, ticket, comment_id, author_id=by["id"], at=stamp(store.now()))
    return comment


def _without(told: str, text: str) -> str:
    for written in (text, html.escape(text, quote=False)):
        told = told.replace(written, REDACTED * len(text))
    return told


def _refused(text: str) -> Exception:
    return record_invalid({"base": [{"description": text}]})
