"""The history that mail programs put below an answer, folded into one line that says so.

Folded is only what lies below the new text, to the end: answers between quoted lines, a forwarded
message, a comment that is nothing but a quote and a short quote stay as they are. One pass over
the lines, each looked at up to a bound: a stranger writes them.
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
_RULE = re.compile(r"[-_*=\s]{3,}$")
# A note above a message that it wants read, or answers that stand within it.
_LOOK_BELOW = re.compile(
    r"\b(?:below|beneath|forward\w*|fwd|fyi|in-?line|in red|in blue|in bold|underneath"
    r"|unten(?:stehend)?|weiter(?:ge)?leit\w*|im text|in rot|zur info|ci-dessous|transf[ée]r\w*"
    r"|abajo|reenv\w+|a continuación|sotto|inoltr\w+|abaixo|encaminh\w+|onderstaand\w*|hieronder"
    r"|doorst\w+|nedan|vidarebefordr\w+|nedenfor|videresend\w*|poniżej|przesył\w+|przekaz\w+)\b"
    r"|以下|下記|転送",
    re.IGNORECASE,
)


def without_marks(text: str) -> str:
    """The text of somebody who may know the marks."""
    return text.replace(QUOTED_MARK, "").replace(HISTORY_MARK, "")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text, and how many lines of history the marker in it stands for."""

    text: str
    lines: int = 0


def folded(text: str) -> Folded:
    """The text with the history below it folded into one line; as it is where there is none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    tail = _signature(lines)
    body = lines[:tail]
    start = _history(body)
    if start is None:
        return Folded(text)
    history = [line.strip(f"{QUOTED_MARK}{HISTORY_MARK}> \t") for line in body[start:]]
    count = sum(1 for line in history if line)
    characters = sum(map(len, history))
    if characters < _FEWEST_CHARACTERS:
        return Folded(text)
    marker = f"[quoted history: {_lines(count)}, {characters:,} characters, folded]"
    kept = "\n".join(body[:start]).rstrip()
    below = "\n".join(["", "", *lines[tail:]]) if tail < len(lines) else ""
    return Folded(f"{kept}\n\n{marker}{below}", count)


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
        if _heads(lines, at) or (span and _ADDRESS.search(_joined(lines, at, span))):
            if quote is None or span == 0:
                return _headed(lines, at if quote is None else quote, own)
            at += span
        elif span and _is_quoted_next(lines, at + span):
            quote = at if quote is None else quote
            at += span
        elif _quotes(line):
            quote = at if quote is None else quote
            at += 1
        else:
            answered = answered or quote is not None
            quote = None
            own.append(plain)
            at += 1
    return None if quote is None or answered or not _says(own) else _with_rule(lines, quote)


def _headed(lines: list[str], start: int, own: list[str]) -> int | None:
    """History that a line announces goes to the end, unless answers stand within it."""
    said = " ".join(own)[: _SHORT_NOTE + 1]
    if not _says(own) or (len(said) <= _SHORT_NOTE and _LOOK_BELOW.search(said)):
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
    if line.startswith(HISTORY_MARK) or _ZENDESK_LINE.match(line) or _SEPARATOR.match(line):
        return True
    if not _FROM.match(line):
        return False
    below = lines[at + 1 : at + 1 + _HEADER_LINES]
    return sum(1 for other in below if _HEADER.match(other[:_LONGEST_LINE])) > 1


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
