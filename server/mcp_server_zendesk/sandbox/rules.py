"""The switches of the sandbox: every rule that `zendesk-api.md` leaves open, or gives two ways."""

from dataclasses import dataclass, field
from typing import Literal

ClosedTicketMode = Literal["allow", "refuse", "ignore", "by_setting"]
"""What becomes of a change of tags, subject or priority on a closed ticket.

`ignore` is the silent no-op: 200, and nothing happened (`zendesk-api.md` §6.3.3).
`by_setting` asks the account setting and the acting user's role (§6.1.4 and §6.1.5).
"""

RefusalEnvelope = Literal["status", "base", "closed_ticket", "text"]
Language = Literal["en", "de", "fr"]
Scrubbed = Literal["deleted", "as_before", "absent"]
"""How the incremental ticket export shows what was permanently deleted.

That the record stays, with everything scrubbed that users had written, is documented in the help
article on deleting tickets; an analyst of a large account found no sign in such records that
they are deleted. `deleted`: the status says so. `as_before`: the status is the last one.
`absent`: there is no record.
"""
SuspendedCaller = Literal["shown", "forbidden", "unauthenticated"]
"""What a suspended user's credentials still open: nothing of it is attested.

`shown`: only `users/me` and the own token, where the user says `"suspended": true`; the rest is
403. `forbidden`: 403 everywhere. `unauthenticated`: 401, as if the credentials were wrong.
"""


@dataclass
class ClosedTicketRules:
    """What a closed ticket refuses: none of it was ever recorded (`zendesk-api.md` §6.2, §6.3.7).

    The defaults follow the texts: the tags endpoints cannot be used (§6.1.1), Update Ticket and
    Update Many can, for an administrator, when the account setting is on (§6.1.4).
    """

    tags_endpoints: ClosedTicketMode = "refuse"
    update_ticket: ClosedTicketMode = "by_setting"
    update_many: ClosedTicketMode = "by_setting"
    modify_closed_tickets: bool = True
    """The account setting "Modify closed ticket"."""
    custom_fields: bool = False
    """Whether custom fields may be edited too: only a French copy of the article says so."""
    envelope: RefusalEnvelope = "status"
    language: Language = "en"


@dataclass
class Rules:
    """Everything about the account's behaviour that a test may want otherwise."""

    closed_tickets: ClosedTicketRules = field(default_factory=ClosedTicketRules)

    any_subdomain: bool = False
    """Answer as whatever `X.zendesk.com` is asked for; otherwise only the account's own exists."""
    sandbox_account: bool = False
    """Whether the account is itself one of Zendesk's sandboxes, by its active features."""

    ip_refused: bool = False
    """Whether the caller's address is off the allow-list: API, pages and signing in all fail.

    That they do is documented (support.zendesk.com 4408894156186); that it is a 403 in the usual
    envelope is not attested.
    """
    suspended_caller: SuspendedCaller = "shown"
    api_tokens_retired: bool = False
    """From 2027-04-30 on: no API token signs in any more (§2.1)."""
    grants_fewer_scopes: frozenset[str] | None = None
    """Issue OAuth tokens with just these scopes, whatever was asked for; none would be all."""

    rate_limited: bool = False
    """Count requests and refuse with 429. Off, each answer looks like a fresh minute's first."""
    requests_per_minute: int = 700
    exports_per_minute: int = 10
    """All incremental exports together; 30 with the High Volume add-on (§4)."""
    scrubbed_tickets: Scrubbed = "deleted"

    delete_tags_status: Literal[200, 204] = 200
    """DELETE tags: 200 by recordings and the OpenAPI file, 204 by older text (§6.4)."""
    special_tag_characters: Literal["strip", "keep"] = "strip"
    """`# @ !` and the like are "refused or stripped"; the exact rule is not known (§6.5)."""
    additional_tags_on_update: bool = False
    """Whether Update Ticket knows `additional_tags` and `remove_tags`; reports differ (§6.2)."""

    job_phases: tuple[str, ...] = ("queued", "working", "completed")
    """What successive polls of a job see; the last one is repeated."""
    job_seconds: float = 5.0
    """A job that nobody polls is done by then."""
    job_status_scopes: frozenset[str] = frozenset({"read"})
    """Scopes any of which allows reading a job: no narrow one is documented (§2.4)."""

    private_attachments: bool = True
    """Whether content addresses ask for authentication (an account setting, §5.7)."""
    attachment_host: str = "p25.zdusercontent.com"
    """Where content lies, for whoever asks by a name of Zendesk's; on loopback it is loopback."""
    largest_upload: int = 50_000_000

    side_conversations: Literal["enabled", "forbidden", "missing"] = "enabled"
    """An add-on: without it 403 or 404 (§5.7)."""

    help_center_needs_suffix: bool = True
    """Whether Help Center paths without `.json` get 415; reported of "several" (§7)."""

    search_delay_seconds: float = 0.0
    """How long a new ticket stays invisible to search; minutes in the real one (§7)."""
    search_result_limit: int = 1000
