"""The Help Center's categories and sections, and finding one by what a person calls it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from mcp_server_zendesk.connection.errors import EndpointUnavailable, NotFound, ZendeskError
from mcp_server_zendesk.connection.guide_records import (
    SCOPE,
    CategoryRecord,
    SectionRecord,
    guide_path,
)
from mcp_server_zendesk.connection.handle import Zendesk
from mcp_server_zendesk.connection.nearest import nearest
from mcp_server_zendesk.connection.reading import next_cursor
from mcp_server_zendesk.connection.records import RecordT, parse_list
from mcp_server_zendesk.serving.cleaning.text import clean_line
from mcp_server_zendesk.serving.refusals import InvalidArguments
from mcp_server_zendesk.serving.results import Line, Result
from zendesk_tools.names import Named
from zendesk_tools.people import read_id

GUIDE_SCOPE = SCOPE
BELOW = " > "

_PAGE = 100
_MAX_PAGES = 10
_MOST_CANDIDATES = 20
_LOCALE = re.compile(r"[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,3}")
_SIGNS_OF_BELOW = re.compile(r"\s*>\s*")


def _a_locale(said: str) -> str:
    locale = said.strip().lower().replace("_", "-")
    if not _LOCALE.fullmatch(locale):
        raise ValueError("should be a locale such as en-us or de")
    return locale


LocaleName = Annotated[str, AfterValidator(_a_locale)]


class Category(Named):
    """A category with its sections; a section in a section is named by its way down."""

    sections: list[Named]


class Sections(Result):
    """The Help Center's table of contents."""

    categories: list[Category]
    without_category: list[Named] | None = None
    locale: Line | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """Categories and sections by id."""

    categories: Mapping[int, CategoryRecord]
    sections: Mapping[int, SectionRecord]

    def below_category(self, section: SectionRecord) -> str:
        """A section's name, with those of the sections around it."""
        names, around, seen = [_name(section)], section, {section.id}
        while (parent := self.sections.get(around.parent_section_id or 0)) is not None:
            if parent.id in seen:
                break
            seen.add(parent.id)
            names.insert(0, _name(parent))
            around = parent
        return BELOW.join(names)

    def path(self, section_id: int) -> str | None:
        """A section as ``Category > Section``; None where it is not known."""
        section = self.sections.get(section_id)
        if section is None:
            return None
        category = self.categories.get(section.category_id or 0)
        way = self.below_category(section)
        return way if category is None else f"{_name(category)}{BELOW}{way}"

    def named(self, section_id: int | None) -> Named | None:
        """A section by id, with its path for a name."""
        return None if section_id is None else Named(id=section_id, name=self.path(section_id))


NOTHING_KNOWN = Contents({}, {})


def _name(record: CategoryRecord | SectionRecord) -> str:
    return clean_line(record.name or str(record.id), 150)


async def list_sections(
    zendesk: Zendesk,
    locale: Annotated[
        LocaleName | None,
        Field(description="E.g. `de`: only what is translated into it; default: main language"),
    ] = None,
) -> Sections:
    """List the Help Center's categories and their sections, with ids, as a tree in one answer.

    Use it to choose the section for create_article, or to see what there is. It holds no articles:
    search_articles with `section` finds those. Changes show within ten minutes.
    """
    contents = await read_contents(zendesk, locale)
    of_category: dict[int, list[Named]] = {key: [] for key in contents.categories}
    others: list[Named] = []
    for section in contents.sections.values():
        shown = Named(id=section.id, name=contents.below_category(section))
        of_category.get(section.category_id or 0, others).append(shown)
    return Sections(
        categories=[
            Category(id=category.id, name=category.name, sections=of_category[category.id])
            for category in contents.categories.values()
        ],
        without_category=others or None,
        locale=locale,
    )


async def read_contents(zendesk: Zendesk, locale: str | None = None) -> Contents:
    """All categories and sections in their order, kept for some minutes.

    Raises:
        InvalidArguments: There is no Help Center in this language.
        EndpointUnavailable: There is none at all.
        ZendeskError: They could not be read.
    """
    below = () if locale is None else (locale,)

    async def load() -> Contents:
        try:
            categories = await _all(zendesk, CategoryRecord, *below, "categories")
            sections = await _all(zendesk, SectionRecord, *below, "sections")
        except NotFound as error:
            if locale is not None:
                problem = "is no language of this Help Center"
                raise InvalidArguments.of("locale", problem) from error
            raise EndpointUnavailable(error.refusal) from error  # a list that is not there at all
        return Contents(
            {record.id: record for record in categories}, {record.id: record for record in sections}
        )

    return await zendesk.cached(f"guide contents:{locale or ''}", load, scope=GUIDE_SCOPE)


async def known_contents(zendesk: Zendesk) -> Contents:
    """The same; nothing where Zendesk does not tell: an article is worth more than its path."""
    try:
        return await read_contents(zendesk)
    except ZendeskError:
        return NOTHING_KNOWN


async def _all(zendesk: Zendesk, model: type[RecordT], *below: str) -> list[RecordT]:
    found: list[RecordT] = []
    params: dict[str, str | int] = {"page[size]": _PAGE}
    for _ in range(_MAX_PAGES):
        body = await zendesk.get(*guide_path(*below), params=params)
        found += parse_list(model, body, below[-1])
        after = next_cursor(body)
        if after is None:
            break
        params["page[after]"] = after
    return found


async def find_section(zendesk: Zendesk, said: str | int) -> int:
    """The id of a section, by id, name or path.

    Raises:
        InvalidArguments: No section, or more than one, answers to it; with the candidates.
    """
    text = str(said).strip()
    if (given := read_id("section", text)) is not None:
        return given
    contents = await read_contents(zendesk)
    called = {
        key: (_name(section), contents.path(key) or "")
        for key, section in contents.sections.items()
    }
    return one_called("section", text, called)


async def find_category(zendesk: Zendesk, said: str | int) -> int:
    """The same of a category."""
    text = str(said).strip()
    if (given := read_id("category", text)) is not None:
        return given
    contents = await read_contents(zendesk)
    return one_called(
        "category", text, {key: (_name(one),) for key, one in contents.categories.items()}
    )


def one_called(field: str, said: str, called: Mapping[int, tuple[str, ...]]) -> int:
    """The id of the one thing that answers to what was said.

    Args:
        field: The argument.
        said: What was said.
        called: What each thing is called, by id; the last of it is how a candidate is shown.

    Raises:
        InvalidArguments: Nothing, or more than one, answers to it; with the candidates.
    """
    wanted = _folded(said)
    exact = [key for key, names in called.items() if wanted in map(_folded, names)]
    if len(exact) == 1:
        return exact[0]
    near = nearest(said, [names[0] for names in called.values()])
    ordered = sorted(called, key=lambda key: (called[key][0] != near, called[key][-1]))
    problem = "fits more than one; give the id" if exact else "is not known; give the id or name"
    raise InvalidArguments.of(
        field,
        f"{problem} of one of the candidates",
        candidates=[
            {"id": key, "name": clean_line(called[key][-1])}
            for key in (exact or ordered)[:_MOST_CANDIDATES]
        ],
    )


def _folded(name: str) -> str:
    return _SIGNS_OF_BELOW.sub(BELOW, " ".join(name.casefold().split()))
