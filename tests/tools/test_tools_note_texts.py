"""What an internal note may hold: nothing that a colleague's browser would fetch."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from desk import OpenWorkspace
from mcp_server_zendesk.sandbox.landmarks import OPEN_TICKET, REQUESTER_ID
from mcp_server_zendesk.serving.refusals import InvalidArguments
from zendesk_tools.note_texts import refuse_images

pytestmark = pytest.mark.anyio

URL = "https://e.example/x.png?d=1"
MD = f"![x]({URL})"
TAG = f'<img src="{URL}">'

FETCHED = [
    MD,
    f"![a\nb]({URL})",
    f"![a[b]]({URL})",
    rf"![a\]b]({URL})",
    f"![{'a' * 501}]({URL})",
    f"![x]  ({URL})",
    f"- ![x]\n\n- one\n\n  [x]: {URL}",
    f"![x]\n\n> [x]: {URL}",
    f"![x][y]\n\n[y]: {URL}",
    rf"\\{MD}",
    f"!\u200b[x]({URL})",
    f"!\x00[x]({URL})",
    TAG,
    TAG.upper(),
    f"<im\u200bg src={URL}>",
    f'<image src="{URL}">',
    f'<video poster="{URL}">',
    f'<input type=image src="{URL}">',
    f"<div style=background:url({URL})>x</div>",
    f"<svg/onload=1><image href={URL} />",
    f"<style>@import '{URL}'</style>",
    f"<link rel=stylesheet href={URL}",
    "see <a b",
    "List<String> of them",
    # What only looks like code.
    f"| a | b |\n|---|---|\n| `x | {MD} ` |",
    f"a | b\n---|---\n`x | {TAG} `",
    f"see https://a.example/`{TAG}>`",
    f"see www.a.example/`{MD}`",
    f"`` {MD} `",
    rf"\`{MD}`",
    f"` a\n`{MD}` b",
    f"a `\n\n{MD} `",
    f"`a` ` b\n` {MD} `",
    f"[x](/u`){MD}`",
    f'[x](/u "`") {MD} `',
    f"[x](https://a.example/u`){MD}`",
    f"<https://a.example/`>{MD}`",
    f'<a title="`">{MD}`</a>',
    f"</div>\n`{TAG}`",
    f"<div>\n`{TAG}`\n</div>",
    f"<!--\n`--> {TAG}`",
    f"<String>\n`{TAG}`",
    f"```\ncode\n```\n{MD}",
    f"```\ncode\n````\n{MD}\n```",
    f"````\n```\n{MD}\n````",
    f"~~~\n```\n~~~\n{MD}\n```",
    f"- x\n\n  ```\n{MD}\n  ```",
    f"> ```\n{MD}\n```",
    f"```\n{MD}",
    f"``` `\n{MD}\n```",
    f"x\r```\r{MD}",
    f"```\nx\n```\t\n```\n{MD}\n```",
]


@pytest.mark.parametrize("text", FETCHED)
def test_what_could_be_fetched_is_refused_and_the_way_out_is_told(text: str) -> None:
    with pytest.raises(InvalidArguments) as caught:
        refuse_images(text)
    (problem,) = [one.problem for one in caught.value.problems]
    assert "backticks" in problem
    assert "plain link" in problem
    assert URL not in problem


@pytest.mark.parametrize(
    "text",
    [
        "a < b, and 3 <4, so a <- b <= c; I <3 it",
        "Mail <name@acme.com> or see <https://acme.com/help?a=b>.",
        "See [the page](https://acme.com/a_b?c=d#e) and `<img src=x>` there.",
        f"A picture is at {URL}!",
        f"[a picture]({URL})",
        "Really?! [1] Yes!",
        f"They wrote `{MD}` and `List<String>` in it.",
        f"The page holds:\n\n```html\n<div>\n{TAG}\n\n{MD}\n</div>\n```\n\nand `<b>` after it.",
        f"```\n{TAG}\n```\nand\n```sql\nselect 1 where a<b\n```",
        f"```html\r\n{TAG}\r\n```\r\nThere.",
        "One `x` and a lone ` backtick, which is no harm.",
        "| a | b |\n|---|---|\n| `<td>` | 2 |",
        "",
    ],
)
def test_honest_texts_and_code_pass(text: str) -> None:
    refuse_images(text)


@pytest.mark.parametrize(
    "unit", ["`", "`` ` ", "```\n", "```\nx\n", "[x](", "<a@", "![", "<https://", "`a` ", "\\`"]
)
def test_the_longest_note_is_looked_at_in_no_time(unit: str) -> None:
    text = (unit * 65_536)[:65_536]
    started = time.process_time()
    for one in (text, f"{text}<"):
        with suppress(InvalidArguments):
            refuse_images(one)
    assert time.process_time() - started < 1


async def test_a_new_tickets_note_is_looked_at_alike(open_workspace: OpenWorkspace) -> None:
    new = {"subject": "s", "requester_id": REQUESTER_ID}
    async with open_workspace() as desk:
        note = await desk.fail(
            "add_internal_note", ticket_id=OPEN_TICKET, body=f"<image src={URL}>"
        )
        first = await desk.fail("create_ticket", body=f"![a[b]]({URL})", **new)
        assert note["kind"] == first["kind"] == "invalid_arguments"
        assert URL not in str(note) + str(first)
        assert desk.sent("PUT") == desk.sent("POST") == []
        await desk.ask("create_ticket", body=f"They sent `{TAG}`.", **new)
