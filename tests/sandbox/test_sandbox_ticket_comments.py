from typing import Any

import httpx
import pytest

from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox.landmarks import (
    ADMIN_ID,
    AGENT_ID,
    LIGHT_AGENT_ID,
    OPEN_TICKET,
    PRIVATE_TICKET,
    REQUESTER_ID,
    TEAM_LEAD_ID,
)

pytestmark = pytest.mark.anyio


async def put(client: httpx.AsyncClient, ticket_id: int, **ticket: object) -> httpx.Response:
    return await client.put(f"tickets/{ticket_id}", json={"ticket": ticket})


async def refused(client: httpx.AsyncClient, ticket_id: int, **ticket: object) -> dict[str, Any]:
    """The details of a 422; nothing was changed."""
    before = (await client.get(f"tickets/{ticket_id}")).json()
    answer = await put(client, ticket_id, **ticket)
    assert answer.status_code == 422, answer.text
    body: dict[str, Any] = answer.json()
    assert (body["error"], body["description"]) == ("RecordInvalid", "Record validation errors")
    assert (await client.get(f"tickets/{ticket_id}")).json() == before
    details: dict[str, Any] = body["details"]
    return details


async def test_a_comment_is_added_and_told_by_the_audit(client: httpx.AsyncClient) -> None:
    comment = {"body": "First line\n\nSecond & last", "public": False}
    event = (await put(client, OPEN_TICKET, comment=comment)).json()["audit"]["events"][0]
    assert event["type"] == "Comment"
    assert event["public"] is False
    assert event["html_body"] == (
        '<div class="zd-comment" dir="auto"><p dir="auto">First line</p>'
        '<p dir="auto">Second &amp; last</p></div>'
    )
    listed = (await client.get(f"tickets/{OPEN_TICKET}/comments")).json()["comments"]
    assert (listed[-1]["id"], listed[-1]["author_id"]) == (event["id"], ADMIN_ID)


async def test_html_comments_keep_their_markup(client: httpx.AsyncClient) -> None:
    comment = {"html_body": "<p>Yes &amp; <b>no</b></p><ul><li>a</li></ul>", "public": True}
    event = (await put(client, OPEN_TICKET, comment=comment)).json()["audit"]["events"][0]
    assert "<b>no</b>" in event["html_body"]
    assert event["plain_body"] == "Yes & no\n\na"


@pytest.mark.parametrize(("ticket_id", "public"), [(OPEN_TICKET, True), (PRIVATE_TICKET, False)])
async def test_public_follows_the_first_comment(
    client: httpx.AsyncClient,
    ticket_id: int,
    public: bool,
) -> None:
    answer = await put(client, ticket_id, comment={"body": "As usual"})
    assert answer.json()["audit"]["events"][0]["public"] is public


async def test_an_empty_comment_adds_nothing(client: httpx.AsyncClient) -> None:
    assert (await put(client, OPEN_TICKET, comment={"body": ""})).json()["audit"]["events"] == []


async def test_a_comment_may_be_written_in_another_s_name(client: httpx.AsyncClient) -> None:
    comment = {"body": "By phone", "author_id": REQUESTER_ID}
    audit = (await put(client, OPEN_TICKET, comment=comment)).json()["audit"]
    assert (audit["author_id"], audit["events"][0]["author_id"]) == (ADMIN_ID, REQUESTER_ID)


async def test_a_light_agent_only_writes_notes(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    client.headers["Authorization"] = f"Bearer {sandbox.token(user_id=LIGHT_AGENT_ID)}"
    answer = await put(client, OPEN_TICKET, comment={"body": "From the workshop", "public": True})
    assert answer.json()["audit"]["events"][0]["public"] is False


async def test_a_long_comment_is_cut_without_a_word(client: httpx.AsyncClient) -> None:
    answer = await put(client, OPEN_TICKET, comment={"body": "é" * 40_000})
    assert len(answer.json()["audit"]["events"][0]["body"].encode()) == 65_536


async def test_a_ticket_holds_five_thousand_comments(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    ticket = sandbox.store.add_ticket(comments=[{"body": str(n)} for n in range(4_999)])
    assert "base" in await refused(client, ticket["id"], comment={"body": "one more"})


async def test_uploads_become_attachments(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    attachment = {"id": 1, "token": "t", "file_name": "log.txt"}
    sandbox.store.uploads["abc"] = [{**attachment, "content_type": "text/plain", "size": 9}]
    answer = await put(client, OPEN_TICKET, comment={"body": "See log", "uploads": ["abc"]})
    (attached,) = answer.json()["audit"]["events"][0]["attachments"]
    assert attached["file_name"] == "log.txt"


async def test_copies_and_followers_are_added_and_removed(client: httpx.AsyncClient) -> None:
    wanted = {
        "email_ccs": [{"user_email": "new.face@mail.example", "user_name": "New Face"}],
        "followers": [{"user_id": TEAM_LEAD_ID}],
    }
    ticket = (await put(client, OPEN_TICKET, **wanted)).json()["ticket"]
    assert ticket["follower_ids"] == [TEAM_LEAD_ID]
    (copied,) = ticket["email_cc_ids"]
    assert ticket["collaborator_ids"] == [copied]
    user = (await client.get(f"users/{copied}")).json()["user"]
    assert (user["name"], user["email"]) == ("New Face", "new.face@mail.example")
    gone = {"email_ccs": [{"user_id": copied, "action": "delete"}]}
    assert (await put(client, OPEN_TICKET, **gone)).json()["ticket"]["email_cc_ids"] == []


async def test_collaborators_are_the_older_way(client: httpx.AsyncClient) -> None:
    listed = [AGENT_ID, {"name": "Kim", "email": "kim@mail.example"}, "lee@mail.example"]
    ticket = (await put(client, OPEN_TICKET, collaborators=listed)).json()["ticket"]
    assert len(ticket["collaborator_ids"]) == 3
    more = (await put(client, OPEN_TICKET, additional_collaborators=[ADMIN_ID])).json()["ticket"]
    assert more["collaborator_ids"] == [*ticket["collaborator_ids"], ADMIN_ID]
    only = (await put(client, OPEN_TICKET, collaborator_ids=[ADMIN_ID])).json()["ticket"]
    assert only["collaborator_ids"] == [ADMIN_ID]
    answer = await put(client, OPEN_TICKET, followers=[{"user_id": 1}])
    assert answer.status_code == 404


async def test_metadata_is_kept_in_the_audit(client: httpx.AsyncClient) -> None:
    answer = await put(client, OPEN_TICKET, priority="low", metadata={"source": "assistant"})
    assert answer.json()["audit"]["metadata"]["custom"] == {"source": "assistant"}
