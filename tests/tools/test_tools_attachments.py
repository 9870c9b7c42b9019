"""Looking at attachments: pictures, and all that is not shown."""

from __future__ import annotations

import base64
import json
import sys
from io import BytesIO
from typing import Any

import pytest
from mcp_types import ImageContent
from PIL import Image

from attached_files import HERE, attach, bomb, drawn, look, noise, picture_in, saved, unfenced
from desk import OpenWorkspace
from mcp_server_zendesk.sandbox import Fault, Rules, Sandbox, misfortunes
from mcp_server_zendesk.sandbox.landmarks import ATTACHMENT_TICKET
from mcp_server_zendesk.serving import listing
from zendesk_tools.attachment_media import LARGEST_IMAGE
from zendesk_tools.catalogue.attachments import TOOLS

pytestmark = pytest.mark.anyio


async def test_text_comes_in_three_requests(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**HERE) as desk:
        number = attach(desk.sandbox, "boot log.txt", b"started\nready\n")
        answer, _ = await look(desk, number)
        assert unfenced(answer.pop("text")) == "started\nready"
        assert answer == {
            "id": number, "name": "boot log.txt", "type": "text/plain", "bytes": 14,
            "characters": 13,
        }  # fmt: skip
        token = desk.sandbox.store.attachments[number]["token"]
        assert desk.sent() == [
            f"GET attachments/{number}",
            f"GET /attachments/token/{token}/",
            f"GET /attachment/{token}",
        ]


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
@pytest.mark.parametrize("declared", ["", "image/png", "text/plain", "application/octet-stream"])
async def test_a_picture_is_image_content_and_no_json(
    open_workspace: OpenWorkspace, kind: str, media_type: str, declared: str
) -> None:
    async with open_workspace(**HERE) as desk:
        content = drawn(kind)
        number = attach(desk.sandbox, "seam.png", content, declared or media_type)
        answer, result = await look(desk, number)
        _, block = result.content
        assert isinstance(block, ImageContent)
        assert (block.mime_type, base64.b64decode(block.data)) == (media_type, content)
        assert answer["image"] == f"{media_type}, 4 x 3 pixels"
        assert "images" not in answer
        assert "text" not in answer
        assert base64.b64encode(content).decode()[:40] not in json.dumps(answer)


def test_the_schema_of_the_answer_knows_no_pictures() -> None:
    schema = listing.compute(TOOLS[0])["outputSchema"]
    assert "images" not in json.dumps(schema)


async def test_a_large_photo_is_scaled_down(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**HERE) as desk:
        content = saved(noise((2_400, 1_200)), "JPEG")
        number = attach(desk.sandbox, "photo.jpg", content, "image/jpeg")
        answer, result = await look(desk, number)
        media_type, shown = picture_in(result)
        assert (media_type, shown.size) == ("image/jpeg", (1_568, 784))
        assert answer["image"] == (
            "image/jpeg, 2400 x 1200 pixels; shown as image/jpeg, 1568 x 784"
        )


async def test_a_photo_is_shown_as_its_camera_was_held(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**HERE) as desk:
        photo, exif, into = noise((2_000, 1_000)), Image.Exif(), BytesIO()
        exif[0x0112] = 6
        photo.save(into, "JPEG", exif=exif)
        number = attach(desk.sandbox, "photo.jpg", into.getvalue(), "image/jpeg")
        assert picture_in((await look(desk, number))[1])[1].size == (784, 1_568)


async def test_a_screenshot_stays_lossless_while_it_is_small(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**HERE) as desk:
        plain = attach(desk.sandbox, "a.png", drawn("PNG", (3_000, 2_000)), "image/png")
        media_type, shown = picture_in((await look(desk, plain))[1])
        assert (media_type, shown.size) == ("image/png", (1_568, 1_045))
        noisy = saved(noise((1_200, 1_200)).convert("RGBA"), "PNG")
        assert len(noisy) > LARGEST_IMAGE
        number = attach(desk.sandbox, "b.png", noisy, "image/png")
        media_type, shown = picture_in((await look(desk, number))[1])
        assert (media_type, shown.size) == ("image/jpeg", (1_200, 1_200))


async def test_of_a_moving_picture_the_first_frame_is_shown(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**HERE) as desk:
        frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue", "green")]
        into = BytesIO()
        frames[0].save(into, "GIF", save_all=True, append_images=frames[1:])
        number = attach(desk.sandbox, "spin.gif", into.getvalue(), "image/gif")
        answer, result = await look(desk, number)
        media_type, shown = picture_in(result)
        assert media_type == "image/png"
        assert shown.convert("RGB").getpixel((0, 0)) == (255, 0, 0)
        assert "first frame" in answer["image"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"." * 300, "damaged"),
        (b"\xff\xd8\xff\xe0" + b"." * 300, "damaged"),
        ((10_000, 6_000), "too many"),
        ((20_000, 20_000), "too many"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not what its type claims"),
        (b"<html><script>1</script></html>", "not what its type claims"),
        (b"MZ\x90\x00", "not what its type claims"),
        (b"", "not what its type claims"),
    ],
    ids=["png", "jpeg", "large", "bomb", "svg", "html", "program", "empty"],
)
async def test_what_only_claims_to_be_a_picture_is_not_shown(
    open_workspace: OpenWorkspace, content: bytes | tuple[int, int], says: str
) -> None:
    async with open_workspace(**HERE) as desk:
        held = content if isinstance(content, bytes) else bomb(content)
        number = attach(desk.sandbox, "a.png", held, "image/png")
        answer, result = await look(desk, number)
        assert says in answer["not_shown"]
        assert len(result.content) == 1
        assert "text" not in answer


async def test_without_the_extra_small_pictures_come_as_they_are(
    open_workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = {f"image/{kind.lower()}": drawn(kind) for kind in ("PNG", "GIF", "WEBP", "JPEG")}
    drawn_bomb = bomb((20_000, 20_000))
    monkeypatch.setitem(sys.modules, "PIL", None)
    async with open_workspace(**HERE) as desk:
        for media_type, content in kinds.items():
            small = attach(desk.sandbox, "a", content, media_type)
            answer, result = await look(desk, small)
            _, block = result.content
            assert isinstance(block, ImageContent)
            assert block.mime_type == answer["image"] == media_type
        padded = kinds["image/png"] + b"." * LARGEST_IMAGE
        large = attach(desk.sandbox, "b.png", padded, "image/png")
        assert "mcp-server-zendesk[images]" in (await look(desk, large))[0]["not_shown"]
        huge = attach(desk.sandbox, "c.png", drawn_bomb, "image/png")
        assert "20000 x 20000" in (await look(desk, huge))[0]["not_shown"]
        for start in (b"\x89PNG\r\n\x1a\n", b"GIF89a"):
            cut = attach(desk.sandbox, "d", start, "image/png")
            assert "damaged" in (await look(desk, cut))[0]["not_shown"]


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("a.zip", "application/zip"),
        ("a.svg", "image/svg+xml"),
        ("a.exe", "application/octet-stream"),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.heic", "image/heic"),
        ("noending", ""),
    ],
)
async def test_other_types_are_named_and_not_even_fetched(
    open_workspace: OpenWorkspace, name: str, declared: str
) -> None:
    async with open_workspace(**HERE) as desk:
        number = attach(desk.sandbox, name, b"content", declared)
        answer, _ = await look(desk, number)
        assert "not shown" in answer["not_shown"]
        assert (answer["name"], answer["bytes"]) == (name, 7)
        assert desk.sent() == [f"GET attachments/{number}"]


@pytest.mark.parametrize(
    ("scan", "override", "shown"),
    [
        ("malware_not_found", False, True),
        ("not_scanned", False, True),
        (None, False, True),
        ("malware_found", False, False),
        ("failed_to_scan", False, False),
        ("something_new", False, False),
        ("malware_found", True, True),
    ],
)
async def test_the_malware_scan_is_obeyed(
    open_workspace: OpenWorkspace, scan: str | None, override: bool, shown: bool
) -> None:
    async with open_workspace(**HERE) as desk:
        number = attach(desk.sandbox, "a.txt", b"content")

        def scanned(body: Any) -> Any:
            said = {"malware_scan_result": scan, "malware_access_override": override}
            return {"attachment": {**body["attachment"], **said}}

        desk.sandbox.faults.add("GET", "/api/v2/attachments/", 1, misfortunes.altered(scanned))
        answer, _ = await look(desk, number)
        assert ("text" in answer) is shown
        assert ("malware_access_override" in answer.get("not_shown", "")) is not shown
        suspicious = scan not in {"malware_not_found", "not_scanned", None}
        assert answer.get("malware") == (scan if suspicious else None)
        assert len(desk.sent()) == (3 if shown else 1)


async def test_a_deleted_file_is_not_fetched(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**HERE) as desk:
        number = attach(desk.sandbox, "a.txt", b"content")
        gone = misfortunes.altered(
            lambda body: {"attachment": {**body["attachment"], "deleted": True}}
        )
        desk.sandbox.faults.add("GET", "/api/v2/attachments/", 1, gone)
        assert "deleted" in (await look(desk, number))[0]["not_shown"]
        assert len(desk.sent()) == 1


@pytest.mark.parametrize(("declared", "kind"), [("image/png", "image"), ("application/pdf", "pdf")])
async def test_a_huge_picture_is_not_fetched_and_a_hidden_size_does_not_help(
    open_workspace: OpenWorkspace, declared: str, kind: str
) -> None:
    async with open_workspace(**HERE) as desk:
        start = drawn("PNG") if kind == "image" else b"%PDF-1.7\n"
        content = start + b"." * 11 * 1024**2
        told = attach(desk.sandbox, "a", content, declared)
        assert "larger than the 10 MiB" in (await look(desk, told))[0]["not_shown"]
        assert len(desk.sent()) == 1
        untold = attach(desk.sandbox, "a", content, declared, size=10)
        assert "larger than the 10 MiB" in (await look(desk, untold))[0]["not_shown"]


async def test_the_seeded_files_are_found_by_the_ids_of_a_comment(
    open_workspace: OpenWorkspace,
) -> None:
    async with open_workspace(**HERE) as desk:
        ticket = await desk.ask("list_ticket_comments", ticket_id=ATTACHMENT_TICKET)
        files = [file for item in ticket["items"] for file in item.get("attachments", [])]
        shown = {file["name"]: await look(desk, file["id"]) for file in files}
        assert "64 x 40" in shown["seam-door.jpg"][0]["image"]
        assert picture_in(shown["seam-close.jpg"][1])[1].size == (64, 40)
        assert "receipt NW-18220" in shown["receipt NW-18220.pdf"][0]["text"]


async def test_a_file_that_is_not_there_is_not_found(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**HERE) as desk:
        assert (await desk.fail("get_attachment", attachment_id=5))["kind"] == "not_found"


@pytest.mark.parametrize("number", [0, -1, 10**20, "x"])
async def test_what_is_no_id_is_refused_here(open_workspace: OpenWorkspace, number: Any) -> None:
    async with open_workspace(**HERE) as desk:
        error = await desk.fail("get_attachment", attachment_id=number)
        assert error["kind"] == "invalid_arguments"
        assert desk.sent() == []


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.invalid/attachments/1",
        "https://p25.zdusercontent.com/attachment/1",
        "http://127.0.0.1/attachments/1",
        "https://user:canary@northwind-demo.zendesk.com/attachments/1",
        "https://northwind-demo.zendesk.com/api/v2/users/me",
        None,
    ],
)
async def test_a_hostile_content_url_is_not_asked(
    open_workspace: OpenWorkspace, link: str | None
) -> None:
    async with open_workspace(**HERE) as desk:
        number = attach(desk.sandbox, "a.txt", b"content")
        led = misfortunes.altered(
            lambda body: {"attachment": {**body["attachment"], "content_url": link}}
        )
        desk.sandbox.faults.add("GET", "/api/v2/attachments/", 1, led)
        error = await desk.fail("get_attachment", attachment_id=number)
        assert error["kind"] == "unreadable_response"
        assert "canary" not in json.dumps(error)
        assert desk.sent() == [f"GET attachments/{number}"]


async def test_a_redirect_to_another_host_is_not_followed(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**HERE) as desk:
        number = attach(desk.sandbox, "a.txt", b"content")
        desk.sandbox.faults.add("GET", "/attachments/token/", 1, misfortunes.redirect_elsewhere())
        error = await desk.fail("get_attachment", attachment_id=number)
        assert error["kind"] == "unreadable_response"
        assert "another host" in error["reason"]
        assert len(desk.sent()) == 2


async def test_the_content_is_private_and_signed_for(open_workspace: OpenWorkspace) -> None:
    for private in (True, False):
        rules = Rules(private_attachments=private)
        async with open_workspace(rules=rules, **HERE) as desk:
            number = attach(desk.sandbox, "a.txt", b"content")
            assert "content" in (await look(desk, number))[0]["text"]
            desk.sandbox.faults.add("GET", "/attachments/token/", 1, misfortunes.forbidden())
            error = await desk.fail("get_attachment", attachment_id=number)
            assert error["kind"] == "forbidden"
            desk.sandbox.faults.add("GET", "/attachment/t", 1, Fault(status=403, body="Expired"))
            error = await desk.fail("get_attachment", attachment_id=number)
            assert (error["kind"], error["status"]) == ("forbidden", 403)


async def test_a_flaky_host_is_asked_again(open_workspace: OpenWorkspace) -> None:
    async with open_workspace(**HERE) as desk:
        number = attach(desk.sandbox, "a.txt", b"content")
        desk.sandbox.faults.add("GET", "/attachment/t", 1, misfortunes.html_error(503))
        desk.sandbox.faults.add("GET", "/attachment/t", 1, misfortunes.cut_off())
        assert "content" in (await look(desk, number))[0]["text"]


async def test_least_scopes(open_workspace: OpenWorkspace) -> None:
    sandbox = Sandbox()
    number = attach(sandbox, "a.txt", b"content")
    scopes = ("tickets:read", "ticket_attachments:read")
    async with open_workspace(
        sandbox=sandbox, token=sandbox.token(scopes=scopes), **{**HERE, "scopes": " ".join(scopes)}
    ) as desk:
        assert "content" in (await look(desk, number))[0]["text"]
        assert "upload_attachment" not in await desk.tools()
    async with open_workspace(**{**HERE, "scopes": "tickets:read"}) as desk:
        assert "get_attachment" not in await desk.tools()
