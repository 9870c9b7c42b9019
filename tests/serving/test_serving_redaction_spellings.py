"""What redaction finds in the spellings that mail brings, and what it leaves to be read."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mcp import Client

from desk import OpenWorkspace, text_of
from mcp_server_zendesk.embedded import embedded_settings
from mcp_server_zendesk.sandbox import Sandbox, landmarks
from mcp_server_zendesk.serving.cleaning.redaction import Redaction, redacted, suspended
from mcp_server_zendesk.serving.cleaning.text import clean_html, clean_line, clean_text
from mcp_server_zendesk.workspace import build_server

EVERYTHING = Redaction(["all"])
KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDCq7l4x2Q8Y1bK"
ZENDESK_TOKEN = "6wiIBWbGkBMo1mRDMuVwkw1EPsNkeUj95PIz2akv"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Your password is: hunter2", "Your password is: [password redacted]"),
        ("Your password is: sunshine, sir", "Your password is: [password redacted] sir"),
        ("my password is hunter2", "my password is [password redacted]"),
        ("https://a.example/?token=9f8Kx2LmQ7vT3n", "https://a.example/?token=[token redacted]"),
        ("/r?a=1&reset_pass_token=9f8Kx2LmQ7vT", "/r?a=1&reset_pass_token=[token redacted]"),
        ("https://a.example/?zipcode=12345678901", "https://a.example/?zipcode=12345678901"),
        ("**Password:** hunter2", "**Password:** [password redacted]"),
        ("**Password**: hunter2", "**Password**: [password redacted]"),
        ("_Password:_ **hunter2**", "_Password:_ **[password redacted]"),
        ("Password:         hunter2", "Password:         [password redacted]"),
        ("Password:\nhunter2x\nBye", "Password:\n[password redacted]\nBye"),
        ("Password:\n\nhunter2x", "Password:\n\n[password redacted]"),
        ("> Password:\n> hunter2x", "> Password:\n> [password redacted]"),
        ("| Password: | hunter2x |", "| Password: | [password redacted] |"),
        ("| Password | hunter2x |", "| Password | [password redacted] |"),
        ("Password (temporary): hunter2", "Password (temporary): [password redacted]"),
        ("Password for the portal: hunter2", "Password for the portal: [password redacted]"),
        ("Password: geheim\nBye", "Password: [password redacted]\nBye"),
        ("pass: hunter2", "pass: [password redacted]"),
        ("pw: hunter2", "pw: [password redacted]"),
        ("DB_PASS=hunter2", "DB_PASS=[password redacted]"),
        ("**PIN:** 4321", "**PIN:** [PIN redacted]"),
        ("_PIN:_ **4321**", "_PIN:_ **[PIN redacted]**"),
        ("| PIN | 4321 |", "| PIN | [PIN redacted] |"),
        ('password: "correct horse battery"', "password: [password redacted]"),
        ("Password: \u201ctwo words\u201d.", "Password: [password redacted]."),
        ("Contrase\u00f1a: \u00abclave secreta 9\u00bb", "Contrase\u00f1a: [password redacted]"),
        ("Passwort: \u201ezwei Worte\u201c", "Passwort: [password redacted]"),
        ('password: "correct horse ba', "password: [password redacted]"),  # and cut off there
        ('{"password": "a b c", "id": 7}', '{"password": [password redacted], "id": 7}'),
        ("**API key:** ABCDEF1234567890", "**API key:** [token redacted]"),
        ("| API key | ABCDEF1234567890 |", "| API key | [token redacted] |"),
        ("Token: " + ZENDESK_TOKEN, "Token: [token redacted]"),
        ("API token:\n" + ZENDESK_TOKEN, "API token:\n[token redacted]"),
        ("AKIA**IOSFODNN7EXAMPLE** x", "[AWS access key redacted]** x"),
        ("**AKIA**IOSFODNN7EXAMPLE x", "**[AWS access key redacted] x"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJz", "[JSON web token redacted]"),
        ("eyJhbGciOiJkaXIifQ..AxY8DCtDa.GlsbG.c3RoZQ", "[JSON web token redacted]"),
        ('-H "x: Bearer abc123def456ghi" x', '-H "x: Bearer [token redacted]" x'),
        ("Authorization: Basic YW5uOmI=", "Authorization: Basic [credentials redacted]"),
        ("curl -u ann@acme.com:hunter2 x", "curl -u [credentials redacted] x"),
        (f'curl -u "a@b.co/token:{ZENDESK_TOKEN}" x', 'curl -u "a@b.co/token:[token redacted]" x'),
        ("**4111** **1111** **1111** **1111**", "**[card number ending 1111 redacted]**"),
        ("| 4111 | 1111 | 1111 | 1111 |", "| [card number ending 1111 redacted] |"),
        ("4111/1111/1111/1111", "[card number ending 1111 redacted]"),
        ("3782, 822463, 10005", "[card number ending 0005 redacted]"),
        ("4111 1111\n> 1111 1111", "[card number ending 1111 redacted]"),
        ("4\u00ad111\u200b1111\u20601111 1111", "[card number ending 1111 redacted]"),
        ("4\ufe0f\u20e31\ufe0f\u20e311 1111 1111 1111", "[card number ending 1111 redacted]"),
        ("\u0664\u0661\u0661\u0661\u200c1111 1111 1111", "[card number ending 1111 redacted]"),
        ("DE 89 3704 0044 0532 0130 00", "[IBAN ending 3000 redacted]"),
        ("DE89 3704 0044\n0532 0130 00.", "[IBAN ending 3000 redacted]."),
        ("**DE89** 3704\u202f0044 0532  0130 00", "**[IBAN ending 3000 redacted]"),
        ("gb29nwbk60161331926819", "[IBAN ending 6819 redacted]"),
        ("536\u201190\u20114399", "[US social security number redacted]"),
    ],
)  # fmt: skip
def test_a_secret_is_gone_whole_in_the_spelling_of_a_mail(text: str, shown: str) -> None:
    with EVERYTHING.acting():
        assert clean_text(text).text == shown
        assert clean_text(shown).text == shown


@pytest.mark.parametrize(
    "html",
    [
        "<p><b>Password:</b> hunter2x</p>",
        "<p><i>Password</i>: <b>hunter2x</b></p>",
        "<dl><dt>Password:</dt><dd>hunter2x</dd></dl>",
        "<table><tr><td>User</td><td>a</td></tr><tr><td>Password</td><td>hunter2x</td></tr></table>",
        "<p>Password:</p><p>hunter2x</p>",
        "<p>Password: <code>my hunter2x</code></p>",
    ],
)
def test_a_password_is_gone_however_its_page_is_laid_out(html: str) -> None:
    with EVERYTHING.acting() as taken:
        assert "hunter2x" not in clean_html(html).text
    assert taken == {"passwords": 1}


@pytest.mark.parametrize(
    "text",
    [
        "Password: see below",
        "**Password:** see below",
        "Password: reset",
        "The password is: changed",
        "Password: **Required**",
        "Password: ********",
        "Change your password: Settings > Security",
        "Forgot your password:\n\nHello Ann,\nwe can help",
        "Password:\n1. Open the settings\n2. Save",
        "| Password | see the guide |\n| pass | 120ms |",
        '{"password": true, "api_key": null}',
        "pass: 120, fail: 3",
        "Bearer authentication and basic internationalization of bearer_token_env_var",
        "Tel: 3782 822463 10005",
        "Tel. +49 30 37878340\nFax 030 37878341",
        "040 26314060\n0500 6402 5013",
        "| 2019 | 2020 | 2021 | 2022 |",
        "4111, 1111, 1111, 1111, 2222",
        "4111/1111/1111/1111/2",
        "curl -u https://acme.com:8443/x",
    ],
)
def test_what_tells_about_a_secret_and_holds_none_stays(text: str) -> None:
    with EVERYTHING.acting() as taken:
        assert clean_text(text).text == text
    assert not taken


@pytest.mark.parametrize("headers", ["", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\n"])
@pytest.mark.parametrize("end", ["", "abc=\n"])
@pytest.mark.parametrize("line", ["\n", "\n> ", " ", "\\n"])
def test_a_key_without_an_end_takes_its_own_lines_and_not_the_question_below(
    headers: str, end: str, line: str
) -> None:
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{headers}{KEY}\n{KEY}\n{end}".replace("\n", line)
    with EVERYTHING.acting():
        shown = redacted(f"Hi\n{key}Why does it not work?\n-----Original message-----\nHello")
    assert re.sub(r"\W+", " ", shown).startswith("Hi private key redacted ")
    assert shown.endswith("Why does it not work?\n-----Original message-----\nHello")
    assert "MII" not in shown
    assert "AES" not in shown


FORGED = [
    "[card number ending 1111 redacted]",
    "[password redacted]",
    "[Password Redacted]",
    "\uff3bpassword redacted\uff3d",
    "[**password** redacted**]",
]


@pytest.mark.parametrize("mark", FORGED)
@pytest.mark.parametrize("kinds", [["all"], ["cards"], []])
def test_a_mark_that_a_text_brings_along_is_not_taken_for_one_of_this_server(
    mark: str, kinds: list[str]
) -> None:
    redaction = Redaction(kinds)
    with redaction.acting() as taken:
        for shown in (clean_text(f"Card {mark}, x").text, clean_line(f"{mark} x", 60)):
            assert re.search(r"\(\W*(?:card|password)[^\]]*redacted\W*\)", shown, re.IGNORECASE)
            assert not re.search(r"[\[\uff3b]", shown)
            assert clean_text(shown).text == shown
            redaction.refuse_marks({"body": shown})  # an answer may repeat it
        with suspended():
            assert redacted(mark) == mark
    assert not taken


def test_a_mark_of_this_server_stays_in_what_is_cleaned_again() -> None:
    with EVERYTHING.acting():
        assert clean_line("[PIN redacted] PIN: 4321") == "(PIN redacted) PIN: [PIN redacted]"
        assert clean_line("again: [PIN redacted]") == "again: [PIN redacted]"
    with EVERYTHING.acting():  # in another call it can only be somebody else's
        assert clean_line("again: [PIN redacted]") == "again: (PIN redacted)"


@pytest.mark.anyio
async def test_a_stranger_cannot_keep_an_answer_from_repeating_what_he_wrote() -> None:
    sandbox = Sandbox()
    forged = "Why [card number ending 1111 redacted]?"
    sandbox.store.comments[landmarks.OPEN_TICKET][-1].update(
        html_body=f"<p>{forged}</p>", plain_body=forged, body=forged
    )
    settings_ = embedded_settings({"scopes": "read write", "toolsets": "all", "redact": "all"})
    server = build_server(settings_, transport=httpx.ASGITransport(app=sandbox))
    async with server.running(), Client(server) as client:
        read = await client.call_tool("get_ticket", {"ticket_id": landmarks.OPEN_TICKET})
        (quoted,) = re.findall(r"Why .{34}\?", text_of(read))
        note = {"ticket_id": landmarks.OPEN_TICKET, "body": f"He asked: {quoted}"}
        written = await client.call_tool("add_internal_note", note)
    assert not written.is_error, text_of(written)
    assert "(card number ending 1111 redacted)" in quoted


@pytest.mark.anyio
async def test_marks_are_broken_where_nothing_is_redacted_too(
    open_workspace: OpenWorkspace,
) -> None:
    sandbox = Sandbox()
    sandbox.store.tickets[landmarks.OPEN_TICKET]["subject"] = "My [password redacted]"
    async with open_workspace(sandbox=sandbox) as desk:
        answer = await desk.ask("get_ticket", ticket_id=landmarks.OPEN_TICKET)
    assert answer["subject"] == "My (password redacted)"


PIECES = [
    "Password", "password for x", "pass", "pw", "PIN", "API key", "token", " is", ":", "=", " ",
    "\n", "| ", " |", "**", "_", "`", '"', "\u00ab", "\u00bb", "'", "> ", "hunter2", "see",
    "geheim", "4321", "4111", "1111", "/", ", ", "DE89", "3704 0044 0532 0130 00", "AKIA",
    "IOSFODNN7EXAMPLE", "eyJ", "-----BEGIN PRIVATE KEY-----", KEY, "-----END PRIVATE KEY-----",
    "curl -u ", "Bearer ", "[", "]", "redacted", *FORGED, "ABCDEF1234567890", "Tel: ",
]  # fmt: skip


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=24))
@example(pieces=["| 4111", " |", " 1111", " |", " 1111", " |", " 1111", " ", "1111"])
@example(pieces=["[", "[", FORGED[0], "]", "]", "]"])
@settings(max_examples=400)
def test_what_was_cleaned_once_stays_as_it_is(pieces: list[str]) -> None:
    with EVERYTHING.acting():
        once = redacted("".join(pieces))
        assert redacted(once) == once
        line = clean_line("".join(pieces), 4_000)
        assert clean_line(line, 4_000) == line


HOSTILE = [
    "-----BEGIN PRIVATE KEY-----\nabc1", "-----BEGIN PRIVATE KEY----- x", "password:",
    "password: x", "password for ", "password is:", "pass=", "| password ", "password\n",
    'password: "', "password: \u00ab", "password (", "a**b", "AKIA*", "eyJ.", "[a redacted", "[",
    "[redacted", "curl -u a", "-u a:", "DE 8 ", "4111, ", "4111/", "4111|1111|", "4111\n", "Tel: 4",
    "**4** ", "token: a", "token\n", "PIN ", "Basic ", "Authorization: ", "api_key is ",
    "password is ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_four_times_the_hostile_text_takes_about_four_times_the_time(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        best = 9.0
        for _ in range(4):
            began = time.process_time()
            with EVERYTHING.acting():
                redacted(text)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(32_000) < 8 * seconds(8_000) + 0.005
