"""Prompts are values like tools: workflows that a person picks, written to use the tools well."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    Completion,
    GetPromptResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from mcp_server_zendesk.connection.nearest import or_nearest

if TYPE_CHECKING:
    from mcp_server_zendesk.connection.handle import Zendesk

_LONGEST_VALUE = 200
_MOST_COMPLETIONS = 100


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of an argument come from: names that a tool's scopes allow to read."""

    tool: str
    load: Callable[[Zendesk], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class PromptSpec:
    """One prompt.

    ``render`` is a function from text arguments to the text of the prompt; its name, docstring
    and signature are the prompt's. ``uses`` names the tools without which it makes no sense.
    ``completions`` tells the sources of arguments that can be completed.
    """

    render: Callable[..., str]
    title: str
    uses: tuple[str, ...]
    completions: Mapping[str, Source] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.render.__name__

    @property
    def description(self) -> str:
        """The function's docstring."""
        return " ".join((inspect.getdoc(self.render) or "").split())

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The arguments."""
        return inspect.signature(self.render, eval_str=True).parameters

    def listed(self) -> Prompt:
        """As clients list it."""
        arguments = [
            PromptArgument(
                name=name,
                description=_description(parameter),
                required=parameter.default is inspect.Parameter.empty,
            )
            for name, parameter in self.parameters.items()
        ]
        return Prompt(
            name=self.name, title=self.title, description=self.description, arguments=arguments
        )

    def rendered(self, given: Mapping[str, Any]) -> GetPromptResult:
        """The prompt with its arguments filled in.

        Raises:
            MCPError: An argument is missing or unknown, or cannot be one.
        """
        from mcp_server_zendesk.serving.cleaning.text import clean_line  # noqa: PLC0415 - not for a start

        known = self.parameters
        for name in given:
            if name not in known:
                raise _invalid(f"{self.name} has no argument {name!r}{or_nearest(name, known)}")
        values: dict[str, str] = {}
        for name, parameter in known.items():
            value = clean_line(str(given.get(name) or "")).strip()
            if len(value) > _LONGEST_VALUE:
                raise _invalid(f"{name} is longer than {_LONGEST_VALUE} characters")
            if value:
                values[name] = value
            elif parameter.default is inspect.Parameter.empty:
                raise _invalid(f"{self.name} needs the argument {name!r}")
        try:
            text = self.render(**values)
        except ValueError as error:
            raise _invalid(str(error)) from None
        message = PromptMessage(role="user", content=TextContent(type="text", text=text))
        return GetPromptResult(description=self.description, messages=[message])


def completion_of(names: Sequence[str], begun: str) -> Completion:
    """The names that fit what was begun: those that begin with it first."""
    wanted = begun.casefold()
    fitting = [name for name in names if wanted in name.casefold()]
    fitting.sort(key=lambda name: (not name.casefold().startswith(wanted), name.casefold()))
    return Completion(
        values=fitting[:_MOST_COMPLETIONS],
        total=len(fitting),
        has_more=len(fitting) > _MOST_COMPLETIONS,
    )


def _description(parameter: inspect.Parameter) -> str | None:
    if get_origin(parameter.annotation) is not Annotated:
        return None
    return str(get_args(parameter.annotation)[1])


def _invalid(problem: str) -> MCPError:
    return MCPError(code=INVALID_PARAMS, message=f"{problem}.")
