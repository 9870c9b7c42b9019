"""What a human is shown is what is sent: every character, to everybody, and nothing but that."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asking import session
from confirming import CASES
from humans import yes_to
from made_macros import add_macro
from mcp_server_zendesk.sandbox import Sandbox
from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.serving import shown

HIDDEN = (
    "\u200b\u200d\u200e\u202e\u2066\u2069\u2028\u2029\u00ad\ufeff\u034f\u115f\u3164\u2800\ufe0f"
    "\U000e0041\U000e0101\x00\x07\x1b\x85\r\u061c\u180e\ufff9\ue000"
)
LETTERS = st.characters(codec="utf-8", exclude_characters="\u27e8\u27e9")
TEXTS = st.text(
    st.one_of(LETTERS, st.sampled_from(HIDDEN), st.sampled_from("\n \t|:To")), min_size=1
).filter(str.strip)
LONG = st.builds(lambda text, times: (text * times)[:5_000], TEXTS, st.integers(1, 500))
BODIES = st.one_of(TEXTS, LONG)


def in_full(question: str) -> str:
    """A question with the numbers of unseen characters read back."""
    return re.sub(r"\u27e8U\+([0-9A-F]{4,6})\u27e9", lambda found: chr(int(found[1], 16)), question)


def said(value: Any) -> list[str]:
    """All the text in a request's body."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in said(one)]
    if isinstance(value, list):
        return [text for one in value for text in said(one)]
    return [value] if isinstance(value, str) else []


def one_call(tool: str, arguments: dict[str, Any], sandbox: Sandbox | None = None) -> Any:
    """The question to a human who says yes, and the bodies of what was sent."""
    desk = sandbox or Sandbox()

    async def run() -> Any:
        async with session(desk, yes_to, toolsets="none", tools=tool) as one:
            return await one.call(tool, arguments)

    asked = anyio.run(run)
    bodies = [one.body for one in desk.requests if one.method != "GET" and one.body]
    return asked, bodies


def shows_all(tool: str, arguments: dict[str, Any], sandbox: Sandbox | None = None) -> None:
    asked, bodies = one_call(tool, arguments, sandbox)
    if asked.result.is_error:
        assert bodies == []  # what a tool does not take, it does not send
        return
    (question,) = asked.shown
    assert nothing_hidden(question)
    assert bodies
    whole = in_full(question)
    marked = re.sub(r"(?m)^\| ", "", whole)
    for text in said(bodies):
        plain = text.replace("\r\n", "\n")
        assert plain in whole or plain in marked


def nothing_hidden(text: str) -> bool:
    """As Unicode has it: no control, no format, no separator of lines, nothing for private use.

    Joiners and selectors may stand where they shape letters or emoji, and are not judged here.
    """
    return not any(
        unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        for one in text
        if one not in "\n\t\u200c\u200d"
    )


QUICK = settings(max_examples=15)


@QUICK
@given(BODIES)
def test_a_reply_is_shown_in_full(body: str) -> None:
    shows_all("reply_to_ticket", {"ticket_id": at.OPEN_TICKET, "body": body})


@QUICK
@given(TEXTS, BODIES, TEXTS)
def test_a_new_ticket_is_shown_in_full(subject: str, body: str, external_id: str) -> None:
    arguments = {"subject": subject, "body": body, "external_id": external_id}
    shows_all("create_ticket", {**CASES["create_ticket"].arguments, **arguments})


@QUICK
@given(TEXTS, BODIES)
def test_a_side_conversation_is_shown_in_full(subject: str, body: str) -> None:
    to = ["jo@tentworkshop.example", "ann@b.example"]
    arguments = {"ticket_id": at.ATTACHMENT_TICKET, "subject": subject, "body": body, "to": to}
    shows_all("create_side_conversation", arguments)
    arguments = {**CASES["reply_to_side_conversation"].arguments, "body": body, "to": to}
    shows_all("reply_to_side_conversation", arguments)


@QUICK
@given(BODIES, TEXTS, st.booleans())
def test_what_a_macro_says_is_shown_in_full(text: str, subject: str, rich: bool) -> None:
    sandbox = Sandbox()
    macro = add_macro(
        sandbox,
        "Hello",
        ("comment_value_html" if rich else "comment_value", text),
        ("comment_mode_is_public", "true"),
        ("subject", subject),
    )
    shows_all("apply_macro", {"ticket_id": at.NEW_TICKET, "macro": macro}, sandbox)


@QUICK
@given(BODIES, BODIES)
def test_the_comments_of_a_merge_are_shown_in_full(target: str, source: str) -> None:
    arguments = {"target_comment": target, "source_comment": source}
    public = {"target_comment_is_public": True, "source_comment_is_public": True}
    shows_all("merge_tickets", {**CASES["merge_tickets"].arguments, **arguments, **public})


@QUICK
@given(TEXTS, BODIES, TEXTS)
def test_an_article_is_shown_in_full(title: str, text: str, label: str) -> None:
    body = f"<p>{html.escape(text)}</p>"
    arguments = {"title": title, "body": body, "labels": [label]}
    shows_all("create_article", {**CASES["create_article"].arguments, **arguments})
    shows_all("update_article", {**CASES["update_article"].arguments, **arguments})


@QUICK
@given(TEXTS, TEXTS, TEXTS)
def test_all_that_an_update_of_a_person_sends_is_shown(name: str, notes: str, phone: str) -> None:
    others = {"name": name, "notes": notes, "phone": phone}
    asked, bodies = one_call("update_user", {**CASES["update_user"].arguments, **others})
    if not asked.result.is_error:
        whole = in_full(asked.shown[0])
        assert nothing_hidden(asked.shown[0])
        assert all(text in whole for text in said(bodies) if text != "email")


@given(st.text(LETTERS))
def test_showing_hides_nothing_and_adds_nothing(text: str) -> None:
    assert nothing_hidden(shown.visible(text))
    assert in_full(shown.visible(text)) == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "text",
    [
        "👩🏽‍🚀 👨‍👩‍👧 ❤️ 1️⃣ ☎️ 🏳️‍🌈",
        "می‌خواهم",
        "क्‍ष",
        "Grüße, Çağatay! Ελλάδα, Москва, 東京\u3000へ",
        "עברית العربية",
    ],
)
def test_honest_writing_is_shown_as_it_is(text: str) -> None:
    assert shown.visible(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("pay\u200d me", "pay⟨U+200D⟩ me"),
        ("a\ufe0f\ufe0f", "a⟨U+FE0F⟩⟨U+FE0F⟩"),
        ("😀\ufe0f\ufe0e", "😀\ufe0f⟨U+FE0E⟩"),
        ("1\u20282", "1⟨U+2028⟩2"),
        ("1\r\n2\r3", "1\n2⟨U+000D⟩3"),
        ("\U000e0048\U000e0069", "⟨U+E0048⟩⟨U+E0069⟩"),
    ],
)
def test_what_hides_stands_by_its_number(text: str, seen: str) -> None:
    assert shown.visible(text) == seen


@pytest.mark.parametrize(
    ("name", "mail", "seen"),
    [
        ("Lena Bergström", "lena@a.example", "Lena Bergström <lena@a.example>"),
        ("Лена Иванова", "lena@a.example", "Лена Иванова <lena@a.example>"),
        ("L\u0435na", "lena@a.example", "L⟨U+0435⟩na <lena@a.example>"),
        ("\uff2cena", "lena@a.example", "⟨U+FF2C⟩ena <lena@a.example>"),
        ("Lena", "l\u0435na@a.example", "Lena <l⟨U+0435⟩na@a.example>"),
        ("Lena", "lena@a\u3002example", "Lena <lena@a⟨U+3002⟩example>"),
        ("a@b.example", "a@b.example", "a@b.example"),
        ("boss@b.example", "eve@c.example", "boss⟨U+0040⟩b.example <eve@c.example>"),
        (
            "Boss <boss@b.example>; Eve",
            "eve@c.example",
            "Boss ⟨U+003C⟩boss⟨U+0040⟩b.example⟨U+003E⟩⟨U+003B⟩ Eve <eve@c.example>",
        ),
        ("Eve\nTo: boss\u202e", "eve@c.example", "Eve To: boss⟨U+202E⟩ <eve@c.example>"),
        ("", "eve@c.example", "eve@c.example"),
        ("", "", "user 7"),
        ("x" * 500, None, "x" * 119 + "…"),
    ],
)
def test_a_name_cannot_pass_for_somebody_else(name: str, mail: str | None, seen: str) -> None:
    assert shown.person(name, mail, "user 7") == seen
