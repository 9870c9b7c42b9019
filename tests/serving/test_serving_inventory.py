from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.scopes import KNOWN_SCOPES, HeldScopes
from mcp_server_zendesk.serving.inventory import Hidden, Inventory, Policy
from mcp_server_zendesk.serving.results import Result
from mcp_server_zendesk.serving.spec import ALWAYS, Question, ToolSpec


async def check(zendesk: Zendesk) -> Result:
    raise NotImplementedError


async def get_ticket(zendesk: Zendesk) -> Result:
    raise NotImplementedError


async def update_ticket(zendesk: Zendesk) -> Result:
    raise NotImplementedError


async def get_user(zendesk: Zendesk) -> Result:
    raise NotImplementedError


async def reply(zendesk: Zendesk) -> Result:
    raise NotImplementedError


async def create(zendesk: Zendesk) -> Result:
    raise NotImplementedError


async def delete(zendesk: Zendesk) -> Result:
    raise NotImplementedError


async def _always(zendesk: Zendesk) -> Question:
    raise NotImplementedError


async def _at_times(zendesk: Zendesk) -> Question | None:
    raise NotImplementedError


SPECS = (
    ToolSpec(check, "Check", ALWAYS, "read"),
    ToolSpec(get_ticket, "Get", "tickets", "read", (("tickets:read",),), enriched_by=("read",)),
    ToolSpec(update_ticket, "Update", "tickets", "write", (("tickets:read",), ("tickets:write",))),
    ToolSpec(get_user, "User", "users", "read", (("users:read", "read"),)),
)
BY_EFFECT = (
    *SPECS,
    ToolSpec(reply, "Reply", "tickets", "contact", confirm=_always),
    ToolSpec(create, "Create", "tickets", "contact", confirm=_at_times),
    ToolSpec(delete, "Delete", "tickets", "irreversible", confirm=_at_times),
)
NAMES = [spec.name for spec in SPECS]
ALL = HeldScopes(frozenset({"read", "write"}))


def _why(policy: Policy, held: HeldScopes = ALL) -> dict[str, Hidden | None]:
    inventory = Inventory(SPECS, policy)
    return {spec.name: inventory.why_hidden(spec, held) for spec in SPECS}


def test_everything_is_offered_where_nothing_forbids_it() -> None:
    assert [spec.name for spec in Inventory(SPECS).visible(ALL)] == NAMES


@pytest.mark.parametrize(
    ("policy", "hidden"),
    [
        (Policy(toolsets=("users",)), {"get_ticket": "toolset", "update_ticket": "toolset"}),
        (Policy(toolsets=("users",), tools=("get_ticket",)), {"update_ticket": "toolset"}),
        (Policy(toolsets=()), dict.fromkeys(NAMES[1:], "toolset")),
        (Policy(toolsets=("all",)), {}),
        (Policy(toolsets=("none",)), dict.fromkeys(NAMES[1:], "toolset")),
        (
            Policy(toolsets=("none",), tools=("get_ticket",)),
            {"update_ticket": "toolset", "get_user": "toolset"},
        ),
        (
            Policy(tools=("get_user",), exclude_tools=("get_user", "check")),
            {"get_user": "excluded", "check": "excluded"},
        ),
        (Policy(read_only=True), {"update_ticket": "read_only"}),
        (
            Policy(toolsets=(), tools=("update_ticket",), read_only=True),
            {"get_ticket": "toolset", "get_user": "toolset", "update_ticket": "read_only"},
        ),
    ],
)
def test_exclude_beats_tools_beats_toolsets_and_read_only_beats_all(
    policy: Policy, hidden: dict[str, str]
) -> None:
    found = {name: why for name, why in _why(policy).items() if why is not None}
    assert found == hidden


@pytest.mark.parametrize(
    ("effects", "hidden"),
    [
        ({"read", "write", "contact", "irreversible"}, set()),
        ({"read", "write", "contact"}, {"delete"}),
        ({"read", "write"}, {"delete", "reply"}),
        ({"read", "contact"}, {"delete", "update_ticket"}),
        ({"read", "irreversible"}, {"update_ticket", "reply", "create"}),
        ({"read"}, {"update_ticket", "reply", "create", "delete"}),
    ],
)
def test_a_tool_is_hidden_when_neither_its_effect_nor_its_least_one_is_allowed(
    effects: set[str], hidden: set[str]
) -> None:
    inventory = Inventory(BY_EFFECT, Policy(allow_effects=frozenset(effects)))
    whys = {spec.name: inventory.why_hidden(spec, ALL) for spec in BY_EFFECT}
    assert {name for name, why in whys.items() if why == "effect"} == hidden
    assert {name for name, why in whys.items() if why is not None} == hidden


@pytest.mark.parametrize(
    ("scopes", "offered"),
    [
        ({"read"}, {"check", "get_ticket", "get_user"}),
        ({"write"}, {"check"}),
        ({"tickets:read"}, {"check", "get_ticket"}),
        ({"tickets:read", "tickets:write"}, {"check", "get_ticket", "update_ticket"}),
        ({"tickets:write"}, {"check"}),
    ],
)
def test_what_the_scopes_do_not_allow_is_not_offered(scopes: set[str], offered: set[str]) -> None:
    held = HeldScopes(frozenset(scopes))
    assert {spec.name for spec in Inventory(SPECS).visible(held)} == offered


POLICIES = st.builds(
    Policy,
    toolsets=st.lists(st.sampled_from(["tickets", "users", "all"])).map(tuple),
    tools=st.lists(st.sampled_from(NAMES)).map(tuple),
    exclude_tools=st.lists(st.sampled_from(NAMES)).map(tuple),
    read_only=st.booleans(),
)
LAYER = st.frozensets(st.sampled_from(sorted(KNOWN_SCOPES)))


@given(POLICIES, LAYER, LAYER, LAYER)
def test_nothing_widens_what_a_policy_and_a_layer_allow(
    policy: Policy, configured: frozenset[str], granted: frozenset[str], caller: frozenset[str]
) -> None:
    inventory = Inventory(SPECS, policy)
    wide = set(inventory.visible(HeldScopes(configured)))
    narrow = set(inventory.visible(HeldScopes(configured, granted, caller)))
    assert narrow <= wide
    for spec in narrow:
        assert spec.name not in policy.exclude_tools
        assert not (policy.read_only and spec.effect != "read")
        assert all(HeldScopes(layer).allows(spec.scopes) for layer in (granted, caller))


@pytest.mark.parametrize("setting", ["toolsets", "tools", "exclude_tools"])
def test_a_name_that_does_not_exist_is_refused_with_the_nearest_and_without_an_echo(
    setting: str,
) -> None:
    near = "ticket" if setting == "toolsets" else "get_tickets"
    with pytest.raises(ValueError, match=f"^{setting}: .*nearest is .*ticket.*Valid: "):
        Policy(**{setting: (near,)}).check(SPECS)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=setting) as caught:
        Policy(**{setting: ("canary-0815",)}).check(SPECS)  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)


def test_none_is_a_toolset_name_that_stands_alone() -> None:
    Policy(toolsets=("none",), tools=("get_ticket",)).check(SPECS)
    with pytest.raises(ValueError, match="toolsets: none"):
        Policy(toolsets=("none", "tickets")).check(SPECS)


def test_a_spec_reaches_what_it_declares_and_no_more() -> None:
    by_name = {spec.name: spec for spec in SPECS}
    assert by_name["get_ticket"].reach.scopes == {"tickets:read", "read"}
    assert not by_name["get_ticket"].reach.writes
    assert by_name["update_ticket"].reach.scopes == {"tickets:read", "tickets:write"}
    assert by_name["update_ticket"].reach.writes
    assert by_name["check"].reach.scopes == frozenset()


def test_specs_can_be_told_apart_and_hashed_whatever_they_hold() -> None:
    led = ToolSpec(get_user, "User", "users", "read", elsewhere={"tags": "update_ticket_tags"})
    assert len({led, *SPECS}) == len(SPECS) + 1


def test_find_knows_hidden_tools_too() -> None:
    inventory = Inventory(SPECS, Policy(exclude_tools=("get_user",)))
    assert inventory.find("get_user") is SPECS[3]
    assert inventory.find("nothing") is None
