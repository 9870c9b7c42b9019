"""What is kept of a request that changes something: ids and Zendesk's own words, no text."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_server_zendesk.connection.sent import Sent

CONVERSATION = "8566255a-ece5-11e8-857d-493066fa7b17"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("tickets", 7, "tags"), "tickets/7/tags"),
        (("help_center", "articles", "7.json"), "help_center/articles/7.json"),
        (
            ("tickets", "7", "side_conversations", CONVERSATION, "reply"),
            f"tickets/7/side_conversations/{CONVERSATION}/reply",
        ),
        (("articles", 7, "translations", "en-us.json"), "articles/7/translations/*"),
        (("tickets", "canary"), "tickets/*"),
        (("tickets", "7?canary=1", "9" * 20), "tickets/*/*"),
    ],
)
def test_a_segment_that_could_be_text_is_not_told(path: tuple[str | int, ...], told: str) -> None:
    assert Sent.of("PUT", path, None, None).path == told


@pytest.mark.parametrize(
    ("params", "body", "ids"),
    [
        ({"ids": "1,2"}, None, (1, 2)),
        ({"ids": 7}, {"ticket": {"ids": [9]}}, (7,)),
        ({"ids": "1,canary"}, None, ()),
        ({"filename": "1"}, {"ids": [3, "4", True, -1, 10**30]}, (3,)),
        (None, {"ids": "5"}, ()),
    ],
)
def test_the_ids_of_many_records_are_told(
    params: dict[str, str | int] | None, body: dict[str, Any] | None, ids: tuple[int, ...]
) -> None:
    assert Sent.of("PUT", ("tickets", "update_many"), params, body).ids == ids


def test_an_answer_tells_ids_and_nothing_else() -> None:
    sent = Sent("POST", "tickets")
    sent.answer(
        {
            "ticket": {"id": 7, "subject": "canary"},
            "audit": {"id": 8, "events": [{"type": "Comment", "id": 9}, "canary", {"id": 10}]},
            "job_status": {"id": "V3-" + "0" * 32},
            "upload": {"token": "canary", "attachment": {"id": 11}},
        }
    )
    job = f"V3-{'0' * 32}"
    assert sent.answered == {"ticket": 7, "audit": 8, "job": job, "attachment": 11, "comment": 9}


@pytest.mark.parametrize("odd", [None, "canary", ["canary"], {"id": "canary"}, {"id": True}])
def test_an_odd_answer_tells_nothing(odd: Any) -> None:
    sent = Sent("PUT", "tickets/7")
    sent.answer({"ticket": odd, "audit": odd, "upload": odd, "user": odd})
    sent.answer({"audit": {"events": odd}, "upload": {"attachment": odd}})
    assert sent.answered == {}
