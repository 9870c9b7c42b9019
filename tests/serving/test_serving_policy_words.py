"""The policy read aloud: by `tools`, by check_connection and to a model."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.connection.guarding.touched import EFFECTS
from mcp_server_zendesk.connection.scopes import HeldScopes
from mcp_server_zendesk.serving.inventory import Inventory, Policy
from mcp_server_zendesk.serving.policy_words import as_object, narrowing, read_aloud
from mcp_server_zendesk.tool_report import report
from zendesk_tools import CATALOGUE

BROAD = HeldScopes(frozenset({"read", "write"}))
TIGHT = Policy(
    toolsets=("all",),
    exclude_tools=("delete_ticket",),
    allow_effects=frozenset({"read", "write", "contact"}),
    allow_recipients=("acme.com", "*.example.org"),
    allow_groups=("Billing", "Returns & Warranty"),
    allow_brands=("12",),
    writes_per_minute=10,
    writes_per_session=100,
    redact=("bank_accounts",),
)
THERE = (
    "It changes tickets of the groups Billing and Returns & Warranty and of the brand 12 only, "
    "and moves none out of there"
)


def _aloud(**known: Any) -> list[str]:
    return read_aloud(Inventory(CATALOGUE, Policy(**{"toolsets": ("all",), **known})), BROAD)


def test_a_policy_reads_as_sentences() -> None:
    assert read_aloud(Inventory(CATALOGUE, TIGHT), BROAD) == [
        "It offers every toolset, without delete_ticket.",
        "It may read, change records and contact people at acme.com and *.example.org only.",
        "It may do nothing that cannot be undone.",
        f"{THERE}; reading is limited by Zendesk's role alone.",
        "It changes at most 10 records a minute and 100 records while the server runs.",
        "A human is asked first, each time before it contacts people.",
        "Redacted in what a model reads, as far as recognised: IBANs.",
    ]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "It may read, change records, contact people and do what cannot be undone."),
        ({"confirm": "client"}, "only the client's own prompt asks a human."),
        ({"read_only": True}, "It may only read: read_only is on"),
        ({"allow_effects": frozenset({"read"})}, "It may only read: no tool that changes anything"),
        ({"allow_recipients": ()}, "contact nobody"),
        (
            {"allow_recipients": ()},
            "A human is asked first, each time before it does what cannot be undone.",
        ),
        ({"allow_groups": ()}, "It changes no tickets and makes none: allow_groups names none."),
        (
            {"allow_groups": ("a",), "allow_brands": ()},
            "It changes no tickets and makes none: allow_brands names none.",
        ),
        ({"allow_groups": ("Tier 2, north", "B")}, 'of the groups "Tier 2, north" and B only'),
        ({"redact": ("all",), "read_only": True}, "Redacted in what a model reads, as far as"),
        ({}, "Nothing is redacted in what a model reads."),
        ({"writes_per_minute": 1}, "It changes at most 1 record a minute."),
        ({"toolsets": ("tickets",)}, "It may do nothing that cannot be undone."),
        ({"toolsets": ("none",), "tools": ("get_user",)}, "It offers no toolset, and get_user"),
        ({"writes_per_minute": 5}, "It changes at most 5 records a minute."),
    ],
)
def test_each_setting_is_said(known: dict[str, Any], said: str) -> None:
    assert said in " ".join(_aloud(**known))


def test_what_is_not_allowed_is_never_said_to_be() -> None:
    for size in range(len(EFFECTS) + 1):
        for effects in itertools.combinations(sorted(EFFECTS), size):
            told = " ".join(_aloud(allow_effects=frozenset({"read", *effects})))
            assert ("contact people" in told) == ("contact" in effects)
            assert ("do what cannot be undone" in told) == ("irreversible" in effects)
            assert "None" not in told


def test_tools_shows_the_policy_in_force() -> None:
    inventory = Inventory(CATALOGUE, TIGHT)
    text = report(inventory, BROAD.configured, "text")
    for sentence in read_aloud(inventory, BROAD):
        assert sentence in text
    assert "close_ticket" in text
    assert "its effect is not among allow_effects" in text
    told = json.loads(report(inventory, BROAD.configured, "json"))
    assert told["scopes"] == ["read", "write"]
    assert told["policy"] == as_object(inventory, BROAD)
    assert told["policy"]["allow_groups"] == ["Billing", "Returns & Warranty"]
    assert told["policy"]["writes_per_minute"] == 10
    by_name = {tool["name"]: tool for tool in told["tools"]}
    assert by_name["close_ticket"]["hidden_because"] == "its effect is not among allow_effects"
    assert by_name["get_ticket"]["offered"] is True
    assert told["policy"]["redact"] == ["bank_accounts"]


@pytest.mark.parametrize(
    "known", [{"allow_recipients": ()}, {"allow_effects": frozenset({"read", "write"})}]
)
def test_a_tool_that_may_contact_nobody_is_listed_with_what_it_may_do(known: Any) -> None:
    told = json.loads(report(Inventory(CATALOGUE, Policy(**known)), BROAD.configured, "json"))
    effects = {tool["name"]: tool["effect"] for tool in told["tools"]}
    assert effects["create_ticket"] == effects["apply_macro"] == "write"
    assert effects["get_ticket"] == "read"
    assert effects["reply_to_ticket"] == "contact", "which is why it is hidden, or refused"


@pytest.mark.anyio
async def test_check_connection_tells_a_model(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(
        scopes="read write", allow_recipients="acme.com", redact="cards"
    ) as desk:
        told = await desk.ask("check_connection")
    assert (
        "Redacted in what a model reads, as far as recognised: payment card numbers and their "
        "security codes." in told["policy"]
    )
    assert "It may read, change records and contact people at acme.com only." in told["policy"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({}, ""),
        ({"allow_recipients": "acme.com"}, " A policy limits whom it contacts: "),
        ({"allow_effects": "write"}, " A policy limits whom it contacts (nobody): "),
        (
            {"allow_groups": "Billing", "writes_per_minute": "5", "allow_recipients": "acme.com"},
            " A policy limits whom it contacts, which tickets it changes and how many records: ",
        ),
        ({"read_only": True, "allow_groups": "Billing"}, ""),
    ],
)
async def test_a_model_is_told_in_a_sentence_that_there_are_limits(
    open_workspace: OpenWorkspace, flags: dict[str, Any], told: str
) -> None:
    async with open_workspace(
        mode="legacy", scopes="read write", toolsets="all", redact="all", **flags
    ) as desk:
        instructions = desk.client.instructions or ""
    assert ("A policy limits" in instructions) == bool(told)
    assert told in instructions
    assert len(instructions) <= 1_500


def test_the_longest_sentence_for_a_model_stays_short() -> None:
    assert len(narrowing(TIGHT)) <= 130
