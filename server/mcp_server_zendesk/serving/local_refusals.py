"""What the local store of analytics refuses, or cannot do."""

from __future__ import annotations

from mcp_server_zendesk.serving.refusals import RefusedHere


class LocalRefusal(RefusedHere):
    """Nothing came of it because of the local store."""


class ExtraNeeded(LocalRefusal):
    """The extra ``analytics`` is not installed."""


class SwitchedOff(LocalRefusal):
    """Analytics has been switched off since the tool was offered."""


class NeverSynced(LocalRefusal):
    """The store is empty: nothing has been synced yet."""


class SyncUnderWay(LocalRefusal):
    """Another sync of this workspace runs, here or in another process."""


class StoreBusy(LocalRefusal):
    """The store could not be opened in time: another process writes, or reads, for long."""


class StoreUnusable(LocalRefusal):
    """The store is damaged, of a newer version, or of another account.

    ``why`` says it in a sentence, ``mend`` the way on, for the admin.
    """

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(why)
        self.why = why
        self.mend = mend


class StoreFull(LocalRefusal):
    """The disk is full, or the folder cannot be written to."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class OtherUser(LocalRefusal):
    """The store was filled as another Zendesk user, who may have seen more."""


class QueryRefused(LocalRefusal):
    """A query that is not run, or that the engine does not understand.

    ``problem`` is one sentence; ``nearest`` names columns or tables that may be meant.
    """

    def __init__(self, problem: str, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.nearest = nearest


class QueryStopped(LocalRefusal):
    """A query that took too long, or too much memory."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit
