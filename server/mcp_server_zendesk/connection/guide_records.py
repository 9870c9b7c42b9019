"""Zendesk's Help Center: its records, as far as a tool reads them, and its paths."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from mcp_server_zendesk.connection.paths import Segment
from mcp_server_zendesk.connection.records import Ids, Moment, Record, Texts

SCOPE = "hc:read"


def guide_path(*segments: Segment) -> tuple[Segment, ...]:
    """A path below ``help_center``: several of them answer 415 without the suffix (§7)."""
    *folders, last = segments
    return ("help_center", *folders, f"{last}.json")


class CategoryRecord(Record):
    """What sections are in."""

    id: int
    name: str | None = None


class SectionRecord(Record):
    """What articles are in. Some plans put sections into sections."""

    id: int
    name: str | None = None
    locale: str | None = None
    category_id: int | None = None
    parent_section_id: int | None = None


class ArticleRecord(Record):
    """An article, with its text in one locale. A found one has a ``snippet``."""

    id: int
    title: str | None = Field(default=None, validation_alias=AliasChoices("title", "name"))
    body: str | None = None
    snippet: str | None = None
    locale: str | None = None
    source_locale: str | None = None
    draft: bool | None = None
    promoted: bool | None = None
    section_id: int | None = None
    author_id: int | None = None
    label_names: Texts = None
    vote_sum: int | None = None
    vote_count: int | None = None
    user_segment_id: int | None = None
    user_segment_ids: Ids = None
    permission_group_id: int | None = None
    created_at: Moment = None
    updated_at: Moment = None

    @property
    def segments(self) -> frozenset[int]:
        """The user segments any of which may see it; empty for everyone."""
        one = () if self.user_segment_id is None else (self.user_segment_id,)
        return frozenset(self.user_segment_ids or one)


class TranslationRecord(Record):
    """An article's text in one locale; draft and outdated are its own."""

    locale: str
    title: str | None = None
    body: str | None = None
    draft: bool | None = None
    outdated: bool | None = None
    updated_at: Moment = None


class UserSegmentRecord(Record):
    """A group of readers."""

    id: int
    name: str | None = None
