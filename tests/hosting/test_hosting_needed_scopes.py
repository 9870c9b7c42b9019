"""Which scopes clients are told to ask for, by the real catalogue and a workspace's policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.hosting.needed_scopes import ScopesOfWorkspace
from mcp_server_zendesk.serving.inventory import Inventory, Policy
from mcp_server_zendesk.serving.local_store import Analytics
from zendesk_tools import CATALOGUE

BROAD = frozenset({"read", "write"})


def needs(
    configured: frozenset[str] = BROAD,
    policy: Policy | None = None,
    granted: frozenset[str] | None = None,
) -> ScopesOfWorkspace:
    inventory = Inventory(CATALOGUE, policy or Policy())
    return ScopesOfWorkspace(lambda: inventory, lambda: HeldScopes(configured, granted))


def test_a_client_asks_at_first_for_what_reading_needs_and_an_older_one_for_all() -> None:
    assert needs().at_first(steps_up=True) == ("read",)
    assert needs().at_first(steps_up=False) == ("read", "tickets:write", "users:write")


def test_nothing_is_asked_for_that_the_workspace_does_not_have() -> None:
    narrow = needs(frozenset({"tickets:read", "tickets:write"}))
    assert narrow.at_first(steps_up=True) == ("tickets:read",)
    assert set(narrow.at_first(steps_up=False)) == {"tickets:read", "tickets:write"}
    read_only = needs(policy=Policy(read_only=True))
    assert read_only.at_first(steps_up=False) == ("read",)


def test_a_caller_that_lacks_a_scope_is_told_all_it_has_to_hold() -> None:
    held = frozenset({"users:read", "tickets:read"})
    assert needs().for_tool("update_ticket", held) == (
        "tickets:read",
        "tickets:write",
        "users:read",
    )
    assert needs().for_tool("search_tickets", held) == ("read", "tickets:read", "users:read")
    assert needs().for_tool("get_ticket", frozenset()) == ("tickets:read",)


@pytest.mark.parametrize(
    ("tool", "held"),
    [
        ("update_ticket", {"tickets:read", "tickets:write"}),
        ("update_ticket", {"read", "write"}),
        ("get_ticket", {"read"}),
        ("check_connection", set()),
        ("no_such_tool", {"read"}),
        ("", {"read"}),
    ],
)
def test_a_caller_whose_scopes_are_not_what_is_missing_is_asked_for_none(
    tool: str, held: set[str]
) -> None:
    assert needs().for_tool(tool, frozenset(held)) == ()


def test_what_the_workspace_itself_does_not_offer_no_scope_could_open() -> None:
    nobody = frozenset({"read"})
    assert needs(frozenset({"read"})).for_tool("update_ticket", nobody) == ()
    assert needs(granted=frozenset({"read"})).for_tool("update_ticket", nobody) == ()
    for policy in (
        Policy(read_only=True),
        Policy(exclude_tools=("update_ticket",)),
        Policy(toolsets=("users",)),
        Policy(allow_effects=frozenset({"read"})),
    ):
        assert needs(policy=policy).for_tool("update_ticket", nobody) == ()


def test_what_is_asked_for_is_enough_for_each_tool_whatever_a_caller_holds() -> None:
    policy = Policy(toolsets=("all",), analytics=Analytics(Path("unused"), "acme"))
    for spec in CATALOGUE:
        for held in (frozenset[str](), frozenset({"tickets:read"}), frozenset({"hc:write"})):
            asked = needs(policy=policy).for_tool(spec.name, held)
            whole = HeldScopes(BROAD, caller=frozenset(asked) or held)
            assert whole.allows(spec.scopes), spec.name
            assert held <= frozenset(asked) or not asked


def test_a_policy_that_was_read_again_is_the_one_in_force() -> None:
    policies = [Policy(), Policy(read_only=True)]
    watched = ScopesOfWorkspace(
        lambda: Inventory(CATALOGUE, policies[0]), lambda: HeldScopes(BROAD)
    )
    assert watched.for_tool("update_ticket", frozenset({"read"}))
    policies.reverse()
    assert not watched.for_tool("update_ticket", frozenset({"read"}))


def test_what_the_guard_of_a_policy_reads_with_is_asked_for_with_what_a_write_needs() -> None:
    guarded = needs(
        frozenset({"tickets:read", "tickets:write", "users:read", "groups:read"}),
        Policy(allow_groups=("Support",)),
    )
    assert set(guarded.at_first(steps_up=False)) >= {"groups:read", "users:read"}
    held = frozenset({"tickets:read"})
    assert guarded.for_tool("update_ticket", held) == (
        "groups:read",
        "tickets:read",
        "tickets:write",
        "users:read",
    )
    assert guarded.for_tool("update_ticket", held | {"tickets:write"}) == ()
