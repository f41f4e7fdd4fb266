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


def told(found: Explored) -> str:
    return f"{found.problems} after {'; '.join(found.path)}"


@pytest.mark.parametrize("scenario", protocol.SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_nearest_states(scenario: protocol.Scenario) -> None:
    with protocol.worlds(scenario) as make:
        found = search(make, SECONDS, most=100)
    assert not found.problems, told(found)


@pytest.mark.parametrize("scenario", protocol.WALKS, ids=lambda scenario: scenario.name)
def test_random_ways(scenario: protocol.Scenario) -> None:
    with protocol.worlds(scenario) as make:
        found = walk(make, random.Random(1), SECONDS, most=40)
    assert not found.problems, told(found)
