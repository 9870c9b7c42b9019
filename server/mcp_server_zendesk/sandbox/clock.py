"""Time in the sandbox: one injected clock, and stamps with Zendesk's resolution of a second."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], datetime]

_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_EPOCH = date(1970, 1, 1)


def utc_now() -> datetime:
    """The real time, the clock of a sandbox that was given none."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """Writes a moment as Zendesk does: ISO 8601 in UTC, whole seconds (`zendesk-api.md` §5.4)."""
    return moment.astimezone(UTC).strftime(_STAMP)


@lru_cache(maxsize=2_048)
def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()


def stamped(seconds: int) -> str:
    """Writes seconds since the epoch as `stamp` does a moment."""
    days, rest = divmod(seconds, 86_400)
    minutes, second = divmod(rest, 60)
    return f"{_day(days)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def moment(text: str) -> datetime:
    """Reads a stamp, or any ISO 8601 time; one without a zone is taken as UTC."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


class ManualClock:
    """A clock that stands still until it is moved, for tests that must not sleep.

    It may be moved while a thread serves the sandbox: tokens expire under a running process.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._now = utc_now() if start is None else start

    def __call__(self) -> datetime:
        """The time it stands at."""
        return self._now

    def forward(self, seconds: float) -> None:
        """Moves it on."""
        self._now += timedelta(seconds=seconds)
