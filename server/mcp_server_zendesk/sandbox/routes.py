"""Every path of the sandbox; which scope each asks for stands with its endpoint."""

from collections.abc import Iterable

from mcp_server_zendesk.sandbox.endpoints import (
    account,
    attachments,
    comments,
    desk,
    event_exports,
    exports,
    groups,
    guide,
    guide_writes,
    macros,
    many,
    organizations,
    quality,
    ratings,
    removal,
    search,
    side_conversations,
    signing_in,
    suspended,
    tags,
    tags_index,
    tickets,
    user_tickets,
    user_writes,
    users,
    views,
)
from mcp_server_zendesk.sandbox.routing import Found, Route, match


def _by_method(routes: Iterable[Route]) -> dict[str, list[Route]]:
    sorted_out: dict[str, list[Route]] = {}
    for one in routes:
        sorted_out.setdefault(one.method, []).append(one)
    return sorted_out


_BELOW_API = _by_method(
    (
        *account.ROUTES,
        *users.ROUTES,
        *groups.ROUTES,
        *organizations.ROUTES,
        *desk.ROUTES,
        *tickets.ROUTES,
        *many.ROUTES,
        *removal.ROUTES,
        *views.ROUTES,
        *macros.ROUTES,
        *user_writes.ROUTES,
        *user_tickets.ROUTES,
        *quality.ROUTES,
        *ratings.ROUTES,
        *suspended.ROUTES,
        *side_conversations.ROUTES,
        *attachments.ROUTES,
        *exports.ROUTES,
        *event_exports.ROUTES,
        *tags_index.ROUTES,
        *guide.ROUTES,
        *guide_writes.ROUTES,
        *comments.ROUTES,
        *tags.ROUTES,
        *search.ROUTES,
    )
)
_PAGES = _by_method((*signing_in.ROUTES, *attachments.PAGES))


def find_route(method: str, path: str) -> Found | None:
    """The route of a path below `/api/v2`, if there is one; `.json` at its end is optional."""
    return match(_BELOW_API, method, path.removesuffix(".json"))


def find_page(method: str, path: str) -> Found | None:
    """The route of a path beside `/api/v2`: signing in, and the content of attachments."""
    return match(_PAGES, method, path)
