"""The defences that several attacks meet, as things that can be taken away."""

from __future__ import annotations

from attacks.attack import all_of, as_it_is, nothing, put_in_place
from mcp_server_zendesk.connection.handle import Zendesk

_TEXT = "mcp_server_zendesk.serving.cleaning.text"
_CONFIRMATION = "mcp_server_zendesk.serving.confirmation"
_SHOWN = "mcp_server_zendesk.serving.shown"
_INVENTORY = "mcp_server_zendesk.serving.inventory:Inventory"

marks_are_broken = put_in_place(f"{_TEXT}:with_fences_broken", as_it_is)
"""Marks of fences in outside text stay what they are."""

links_are_named = put_in_place(f"{_TEXT}:settled", as_it_is)
"""Images and links stay what they are."""

images_are_named = all_of(
    links_are_named,
    put_in_place(
        "mcp_server_zendesk.serving.cleaning.links:image", lambda alt, url: f"![{alt}]({url})"
    ),
)
"""Images of HTML become Markdown's, whole."""

hosts_are_named = all_of(
    links_are_named,
    put_in_place(
        "mcp_server_zendesk.serving.cleaning.links:link", lambda text, url: f"[{text}]({url})"
    ),
)
"""Links of HTML become Markdown's, whole."""

hidden_is_left_out = put_in_place(
    "mcp_server_zendesk.serving.cleaning.hidden:take_out", lambda _: (0, True)
)
"""What a style hides stays in the text."""

unseen_is_removed = put_in_place(f"{_TEXT}:visible", lambda text: (text, 0))
"""Characters that nobody sees stay."""

texts_are_cut = put_in_place(f"{_TEXT}:cut", as_it_is)
"""Texts are as long as they are."""

texts_are_fenced = all_of(
    put_in_place("mcp_server_zendesk.serving.results:fenced", as_it_is),
    put_in_place("zendesk_tools.chatgpt:fenced", as_it_is),
)
"""Long texts stand among the server's own words."""


nesting_is_bounded = put_in_place(
    "mcp_server_zendesk.serving.cleaning.html_tree:_shallow_part", as_it_is
)
"""HTML is parsed however deep it is nested."""


async def _without_a_yes(_: object, zendesk: Zendesk, *__: object) -> None:
    zendesk.confirmed = True


yes_is_needed = put_in_place(f"{_CONFIRMATION}:approved", _without_a_yes)
"""Whatever a human answered, the call goes on."""

unseen_is_numbered = put_in_place(f"{_CONFIRMATION}:visible", as_it_is)
"""A question holds what nobody sees."""

subjects_are_one_line = put_in_place(f"{_SHOWN}:short", as_it_is)
"""What recognises a record is put into a question as it is."""

values_are_one_line = put_in_place(f"{_SHOWN}:whole", str)
"""A value that is sent is put into a question as it is."""

names_are_one_line = put_in_place(f"{_SHOWN}:_name", as_it_is)
"""A person's name is put into a question as it is."""

calls_are_permitted = put_in_place(
    "mcp_server_zendesk.serving.offers:Offers.permitted",
    lambda offers, name: offers.inventory.find(name),
)
"""A tool is called whether or not it is offered."""

hidden_is_hidden = all_of(
    put_in_place(f"{_INVENTORY}.why_hidden", nothing),
    put_in_place(f"{_INVENTORY}.least_scopes", lambda _, configured: configured),
)
"""Every tool is offered."""

reach_is_narrow = put_in_place("mcp_server_zendesk.connection.handle:Zendesk._allow", nothing)
"""A handle sends whatever a tool asks of it."""
