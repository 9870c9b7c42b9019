"""A human's yes before a tool contacts someone or does what cannot be undone (design §4.8).

The question is put by the client (elicitation), in words that a person recognises. There is no
argument by which a model could answer it.

Today's clients get the question as the answer to their call, and call again with a human's answer
and what the SDK sealed (``request_state``). Older ones are asked while their call waits.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Annotated, Any

import anyio
from anyio.abc import TaskGroup
from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, Field

from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.serving import admission
from mcp_server_zendesk.serving.cleaning.redaction import as_it_is
from mcp_server_zendesk.serving.refusals import (
    AlreadyDone,
    ChangedMeanwhile,
    ConfirmationDeclined,
    ConfirmationUnavailable,
)
from mcp_server_zendesk.serving.request_state import ANSWER_SECONDS
from mcp_server_zendesk.serving.shown import visible
from mcp_server_zendesk.serving.spec import Question, ToolSpec

WAITING_SECONDS = 15.0
"""Between two signs of life while a human thinks: clients give up on a silent call."""

PARAMETER = "confirmation"
"""The parameter of a bound tool that no client can fill."""


class Yes(BaseModel):
    """A plain yes."""

    agree: Annotated[bool, Field(title="Do it", description="Leave it off to decline")] = False


class TypedBack(BaseModel):
    """What a person types to show that it was read."""

    typed: Annotated[str, Field(title="Type it to confirm")] = ""


_asked: ContextVar[Question | None] = ContextVar("asked", default=None)
"""The question of the call in this task; None where none was needed."""

_trusts_client: ContextVar[bool] = ContextVar("trusts_client", default=False)

_thought_over: ContextVar[bool] = ContextVar("thought_over", default=False)
"""Whether the human answers within this very request, so that the question grows old meanwhile.

Today's clients answer in a request of its own, for which the question is put together anew, and
an answer to another one does not count.
"""


def resolver(spec: ToolSpec, handle: ContextVar[Zendesk], *, trusts_client: bool) -> Resolve:
    """Fills ``PARAMETER``: asks where the tool's question for these arguments needs a yes.

    Args:
        spec: Of a tool that confirms.
        handle: The handle of the call in this task.
        trusts_client: The host's own approval prompt is trusted (``confirm = "client"``).
    """
    if spec.ask is None:
        raise TypeError(f"{spec.name} confirms nothing")
    confirm = as_it_is(spec.ask)

    async def ask(context: Context[Any, Any], **arguments: Any) -> Any:
        zendesk = handle.get()
        waits_for_it = context.protocol_version not in MODERN_PROTOCOL_VERSIONS
        question: Question | None = None
        await admission.admit(spec, zendesk, arguments)
        if not trusts_client or admission.asks(zendesk):
            question = await confirm(zendesk, **arguments)
            admission.permit(spec, zendesk, question)
        _trusts_client.set(trusts_client)
        _thought_over.set(waits_for_it)
        if question is None or trusts_client:
            return Yes(agree=True)
        _asked.set(question)
        zendesk.question = question.text
        if not _can_ask(context):
            sessionless = waits_for_it and not context.session.can_send_request
            raise ConfirmationUnavailable(sessionless=sessionless)
        schema: type[BaseModel] = TypedBack if question.type_back else Yes
        if waits_for_it:
            return await _answered(context, zendesk, visible(question.text), schema)
        return Elicit(visible(question.text), schema)

    ask.__qualname__ = ask.__name__ = f"confirm_{spec.name}"
    own = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=Context[Any, Any])
    named = [
        inspect.Parameter(p.name, inspect.Parameter.KEYWORD_ONLY, annotation=p.annotation)
        for p in spec.parameters
    ]
    ask.__signature__ = inspect.Signature([own, *named])  # type: ignore[attr-defined]
    ask.__annotations__ = {p.name: p.annotation for p in (own, *named)}
    return Resolve(ask)


async def _answered(
    context: Context[Any, Any], zendesk: Zendesk, text: str, schema: type[BaseModel]
) -> Any:
    """What a human answers while the call waits, for ``ANSWER_SECONDS`` at most.

    Raises:
        ConfirmationDeclined: No, or what is no answer, or nothing in time: then the question is
            withdrawn, and an answer to it is dropped.
        ConfirmationUnavailable: The client could not ask after all.
    """
    given: ElicitationResult[Any] | Exception | None = None
    async with anyio.create_task_group() as waiting:
        waiting.start_soon(_wait, zendesk, waiting)
        try:
            given = await context.elicit(text, schema)
        except Exception as error:  # noqa: BLE001 - told below, outside the group
            given = error
        waiting.cancel_scope.cancel()
    if given is None:
        raise ConfirmationDeclined(in_time=False)
    if isinstance(given, MCPError):
        raise ConfirmationUnavailable(failed=True) from given
    if isinstance(given, ValueError):
        raise ConfirmationDeclined(mistyped=True) from given  # an answer that is none
    if isinstance(given, Exception):
        raise given
    if not isinstance(given, AcceptedElicitation):
        raise ConfirmationDeclined
    return given.data


async def _wait(zendesk: Zendesk, waiting: TaskGroup) -> None:
    """Tell the client now and then that a human is thinking, and end it when the time is up.

    A client that does not listen holds nothing up.
    """
    waited = WAITING_SECONDS
    await zendesk.access.sleep(WAITING_SECONDS)
    while waited < ANSWER_SECONDS:
        words = "Waiting for the user's answer"
        waiting.start_soon(zendesk.progress, waited, ANSWER_SECONDS, words)
        await zendesk.access.sleep(WAITING_SECONDS)
        waited += WAITING_SECONDS
    waiting.cancel_scope.cancel()


Answer = ElicitationResult[Any]


def begin() -> None:
    """Nobody has been asked in this call yet."""
    _asked.set(None)


def waits() -> bool:
    """Whether a human was asked, and nothing that counts as an answer has come."""
    return _asked.get() is not None


async def approved(
    spec: ToolSpec, zendesk: Zendesk, answer: Any, again: Callable[[], Awaitable[Question | None]]
) -> None:
    """Let the call go on after a yes to a question that still holds.

    Args:
        spec: Of the tool.
        zendesk: The call's handle. The time that the human took is not the call's.
        answer: What the client brought back.
        again: Puts the question together anew.

    Raises:
        ConfirmationDeclined: No, nothing, or not what was to be typed.
        ChangedMeanwhile: The question would be another one now.
        AlreadyDone: The very same has been done on such a yes just now.
        StoreUnavailable: Whether it has cannot be told.
    """
    question = _asked.get()
    _asked.set(None)
    if question is None:
        zendesk.confirmed = _trusts_client.get()
        return
    if not isinstance(answer, AcceptedElicitation):
        raise ConfirmationDeclined
    data = answer.data
    if question.type_back is not None:
        typed = data.typed if isinstance(data, TypedBack) else ""
        if typed.strip().lstrip("#") != question.type_back:
            raise ConfirmationDeclined(mistyped=True)
    elif not (isinstance(data, Yes) and data.agree):
        raise ConfirmationDeclined
    zendesk.began = zendesk.access.clock()
    if _thought_over.get() and await again() != question:
        raise ChangedMeanwhile(spec.name)
    zendesk.confirmed = True
    await _spend(spec, question, zendesk)


async def _spend(spec: ToolSpec, question: Question, zendesk: Zendesk) -> None:
    """Use a yes up: a client that sends its answer twice must not have the same done twice.

    What changes a record is asked about as of its last change, so only what makes a new one can
    be meant a second time; the model then says something else in it. A yes is its caller's own.
    """
    said = f"{zendesk.caller}\n{spec.name}\n{question.text}"
    digest = hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()
    if not await zendesk.access.spent.spend(digest, ANSWER_SECONDS):
        raise AlreadyDone
    zendesk.spent = digest


async def take_back(zendesk: Zendesk) -> None:
    """Nothing came of it: the same may be asked and done again."""
    if zendesk.spent is not None and zendesk.outcome == "not_applied":
        await zendesk.access.spent.take_back(zendesk.spent)


def _can_ask(context: Context[Any, Any]) -> bool:
    modern = context.protocol_version in MODERN_PROTOCOL_VERSIONS
    if not modern and not context.session.can_send_request:
        return False
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)
