"""`make malformed`: ten thousand bad messages and calls; each is answered, and explained.

Real processes over stdio and HTTP, both eras: a corpus, messages damaged by chance (the same for
the same seed), bad headers, what is no HTTP; and arguments that Hypothesis makes up.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from malformed.calls import trying
from malformed.judging import Judged
from malformed.messages import LEGACY, MODERN, Sent, corpus, damaged_calls, damaged_messages
from malformed.posts import serving, try_no_http, try_over_http
from malformed.streams import try_over_stdio


def main() -> None:
    """Print what came of each part; exit code 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_500)
    parser.add_argument("--seed", type=int, default=20)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 - the same damage for the same seed
    most = asked.messages // 10

    def some(era: str) -> Iterator[Sent]:
        calls, others = damaged_calls(chance, era, most), damaged_messages(chance, era, most)
        return chain(corpus(era), calls, others)

    eras = (LEGACY, MODERN)
    parts = [_part(f"stdio, {era}", partial(try_over_stdio, era, some(era))) for era in eras]
    with serving() as served:
        parts += [
            _part(f"HTTP, {era}", partial(try_over_http, served, era, some(era))) for era in eras
        ]
        parts.append(_part("no HTTP", partial(try_no_http, served, chance, most)))
    parts.append(_part("Hypothesis", partial(trying, most // 6)))
    wrong = sum(len(told.wrong) for told in parts)
    print(f"{sum(told.sent for told in parts)} in all, {wrong} wrong (bar: 0)")
    sys.exit(1 if wrong else 0)


def _part(name: str, attempt: Callable[[Judged], None]) -> Judged:
    judged, begun = Judged(), time.perf_counter()
    attempt(judged)
    told = ", ".join(f"{how} {times}" for how, times in judged.answered.most_common())
    print(f"{name:<18} {judged.sent:>6} in {time.perf_counter() - begun:>4.0f} s: {told}")
    for wrong in judged.wrong[:20]:
        print(f"  WRONG {wrong}")
    return judged


if __name__ == "__main__":
    main()
