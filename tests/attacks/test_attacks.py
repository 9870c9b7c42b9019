"""Each attack is harmless, and would not be without the defence that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from attacks.attack import Attack, Ground
from attacks.catalogue import ATTACKS
from attacks.reading import EVIL, breaks_out
from attacks.side_by_side import HIDDEN, both
from desk import OpenWorkspace

pytestmark = pytest.mark.anyio

EACH = pytest.mark.parametrize(
    "attack",
    [
        pytest.param(one, marks=pytest.mark.heavy if one.name.startswith("query:") else ())
        for one in ATTACKS
    ],
    ids=lambda attack: attack.name,
)
"""Each by SQL starts a process of its own, with its defence and without."""


@pytest.fixture
def ground(open_workspace: OpenWorkspace, tmp_path: Path) -> Ground:
    return Ground(open_workspace, tmp_path)


@EACH
async def test_the_attack_fails(attack: Attack, ground: Ground) -> None:
    assert not await attack.run(ground), f"{attack.who}: {attack.tries}"


@EACH
async def test_the_attack_works_without_its_defence(attack: Attack, ground: Ground) -> None:
    with attack.without():
        assert await attack.run(ground), f"not stopped by: {attack.defence}"


async def test_the_hostile_ticket_reads_as_its_author_did_not_mean_it() -> None:
    sides = await both()
    raw = b"".join(content for _, content in sides.raw)
    assert all(words.encode() in raw for words in (*HIDDEN, EVIL, "</untrusted 00000000>"))
    assert not any(words in sides.read for words in HIDDEN)
    assert not breaks_out(sides.read)
    assert sides.raw_bytes > 5 * len(sides.read.encode())


def test_there_are_at_least_forty_and_no_two_of_one_name() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names)) >= 40
