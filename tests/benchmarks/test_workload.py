"""Rates without start-up, sizes, and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from scripts.benchmarks.process import Run
from scripts.benchmarks.workload import Aim, Bench, Missing, needed, rate


def job(start: float, each: float) -> Callable[[int], Run]:
    """A process that takes so many seconds to start and for each message."""
    return lambda count: Run(start + each * count, cpu=count, peak=count, output="")


class TestRate:
    def test_leaves_out_the_start(self) -> None:
        sample = rate(10_000, job(start=0.5, each=0.001))
        assert sample.values == (pytest.approx(1000),)
        assert not sample.note

    def test_takes_cpu_and_memory_of_the_whole_run(self) -> None:
        sample = rate(10_000, job(start=0.5, each=0.001))
        assert (sample.cpu, sample.peak) == (10_000, 10_000)

    def test_says_when_there_is_little_but_start(self) -> None:
        sample = rate(100, job(start=0.5, each=0.001))
        assert sample.values == (pytest.approx(100 / 0.6),)
        assert "start-up is counted" in sample.note


class TestAim:
    def test_at_least(self) -> None:
        assert Aim(0.8).holds(0.8)
        assert not Aim(0.8).holds(0.79)

    def test_below(self) -> None:
        assert Aim(60, at_least=False).holds(59.9)
        assert not Aim(60, at_least=False).holds(60)


@pytest.mark.parametrize(
    ("scale", "count", "size"), [(1, 1_000_000, 1_000_000), (0.02, 40_000, 1000), (0.0001, 40, 1000)]
)
def test_sizes_are_thousands(tmp_path: Path, scale: float, count: int, size: int) -> None:
    assert Bench(tmp_path, scale=scale).size(count) == size


def test_what_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Missing, match="wrk is not on the PATH; apt-get install it"):
        needed("wrk", "apt-get install it")
