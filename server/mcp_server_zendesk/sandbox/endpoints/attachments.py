"""Uploads, and the content of attachments, which lies on another host (`zendesk-api.md` §5.7)."""

import ipaddress
import mimetypes
from datetime import timedelta
from urllib.parse import quote

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.errors import (
    ApiError,
    forbidden,
    invalid_attribute,
    invalid_endpoint,
    record_not_found,
)
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.routing import OPEN, PUBLIC, route
from mcp_server_zendesk.sandbox.seed.files import page, picture

_UPLOAD_LIFE = timedelta(days=3)
_SCOPE = "ticket_attachments"


def upload(call: Call) -> Answer:
    """POST /uploads?filename=: 201 with a token; a token given again collects another file."""
    name = call.query.get("filename")
    if not name:
        raise invalid_attribute("filename", "must be supplied")
    if len(call.content) > call.rules.largest_upload:
        raise ApiError(413, {"error": "AttachmentTooLarge", "description": "Too large"})
    store, now = call.store, call.store.now()
    token = call.query.get("token") or f"u{store.new_id():x}"
    if "token" in call.query and token not in store.uploads:
        raise record_not_found()
    number = store.new_id()
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    attachment: Json = {
        "id": number,
        "token": f"t{number:x}",
        "file_name": name,
        "content_type": call.headers.get("content-type") or guessed,
        "size": len(call.content),
    }
    if attachment["content_type"] == "application/binary":
        attachment["content_type"] = guessed
    store.uploads.setdefault(token, []).append(attachment)
    store.contents[number] = call.content
    store.attachments[number] = attachment
    shown = [call.wire.attachment(one) for one in store.uploads[token]]
    made = {"token": token, "expires_at": stamp(now + _UPLOAD_LIFE)}
    body = {"upload": {**made, "attachment": shown[-1], "attachments": shown}}
    return Answer(body, 201, {"Location": shown[-1]["url"]})


def delete_upload(call: Call) -> Answer:
    """DELETE /uploads/{token}: 204."""
    if call.store.uploads.pop(call.ids["token"], None) is None:
        raise record_not_found()
    return Answer(None, 204)


def show_attachment(call: Call) -> Answer:
    """GET /attachments/{id}."""
    attachment = call.store.attachment(lambda one: bool(one["id"] == call.ids["id"]))
    if attachment is None:
        raise record_not_found()
    return Answer({"attachment": call.wire.attachment(attachment)})


def find_content(call: Call) -> Answer:
    """GET /attachments/token/{token}/?name=, on the account's host: a redirect to another one.

    Where the account asks for authentication, 403 without it.
    """
    attachment = call.store.attachment(lambda one: bool(one["token"] == call.ids["token"]))
    if attachment is None:
        raise record_not_found()
    if call.rules.private_attachments and call.caller.anonymous:
        raise forbidden()
    host = _content_host(call)
    expires = int((call.store.now() + timedelta(minutes=5)).timestamp())
    name = quote(attachment["file_name"])
    location = f"{host}/attachment/{attachment['token']}?name={name}&expires={expires}"
    return Answer(None, 302, {"Location": location})


def send_content(call: Call) -> Answer:
    """GET /attachment/{token} on the host of contents: an address that opens by itself.

    Credentials of the account are refused there: whoever forwards them has made a mistake. Which
    words the real host uses is not known.
    """
    if "zendesk.com" in call.wire.host:
        raise invalid_endpoint()
    if "authorization" in call.headers:
        return Answer("Only one auth mechanism allowed", 400)
    attachment = call.store.attachment(lambda one: bool(one["token"] == call.ids["token"]))
    expires = call.query.get("expires", "")
    if attachment is None or not expires.isdigit():
        return Answer("Not found", 404)
    if int(expires) < call.store.now().timestamp():
        return Answer("Expired", 403)
    content = call.store.contents.get(attachment["id"])
    if content is None:
        content = _made_up(attachment)
    name = quote(attachment["file_name"])
    headers = {
        "content-type": attachment["content_type"],
        "content-disposition": f"attachment; filename*=UTF-8''{name}",
    }
    return Answer(content, 200, headers)


def _content_host(call: Call) -> str:
    """Another origin than the one that was asked: on loopback, loopback's other name."""
    scheme, _, rest = call.wire.origin.partition("://")
    host, colon, port = (
        rest.rpartition(":") if rest.rpartition(":")[2].isdigit() else (rest, "", "")
    )
    if host == "localhost":
        other = "127.0.0.1"
    elif _is_address(host):
        other = "localhost"
    else:
        other = call.rules.attachment_host
    return f"{scheme}://{other}{colon}{port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _made_up(attachment: Json) -> bytes:
    """Content of the right size for a seeded attachment, which has none."""
    size = int(attachment["size"])
    if attachment["content_type"] == "image/jpeg":
        return picture(size)
    if attachment["content_type"] == "application/pdf":
        return page(attachment["file_name"].removesuffix(".pdf"), size)
    return b"." * size


ROUTES = (
    route("POST", "/uploads", upload, _SCOPE),
    route("DELETE", "/uploads/{token}", delete_upload, _SCOPE),
    route("GET", "/attachments/{id:int}", show_attachment, _SCOPE),
)
PAGES = (
    route("GET", "/attachments/token/{token}/", find_content, OPEN),
    route("GET", "/attachments/token/{token}", find_content, OPEN),
    route("GET", "/attachment/{token}", send_content, PUBLIC),
)
