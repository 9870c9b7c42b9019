"""Uploads, and content that lies on another host."""

from urllib.parse import urlsplit

import httpx
import pytest

from mcp_server_zendesk.sandbox import ManualClock, Sandbox
from mcp_server_zendesk.sandbox.landmarks import ATTACHMENT_TICKET, OPEN_TICKET

pytestmark = pytest.mark.anyio


async def upload(client: httpx.AsyncClient, name: str = "note.txt", **query: str) -> httpx.Response:
    headers = {"Content-Type": "application/binary"}
    params = {"filename": name, **query}
    return await client.post("uploads", params=params, content=b"hello", headers=headers)


async def test_an_upload_becomes_an_attachment_of_a_comment(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
) -> None:
    made = await upload(client)
    token = made.json()["upload"]["token"]
    assert made.status_code == 201
    second = (await upload(client, "two.txt", token=token)).json()["upload"]
    assert [one["file_name"] for one in second["attachments"]] == ["note.txt", "two.txt"]
    comment = {"body": "See files", "public": False, "uploads": [token]}
    await client.put(f"tickets/{OPEN_TICKET}", json={"ticket": {"comment": comment}})
    comments = (await client.get(f"tickets/{OPEN_TICKET}/comments")).json()["comments"]
    first, _ = comments[-1]["attachments"]
    assert (first["size"], first["content_type"]) == (5, "text/plain")
    shown = (await client.get(f"attachments/{first['id']}")).json()["attachment"]
    assert shown == first
    content = await client.get(first["content_url"])
    away = await client.get(content.headers["Location"], headers={"Authorization": ""})
    assert away.status_code == 400
    del client.headers["Authorization"]
    assert (await client.get(content.headers["Location"])).content == b"hello"


async def test_content_is_on_another_host_that_wants_no_credentials(
    sandbox: Sandbox,
    client: httpx.AsyncClient,
    clock: ManualClock,
) -> None:
    comments = (await client.get(f"tickets/{ATTACHMENT_TICKET}/comments")).json()["comments"]
    attachment = comments[0]["attachments"][-1]
    redirect = await client.get(attachment["content_url"])
    location = redirect.headers["Location"]
    assert redirect.status_code == 302
    assert urlsplit(location).hostname == sandbox.rules.attachment_host
    refused = await client.get(location)
    assert (refused.status_code, refused.text) == (400, "Only one auth mechanism allowed")
    credentials = client.headers.pop("Authorization")
    content = await client.get(location)
    assert content.headers["content-type"] == "application/pdf"
    assert len(content.content) == attachment["size"]
    assert content.content.startswith(b"%PDF")
    clock.forward(301)
    assert (await client.get(location)).status_code == 403
    assert (await client.get(attachment["content_url"])).status_code == 403
    sandbox.rules.private_attachments = False
    assert (await client.get(attachment["content_url"])).status_code == 302
    client.headers["Authorization"] = credentials
    assert (await client.get("attachments/1")).status_code == 404


async def test_on_loopback_the_other_host_is_loopbacks_other_name(
    client: httpx.AsyncClient,
) -> None:
    for host, other in (("127.0.0.1:8443", "localhost:8443"), ("localhost", "127.0.0.1")):
        path = f"http://{host}/api/v2/tickets/{ATTACHMENT_TICKET}/comments"
        comments = (await client.get(path)).json()["comments"]
        redirect = await client.get(comments[0]["attachments"][0]["content_url"])
        assert urlsplit(redirect.headers["Location"]).netloc == other


async def test_uploads_are_refused_and_removed(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    assert (await client.post("uploads", content=b"x")).status_code == 400
    assert (await upload(client, token="none")).status_code == 404
    token = (await upload(client)).json()["upload"]["token"]
    assert (await client.delete(f"uploads/{token}")).status_code == 204
    assert (await client.delete(f"uploads/{token}")).status_code == 404
    sandbox.rules.largest_upload = 4
    assert (await upload(client)).status_code == 413
    narrow = {"Authorization": f"Bearer {sandbox.token(('tickets:write',))}"}
    refused = await client.post("uploads?filename=x", content=b"x", headers=narrow)
    assert "ticket_attachments:write" in refused.json()["description"]
