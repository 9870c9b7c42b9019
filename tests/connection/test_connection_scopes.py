from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.connection.scopes import (
    KNOWN_SCOPES,
    HeldScopes,
    ScopeGroup,
    parse_scopes,
    requirement,
    satisfies,
)

SCOPE = st.sampled_from(sorted(KNOWN_SCOPES))
SCOPES = st.frozensets(SCOPE, max_size=5)
HELD = st.builds(HeldScopes, SCOPES, st.none() | SCOPES, st.none() | SCOPES)
GROUPS = st.lists(st.lists(SCOPE, min_size=1, max_size=3).map(tuple), max_size=3)


@pytest.mark.parametrize(
    "text", ["read tickets:write", "read,tickets:write", " read\ttickets:write "]
)
def test_scopes_are_read_from_a_line(text: str) -> None:
    assert parse_scopes(text) == {"read", "tickets:write"}
    assert parse_scopes(["read", "tickets:write"]) == {"read", "tickets:write"}


def test_an_unknown_scope_is_refused_with_the_nearest_and_without_an_echo() -> None:
    with pytest.raises(ValueError, match="nearest is 'tickets:write'") as caught:
        parse_scopes("read ticket:write")
    assert "ticket:write'" not in str(caught.value).replace("tickets:write", "")
    with pytest.raises(ValueError, match=r"Valid: .*read") as caught:
        parse_scopes("canary-0815")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("nothing", ["", "  ", []])
def test_no_scope_at_all_is_refused(nothing: str | list[str]) -> None:
    with pytest.raises(ValueError, match="the least is 'read'"):
        parse_scopes(nothing)


@pytest.mark.parametrize(
    ("held", "scope", "met"),
    [
        ({"read"}, "tickets:read", True),
        ({"read"}, "auditlogs:read", True),
        ({"write"}, "tickets:write", True),
        ({"write"}, "tickets:read", False),
        ({"read"}, "tickets:write", False),
        ({"read"}, "write", False),
        ({"tickets:read"}, "read", False),
        ({"tickets:read"}, "users:read", False),
        ({"impersonate"}, "read", False),
        ({"read", "write"}, "impersonate", False),
        (set(), "read", False),
    ],
)
def test_broad_scopes_cover_narrow_ones_of_their_kind(
    held: set[str], scope: str, met: bool
) -> None:
    assert satisfies(held, scope) is met


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", ("tickets", 1), "tickets:read"),
        ("GET", ("tickets", 1, "comments"), "tickets:read"),
        ("GET", ("tickets", 1, "audits"), "read"),
        ("GET", ("tickets", 1, "metrics"), "read"),
        ("GET", ("search",), "read"),
        ("GET", ("ticket_fields",), "read"),
        ("GET", ("users", "me"), None),
        ("PUT", ("users", "me"), "users:write"),
        ("GET", ("users", "me", "session"), "users:read"),
        ("GET", ("oauth", "tokens", "current"), None),
        ("DELETE", ("oauth", "tokens", "current"), "write"),
        ("GET", ("oauth", "tokens"), "read"),
        ("PUT", ("tickets", 1), "tickets:write"),
        ("DELETE", ("tickets", 1, "tags"), "tickets:write"),
        ("POST", ("uploads",), "ticket_attachments:write"),
        ("GET", ("views", 7, "execute"), "ticket_views:read"),
        ("GET", ("help_center", "articles", "search"), "hc:read"),
        ("HEAD", ("tickets", 1), "tickets:write"),
    ],
)
def test_a_request_needs_the_narrowest_scope_there_is(
    method: str, path: tuple[str | int, ...], scope: str | None
) -> None:
    assert requirement(method, path) == scope


@given(HELD)
def test_the_effective_scopes_never_exceed_any_layer(held: HeldScopes) -> None:
    for scope in held.effective:
        assert all(satisfies(layer, scope) for _, layer in held.layers)


@given(HELD, SCOPES)
def test_another_layer_never_adds_a_scope(held: HeldScopes, more: frozenset[str]) -> None:
    narrowed = HeldScopes(held.configured, held.granted, more)
    wide = HeldScopes(held.configured, held.granted)
    assert all(wide.meets(scope) for scope in narrowed.effective)


@given(HELD, SCOPE)
def test_what_is_effective_is_exactly_what_is_met(held: HeldScopes, scope: str) -> None:
    assert held.meets(scope) == satisfies(held.effective, scope)


@given(HELD, GROUPS)
def test_what_is_missing_and_who_lacks_it_agree_with_what_is_allowed(
    held: HeldScopes, groups: list[ScopeGroup]
) -> None:
    allowed = held.allows(groups)
    assert allowed == (held.missing(groups) == ())
    assert allowed == (held.lacking(groups) == ())


def test_each_layer_that_falls_short_is_named() -> None:
    needs = (("tickets:write",),)
    held = HeldScopes(frozenset({"read"}), frozenset({"write"}), frozenset({"tickets:read"}))
    assert held.lacking(needs) == ("workspace", "caller")
    assert held.missing(needs) == needs
    assert held.effective == ()


def test_layers_that_hold_different_members_of_a_group_are_all_named() -> None:
    held = HeldScopes(frozenset({"users:read"}), frozenset({"tickets:read"}))
    assert not held.allows((("users:read", "tickets:read"),))
    assert held.lacking((("users:read", "tickets:read"),)) == ("workspace", "token")
