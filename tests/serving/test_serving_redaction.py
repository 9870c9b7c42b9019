"""What an admin wants taken out of texts is gone, visibly, wherever a text is cut."""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mcp_server_zendesk.serving.cleaning import redaction
from mcp_server_zendesk.serving.cleaning import text as text_module
from mcp_server_zendesk.serving.cleaning.redaction import (
    KINDS,
    Redaction,
    RedactionUnavailable,
    as_it_is,
    redacted,
    redacted_all,
    sentence,
    suspended,
    untorn,
)
from mcp_server_zendesk.serving.cleaning.text import (
    clean_html,
    clean_line,
    clean_message,
    clean_text,
)
from mcp_server_zendesk.serving.refusals import InvalidArguments

EVERYTHING = Redaction(["all"])
CARDS = Redaction(["cards"])

# A beginning of each network's, with the lengths that it issues.
ISSUED = [
    *(("4", length) for length in (13, 16, 19)),
    *((start, 16) for start in ("51", "55", "2221", "2720", "9792")),
    *((start, 15) for start in ("34", "37")),
    *((start, 14) for start in ("300", "309", "36", "38")),
    *((start, length) for start in ("6011", "62", "65", "50", "58", "3528") for length in (16, 19)),
    ("2200", 16),
    ("81", 16),
]
DIGITS = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "०१२३४५६७८९"]  # noqa: RUF001
GAPS = ["", " ", "-", ".", " - ", "\u00a0", "\u2009", "\u2011", "\u2013", "  ", "\n"]


def luhn_fits(digits: str) -> bool:
    doubled = [int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    start, length = draw(st.sampled_from(ISSUED))
    missing = length - len(start) - 1
    body = start + draw(st.text("0123456789", min_size=missing, max_size=missing))
    return next(body + last for last in "0123456789" if luhn_fits(body + last))


@st.composite
def spelt(draw: st.DrawFn) -> tuple[str, str]:
    """A card number, and how somebody wrote it."""
    number = draw(card_numbers())
    gap = draw(st.sampled_from(GAPS))
    sizes = draw(st.sampled_from([(4,), (4, 6, 5), (1,), (2,), (5, 3), (19,)]))
    groups, rest, turn = [], number, 0
    while rest:
        size = sizes[turn % len(sizes)]
        groups.append(rest[:size])
        rest, turn = rest[size:], turn + 1
    digits = draw(st.sampled_from(DIGITS))
    return number, gap.join(groups).translate(dict(zip(map(ord, DIGITS[0]), digits, strict=True)))


def digits_of(text: str) -> str:
    return "".join(str(unicodedata.decimal(one)) for one in text if one.isdecimal())


def without_marks(text: str) -> str:
    return re.sub(r"\[[a-zA-Z0-9 ]+ redacted\]", "", text)


# What may stand around a number: anything but a further digit right beside it.
AROUND = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Co", "Cs", "Mn", "Me"]), max_size=60
)


@given(card=spelt(), before=AROUND, after=AROUND)
@example(card=("4111111111111111", "4111 1111 1111 1111"), before="12 ", after=" 34")
@example(card=("4111111111111111", "4111111111111111"), before="5500 ", after="")
@settings(max_examples=150)
def test_a_card_number_in_any_spelling_within_any_text_is_gone(
    card: tuple[str, str], before: str, after: str
) -> None:
    number, written = card
    assume(not before[-1:].isdecimal() and not after[:1].isdecimal())
    with CARDS.acting() as taken:
        line = clean_line(before + written + after, 1_000)
        body = clean_text(before + written + after).text
    for shown in (line, body):
        assert number not in digits_of(without_marks(shown)), shown
        assert number[-4:] + " redacted" in shown or number not in digits_of(shown)
    assert taken["cards"] == 2


@given(card=spelt(), limit=st.integers(1, 120), lead=st.integers(0, 40))
@settings(max_examples=100)
def test_wherever_a_text_is_cut_no_more_than_four_digits_of_a_card_are_seen(
    card: tuple[str, str], limit: int, lead: int
) -> None:
    _, written = card
    text = "word " * lead + written + " and more"
    with CARDS.acting():
        for shown in (clean_line(text, limit), clean_text(text, limit).text):
            assert len(digits_of(shown)) <= 4, shown


def test_a_card_behind_much_white_space_is_no_more_seen_in_part() -> None:
    # A line is cleaned from a beginning of its text only, unless something may be torn there.
    for blanks in range(1_180, 1_202):
        with CARDS.acting():
            assert len(digits_of(clean_line("a" + " " * blanks + "4111 1111 1111 1111"))) <= 4


@pytest.mark.parametrize("number", ["4" + "1" * 15, "4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE"])
def test_html_that_is_cut_before_it_is_read_shows_no_half_of_a_number(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "HTML_CHARACTERS", read := 6_000)
    for shift in (1, 5, 10, 15, len(number)):
        filler = "<i></i>" * ((read - 200) // 7)
        padded = filler + "x" * (read - len(filler) - len(number) - 1 + shift - 1)
        html = padded[: read - shift - 1] + " " + number + " tail" * 5
        with EVERYTHING.acting():
            for shown in (clean_html(html, 100_000).text, clean_message(html, None, 100_000).text):
                assert len(digits_of(without_marks(shown))) <= 4
                assert "AKIAIO" not in shown


SAMPLES = {
    "cards": [
        "4111 1111 1111 1111, exp 12/27 123",
        "visa4111111111111111",
        "cvv: 999",
        "3782.822463.10005",
    ],
    "bank_accounts": [
        "DE89 3704 0044 0532 0130 00",
        "gb29nwbk60161331926819",
        "FR1420041010050500013M02606",
    ],
    "national_ids": [
        "536-90-4399",
        "AB 12 34 56 C",
        "390.533.447-05",
        "54362315K",
        "X-2482300-W",
        "RCCMNL83S18D969H",
        "2 95 10 99 126 111 93",
        "85.07.30-033.28",
        "131052-308T",
        "811218-9876",
        "BOXW310820HNERXN09",
        "360426199101010071",
        "971013-9019902",
        "2341 2341 2346",
    ],
    "tokens": [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "glpat-ABCDEFGHIJKLMNOPQRST",
        "zmcp_77zNomX-lC7HA6ZDjgboi5-TE60tJvU9JFpat7Ma3QI",
        "xoxb-1234567890-abcdefghij",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "sk-proj-abcdefghijklmnopqrstuvwx",
        "SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz",
        "npm_abcdefghijklmnopqrstuvwxyz0123456789",
        "shpat_0123456789abcdef0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIEow and no end",
        "Authorization: Bearer abcdef-0123456789",
        "Authorization: Basic YW5uOnNlY3JldC1zZWNyZXQ=",
        "api_key=0123456789abcdef0123",
        '"access_token": "0123456789abcdef0123"',
        "ann@acme.com/token:6wiIBWbGkBMo1mRDMuVwkw1EPsNkeUj95PIz2akv",
        "https://bob:hunter2@host/x",
    ],
    "passwords": [
        "Password: hunter2",
        'password="correct-horse"',
        "my password is Hunter2!",
        "Passwort: geheim",
        "mot de passe : azerty",
        "パスワード：himitsu",  # noqa: RUF001
        "PIN: 1234",
    ],
}
CASES = [(kind, text) for kind, texts in SAMPLES.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_each_kind_takes_out_what_is_of_it_and_says_so(kind: str, text: str) -> None:
    with Redaction([kind]).acting() as taken:
        shown = clean_text(f"Hello,\n{text} \nBye").text
    assert taken[kind] >= 1
    assert "redacted]" in shown
    assert shown.startswith("Hello,\n")
    words = [word for word in re.findall(r"[\w!-]{4,}", text) if any(map(str.isdigit, word))]
    for word in words:
        last_four = re.escape(word[-4:])
        assert word not in shown or re.search(rf"ending {last_four} redacted", shown)


@pytest.mark.parametrize(
    "text",
    [
        "Order 4111111111111112 and ticket #35436, invoice 2026-11-22-0001",
        "IMEI 356938035643809",
        "https://acme.zendesk.com/api/v2/users/6133233241242.json",
        "Call +49 30 1234567 or 1-800-555-0199",
        "DE88 3704 0044 0532 0130 00 is mistyped",
        "uuid 550e8400-e29b-41d4-a716-446655440000",
        "at 2026-11-22T10:25:02.123456Z, epoch 1795343102123",
        "078-05-1120 is an example and 000-12-3456 cannot be",
        "The password is incorrect. Forgot your password?",
        "Reset your password: https://acme.com/reset",
        "The token has expired; the API key was rotated. PIN it to the wall.",
        "commit 2f51ea5d0c3b4a69788e9f1c2d3b4a5968778899 sk-SK basic authentication",
        "Total: 1,234.56 EUR; 12 x 34 = 408",
    ],
)
def test_what_only_looks_alike_stays(text: str) -> None:
    with EVERYTHING.acting() as taken:
        assert clean_text(text).text == text
    assert not taken


MIXED = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from([text for _, text in CASES]),
        spelt().map(lambda s: s[1]),
    ),
    max_size=8,
).map("".join)


@given(text=MIXED)
@settings(max_examples=100)
def test_what_was_redacted_once_stays_as_it_is(text: str) -> None:
    with EVERYTHING.acting():
        once = redacted(text)
        assert redacted(once) == once
        line = clean_line(text, 2_000)
        assert clean_line(line, 2_000) == line


@given(text=MIXED)
@settings(max_examples=100)
def test_off_by_default_nothing_changes(text: str) -> None:
    with Redaction().acting() as taken:
        inside = (clean_line(text), clean_text(text), clean_html(text), untorn(text))
    assert (clean_line(text), clean_text(text), clean_html(text), untorn(text)) == inside
    assert redacted(text) == text
    assert not taken


@given(text=MIXED)
@settings(max_examples=100)
def test_what_is_suspended_is_seen_as_it_is(text: str) -> None:
    with EVERYTHING.acting():
        with suspended():
            assert redacted(text) == text
        assert redacted("password: x1y2z3") == "password: [password redacted]"


@pytest.mark.anyio
async def test_a_question_is_put_together_as_things_are() -> None:
    async def ask(said: str, *, after: str) -> str:
        return clean_line(said) + clean_line(after)

    with EVERYTHING.acting():
        told = await as_it_is(ask)("password: x1y2z3 ", after="cvv 123")
        assert told == "password: x1y2z3cvv 123"
        assert redacted("password: x1y2z3") == "password: [password redacted]"


def test_several_cards_that_overlap_are_one_mark() -> None:
    with CARDS.acting():
        # 4111111111111111 and 1111111111111117 cannot both be kept apart here.
        shown = redacted("4111 1111 1111 1111 4111 1111 1111 1111")
    assert without_marks(shown).strip() == ""


def test_json_is_redacted_in_every_string_and_nowhere_else() -> None:
    given_ = {
        "id": 4111111111111111,
        "texts": ["password: x1y2", {"deep": "cvv 123"}],
        "none": None,
    }
    with EVERYTHING.acting():
        assert redacted_all(given_) == {
            "id": 4111111111111111,
            "texts": [
                "password: [password redacted]",
                {"deep": "cvv [card security code redacted]"},
            ],
            "none": None,
        }


HOSTILE = [
    "4 1 1 1 ", "4", "4444 ", "4111111111111111", "1-", "1    ", "DE89 ", "AA00", "eyJ",
    "-----BEGIN PRIVATE KEY-----", "password is ", "password", "password: ", "api_", "api_key=",
    "token: ", "http://", "a:", "a@", "a+", "a+b://aaaa:", "cvv : ", "sk-aa-", "bearer ", "12 34 ",
    "ab123456", "[card number ending 1111 redacted] ", "gh", "xox", "\n> 4", "*_",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_four_times_the_hostile_text_takes_about_four_times_the_time(piece: str) -> None:
    def seconds(length: int) -> float:
        began = time.process_time()
        with EVERYTHING.acting():
            redacted(piece * (length // len(piece)))
        return time.process_time() - began

    # What took the square of its length would take sixteen times as much.
    allowed = 8 * min(seconds(8_000) for _ in range(4)) + 0.005
    assert any(seconds(32_000) < allowed for _ in range(4))


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (["card"], "the nearest is 'cards'. Valid: cards, bank_accounts, national_ids"),
        (["tokens", "xyz"], "there is no kind of that name. Valid: cards"),
        (["4111111111111111"], "there is no kind of that name"),
    ],
)
def test_an_unknown_kind_is_refused_with_the_valid_ones(wanted: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as raised:
        Redaction(wanted)
    assert wanted[-1] not in str(raised.value).replace("'cards'", "").replace("cards,", "")


def test_a_kind_whose_library_is_missing_is_refused_and_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "stdnum", None)
    monkeypatch.delitem(
        sys.modules, "mcp_server_zendesk.serving.cleaning.registered_numbers", raising=False
    )
    with pytest.raises(RedactionUnavailable, match=re.escape("mcp-server-zendesk[redaction]")):
        Redaction(["bank_accounts"])
    assert Redaction(["cards", "tokens", "passwords"]).kinds == ("cards", "tokens", "passwords")


def test_kinds_are_known_in_any_case_and_all_means_each() -> None:
    assert Redaction(["Cards"]).kinds == ("cards",)
    assert Redaction(["ALL"]).kinds == tuple(KINDS)
    assert Redaction().kinds == ()


@pytest.mark.parametrize(
    "arguments",
    [
        {"body": "see [card number ending 1111 redacted]"},
        {"custom_fields": {"note": ["x", "[password redacted]"]}},
        {"tags": ["[IBAN ending 3000 redacted]"]},
    ],
)
def test_no_mark_is_taken_for_writing(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidArguments) as raised:
        EVERYTHING.refuse_marks({"ticket_id": 1, **arguments})
    assert [problem.field for problem in raised.value.problems] == list(arguments)
    Redaction().refuse_marks(arguments)
    EVERYTHING.refuse_marks({"body": "It was redacted [by hand] already", "n": 4})


def test_one_line_says_what_a_workspace_takes_out() -> None:
    assert sentence([]) == "Nothing is redacted in what a model reads."
    assert "IBANs" in sentence(["bank_accounts"])
    assert all(says in sentence(["all"]) for says in KINDS.values())


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    yield
    assert not redaction.active()
