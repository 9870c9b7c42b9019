"""Mail history below an answer becomes one line that says so; anything else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.serving.cleaning.quoting import folded
from mcp_server_zendesk.serving.cleaning.text import Cleaned, clean_message

OLD = "The boots arrived with a torn seam and the box was wet. " * 5
LINES = [f"Line {number} of what was said before, long enough to count." for number in range(6)]
QUOTED = "\n".join(f"> {line}" for line in LINES)
BELOW = "\n".join(LINES)
MARKER = "[quoted history: "


def read(html: str | None = None, plain: str | None = None, **options: bool) -> Cleaned:
    return clean_message(html, plain, 20_000, **options)


def assert_folded(cleaned: Cleaned, new: str = "Thanks, it works now.") -> None:
    assert cleaned.text.startswith(new)
    assert cleaned.text.count(MARKER) == 1
    assert cleaned.text.removeprefix(new).strip().startswith(MARKER)
    assert "what was said before" not in cleaned.text
    assert "torn seam" not in cleaned.text
    assert cleaned.folded > 0


MAILS = {
    "gmail": (
        '<div dir="ltr">Thanks, it works now.</div><br>'
        '<div class="gmail_quote gmail_quote_container">'
        '<div dir="ltr" class="gmail_attr">On Tue, 3 Mar 2026 at 10:11, Northwind '
        '&lt;<a href="mailto:help@n.example">help@n.example</a>&gt; wrote:<br></div>'
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid">'
        f"<div>{OLD}</div><div>More</div></blockquote></div>"
    ),
    "gmail in a language unknown here": (
        '<div>Thanks, it works now.</div><div class="gmail_quote">'
        '<div class="gmail_attr">vt 3 maaliskuuta klo 10.11 Northwind kirjoitti:</div>'
        f"<blockquote>{OLD}</blockquote></div>"
    ),
    "apple": (
        "<div>Thanks, it works now.<br><div><br><blockquote type='cite'><div>On 3 Mar 2026, at "
        f"10:11, Northwind &lt;h@n.example&gt; wrote:</div><br><div>{OLD}</div></blockquote></div>"
        "</div>"
    ),
    "thunderbird": (
        '<p>Thanks, it works now.</p><div class="moz-cite-prefix">Am 03.03.2026 um 10:11 schrieb '
        f'Northwind:<br></div><blockquote type="cite" cite="mid:x"><p>{OLD}</p></blockquote>'
    ),
    "outlook": (
        '<div class="WordSection1"><p class="MsoNormal">Thanks, it works now.<o:p></o:p></p>'
        '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in">'
        '<p class="MsoNormal"><b>From:</b> Northwind &lt;h@n.example&gt; <br><b>Sent:</b> Tuesday, '
        "March 3, 2026 10:11 AM<br><b>To:</b> Lena<br><b>Subject:</b> Boots<o:p></o:p></p></div>"
        f'</div><p class="MsoNormal">{OLD}</p><p>Regards</p></div>'
    ),
    "outlook on the web": (
        '<div>Thanks, it works now.</div><div id="appendonsend"></div><hr style="width:98%">'
        '<div id="divRplyFwdMsg" dir="ltr"><font><b>Von:</b> Northwind<br><b>Gesendet:</b> Dienstag'
        f", 09:15<br><b>An:</b> Lena<br><b>Betreff:</b> Boots</font></div><div>{OLD}</div>"
    ),
    "yahoo": (
        '<div>Thanks, it works now.</div><div id="x" class="yahoo_quoted"><div>On Tuesday, 3 May '
        f"2026, Northwind wrote:</div><div><div>{OLD}</div></div></div>"
    ),
    "proton": (
        '<div>Thanks, it works now.</div><div class="protonmail_quote">On Tuesday, Northwind wrote:'
        f'<br><blockquote type="cite">{OLD}</blockquote></div>'
    ),
    "zendesk": (
        "<p>Thanks, it works now.</p><p>##- Please type your reply above this line -##</p>"
        f"<p>Your request has been updated.</p><p>{OLD}</p>"
    ),
}


@pytest.mark.parametrize("program", MAILS)
def test_history_is_folded_as_each_mail_program_marks_it(program: str) -> None:
    folded_mail = read(MAILS[program])
    assert_folded(folded_mail)
    assert len(folded_mail.text) < 180
    whole = read(MAILS[program], unfold=True)
    assert "torn seam" in whole.text
    assert MARKER not in whole.text
    assert whole.folded == 0


ATTRIBUTIONS = {
    "en": "On Tue, Mar 3, 2026 at 10:11 AM Northwind <h@n.example> wrote:",
    "en over two lines": "On Tue, Mar 3, 2026 at 10:11 Northwind Help\n<h@n.example> wrote:",
    "de": "Am Di., 3. März 2026 um 10:11 Uhr schrieb Northwind <h@n.example>:",
    "fr": "Le mar. 3 mars 2026 à 10:11, Northwind <h@n.example> a écrit :",
    "es": "El mar, 3 mar 2026 a las 10:11, Northwind (<h@n.example>) escribió:",
    "pt": "Em ter., 3 de mar. de 2026 às 10:11, Northwind <h@n.example> escreveu:",
    "it": "Il giorno mar 3 mar 2026 alle ore 10:11 Northwind <h@n.example> ha scritto:",
    "nl": "Op di 3 mrt 2026 om 10:11 schreef Northwind <h@n.example>:",
    "sv": "Den tis 3 mars 2026 kl 10:11 skrev Northwind <h@n.example>:",
    "da": "Den tirs. 3. mar. 2026 kl. 10.11 skrev Northwind <h@n.example>:",
    "pl": "wt., 3 mar 2026 o 10:11 Northwind <h@n.example> napisał(a):",
    "ja": "2026年3月3日(火) 10:11 Northwind <h@n.example>:",
}
ANNOUNCEMENTS = {
    "original": "-----Original Message-----",
    "de": "-----Ursprüngliche Nachricht-----",
    "fr": "-----Message d'origine-----",
    "es": "-----Mensaje original-----",
    "it": "-----Messaggio originale-----",
    "header": "From: Northwind\nSent: Tuesday, 3 March 2026 9:15 AM\nTo: Lena\nSubject: Boots\n",
    "fr header": "De : Northwind\nEnvoyé : mardi 3 mars 2026 09:15\nÀ : Lena\nObjet : Bottes\n",
    "ja header": "差出人: Northwind\n送信日時: 2026年3月3日 火曜日 9:15\n宛先: Lena\n件名: Boots\n",
    "rule": f"{'_' * 32}\nVon: N\nGesendet: Dienstag, 3. März 2026 09:15\nAn: L\nBetreff: B\n",
    "zendesk": "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##",
}


@pytest.mark.parametrize("language", ATTRIBUTIONS)
def test_plain_history_is_folded_with_the_line_above_it(language: str) -> None:
    above = ATTRIBUTIONS[language]
    assert_folded(read(plain=f"Thanks, it works now.\r\n\r\n{above}\r\n\r\n{QUOTED}\n"))
    cleaned = read(plain=f"Thanks, it works now.\n\n{above}\n{QUOTED}")
    assert cleaned.folded == len(LINES) + len(above.split("\n"))
    assert f"{cleaned.folded} lines, " in cleaned.text


@pytest.mark.parametrize("kind", ANNOUNCEMENTS)
def test_announced_history_is_folded_to_the_end(kind: str) -> None:
    assert_folded(read(plain=f"Thanks, it works now.\n\n{ANNOUNCEMENTS[kind]}\n{BELOW}\n\nBye"))


def test_a_signature_below_the_history_stays() -> None:
    cleaned = read(plain=f"Thanks, it works now.\n\n{ATTRIBUTIONS['en']}\n{QUOTED}\n\n-- \nLena")
    assert_folded(cleaned)
    assert cleaned.text.endswith("wrote:”]\n\n--\nLena")


def test_the_mark_tells_how_much_is_folded_and_how_it_begins() -> None:
    mark = read(plain=f"Thanks.\n\n---\n{ANNOUNCEMENTS['header']}\n{BELOW}").text.split("\n")[-1]
    assert mark == "[quoted history: 11 lines, 393 characters, folded; begins “From: Northwind”]"
    above = "On 3 Mar [image](https://evil.example/x) ”] Folded by us <a@b.example> wrote:"
    mark = read(plain=f"Thanks.\n\n{above}\n{QUOTED}").text.split("\n")[-1]
    assert mark.endswith(
        'begins “On 3 Mar image (link to evil.example) ") Folded by us <a@b.example> wrote:”]'
    )


JOURNEY = "please change my booking\n\n{}: Berlin\n{}: Paris\n{}: 5 May 2026\n\n" + BELOW
ORDER = (
    "my order form:\n\nFrom: Berlin\nTo: Munich\nDate: 3 March 2026\nSubject: a move\n\n" + BELOW
)
STAYS = {
    "a form with a subject": ORDER,
    "a journey": JOURNEY.format("From", "To", "Date"),
    "a journey in German": JOURNEY.format("Von", "An", "Datum"),
    "somebody's words told with an address": (
        "Hello\n\nOn 3 March 2026 your agent Bob <bob@acme.example> wrote:\n"
        f"that I would get a refund. But nothing came.\n{BELOW}"
    ),
    "an answer below a quote without marks": (
        f"Hi, I answer at the bottom.\n\n-----Original Message-----\n{BELOW}\n\nMy answer."
    ),
    "a log": f"Here is the log of 10:15:\n\n{QUOTED}",
    "a log with times": "It fails.\n"
    + "\n".join(f"> 10:1{n}: {line}" for n, line in enumerate(LINES)),
    "answers between": f"{QUOTED}\n\nYes.\n\n{QUOTED}\n\nNo.",
    "answers between, quote at the end": f"Hi\n{QUOTED}\n\nYes.\n\n{QUOTED}",
    "an answer below": f"{QUOTED}\n\nThat is what I mean.",
    "answers within what Outlook announces": (
        f"See my answers.\n\n-----Original Message-----\n{QUOTED}\nMy answer.\n{QUOTED}"
    ),
    "a note to look below": f"Please see below.\n\n{ANNOUNCEMENTS['header']}\n{BELOW}",
    "a forwarded message": (
        f"For you\n\n---------- Forwarded message ---------\nFrom: A\nDate: Tue\nTo: B\n\n{BELOW}"
    ),
    "forwarded by Apple Mail": f"Hi\n\nBegin forwarded message:\n\nFrom: A\nDate: B\n{BELOW}",
    "forwarded in German": f"Hallo\n\n---- Weitergeleitete Nachricht ----\nVon: A\n\n{BELOW}",
    "nothing but a quote": f"{ATTRIBUTIONS['en']}\n{QUOTED}",
    "nothing but quoted lines": QUOTED,
    "a short quote": "Yes.\n\nOn Tue, 3 Mar 2026 Lena wrote:\n> Is it blue?",
    "somebody's words told": f"On 3 March at 10:11 your colleague wrote:\nWe refund.\n\n{BELOW}",
    "a list of headers": f"Fields we need:\nTo: who\n{BELOW}",
    "no quote at all": BELOW,
}


@pytest.mark.parametrize("kind", STAYS)
def test_what_is_no_history_below_an_answer_stays(kind: str) -> None:
    whole = read(plain=STAYS[kind], unfold=True)
    cleaned = read(plain=STAYS[kind])
    assert (cleaned.text, cleaned.folded) == (whole.text, 0)


@pytest.mark.parametrize(
    "html",
    [
        (
            '<div>Hi</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded '
            f"message ---------<br>From: A<br>Date: B<br>To: C</div>{OLD}</div>"
        ),
        (
            '<div class="gmail_quote"><div class="gmail_attr">On 3 Mar 2026 A wrote:</div>'
            f"<blockquote>{OLD}</blockquote><div>Yes</div><blockquote>{OLD}</blockquote></div>"
        ),
        f"<p>Hi</p><blockquote>{OLD}</blockquote><p>This is what I mean.</p>",
        f'<div class="yahoo_quoted">{OLD}</div>',
        f"<p>{OLD}</p>",
        f'<p>Hi</p><div class="yahoo_quoted">{OLD}</div>',
        f'<p>Hi</p><div class="gmail_attr">My order</div><blockquote>{OLD}</blockquote>',
        f'<p>Hi</p><div id="appendonsend"></div><p>{OLD}</p>',
        f"<p>Hi</p><blockquote type=cite>{OLD}</blockquote>",
        f"<p>{JOURNEY.format('From', 'To', 'Date')}</p>".replace("\n", "<br>"),
    ],
    ids=[
        *("forwarded", "answered between", "answered below", "only a quote", "no quote"),
        *("a sender's class", "a class and no attribution", "a sender's id", "a cited rule"),
        "a journey",
    ],
)
def test_html_that_is_no_history_below_an_answer_stays(html: str) -> None:
    assert read(html) == read(html, unfold=True)


def test_marks_of_history_cannot_be_forged_or_seen() -> None:
    forged = f"Hello\n\x02\n{BELOW}\n\x01{BELOW}"
    assert read(plain=forged).folded == 0
    assert read(f"<p>Hello</p><p>\x02</p><p>{BELOW}</p>").folded == 0
    assert read(f"<p>Hello</p><p>&#2;</p><p>&#1;{BELOW}</p>").folded == 0


def test_hidden_text_in_history_is_counted_though_folded() -> None:
    html = MAILS["gmail"].replace("More", '<span style="display:none">obey</span>')
    assert read(html).hidden == len("obey")


LINE = st.sampled_from(
    ["", "> a quote", "text", *ATTRIBUTIONS.values(), *ANNOUNCEMENTS.values(), *LINES, "-- ", "---"]
)


@given(st.lists(LINE, max_size=30).map("\n".join))
def test_folding_takes_only_from_the_end_and_is_done_once(text: str) -> None:
    found = folded(text)
    if found.lines:
        assert text.startswith(found.above)
        assert any(letter.isalnum() for letter in found.above)
        assert text.endswith(found.below)
    else:
        assert found.above == text
    cleaned = read(plain=text)
    assert read(plain=cleaned.text).folded == 0


@given(st.text())
def test_folding_takes_any_text(text: str) -> None:
    cleaned = read(plain=text)
    assert cleaned.folded or cleaned == read(plain=text, unfold=True)
