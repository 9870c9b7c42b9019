from __future__ import annotations

import pytest

from mcp_server_zendesk.connection.limits import Headroom, read_headroom


@pytest.mark.parametrize(
    ("headers", "headroom"),
    [
        ({"x-rate-limit": "700", "x-rate-limit-remaining": "699"}, Headroom(700, 699)),
        (
            {"rate-limit": "400", "rate-limit-remaining": "0", "rate-limit-reset": "12"},
            Headroom(400, 0, 12),
        ),
        (
            {"ratelimit-limit": "400", "ratelimit-remaining": "31", "ratelimit-reset": "59"},
            Headroom(400, 31, 59),
        ),
        (
            {
                "ratelimit-limit": "400",
                "ratelimit-remaining": "31",
                "x-rate-limit": "700",
                "x-rate-limit-remaining": "1",
            },
            Headroom(400, 31),
        ),
        (
            {"ratelimit-limit": "400", "ratelimit-remaining": "1", "ratelimit-reset": "soon"},
            Headroom(400, 1),
        ),
        ({"x-rate-limit": "700"}, None),
        ({"ratelimit-limit": "many", "ratelimit-remaining": "31"}, None),
        ({"ratelimit-limit": "400", "ratelimit-remaining": "-1"}, None),
        ({"ratelimit-limit": "\u0664", "ratelimit-remaining": "1"}, None),
        ({"ratelimit-limit": "9" * 5000, "ratelimit-remaining": "1"}, None),
        ({}, None),
    ],
)
def test_headroom_is_read_in_every_spelling_of_the_headers(
    headers: dict[str, str], headroom: Headroom | None
) -> None:
    assert read_headroom(headers) == headroom
