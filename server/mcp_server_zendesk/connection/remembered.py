"""What one process remembers of what was agreed to and uploaded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

_MOST_UPLOADS = 1_000


class SpentHere:
    """See ``shared.Spent``. It ends with the process, as do the questions that it sealed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    async def spend(self, digest: str, seconds: float) -> bool:
        """Whether it was not spent before."""
        now = self._clock()
        self._until = {key: until for key, until in self._until.items() if now < until}
        if digest in self._until:
            return False
        self._until[digest] = now + seconds
        return True

    async def take_back(self, digest: str) -> None:
        """It may be spent again."""
        self._until.pop(digest, None)


class UploadsHere:
    """See ``shared.Uploads``: the latest thousand."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}

    async def note(self, token: str, words: str) -> None:
        """Keep the words for a file."""
        while len(self._words) >= _MOST_UPLOADS:
            self._words.pop(next(iter(self._words)))
        self._words[token] = words

    async def named(self, tokens: Sequence[str]) -> list[str | None]:
        """The words for each."""
        return [self._words.get(token) for token in tokens]
