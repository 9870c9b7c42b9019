"""When a request may be repeated: only where repeating cannot do harm (design §4.5)."""

from __future__ import annotations

from mcp_server_zendesk.connection.errors import (
    ConnectionFailed,
    RateLimited,
    Refused,
    TimedOut,
    TokenUnavailable,
    Unavailable,
    UnreadableResponse,
    ZendeskError,
)

ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0
JITTER_SECONDS = 0.5

_PASSING = frozenset({502, 503, 504})


def may_repeat(error: ZendeskError, *, harmless: bool) -> bool:
    """Whether a failed request may be sent again.

    Args:
        error: How it failed.
        harmless: Whether doing it twice is the same as doing it once: a read, a write that sets
            the same value, or one with an idempotency key.
    """
    if isinstance(error, TokenUnavailable):
        return may_repeat(error.cause, harmless=False)
    if isinstance(error, RateLimited):
        return error.sent
    if isinstance(error, ConnectionFailed | TimedOut):
        return harmless or not error.sent
    return harmless and isinstance(error, Unavailable) and error.refusal.status in _PASSING


def may_have_arrived(error: ZendeskError) -> bool:
    """Whether a write may have been applied although its answer is an error."""
    if isinstance(error, ConnectionFailed | TimedOut):
        return error.sent
    if isinstance(error, Refused):
        return isinstance(error, Unavailable)
    return isinstance(error, UnreadableResponse)


def asked_to_wait(error: ZendeskError) -> float | None:
    """The seconds that Zendesk asks to wait (``Retry-After``); None where it does not say."""
    return error.refusal.retry_after if isinstance(error, Refused) else None
