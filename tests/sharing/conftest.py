"""One Redis for the tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sharing.ground import Ground
from stores import RedisServer, redis_server


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def ground(redis: RedisServer) -> Ground:
    return Ground(redis)
