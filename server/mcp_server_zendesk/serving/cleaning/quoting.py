"""The history that mail programs put below an answer, folded into one line that says so.

Folded is only what lies below the new text, to the end, and begins as mail history does, with a
line that says who wrote when, or with a mail's headers: a log pasted with ``>`` does not, and a
class or an id that any sender can set is not enough. Answers between quoted lines, a forwarded
message, a comment that is nothing but a quote and a short quote stay as they are. In doubt nothing
is folded: some tokens are cheaper than a customer's words. One pass over the lines, each looked at
up to a bound: a stranger writes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Put before a line by the HTML writer, which knows what a mail program marked as history. Neither
# survives the cleaner.
QUOTED_MARK = "\x01"
HISTORY_MARK = "\x02"

_FEWEST_CHARACTERS = 200
_LONGEST_LINE = 400
_ATTRIBUTION_LINES = 3
_HEADER_LINES = 10
_SHORT_NOTE = 600
_FIRST_LINES = 12
_FIRST_WORDS = 4  # of those lines, how many may stand before the one that tells

_SEPARATOR = re.compile(
    r"[-_*\s]{2,60}(?:original (?:message|appointment)|reply message"
    r"|urspr(?:ü|ue)ngliche (?:nachricht|e-?mail)|message d'origine|message original"
    r"|mensaje original|mensagem original|messaggio originale"
    r"|oorspronkelijk bericht|ursprungligt meddelande"
    r"|(?:oprindelig|original) (?:meddelelse|besked)"
    r"|(?:oryginalna |pierwotna )?wiadomość (?:oryginalna|pierwotna|źródłowa)|oryginalna wiadomość"
    r"|元のメッセージ|original-nachricht)[-_*\s:]{0,60}$",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"[-_*\s>]{0,60}(?:begin |anfang der |début du |inizio |inicio del |início da )?"
    r"(?:forwarded (?:message|by)|fwd?:|weitergeleitete (?:nachricht|e-?mail)"
    r"|message (?:transféré|réexpédié)|mensaje reenviado|mensagem (?:encaminhada|reencaminhada)"
    r"|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat (?:meddelande|brev)"
    r"|videresendt (?:meddelelse|besked)|przekazana wiadomość|wiadomość przekazana"
    r"|転送されたメッセージ|転送メッセージ)",
    re.IGNORECASE,
)
# Zendesk's own line in the mails it sends: an answer stands above it.
_ZENDESK_LINE = re.compile(r"[>\s]{0,8}##-.{3,120}-##")
_ATTRIBUTION_START = re.compile(
    r"[*_\s]{0,4}(?:on|am|le|el|em|il|op|den|dnia|w dniu|på|at|a|vào|\d|\w{2,12}[.,]{1,2} )",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|écrit|escribió|escreveu|scritto|schreef|skrev|napisał|napisała"
    r"|napisał\(a\)|pisze)\b|書きました|のメール",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"<[^<>@\s]{1,64}@[^<>\s]{1,253}>|\[[^\[\]@\s]{1,64}@[^\[\]\s]{1,253}\]")
_FROM = re.compile(
    r"[*_\s]{0,4}(?:from|von|de|da|van|från|fra|od|差出人|送信者)[*_\s]{0,4}[:\uff1a]",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"[*_\s]{0,4}(?:sent|date|to|subject|cc|gesendet|datum|an|betreff|envoyé|à|objet"
    r"|enviado(?: el)?|enviada(?: em)?|fecha|para|asunto|assunto|data|inviato|a|oggetto|verzonden"
    r"|aan|onderwerp|skickat|till|ämne|sendt|til|emne|dato|wysłano|do|temat|送信日時|日時|宛先|件名)"
    r"[*_\s]{0,4}[:\uff1a]",
    re.IGNORECASE,
)
# A journey has From, To and Date as well.
_MAIL_HEADER = re.compile(
    r"[*_\s]{0,4}(?:sent|subject|gesendet|betreff|envoyé|objet|enviado(?: el)?|enviada(?: em)?"
    r"|asunto|assunto|inviato|oggetto|verzonden|onderwerp|skickat|ämne|sendt|emne|wysłano|temat"
    r"|送信日時|件名)[*_\s]{0,4}[:\uff1a]",
    re.IGNORECASE,
)
_PLAIN_ADDRESS = re.compile(r"[^\s@<>\[\]():]{1,64}@[^\s@<>\[\]():]{1,253}")
_CLOCK = re.compile(r"\d{1,2}\s?[:.h時]\s?\d{2}")
_RULE = re.compile(r"[-_*=\s]{3,}$")
# A note above a message that it wants read, or answers that stand within it.
_LOOK_BELOW = re.compile(
    r"\b(?:below|beneath|forward\w*|fwd|fyi|in-?line|in red|in blue|in bold|underneath"
    r"|bottom|at the end|am ende|en bas|al final|in fondo|onderaan"
    r"|unten(?:stehend)?|weiter(?:ge)?leit\w*|im text|in rot|zur info|ci-dessous|transf[ée]r\w*"
    r"|abajo|reenv\w+|a continuación|sotto|inoltr\w+|abaixo|encaminh\w+|onderstaand\w*|hieronder"
    r"|doorst\w+|nedan|vidarebefordr\w+|nedenfor|videresend\w*|poniżej|przesył\w+|przekaz\w+)\b"
    r"|以下|下記|転送",
    re.IGNORECASE,
)


_NO_MARK = str.maketrans("[]“”", '()""')


def without_marks(text: str) -> str:
    """The text of somebody who may know the marks."""
    return text.replace(QUOTED_MARK, "").replace(HISTORY_MARK, "")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without its history: what stood above and below it, how much it was, and the line
    with which it begins.
    """

    above: str
    lines: int = 0
    characters: int = 0
    first: str = ""
    below: str = ""

    def mark(self, first: str) -> str:
        """What stands for the history. ``first`` is its first line, cleaned."""
        begins = first.translate(_NO_MARK)
        size = f"{_lines(self.lines)}, {self.characters:,} characters"
        return f"[quoted history: {size}, folded; begins “{begins}”]"


def folded(text: str) -> Folded:
    """The text without the history below it; as it is where there is none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    tail = _signature(lines)
    body = lines[:tail]
    start = _history(body)
    if start is None:
        return Folded(text)
    history = [_bare(line) for line in body[start:]]
    said = [line for line in history if line]
    characters = sum(map(len, said))
    if characters < _FEWEST_CHARACTERS:
        return Folded(text)
    first = next((line for line in said if not _RULE.match(line[:_LONGEST_LINE])), said[0])
    above = "\n".join(body[:start]).rstrip()
    return Folded(above, len(said), characters, first[:_LONGEST_LINE], "\n".join(lines[tail:]))


def _bare(line: str) -> str:
    return line.strip(f"{QUOTED_MARK}{HISTORY_MARK}> \t\xa0")


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


def _signature(lines: list[str]) -> int:
    """Where a signature begins that stands below quoted lines; the end where there is none."""
    for at in range(len(lines) - 1, max(-1, len(lines) - 14), -1):
        if lines[at].rstrip() == "--":
            above = next((line for line in reversed(lines[:at]) if line.strip()), "")
            below = range(at + 1, len(lines))
            if any(_quotes(lines[n]) or _heads(lines, n) or _attribution(lines, n) for n in below):
                break
            return at if _quotes(above) else len(lines)
    return len(lines)


def _history(lines: list[str]) -> int | None:
    """The first line of the history below the new text."""
    quote: int | None = None  # where the quoted lines began that nothing has followed yet
    own: list[str] = []
    answered = False  # new text stands below quoted lines
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip(f"{QUOTED_MARK} \t\xa0"):
            at += 1
            continue
        plain = line.lstrip(QUOTED_MARK)[:_LONGEST_LINE]
        if _FORWARD.match(plain) and quote is None:
            return None
        span = _attribution(lines, at)
        if _heads(lines, at):
            start = quote if quote is not None and _begins(lines, quote) else at
            return _headed(lines, start, own)
        if span and (quote is not None or _is_quoted_next(lines, at + span)):
            quote = quote if quote is not None and _begins(lines, quote) else at
            at += span
        elif _quotes(line):
            quote = at if quote is None else quote
            at += 1
        else:
            answered = answered or quote is not None
            quote = None
            own.append(plain)
            at += 1
    if quote is None or answered or _points_below(own) or not _begins(lines, quote):
        return None
    return _with_rule(lines, quote)


def _begins(lines: list[str], at: int) -> bool:
    """Whether quoted lines begin as the history of a mail does. A line that a mail program marked
    may say who wrote in any language.
    """
    first = [_bare(line[:_LONGEST_LINE]) for line in lines[at : at + _FIRST_LINES]]
    said = [n for n, line in enumerate(first) if line and not _RULE.match(line)][:_FIRST_WORDS]
    return any(
        _heads(first, n)
        or _attribution(first, n)
        or (lines[at + n][:1] in {QUOTED_MARK, HISTORY_MARK} and _tells(first[n]))
        for n in said
    )


def _tells(line: str) -> bool:
    """Whether a line ends as one that says who wrote, in a language unknown here."""
    dated = any(letter.isdigit() for letter in line)
    return line.endswith((":", "\uff1a")) and (dated or bool(_WROTE.search(line)))


def _points_below(own: list[str]) -> bool:
    """Whether nothing is said, or a short note that sends the reader further down."""
    said = " ".join(own)[: _SHORT_NOTE + 1]
    return not _says(own) or (len(said) <= _SHORT_NOTE and bool(_LOOK_BELOW.search(said)))


def _headed(lines: list[str], start: int, own: list[str]) -> int | None:
    """History that a line announces goes to the end, unless answers stand within it."""
    if _points_below(own):
        return None
    quoted = False
    at = start + 1
    while at < len(lines):
        span = _attribution(lines, at)
        if _heads(lines, at) or span:
            quoted = False
        elif _quotes(lines[at]):
            quoted = True
        elif lines[at].strip() and quoted:
            return None
        at += max(span, 1)
    return _with_rule(lines, start)


def _with_rule(lines: list[str], start: int) -> int:
    """The rule above the history belongs to it."""
    while start > 0 and (not lines[start - 1].strip() or _RULE.match(lines[start - 1][:200])):
        start -= 1
    return start


def _says(own: list[str]) -> bool:
    return any(letter.isalnum() for line in own for letter in line)


def _quotes(line: str) -> bool:
    return line.lstrip(" ")[:1] in {">", QUOTED_MARK}


def _heads(lines: list[str], at: int) -> bool:
    """Whether the line announces that all below it is history."""
    line = lines[at][:_LONGEST_LINE]
    if line.startswith(HISTORY_MARK):
        return _begins(lines, at)
    if _ZENDESK_LINE.match(line) or _SEPARATOR.match(line):
        return True
    if not _FROM.match(line):
        return False
    below = [other[:_LONGEST_LINE] for other in lines[at + 1 : at + 1 + _HEADER_LINES]]
    if sum(1 for other in below if _HEADER.match(other)) < 2:  # noqa: PLR2004 - one is a list item
        return False
    if _PLAIN_ADDRESS.search(line):
        return True
    # A form has a From and a To as well; programs write the time to the minute.
    return any(map(_MAIL_HEADER.match, below)) and any(map(_CLOCK.search, below))


def _attribution(lines: list[str], at: int) -> int:
    """How many lines "On … wrote:" takes here; 0 where there is none."""
    if _quotes(lines[at]) and not lines[at].startswith(QUOTED_MARK):
        return 0
    if not _ATTRIBUTION_START.match(lines[at].lstrip(QUOTED_MARK)[:_LONGEST_LINE]):
        return 0
    for span in range(1, _ATTRIBUTION_LINES + 1):
        if at + span > len(lines) or (span > 1 and not _continues(lines, at, at + span - 1)):
            return 0
        said = _joined(lines, at, span)
        if said.endswith((":", "\uff1a")):
            return span if _attributes(said) else 0
    return 0


def _continues(lines: list[str], first: int, at: int) -> bool:
    """Whether an attribution that began above can go on here."""
    line = lines[at]
    marked = line.startswith(QUOTED_MARK)
    if not line.strip() or marked is not lines[first].startswith(QUOTED_MARK):
        return False
    begins = _ATTRIBUTION_START.match(line.lstrip(QUOTED_MARK)[:_LONGEST_LINE])
    return not (begins and _attributes(_joined(lines, at, 1)))


def _attributes(said: str) -> bool:
    """Whether it says who wrote, and when."""
    dated = any(letter.isdigit() for letter in said)
    return dated and bool(_WROTE.search(said) or (_ADDRESS.search(said) and ">" in said[-3:]))


def _joined(lines: list[str], at: int, span: int) -> str:
    said = " ".join(line.strip(f"{QUOTED_MARK} *_\t\xa0") for line in lines[at : at + span])
    return said if len(said) <= _LONGEST_LINE else ""


def _is_quoted_next(lines: list[str], at: int) -> bool:
    return next((_quotes(line) for line in lines[at : at + 3] if line.strip()), False)
