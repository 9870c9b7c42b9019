"""The measures of things that were counted."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from analytics.independent_counts import AGES, OLDEST, WAITING
from analytics.independent_exports import Case, Record, minutes_of, share


def percentile(values: list[float], percent: int) -> float | None:
    """Between two values it is interpolated linearly (type 7 of Hyndman and Fan)."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def measures(case: Case, found: list[Record]) -> dict[str, Any]:  # noqa: PLR0911 - one a report
    data = [one.data for one in found]
    times = [one["minutes"] for one in data if one.get("minutes") is not None]
    kinds = Counter(one.get("kind") for one in data)
    mean = sum(times) / len(times) if times else None
    match case.report:
        case "volume":
            created, solved = kinds["created"], kinds["solved"]
            return {"created": created, "solved": solved, "net": created - solved}
        case "backlog":
            ages = Counter(one["age"].replace(" ", "_") for one in data)
            return {
                "unsolved": len(data),
                **{
                    name.replace(" ", "_"): ages[name.replace(" ", "_")] for name in (*AGES, OLDEST)
                },
            }
        case "first_reply_time" | "resolution_time":
            business = [one["business"] for one in data if one.get("business") is not None]
            return {
                "tickets": len(times),
                "unanswered": sum(one["known"] and one["minutes"] is None for one in data),
                "mean": mean,
                **{f"p{one}": percentile(times, one) for one in (50, 75, 90, 95)},
                **{f"business_p{one}": percentile(business, one) for one in (50, 90)},
            }
        case "reopens":
            again = sum(one["times"] > 0 for one in data)
            return {
                "solved": len(data),
                "reopened": again,
                "reopened_percent": share(again, len(data)),
                "times": sum(one["times"] for one in data),
            }
        case "sla_breaches":
            missed = [one for one in found if one.data["missed"]]
            return {
                "targets": len(data),
                "missed": len(missed),
                "missed_percent": share(len(missed), len(data)),
                "tickets": len({one.ticket["id"] for one in missed}),
            }
        case "satisfaction":
            scores = Counter(one["score"] for one in data if "score" in one)
            offered = Counter(one["offered"] for one in data if "offered" in one)
            return {
                "good": scores["good"],
                "bad": scores["bad"],
                "good_percent": share(scores["good"], scores.total()),
                "answered_percent": share(offered["good"] + offered["bad"], offered.total()),
            }
        case "load":
            done = [one.ticket for one in found if one.data["kind"] == "solved"]
            full = [minutes_of(one, "full_resolution_time_in_minutes", "calendar") for one in done]
            return {
                **{kind: kinds[kind] for kind in ("open", "created", "solved")},
                "replies": sum(one.get("metric_set", {}).get("replies") or 0 for one in done),
                "median_resolution": percentile([one for one in full if one is not None], 50),
            }
        case _:
            tickets = len({one.ticket["id"] for one in found})
            each = {
                status: sum(one["minutes"] for one in data if one["waiting_status"] == status)
                / tickets
                if tickets
                else None
                for status in WAITING
            }
            return {
                "tickets": tickets,
                "waiting": sum(times) / tickets if tickets else None,
                "mean": mean,
                **{f"p{one}": percentile(times, one) for one in (50, 90)},
                **each,
            }


def rank(case: Case, found: list[Record]) -> float:  # noqa: PLR0911 - likewise
    counted = measures(case, found)
    match case.report:
        case "volume":
            return float(len(found))
        case "backlog":
            return float(counted["unsolved"])
        case "first_reply_time" | "resolution_time":
            return float(counted["tickets"])
        case "reopens":
            return float(counted["reopened"])
        case "sla_breaches":
            return float(counted["missed"])
        case "satisfaction":
            return float(counted["good"] + counted["bad"])
        case "load":
            return float(counted["open"])
        case _:
            return float(counted["waiting"]) if counted["tickets"] >= 5 else -1.0
