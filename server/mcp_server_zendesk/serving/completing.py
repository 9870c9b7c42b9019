"""Names for a prompt's argument while a person types, from what is kept for minutes."""

from __future__ import annotations

from mcp_types import Completion, CompletionArgument, PromptReference

from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving.callers import current_caller
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.offers import Offers
from mcp_server_zendesk.serving.prompts import completion_of


async def completed(
    offers: Offers, ref: PromptReference, argument: CompletionArgument
) -> Completion | None:
    """What an argument can be completed to; None where it is not known."""
    source = offers.prompt(ref.name).completions.get(argument.name)
    offered = {spec.name: spec for spec in offers.tools()}
    if source is None or source.tool not in offered:
        return None
    caller = current_caller()
    reach = offered[source.tool].reach
    try:
        names = await source.load(
            Zendesk(offers.access, reach, offers.access.held(caller.scopes), caller=caller.key)
        )
    except ZendeskError:
        return None  # a person who types needs no explanation
    return completion_of([clean_line(name) for name in names], argument.value)
