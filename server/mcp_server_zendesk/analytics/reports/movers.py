"""What moved most: tags, words of subjects, and what unhappy customers have in common.

The measure is the z-score of two proportions: by how many standard errors the share of now differs
from the other one. It rewards neither a rare tag that doubled by chance nor a big one that always
sways. Below 2 it is noise.
"""

from __future__ import annotations

from typing import Any

from mcp_server_zendesk.analytics.reports.asking import Ask, Asked, Values
from mcp_server_zendesk.analytics.reports.drawings import Bars, Series
from mcp_server_zendesk.analytics.reports.groupings import (
    ALL_DIMENSIONS,
    DIMENSIONS,
    NONE,
)
from mcp_server_zendesk.analytics.reports.report import Made, Report, sorted_bars
from mcp_server_zendesk.analytics.reports.stop_words import STOP_WORDS
from mcp_server_zendesk.analytics.reports.tables import Small, rounded
from mcp_server_zendesk.analytics.reports.tallies import MOST, Counted, source

LEAST = 5
"""Tickets that something must have, in one of both, to be told at all."""

NOISE = 2.0
_CANDIDATES = 80
_FEW = 5
_ALIKE = 0.8  # of a word's tickets: so many in a pair make the pair tell all that the word does
_WORDS = 12

TAG = DIMENSIONS["tag"]
_CAME_IN = Counted({"ticket": "t.id"}, "t.created_at")


_SCORED = """
, counts AS ({counts}), sides AS ({sides}),
scored AS (SELECT label, here, there, all_here, all_there,
    (here + there) / nullif(all_here + all_there, 0) AS share FROM counts, sides
    WHERE greatest(here, there) >= {least})
SELECT label, here, there, all_here, all_there, CASE WHEN all_here > 0 AND all_there > 0
    AND share < 1 THEN (here / all_here - there / all_there)
    / sqrt(share * (1 - share) * (1 / all_here + 1 / all_there)) END AS z
FROM scored ORDER BY abs(z) DESC NULLS LAST, greatest(here, there) DESC, label LIMIT {limit}
"""
_COUNTS = (
    "SELECT label, count(DISTINCT ticket) FILTER (current) AS here, "
    "count(DISTINCT ticket) FILTER (NOT current) AS there FROM facts GROUP BY label"
)


def _statement(facts: str, counts: str, sides: str, limit: int) -> str:
    scored = _SCORED.format(counts=counts, sides=sides, least=LEAST, limit=limit)
    return f"WITH facts AS ({facts}){scored}"


def _sides(asked: Asked, values: Values) -> str:
    """How many tickets came in, now and before."""
    every = " UNION ALL ".join(source(_CAME_IN, span, asked, values, None) for span in asked.spans)
    return (
        "SELECT count(*) FILTER (current) AS all_here, count(*) FILTER (NOT current) AS all_there "
        f"FROM ({every})"
    )


async def _tags(asked: Asked, ask: Ask) -> Made:
    values = Values()
    facts = " UNION ALL ".join(source(_CAME_IN, span, asked, values, TAG) for span in asked.spans)
    labelled = f"SELECT ticket, current, key AS label FROM ({facts})"
    statement = _statement(labelled, _COUNTS, _sides(asked, values), MOST)
    return _moved("tag", _in_order((await ask(statement, values.given)).rows), asked)


async def _topics(asked: Asked, ask: Ask) -> Made:
    values = Values()
    said = Counted(
        {"ticket": "t.id", "subject": "t.subject"}, "t.created_at", where="subject <> ''"
    )
    subjects = " UNION ALL ".join(source(said, span, asked, values, None) for span in asked.spans)
    stop = values.of(sorted(STOP_WORDS), "VARCHAR[]")
    facts = (
        "SELECT ticket, current, word AS label FROM (SELECT ticket, current, unnest(words) AS word "
        "FROM words) WHERE telling(word) UNION ALL SELECT ticket, current, "
        "pair[1] || ' ' || pair[2] FROM (SELECT ticket, current, "
        "unnest(list_zip(words[:-2], words[2:])) AS pair FROM words) "
        "WHERE telling(pair[1]) AND telling(pair[2])"
    )
    for argument in ("word", "pair[1]", "pair[2]"):
        facts = facts.replace(
            f"telling({argument})",
            f"({argument} NOT IN (SELECT unnest({stop})) AND length({argument}) > 1 "
            f"AND NOT regexp_full_match({argument}, '\\p{{Nd}}+'))",
        )
    words = (
        "SELECT ticket, current, list_filter(string_split_regex(lower(subject), "
        f"'[^\\p{{L}}\\p{{M}}\\p{{Nd}}]+'), lambda w: w <> '')[:{_WORDS}] AS words "
        f"FROM ({subjects})"
    )
    statement = _statement(facts, _COUNTS, _sides(asked, values), _CANDIDATES)
    statement = statement.replace("WITH facts", f"WITH words AS ({words}), facts", 1)
    rows = _in_order((await ask(statement, values.given)).rows)
    return _moved("words", _told_once(rows), asked)


def _in_order(rows: Any) -> list[Any]:
    """What moved most first, whatever order an engine keeps."""
    return sorted(rows, key=lambda row: (-abs(row[5] or 0), -max(row[1], row[2]), row[0]))


def _telling(rows: Any) -> list[Any]:
    """Those that moved by more than noise, and a few more where these are few."""
    return [
        row
        for place, row in enumerate(rows[:MOST])
        if place < _FEW or row[5] is None or abs(row[5]) >= NOISE
    ]


def _told_once(rows: Any) -> list[Any]:
    """Without words of whose tickets a pair tells nearly all."""
    pairs = [row for row in rows if " " in row[0]]

    def said_by(row: Any) -> bool:
        label, here, there, *_ = row
        return any(
            label in pair[0].split(" ") and pair[1] + pair[2] >= _ALIKE * (here + there)
            for pair in pairs
        )

    return [row for row in rows if " " in row[0] or not said_by(row)]


def _moved(heading: str, rows: Any, asked: Asked) -> Made:
    if asked.before is not None and rows and rows[0][5] is None:
        asked.notes.append("No ticket came in in one of both, so that nothing can be compared.")
    body = [
        [label, here, there, _share(here, all_here), _share(there, all_there), _z(z), _trend(row)]
        for row in _telling(rows)
        for label, here, there, all_here, all_there, z in [row]
    ]
    columns = [heading, "now", "before", "now_percent", "before_percent", "z", "trend"]
    drawing = None
    if asked.charted and body:
        series = [
            Series("share of tickets", [row[3] for row in body]),
            Series("share of tickets", [row[4] for row in body], before=True),
        ]
        drawing = Bars([row[0] for row in body], series, "% of tickets")
    return Made(Small(columns, body), drawing)


def _trend(row: Any) -> str:
    _, here, there, _, _, z = row
    if not there or not here:
        return "new" if here else "gone"
    if z is None or abs(z) < NOISE:
        return "same"
    return "up" if z > 0 else "down"


def _z(z: float | None) -> float | None:
    return None if z is None else round(z, 1)


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


_UNHAPPY = Counted(
    {
        "ticket": "t.id",
        "unhappy": "coalesce(t.satisfaction = 'bad' OR t.reopens > 0 OR t.id IN "
        "(SELECT ticket_id FROM sla_breaches), FALSE)",
    },
    "t.created_at",
)


async def _complaints(asked: Asked, ask: Ask) -> Made:
    values = Values()
    grouping = asked.grouping or TAG
    facts = source(_UNHAPPY, asked.now, asked, values, grouping)
    labelled = f"SELECT ticket, unhappy AS current, shown AS label FROM ({facts})"
    totals = source(_UNHAPPY, asked.now, asked, values, None)
    sides = (
        "SELECT count(*) FILTER (unhappy) AS all_here, "
        f"count(*) FILTER (NOT unhappy) AS all_there FROM ({totals})"
    )
    rows = (await ask(_statement(labelled, _COUNTS, sides, _CANDIDATES), values.given)).rows
    worst = sorted((one for one in rows if (one[5] or 0) > 0), key=lambda one: -one[5])[:MOST]
    body = [
        [label or NONE, here + there, here, _share(here, here + there), _z(z)]
        for label, here, there, _, _, z in worst
    ]
    if rows:
        _, _, _, all_here, all_there, _ = rows[0]
        every = all_here + all_there
        body.append(["(all)", every, all_here, _share(all_here, every), None])
    drawing = None
    if asked.charted and len(body) > 1:
        shares = Series("unhappy", [row[3] for row in body])
        drawing = sorted_bars([row[0] for row in body], [shares], "% unhappy")
    columns = [grouping.name, "tickets", "unhappy", "unhappy_percent", "z"]
    return Made(Small(columns, body), drawing)


TAGS = Report(
    name="tags",
    title="Tags that moved most",
    counts="Tickets that came in, by tag: how many and what share of all, now and before. z is by "
    f"how many standard errors the share moved (below {rounded(NOISE)} is noise); tags of "
    f"{LEAST} tickets or more.",
    groupings=(),
    compares="always",
    make=_tags,
)
TOPICS = Report(
    name="topics",
    title="Words of subjects that moved most",
    counts="Tickets that came in, by words and pairs of words of their subjects: how many and what "
    f"share of all, now and before. z as of tags (below {rounded(NOISE)} is noise); words of "
    f"{LEAST} tickets or more.",
    groupings=(),
    compares="always",
    texts=True,
    make=_topics,
)
COMPLAINTS = Report(
    name="complaints",
    title="What unhappy customers have in common",
    counts="Tickets that came in in the period; unhappy ones were rated bad, reopened, or missed "
    "an SLA target. Listed is what these have more often than the others, by z; below 2 is "
    "noise.",
    groupings=ALL_DIMENSIONS,
    compares="never",
    make=_complaints,
)
