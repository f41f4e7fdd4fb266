"""Demand, chunks, settlements, deaths, restarts and stops in many orders: the first states of each search, some walks.

`scripts/torture protocol` goes on from there, and says in its head what must hold.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.tortures import protocol
from scripts.tortures._explorer import Explored, search, walk

SECONDS = 60.0


def die() -> None:
    raise RuntimeError("killed")


def told(found: Explored) -> str:
    return f"{found.problems} after {'; '.join(found.path)}"


@pytest.mark.parametrize("scenario", protocol.SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_nearest_states(scenario: protocol.Scenario) -> None:
    with protocol.worlds(scenario) as make:
        found = search(make, SECONDS, most=100)
    assert not found.problems, told(found)


def test_restarts_come_slower_until_the_stream_is_steady_again() -> None:
    waits = []
    with protocol.worlds(protocol.Scenario("dies again and again")) as make:
        world = make()
        for lived in (0.0, 0.0, 0.0, 100.0, 0.0):
            world.clock.advance(lived)
            world.supervisor.ring.actors["output"].wake(die)
            world.let_all_take_turns()
            wait = world.clock.next_due()
            assert wait is not None
            waits.append(wait)
            world.clock.advance(wait)
            world.let_all_take_turns()
            assert world.supervisor.state == "running"
        world.close()
    assert waits == pytest.approx([0.5, 1.0, 2.0, 0.5, 1.0], rel=0.21)


@pytest.mark.parametrize("scenario", protocol.WALKS, ids=lambda scenario: scenario.name)
def test_random_ways(scenario: protocol.Scenario) -> None:
    with protocol.worlds(scenario) as make:
        found = walk(make, random.Random(1), SECONDS, most=40)
    assert not found.problems, told(found)
