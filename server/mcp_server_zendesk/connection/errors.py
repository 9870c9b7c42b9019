"""What can go wrong between us and Zendesk, as one hierarchy.

::

    ZendeskError
    ├── NotConfigured          nothing to sign in with
    ├── TokenUnavailable       a token is needed, and cannot be had now
    ├── ScopeMissing           our own check, before anything is sent
    ├── OutOfReach             a tool asked for more than it declares: a bug of ours
    ├── PolicyRefused          the admin's policy forbids it; nothing was sent
    │   └── CeilingReached     too many writes in this minute
    ├── StoreUnavailable       what replicas share cannot be had, and it would be needed
    ├── TransportError
    │   ├── ConnectionFailed   nothing reached Zendesk, or the connection broke
    │   └── TimedOut
    ├── UnreadableResponse     an answer that is not what Zendesk documents
    │   ├── AnswerTooLarge     more than any answer of ours needs: ask for a smaller page
    │   ├── SecondTooFull      an export that cannot be read on without losing something
    │   └── ForeignAddress     a link or redirect that leaves the account's origin
    └── Refused                Zendesk answered with an error status
        ├── Unauthenticated    401, or 200 for an anonymous caller
        │   └── TokenRefused   the token endpoint refuses: the sign-in has ended, or is wrong
        ├── Forbidden          403
        ├── NotFound           404, a record
        ├── EndpointUnavailable 404, a path or a feature
        ├── UnknownAccount     404, no help desk at that subdomain
        ├── Conflict           409
        ├── ValidationFailed   422 (and 413)
        │   └── TicketClosed
        ├── RateLimited        429
        ├── Unavailable        5xx
        └── InvalidRequest     400, 406 and every other refusal

No message holds a secret, a header or a value that the caller sent. Text of Zendesk's own is
kept apart in ``Refusal`` and is untrusted: it is cleaned before anyone reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal

from mcp_server_zendesk.connection.scopes import HeldScopes, ScopeGroup

Outcome = Literal["not_applied", "applied", "unknown"]
"""What became of a write that failed."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One entry of Zendesk's ``details``. ``text`` is Zendesk's and untrusted."""

    field: str
    text: str = dataclass_field(repr=False)
    code: str | None = None
    ticket_field_id: int | None = None
    allowed_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error answer says, read from any of Zendesk's envelopes (``zendesk-api.md`` §3)."""

    status: int
    code: str | None = None
    text: str | None = dataclass_field(default=None, repr=False)
    problems: tuple[FieldProblem, ...] = dataclass_field(default=(), repr=False)
    scopes: tuple[str, ...] = ()
    title_envelope: bool = False
    limit: str | None = None
    request_id: str | None = None
    retry_after: float | None = None


class ZendeskError(Exception):
    """Anything that stands between a tool and Zendesk.

    ``outcome`` is set on a failed write only.
    """

    outcome: Outcome | None = None


class NotConfigured(ZendeskError):
    """There is nothing to sign in with.

    ``missing`` names settings, never their values; ``sign_in`` when signing in mends it.
    """

    def __init__(self, message: str, *, missing: Iterable[str] = (), sign_in: bool = False) -> None:
        super().__init__(message)
        self.missing = tuple(missing)
        self.sign_in = sign_in


class TokenUnavailable(ZendeskError):
    """A token is needed and cannot be had now, for the reason ``cause``. Nothing was sent."""

    def __init__(self, cause: ZendeskError) -> None:
        super().__init__(f"no token could be had: {cause}")
        self.cause = cause


class ScopeMissing(ZendeskError):
    """The effective scopes do not cover what is asked; nothing was sent."""

    def __init__(self, required: Iterable[ScopeGroup], held: HeldScopes) -> None:
        self.required = tuple(required)
        self.missing = held.missing(self.required)
        self.lacking = held.lacking(self.required)
        self.held = held.effective
        super().__init__("the effective scopes do not cover this")


class OutOfReach(ZendeskError):
    """A tool asked for more than its spec declares; nothing was sent."""


class PolicyRefused(ZendeskError):
    """The admin's policy forbids a write; nothing was sent.

    Args:
        setting: The setting that forbids it.
        problem: What was wanted, as the end of "it was not called: …". Holds no whole address.
        allowed: What the setting allows, as an admin wrote it.
        asked: What was asked for beside that (domains, groups, brands), to be cleaned.
        misset: The setting itself means nothing, whatever is wanted.
        told: It could be told what is wanted; what cannot be told is refused by any setting.
    """

    def __init__(
        self,
        setting: str,
        problem: str,
        *,
        allowed: Iterable[str] = (),
        asked: Iterable[str] = (),
        misset: bool = False,
        told: bool = True,
    ) -> None:
        super().__init__(f"{setting} forbids this")
        self.told = told
        self.setting = setting
        self.problem = problem
        self.allowed = tuple(allowed)
        self.asked = tuple(asked)
        self.misset = misset


class CeilingReached(PolicyRefused):
    """The workspace's own ceiling of writes a minute is reached. ``retry_after`` in seconds."""

    def __init__(self, ceiling: int, *, retry_after: float) -> None:
        super().__init__("writes_per_minute", "the ceiling is reached", allowed=[str(ceiling)])
        self.ceiling = ceiling
        self.retry_after = retry_after


class StoreUnavailable(ZendeskError):
    """What the replicas of this server share cannot be had; nothing was sent.

    ``needed`` says what for, as the end of "without it, …".
    """

    def __init__(self, needed: str) -> None:
        super().__init__("the store that replicas share cannot be reached")
        self.needed = needed


class TransportError(ZendeskError):
    """No usable answer arrived."""


class ConnectionFailed(TransportError):
    """The connection could not be made, or broke. ``sent`` tells whether bytes had left."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class TimedOut(TransportError):
    """Zendesk did not answer in time. ``sent`` tells whether bytes had left."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class UnreadableResponse(ZendeskError):
    """An answer that is not what Zendesk documents. The message is ours, never the body."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AnswerTooLarge(UnreadableResponse):
    """An answer grew past the bound and was not read to its end."""


class SecondTooFull(UnreadableResponse):
    """More changed within one second than a page of an export by time holds."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Zendesk's export of {key} holds more changes within one second than one page, and "
            "cannot be read on without losing some"
        )


class ForeignAddress(UnreadableResponse):
    """A link or redirect leads away from the account's origin; it was not followed."""

    def __init__(self) -> None:
        super().__init__("Zendesk's answer leads to another host, which is not followed")


class Refused(ZendeskError):
    """Zendesk answered with an error status."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"Zendesk answered {refusal.status}")
        self.refusal = refusal


class Unauthenticated(Refused):
    """401, or an anonymous 200 from ``/users/me`` (``zendesk-api.md`` §2.3)."""

    def __init__(self, refusal: Refusal, *, auth: str | None = None) -> None:
        super().__init__(refusal)
        self.auth = auth


Grant = Literal["authorization_code", "refresh_token", "client_credentials"]


class TokenRefused(Unauthenticated):
    """The token endpoint refuses a grant (``zendesk-api.md`` §2.2, §2.5)."""

    def __init__(self, refusal: Refusal, *, auth: str, grant: Grant) -> None:
        super().__init__(refusal, auth=auth)
        self.grant = grant


class Forbidden(Refused):
    """403: a scope, a role, a plan, or an address that is not allowed."""


class NotFound(Refused):
    """404: no such record, or it is deleted, or this user may not see it."""


class EndpointUnavailable(Refused):
    """404 ``InvalidEndpoint``: the path, or a feature that is not in the plan."""


class UnknownAccount(Refused):
    """404: there is no help desk at this subdomain."""


class Conflict(Refused):
    """409: the record changed meanwhile, or two updates met."""


class ValidationFailed(Refused):
    """422: Zendesk refuses the values."""


class TicketClosed(ValidationFailed):
    """The ticket is closed and Zendesk refuses to change it. ``tried`` names the paths taken."""

    def __init__(self, refusal: Refusal, *, ticket_id: int, tried: Iterable[str] = ()) -> None:
        super().__init__(refusal)
        self.ticket_id = ticket_id
        self.tried = tuple(tried)


class RateLimited(Refused):
    """429. ``refusal.retry_after`` is in seconds where Zendesk says it.

    ``sent`` is false when a limit is known to be used up, and nothing was sent into it.
    """

    def __init__(self, refusal: Refusal, *, sent: bool = True) -> None:
        super().__init__(refusal)
        self.sent = sent


class Unavailable(Refused):
    """5xx: Zendesk, or the edge before it."""


class InvalidRequest(Refused):
    """400, 406 and every other refusal: the request itself is at fault."""
