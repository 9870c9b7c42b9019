"""Macros: prepared answers and changes, looked at and applied."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from mcp_server_zendesk.connection.client import Answer
from mcp_server_zendesk.connection.errors import ZendeskError
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.records import AuditRecord, parse
from mcp_server_zendesk.connection.retries import may_have_arrived
from mcp_server_zendesk.connection.routing_records import (
    MacroRecord,
    all_macros,
)
from mcp_server_zendesk.serving import shown
from mcp_server_zendesk.serving.cleaning.text import clean_html, clean_line, clean_text
from mcp_server_zendesk.serving.cursors import numbered, read_numbered, seal, unseal
from mcp_server_zendesk.serving.refusals import ChangedMeanwhile, InvalidArguments
from mcp_server_zendesk.serving.results import Body, Line, Page, Result
from mcp_server_zendesk.serving.spec import Question
from zendesk_tools.lost_comments import known_comments, look_for_comment
from zendesk_tools.macro_effects import (
    Effects,
    Known,
    as_first_asked,
    effects_of,
    known_for,
    titles_for,
)
from zendesk_tools.macro_summaries import Mentioned, comments_publicly, mentioned, summary
from zendesk_tools.names import Named
from zendesk_tools.questions import readers, to_whom, which_ticket
from zendesk_tools.ticket_changes import (
    Change,
    TicketChange,
    put_ticket,
    read_ticket,
    ticket_change,
    unless_changed,
)
from zendesk_tools.ticket_updates import Moment
from zendesk_tools.tickets import TicketId

_LONGEST_TEXT = 65_536
_SEPARATOR = "::"
_MOST_CATEGORIES = 60

MacroSaid = Annotated[str | int, Field(description="Macro by id or full title")]


class Macro(Result):
    """A macro, and what it does in a line."""

    id: int
    title: Line | None = None
    description: Line | None = None
    does: Line
    contacts_customer: bool
    personal: bool | None = None
    groups: list[Named] | None = None


class Planned(Result):
    """One field that would change."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    field: Line
    before: Annotated[Line | None, Field(alias="from")] = None
    after: Annotated[Line | None, Field(alias="to")] = None


class MacroComment(Result):
    """The comment that would be added, placeholders filled in."""

    public: Annotated[bool, Field(description="true: it is sent to the customer")]
    body: Body
    truncated: bool | None = None
    hidden_text_removed: int | None = None


class MacroPreview(Result):
    """What a macro would do to one ticket."""

    ticket_id: int
    macro: Named
    changes: list[Planned]
    tags_added: list[Line] | None = None
    tags_removed: list[Line] | None = None
    comment: MacroComment | None = None
    contacts_customer: bool
    not_applied: Annotated[
        list[Line] | None, Field(description="Actions that apply_macro cannot do")
    ] = None


class MacroApplied(TicketChange):
    """What applying a macro really did."""

    macro: Named
    comment_public: bool | None = None
    not_applied: Annotated[
        list[Line] | None, Field(description="Actions of the macro that were not done")
    ] = None


async def list_macros(
    zendesk: Zendesk,
    query: Annotated[
        str | None, Field(max_length=200, description="Words of title or description, all of them")
    ] = None,
    category: Annotated[
        str | None,
        Field(max_length=200, description="First parts of the title, e.g. `Returns::EU`"),
    ] = None,
    limit: Annotated[int, Field(ge=1, le=100, description="Macros a page")] = 25,
    cursor: Annotated[str | None, Field(description="next_cursor of the page before")] = None,
) -> Page[Macro]:
    """List the macros (prepared answers and changes) in use, each with what it does in one line
    and whether applying it contacts the customer.

    Use it to find a macro; preview_macro then shows its full text and effect on one ticket,
    apply_macro carries it out. New and changed macros show within ten minutes.
    """
    macros = await all_macros(zendesk)
    if category is not None:
        macros = _in_category(macros, category)
    for word in (query or "").casefold().split():
        macros = [one for one in macros if word in f"{one.title} {one.description}".casefold()]
    bound_to = {"tool": "list_macros", "query": query, "category": category}
    page, size = (1, limit) if cursor is None else read_numbered(unseal(cursor, bound_to))
    shown = macros[(page - 1) * size : page * size]
    more = page * size < len(macros)
    known = await mentioned(zendesk, shown)
    return Page[Macro](
        items=[_macro(one, known) for one in shown],
        has_more=more,
        next_cursor=seal(numbered(page + 1, size), bound_to) if more else None,
        total=len(macros),
    )


def _in_category(macros: list[MacroRecord], category: str) -> list[MacroRecord]:
    wanted = _parts(category)
    found = [one for one in macros if _parts(one.title or "")[:-1][: len(wanted)] == wanted]
    if not found:
        titles = [(one.title or "").rpartition(_SEPARATOR)[0] for one in macros]
        known = sorted({clean_line(title) for title in titles if title})
        raise InvalidArguments.of(
            "category", "is the category of no macro", allowed_values=known[:_MOST_CATEGORIES]
        )
    return found


def _parts(title: str) -> list[str]:
    return [part.strip() for part in title.casefold().split(_SEPARATOR)]


def _macro(macro: MacroRecord, known: Mentioned) -> Macro:
    restriction = macro.restriction
    groups = restriction.group_ids if restriction else []
    return Macro(
        id=macro.id,
        title=macro.title,
        description=macro.description or None,
        does=summary(macro, known),
        contacts_customer=comments_publicly(macro) is True,
        personal=True if restriction and restriction.personal else None,
        groups=[named for one in groups if (named := known.names.group(one))] or None,
    )


async def preview_macro(zendesk: Zendesk, ticket_id: TicketId, macro: MacroSaid) -> MacroPreview:
    """Show what a macro would do to one ticket: each field before and after, tags, and its comment
    with the placeholders filled in. Changes nothing and contacts nobody.

    Use it before apply_macro, or to take a macro's text as a draft for reply_to_ticket or
    add_internal_note. To find macros use list_macros.
    """
    effects = await effects_of(zendesk, ticket_id, macro)
    known = await known_for(zendesk, effects.changes)
    return MacroPreview(
        ticket_id=ticket_id,
        macro=Named(id=effects.macro.id, name=effects.macro.title),
        changes=_planned(effects, known),
        tags_added=effects.tags_added or None,
        tags_removed=effects.tags_removed or None,
        comment=_comment(effects),
        contacts_customer=effects.public,
        not_applied=effects.not_applied or None,
    )


def _planned(effects: Effects, known: Known) -> list[Planned]:
    return [
        Planned(
            field=known.key(key), before=known.value(key, before), after=known.value(key, after)
        )
        for key, (before, after) in effects.changes.items()
    ]


def _comment(effects: Effects) -> MacroComment | None:
    if effects.comment is None:
        return None
    clean = clean_html if effects.comment.html_body else clean_text
    body = clean(effects.text, _LONGEST_TEXT)
    return MacroComment(
        public=effects.public,
        body=body,
        truncated=body.truncated or None,
        hidden_text_removed=body.hidden or None,
    )


async def apply_macro(
    zendesk: Zendesk,
    ticket_id: TicketId,
    macro: MacroSaid,
    expected_updated_at: Annotated[
        Moment | None,
        Field(description="updated_at as read: refused if changed since"),
    ] = None,
) -> MacroApplied:
    """Apply a macro to one ticket: its fields, tags and comment, in one update.

    A public comment is sent to the requester and everyone in copy and cannot be taken back: the
    user is shown it, and has to agree first. Without one it is done at once, so look with
    preview_macro first. For changes of your own use update_ticket, for a text of your own
    reply_to_ticket. The answer tells what really changed, and which actions were not applied.
    """
    effects = _as_shown(zendesk) or await effects_of(
        zendesk, ticket_id, macro, expected=expected_updated_at, to_apply=True
    )
    if effects.public and not zendesk.confirmed:
        raise ChangedMeanwhile("the macro has become a public reply")  # since it was asked about
    changed, public = await _carry_out(zendesk, ticket_id, effects)
    return MacroApplied(
        **dict(changed),
        macro=Named(id=effects.macro.id, name=effects.macro.title),
        comment_public=public,
        not_applied=effects.not_applied or None,
    )


def _as_shown(zendesk: Zendesk) -> Effects | None:
    """What a human was asked about: a macro read again may say something else."""
    return zendesk.basis if isinstance(zendesk.basis, Effects) else None


async def _carry_out(
    zendesk: Zendesk, ticket_id: int, effects: Effects
) -> tuple[TicketChange, bool | None]:
    """Update the ticket once; what changed, and whether a comment went out.

    When the answer is lost it is looked for, and nothing is sent again.
    """
    ticket = effects.ticket
    if not effects.update:
        same = TicketChange(
            ticket_id=ticket_id, status=ticket.status, updated_at=ticket.updated_at, changes=[]
        )
        return same, None
    update = {**effects.update, "macro_id": effects.macro.id, **unless_changed(ticket)}
    before = await known_comments(zendesk, ticket_id) if effects.comment else frozenset[int]()
    try:
        answer = await put_ticket(zendesk, ticket_id, update)
    except ZendeskError as lost:
        if not may_have_arrived(lost):
            raise
        found = await _found_again(zendesk, ticket_id, effects, before, lost)
        return found, effects.public if effects.comment else None
    titles = await titles_for(zendesk, effects.changes)
    return await ticket_change(zendesk, answer, effects.asked, titles), _went_out(answer)


def _went_out(answer: Answer) -> bool | None:
    """Whether the comment that was added is public: not all agents may write public ones."""
    audit = parse(AuditRecord, answer.body, "audit") if answer.body.get("audit") else None
    events = audit.events or [] if audit else []
    return next((event.public for event in events if event.type == "Comment"), None)


async def _found_again(
    zendesk: Zendesk,
    ticket_id: int,
    effects: Effects,
    before: frozenset[int],
    lost: ZendeskError,
) -> TicketChange:
    """What became of an update whose answer was lost.

    Raises:
        ZendeskError: How it was lost, where it cannot be seen that it was done.
    """
    lost.outcome = "unknown"
    comment = None
    if effects.comment is not None:
        comment = await look_for_comment(
            zendesk, ticket_id, effects.letters, public=effects.public, before=before, lost=lost
        )
        done = comment is not None
    else:
        try:
            done = effects.are_done(await read_ticket(zendesk, ticket_id))
        except ZendeskError:
            done = False  # the lost answer is what has to be told
    if not done:
        raise lost
    zendesk.outcome = "applied"
    known = await known_for(zendesk, effects.changes)
    return TicketChange(
        ticket_id=ticket_id,
        changes=[
            Change(field=one.field, before=one.before, after=one.after, requested=True)
            for one in _planned(effects, known)
        ],
        comment_id=comment,
        answer_was_lost=True,
    )


async def confirm(
    zendesk: Zendesk,
    ticket_id: int,
    macro: str | int,
    expected_updated_at: Moment | None = None,
) -> Question | None:
    """What a human is asked before a macro contacts somebody."""
    effects = await effects_of(
        zendesk, ticket_id, macro, expected=expected_updated_at, to_apply=True
    )
    zendesk.basis = effects
    if not effects.public:
        return None
    zendesk.basis = effects = await as_first_asked(zendesk, effects)
    record = effects.ticket
    known = await known_for(zendesk, effects.changes, readers(record))
    lines = [
        f"Apply this macro to ticket {ticket_id} and send its public reply?",
        *to_whom(record, known.names),
        f"Macro: {shown.short(effects.macro.title or '(none)')}",
    ]
    for key, (before, after) in effects.changes.items():
        was, will_be = (known.value(key, value) or "nothing" for value in (before, after))
        field = shown.short(known.key(key)).capitalize()
        in_words = shown.short if key in known.values else shown.whole  # names of ids are not sent
        lines.append(f"{field}: {shown.short(was)} → {in_words(will_be)}")
    for label, tags in (("added", effects.tags_added), ("removed", effects.tags_removed)):
        if tags:
            lines.append(f"Tags {label}: {shown.whole(tags)}")
    if effects.not_applied:
        left_out = shown.short(", ".join(effects.not_applied))
        lines.append(f"Actions of the macro that are left out: {left_out}")
    html = effects.comment is not None and effects.comment.html_body
    what = "The reply, in HTML" if html else "The reply"
    lines += [*which_ticket(record), *shown.letter(what, effects.text)]
    return Question("\n".join(lines), recipients=known.names.reached(readers(record)))
