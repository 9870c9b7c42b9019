"""The total function from what went wrong to its explanation.

One row an exception class; a class without a row of its own or of a parent is an
``internal_error``, and a test fails for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.connection.errors import Outcome
from mcp_server_zendesk.serving import (
    explain_local,
    explain_policy,
    explain_refusals,
    local_refusals,
    refusals,
)
from mcp_server_zendesk.serving.explanation import Circumstances, Explanation

_LOOK_FIRST = "Whether the change was made is unknown: read the record again before you repeat. "
_WAS_APPLIED = "The change itself was made; do not repeat it. "


def explain(error: BaseException, at: Circumstances) -> Explanation:
    """The explanation of any exception at all."""
    row = next((ROWS[kind] for kind in type(error).__mro__ if kind in ROWS), _internal)
    explanation = row(error, at)
    if at.writes:
        own = error.outcome if isinstance(error, errors.ZendeskError) else None
        explanation = _with_outcome(explanation, own or at.outcome)
    if isinstance(error, errors.RateLimited) and not error.sent:
        return explanation  # there is no answer whose id or status could be told
    if isinstance(error, errors.Refused):
        return replace(
            explanation,
            request_id=error.refusal.request_id or at.request_id,
            status=error.refusal.status,
        )
    return replace(explanation, request_id=explanation.request_id or at.request_id)


def _with_outcome(explanation: Explanation, outcome: Outcome) -> Explanation:
    if outcome == "unknown":
        return replace(
            explanation, outcome=outcome, retryable=False, hint=_LOOK_FIRST + explanation.hint
        )
    if outcome == "applied":
        rest = "Read the record again to see it." if explanation.retryable else explanation.hint
        return replace(explanation, outcome=outcome, retryable=False, hint=_WAS_APPLIED + rest)
    return replace(explanation, outcome=outcome)


def _invalid_arguments(error: refusals.InvalidArguments, at: Circumstances) -> Explanation:
    named = ", ".join(dict.fromkeys(problem.field for problem in error.problems))
    return Explanation(
        kind="invalid_arguments",
        message=f"{at.tool} was not called: its arguments do not fit ({named}).",
        reason="; ".join(f"{problem.field} {problem.problem}" for problem in error.problems),
        hint="Correct the arguments named in details.fields and call again.",
        who="model",
        details={"fields": [_argument(problem) for problem in error.problems]},
    )


def _argument(problem: refusals.ArgumentProblem) -> dict[str, Any]:
    entry: dict[str, Any] = {"field": problem.field, "problem": problem.problem}
    if problem.code:
        entry["code"] = problem.code
    if problem.allowed_values:
        entry["allowed_values"] = list(problem.allowed_values)
    if problem.candidates:
        entry["candidates"] = list(problem.candidates)
    return entry


def _unknown_tool(error: refusals.UnknownTool, at: Circumstances) -> Explanation:
    if error.exists:
        return Explanation(
            kind="unknown_tool",
            message=f"{at.tool} is switched off in this workspace.",
            reason="The admin left it out by toolsets, tools or exclude_tools.",
            hint="Work with the tools that are listed, or tell the user that an admin can add it.",
            who="admin",
        )
    near = f" The nearest is {error.nearest}." if error.nearest else ""
    return Explanation(
        kind="unknown_tool",
        message="There is no tool of that name.",
        reason=f"The name is not in tools/list.{near}",
        hint="Call one of the listed tools.",
        who="model",
    )


def _read_only(_: refusals.ReadOnlyWorkspace, at: Circumstances) -> Explanation:
    return Explanation(
        kind="read_only",
        message=f"{at.tool} was not called: this workspace is read-only.",
        reason="The admin switched read_only on, which no scope overrides.",
        hint="Tell the user what you would have changed; an admin can switch read_only off.",
        who="admin",
    )


def _confirmation_unavailable(
    error: refusals.ConfirmationUnavailable, at: Circumstances
) -> Explanation:
    reason = "The client does not support elicitation, and this workspace requires it."
    if error.failed:
        reason = "The client was given the question, and answered with an error instead."
    if error.sessionless:
        reason = (
            "A client of this version of MCP can be asked within a session alone, and the admin "
            "set stateless, so that there is none; one of 2026-07-28 could be asked."
        )
    return Explanation(
        kind="confirmation_unavailable",
        message=f"{at.tool} was not called: a human has to confirm it, and this client cannot ask.",
        reason=reason,
        hint="Tell the user what you would have done, so that they do it in Zendesk, or that an "
        'admin can set confirm = "client" where the client asks before each tool call.',
        who="admin",
    )


def _confirmation_declined(error: refusals.ConfirmationDeclined, at: Circumstances) -> Explanation:
    reason, hint = "The user declined, or closed the question.", "Ask the user what they want."
    if error.mistyped:
        reason = "What was typed is not what was asked for."
    if not error.in_time:
        reason = "Nobody answered the question in time; an answer that comes later is ignored."
        hint = "Tell the user that nothing was done, and call again once they are there to answer."
    return Explanation(
        kind="confirmation_declined",
        message=f"{at.tool} was not called: the user did not confirm it.",
        reason=reason,
        hint=f"Do not repeat the call now. {hint}",
        who="user",
    )


def _changed_meanwhile(_: refusals.ChangedMeanwhile, at: Circumstances) -> Explanation:
    return Explanation(
        kind="conflict",
        message=f"{at.tool} was not called: the record changed while the user was asked.",
        reason="What the user confirmed is no longer what would happen.",
        hint="Read the record again, tell the user what changed, and call again if they want it.",
        who="user",
    )


def _already_done(_: refusals.AlreadyDone, at: Circumstances) -> Explanation:
    return Explanation(
        kind="conflict",
        message=f"{at.tool} was not called again: the very same was done within the last minutes.",
        reason="One yes of the user counts once, and the same arguments were confirmed before.",
        hint="Look whether it is there. If the user wants it twice, say something else in it, or "
        "wait ten minutes.",
        who="user",
    )


def _not_configured(error: errors.NotConfigured, at: Circumstances) -> Explanation:
    hint = (
        "Tell the user that an admin has to set this in the server's configuration: "
        f"{', '.join(error.missing) or 'the credentials'}. Then restart the server."
    )
    if error.sign_in:
        also = f" Or an admin sets {' and '.join(error.missing)} and restarts the server."
        hint = (
            f"Tell the user to run `{at.sign_in}` in a terminal on the server's machine, and then "
            f"to ask again; the server needs no restart.{also if error.missing else ''}"
        )
    return Explanation(
        kind="not_configured",
        message="The server has nothing to sign in to Zendesk with.",
        reason=str(error),
        hint=hint,
        who="admin",
        details={"missing": list(error.missing)} if error.missing else {},
    )


def _token_unavailable(error: errors.TokenUnavailable, at: Circumstances) -> Explanation:
    """The cause's own explanation: nothing was sent but the question for a token."""
    cause = replace(explain(error.cause, replace(at, writes=False)), details={})
    return replace(
        cause,
        message="The server's sign-in to Zendesk could not be renewed, so nothing was sent.",
        reason=f"{cause.message} {cause.reason}",
        who="user" if cause.retryable else cause.who,
    )


def _scope_missing(error: errors.ScopeMissing, at: Circumstances) -> Explanation:
    return explain_refusals.scope_missing(
        at.tool,
        required=error.required,
        missing=error.missing,
        lacking=error.lacking,
        held=error.held,
        sign_in=at.sign_in,
    )


def _no_connection(error: errors.ConnectionFailed, _: Circumstances) -> Explanation:
    return Explanation(
        kind="network_error",
        message="Zendesk could not be reached.",
        reason=f"{_capital(error)}.",
        hint="Try once more; if it fails again, tell the user to check this machine's network, "
        "proxy and certificates.",
        who="user",
        retryable=True,
    )


def _timed_out(error: errors.TimedOut, _: Circumstances) -> Explanation:
    return Explanation(
        kind="timeout",
        message="Zendesk did not answer in time.",
        reason=f"{_capital(error)}.",
        hint="Try once more, with a narrower question where there is one.",
        who="model",
        retryable=True,
    )


def _unreadable(error: errors.UnreadableResponse, _: Circumstances) -> Explanation:
    return Explanation(
        kind="unreadable_response",
        message="Zendesk's answer could not be read.",
        reason=f"{_capital(error)}.",
        hint="Try once more; if it stays, tell the user that an admin should look for a proxy or "
        "a host mapping between this server and Zendesk.",
        who="admin",
        retryable=True,
        status=error.status,
    )


def _rate_limited(error: errors.RateLimited, at: Circumstances) -> Explanation:
    refusal = error.refusal
    limit = refusal.limit or ("background-jobs" if refusal.code == "TooManyJobs" else None)
    says = at.clean(refusal.text)
    wait = None if refusal.retry_after is None else max(1, math.ceil(round(refusal.retry_after, 3)))
    which = f"the limit {limit!r}" if limit else "a request limit"
    when = f"in {wait} seconds" if wait else "in about a minute"
    message = f"Zendesk refused the request: {which} of the account is used up."
    if not error.sent:
        message = (
            f"{at.tool} has to wait: {which} of the Zendesk account is used up. This server waits "
            "ahead of it, and nothing was sent."
        )
    return Explanation(
        kind="rate_limited",
        message=message,
        reason="Zendesk counts requests by minute for the account, and for some endpoints and "
        "tickets apart.",
        hint=f"Wait, then repeat the call {when}; ask for less at once.",
        who="model",
        retryable=True,
        retry_after_seconds=wait,
        details={
            **({"limit": limit} if limit else {}),
            **({"zendesk_says": says} if says and error.sent else {}),
        },
    )


def _audit_unavailable(error: refusals.AuditUnavailable, at: Circumstances) -> Explanation:
    return Explanation(
        kind="not_configured",
        message=f"{at.tool} was not carried out: the server's audit log cannot be written "
        f"({error}).",
        reason="A change that would leave no trace in the audit log is not made.",
        hint="Tell the user that whoever runs this server has to give its audit log room and "
        "permission to be written; reading still works.",
        who="admin",
        retryable=False,
    )


def _internal(_: BaseException, at: Circumstances) -> Explanation:
    return Explanation(
        kind="internal_error",
        message=f"{at.tool} failed by a mistake in this server.",
        reason="The details stand in the server's log and are not shown here.",
        hint="Do not repeat the same call; tell the user that the server's log has the error.",
        who="admin",
    )


def _capital(error: BaseException) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


Row = Callable[[Any, Circumstances], Explanation]

ROWS: Mapping[type[BaseException], Row] = {
    refusals.InvalidArguments: _invalid_arguments,
    refusals.UnknownTool: _unknown_tool,
    refusals.ReadOnlyWorkspace: _read_only,
    refusals.AuditUnavailable: _audit_unavailable,
    refusals.ConfirmationUnavailable: _confirmation_unavailable,
    refusals.ConfirmationDeclined: _confirmation_declined,
    refusals.ChangedMeanwhile: _changed_meanwhile,
    refusals.AlreadyDone: _already_done,
    refusals.TooManyCalls: explain_policy.too_many_calls,
    local_refusals.ExtraNeeded: explain_local.extra_needed,
    local_refusals.SwitchedOff: explain_local.switched_off,
    local_refusals.NeverSynced: explain_local.never_synced,
    local_refusals.SyncUnderWay: explain_local.sync_under_way,
    local_refusals.StoreBusy: explain_local.store_busy,
    local_refusals.StoreUnusable: explain_local.store_unusable,
    local_refusals.StoreFull: explain_local.store_full,
    local_refusals.OtherUser: explain_local.other_user,
    local_refusals.QueryRefused: explain_local.query_refused,
    local_refusals.QueryStopped: explain_local.query_stopped,
    errors.NotConfigured: _not_configured,
    errors.TokenUnavailable: _token_unavailable,
    errors.ScopeMissing: _scope_missing,
    errors.OutOfReach: _internal,
    errors.PolicyRefused: explain_policy.policy_refused,
    errors.CeilingReached: explain_policy.ceiling_reached,
    errors.StoreUnavailable: explain_policy.store_unavailable,
    errors.ConnectionFailed: _no_connection,
    errors.TimedOut: _timed_out,
    errors.UnreadableResponse: _unreadable,
    errors.AnswerTooLarge: _unreadable,
    errors.SecondTooFull: _unreadable,
    errors.ForeignAddress: _unreadable,
    errors.RateLimited: _rate_limited,
    errors.Unauthenticated: explain_refusals.unauthenticated,
    errors.TokenRefused: explain_refusals.token_refused,
    errors.Forbidden: explain_refusals.forbidden,
    errors.NotFound: explain_refusals.not_found,
    errors.EndpointUnavailable: explain_refusals.endpoint_unavailable,
    errors.UnknownAccount: explain_refusals.unknown_account,
    errors.Conflict: explain_refusals.conflict,
    errors.ValidationFailed: explain_refusals.validation_failed,
    errors.TicketClosed: explain_refusals.ticket_closed,
    errors.Unavailable: explain_refusals.unavailable,
    errors.InvalidRequest: explain_refusals.invalid_request,
    Exception: _internal,
}
