"""Zendesk's refusals in words that tell a model what to do (``zendesk-api.md`` §2.5, §3).

What cannot be told apart is given as ranked candidates, never as a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.connection.credentials import API_TOKENS_END
from mcp_server_zendesk.connection.scopes import ScopeGroup
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.explanation import Circumstances, Explanation

_MAX_ALLOWED_VALUES = 60
_REASON = 600

_LAYERS = {
    "workspace": "the scopes configured for the workspace",
    "token": "the scopes that Zendesk granted to the server's token",
    "caller": "the scopes of the caller's own token",
}


def scope_missing(
    tool: str,
    *,
    required: Sequence[ScopeGroup],
    missing: Sequence[ScopeGroup],
    lacking: Sequence[str],
    held: Sequence[str] | None = None,
    sign_in: str,
) -> Explanation:
    """Not allowed by the scopes of the workspace, of its token or of the caller."""
    wanted = " and ".join(" or ".join(group) for group in missing)
    mend = {
        "workspace": f"an admin adds {wanted} to the workspace's scopes (ZENDESK_SCOPES, or "
        "scopes in config.toml) and restarts the server",
        "token": f"an admin signs in again (`{sign_in}`), or gives the server another token, with "
        f"{wanted} among its scopes",
        "caller": f"the caller needs a token for this server with {wanted}",
    }
    return Explanation(
        kind="scope_missing",
        message=f"{tool} was refused: it needs the scope {wanted}.",
        reason=f"It is not among {' nor among '.join(_LAYERS[who] for who in lacking)}.",
        hint="Do not repeat the call. Tell the user that "
        + "; and that ".join(mend[who] for who in lacking)
        + ".",
        who="admin",
        details={
            "required": [list(group) for group in required],
            "missing": [list(group) for group in missing],
            "lacking": list(lacking),
            **({} if held is None else {"held": list(held)}),
        },
    )


def unauthenticated(error: errors.Unauthenticated, at: Circumstances) -> Explanation:
    """401, or an anonymous 200."""
    causes = list(_CAUSES.get(error.auth or "", _CAUSES["oauth_token"]))
    if error.auth == "api_token":
        retired = f"Zendesk has retired API tokens: they end on {API_TOKENS_END}"
        causes.insert(0 if at.today >= API_TOKENS_END else len(causes), retired)
    mend = _MEND.get(error.auth or "", _MEND["oauth_token"]).format(sign_in=at.sign_in)
    return Explanation(
        kind="unauthenticated",
        message="Zendesk does not accept the server's credentials.",
        reason=f"Most likely {causes[0]}; see details.candidates.",
        hint=f"Do not repeat the call. Tell the user that {mend}; `mcp-server-zendesk doctor` "
        "finds out which cause it is.",
        who="admin",
        details={"candidates": causes},
    )


_ELSEWHERE = "the subdomain names another account"
_CAUSES = {
    "oauth": (
        "the sign-in was revoked in Zendesk",
        "the user that signed in was suspended or removed",
        _ELSEWHERE,
    ),
    "oauth_client_credentials": (
        "the OAuth client, or the user who created it, was removed or suspended",
        _ELSEWHERE,
    ),
    "oauth_token": (
        "the OAuth token is expired or revoked",
        "the value is not an OAuth access token (an API token needs ZENDESK_AUTH=api_token)",
        _ELSEWHERE,
    ),
    "api_token": (
        "the API token is wrong, deactivated (after 30 days without use) or deleted",
        "the value is an OAuth token (which needs ZENDESK_AUTH=oauth_token) or a password",
        "the e-mail address is not the one of the token's user",
        _ELSEWHERE,
    ),
}
_MEND = {
    "oauth": "someone has to sign in again with `{sign_in}`, after which the server goes on by "
    "itself",
    "oauth_client_credentials": "an admin has to look at the OAuth client in Admin Center",
    "oauth_token": "an admin has to renew ZENDESK_OAUTH_TOKEN and restart the server, or sign in "
    "with `{sign_in}`",
    "api_token": "an admin has to renew ZENDESK_EMAIL and ZENDESK_API_TOKEN and restart the "
    "server, or better sign in by OAuth, which API tokens give way to",
}


def token_refused(error: errors.TokenRefused, at: Circumstances) -> Explanation:
    """The token endpoint says no: nothing can be done before a person does something."""
    refusal = error.refusal
    details = {"code": refusal.code} if refusal.code else {}
    if error.grant == "client_credentials":
        scope = refusal.code == "invalid_scope"
        return Explanation(
            kind="unauthenticated",
            message="Zendesk gives the server's OAuth client no token.",
            reason="The client may not have one of the scopes that the tools need."
            if scope
            else "The client's identifier or secret is wrong, or it is no confidential client.",
            hint="Do not repeat the call. Tell the user that an admin has to "
            + (
                "allow the client these scopes in Admin Center, or configure fewer."
                if scope
                else "correct ZENDESK_OAUTH_CLIENT_ID and its secret."
            ),
            who="admin",
            details=details,
        )
    return Explanation(
        kind="unauthenticated",
        message="The server's sign-in to Zendesk has ended.",
        reason="Zendesk no longer takes its refresh token: it was not used for its lifetime (30 "
        "days by default), was revoked, or another machine signed in with a copy of it.",
        hint=f"Do not repeat the call. Tell the user to run `{at.sign_in}` in a terminal on the "
        "server's machine; the server then goes on by itself.",
        who="admin",
        details=details,
    )


def forbidden(error: errors.Forbidden, at: Circumstances) -> Explanation:
    """403: a scope that the token lacks, or one of several causes behind the same words."""
    if error.refusal.scopes:
        wanted = (error.refusal.scopes,)
        return scope_missing(
            at.tool, required=wanted, missing=wanted, lacking=("token",), sign_in=at.sign_in
        )
    return Explanation(
        kind="forbidden",
        message="Zendesk does not let this user do that.",
        reason="Zendesk names no cause; the likely ones are in details.candidates.",
        hint="Do not repeat the call. Tell the user which record it was; check_connection shows "
        "the user and role that the server acts as.",
        who="admin",
        details={
            "candidates": [
                "the role of the server's user does not allow it, or not on this record",
                "the account's plan does not have the feature",
                "the account accepts only listed IP addresses",
                "the user or the account is suspended",
            ]
        },
    )


def not_found(_: errors.NotFound, at: Circumstances) -> Explanation:
    """404 for a record."""
    return Explanation(
        kind="not_found",
        message=f"{at.tool} did not find the record.",
        reason="It does not exist, it was deleted or merged away, or the server's user may not "
        "see it; Zendesk answers the same for each.",
        hint="Check the id, or search for the record by its text. A record created in the last "
        "minutes is not in search yet.",
        who="model",
    )


def endpoint_unavailable(_: errors.EndpointUnavailable, at: Circumstances) -> Explanation:
    """404 for a path."""
    return Explanation(
        kind="endpoint_unavailable",
        message=f"This Zendesk account does not offer what {at.tool} needs.",
        reason="The feature is not in the account's plan, or is switched off.",
        hint="Do not repeat the call; tell the user that the account lacks the feature.",
        who="admin",
    )


def unknown_account(_: errors.UnknownAccount, __: Circumstances) -> Explanation:
    """404 for the whole help desk."""
    return Explanation(
        kind="not_configured",
        message="There is no Zendesk account at the configured subdomain.",
        reason="Zendesk answers that no help desk is set up at this address.",
        hint="Tell the user that an admin has to correct ZENDESK_SUBDOMAIN and restart the server.",
        who="admin",
        details={"missing": ["ZENDESK_SUBDOMAIN"]},
    )


def conflict(_: errors.Conflict, at: Circumstances) -> Explanation:
    """409 of both kinds."""
    return Explanation(
        kind="conflict",
        message=f"{at.tool} met another change of the same record.",
        reason="The record was changed since it was read, or two changes arrived at once.",
        hint="Read the record again, see whether the change is still right, then repeat it.",
        who="model",
        retryable=True,
    )


def validation_failed(error: errors.ValidationFailed, at: Circumstances) -> Explanation:
    """422, and 413."""
    refusal = error.refusal
    fields = [_problem(problem, at) for problem in refusal.problems]
    details: dict[str, Any] = {"fields": fields} if fields else {}
    if not fields and refusal.text:
        details["zendesk_says"] = at.clean(refusal.text)
    named = clean_line(", ".join(dict.fromkeys(entry["field"] for entry in fields)))
    return Explanation(
        kind="validation_failed",
        message=f"Zendesk refused the values that {at.tool} sent"
        + (f" ({named})." if named else "."),
        reason=clean_line(
            "; ".join(f"{entry['field']}: {entry['problem']}" for entry in fields), _REASON
        )
        or "Zendesk's validation did not say which field.",
        hint="Correct the fields in details.fields and call again; ask the user for a value that "
        "you do not know.",
        who="model",
        details=details,
    )


def _problem(problem: errors.FieldProblem, at: Circumstances) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "field": clean_line(problem.field, 64),
        "problem": at.clean(problem.text) or "was refused",
    }
    if problem.code:
        entry["code"] = problem.code
    if problem.ticket_field_id:
        entry["ticket_field_id"] = problem.ticket_field_id
    if problem.allowed_values:
        shown = [clean_line(value, 100) for value in problem.allowed_values]
        entry["allowed_values"] = shown[:_MAX_ALLOWED_VALUES]
    return entry


def ticket_closed(error: errors.TicketClosed, at: Circumstances) -> Explanation:
    """The closed ticket, after every path that might have worked."""
    tried = f" Tried: {', '.join(error.tried)}." if error.tried else ""
    says = at.clean(error.refusal.text)
    return Explanation(
        kind="ticket_closed",
        message=f"Ticket {error.ticket_id} is closed and Zendesk does not let {at.tool} change it.",
        reason="Closed tickets change only where the account setting 'Modify closed ticket' is on "
        "and the server's user is an administrator or has the role permission "
        f"modify_closed_tickets; then tags, subject and priority can be edited.{tried}",
        hint="Tell the user that an admin can switch that setting or permission on, or that a "
        "follow-up ticket can carry the work on.",
        who="admin",
        details={
            "ticket_id": error.ticket_id,
            "account_setting": "Modify closed ticket",
            "role_permission": "modify_closed_tickets",
            **({"tried": list(error.tried)} if error.tried else {}),
            **({"zendesk_says": says} if says else {}),
        },
    )


def unavailable(error: errors.Unavailable, _: Circumstances) -> Explanation:
    """5xx."""
    wait = error.refusal.retry_after
    return Explanation(
        kind="zendesk_unavailable",
        message="Zendesk failed to answer the request.",
        reason="An incident, maintenance or overload on Zendesk's side; https://status.zendesk.com "
        "tells.",
        hint="Try again in a minute; if it stays, tell the user to look at the status page.",
        who="user",
        retryable=True,
        retry_after_seconds=None if wait is None else max(1, round(wait)),
    )


def invalid_request(error: errors.InvalidRequest, at: Circumstances) -> Explanation:
    """400, 406 and whatever else Zendesk refuses."""
    refusal = error.refusal
    details: dict[str, Any] = {}
    if refusal.code:
        details["code"] = refusal.code
    if refusal.text:
        details["zendesk_says"] = at.clean(refusal.text)
    return Explanation(
        kind="invalid_request",
        message=f"Zendesk refused the request of {at.tool} as malformed.",
        reason="A value or a combination of arguments is not accepted; see details.",
        hint="Change the arguments; repeating the same call will fail the same way.",
        who="model",
        details=details,
    )
