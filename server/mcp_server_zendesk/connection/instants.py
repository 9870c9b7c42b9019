"""Moments in UTC, as Zendesk writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """An instant as Zendesk writes it: UTC, to the second. Without a zone it is in UTC already."""
    return f"{in_utc(moment).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        OverflowError: It is before or after all years there.
    """
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
