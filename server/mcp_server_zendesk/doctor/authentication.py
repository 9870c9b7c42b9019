"""Who the server is to Zendesk: whether the credentials work, and why not."""

from __future__ import annotations

from datetime import date

from mcp_server_zendesk.connection import errors
from mcp_server_zendesk.connection.client import Connection
from mcp_server_zendesk.connection.credentials import Credentials
from mcp_server_zendesk.connection.exchange import Channel, Request
from mcp_server_zendesk.connection.paths import api_path
from mcp_server_zendesk.connection.records import Record, parse
from mcp_server_zendesk.doctor import mending
from mcp_server_zendesk.doctor.causes import Refused, cause_of, cause_of_refused_grant
from mcp_server_zendesk.doctor.checks import Check, Name
from mcp_server_zendesk.doctor.storage import Stored
from mcp_server_zendesk.settings import Settings
from mcp_server_zendesk.signing_in.problems import Problem, in_words
from mcp_server_zendesk.signing_in.sign_in import Person

_OK = 200


class Me(Record):
    """The user behind the credentials, with what limits one (``zendesk-api.md`` §2.3, §8)."""

    id: int | None = None
    name: str | None = None
    email: str | None = None
    role: str | None = None
    suspended: bool | None = None
    ticket_restriction: str | None = None
    only_private_comments: bool | None = None
    restricted_agent: bool | None = None

    def __str__(self) -> str:
        """One line for a terminal."""
        return str(Person(id=self.id or 0, name=self.name, email=self.email, role=self.role))


async def look_at_authentication(
    connection: Connection,
    channel: Channel,
    settings: Settings,
    stored: Stored,
    *,
    now: float,
    today: date,
) -> tuple[Check, Me | None]:
    """Ask who we are; an id is what proves that we are somebody (zendesk-api.md §2.3).

    A sign-in that is due is renewed on the way, as a server would.
    """

    async def accepts(credentials: Credentials) -> bool:
        return await _knows(channel, credentials)

    refused = Refused(settings, stored, accepts, now, today)
    try:
        answer = await connection.send("GET", api_path("users", "me"))
        me = parse(Me, answer.body, "user")
    except errors.TokenRefused as error:
        return cause_of_refused_grant(error, settings), None
    except errors.Unauthenticated:
        return await cause_of(refused), None
    except errors.Forbidden as error:
        return _let_do_nothing(error, settings), None
    except errors.ZendeskError as error:
        return trouble("authentication", error, settings), None
    if me.id is None:
        anonymous = Refused(settings, stored, accepts, now, today, anonymous=True)
        return await cause_of(anonymous), None
    return Check("authentication", "ok", f"{me}, by {settings.auth}"), me


async def _knows(channel: Channel, credentials: Credentials) -> bool:
    """Whether Zendesk knows somebody by these credentials: the same host, and a GET."""
    try:
        raw = await channel.exchange(
            Request("GET", api_path("users", "me")), await credentials.authorization()
        )
        user = raw.json_object().get("user")
    except errors.ZendeskError:
        return False
    return raw.status == _OK and isinstance(user, dict) and user.get("id") is not None


def _let_do_nothing(error: errors.Forbidden, settings: Settings) -> Check:
    """403 to a question that needs no role and that a stranger is answered."""
    if error.refusal.scopes:
        names = " or ".join(error.refusal.scopes)
        return Check(
            "authentication",
            "fail",
            f"the token lacks the scope {names}",
            why="Zendesk names it, and does not even tell who the token is.",
            mend=mending.another_token(settings),
            cause="scope_missing",
        )
    return Check(
        "authentication",
        "fail",
        "Zendesk knows the user and lets them do nothing (403)",
        why="A stranger from this machine is answered and this user is not, and the question needs "
        "no role, scope or plan: the user is suspended.",
        mend="an admin unsuspends the user in Zendesk, or sign in as another one: "
        + mending.sign_in(settings),
        cause="suspended",
    )


def trouble(
    name: Name, error: errors.ZendeskError, settings: Settings, *, soft: bool = False
) -> Check:
    """Any other failure: what stands between us and an answer."""
    if isinstance(error, errors.UnreadableResponse | errors.NotConfigured):
        text = str(error)
        problem = Problem(f"{text[:1].upper()}{text[1:].rstrip('.')}.", mending.doctor(settings))
    else:
        problem = in_words(error, settings)
    return Check(
        name,
        "warn" if soft else "fail",
        "no answer that tells",
        why=problem.why,
        mend=problem.mend,
        cause=_KINDS.get(type(error)),
    )


_KINDS: dict[type[BaseException], str] = {
    errors.RateLimited: "rate_limited",
    errors.Unavailable: "zendesk_unavailable",
    errors.ConnectionFailed: "unreachable",
    errors.TimedOut: "timeout",
    errors.TokenUnavailable: "token_unavailable",
    errors.UnreadableResponse: "unreadable_response",
    errors.NotConfigured: "incomplete",
}
