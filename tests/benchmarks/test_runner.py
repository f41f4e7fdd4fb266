"""Which workloads are run, in which order, and what happens to those that cannot be."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from scripts.benchmarks.process import Failed
from scripts.benchmarks.program import Program
from scripts.benchmarks.runner import Progress, Runner, chosen
from scripts.benchmarks.workload import Bench, Measure, Missing, Sample, Workload, Yardstick
from scripts.benchmarks.workloads import ALL


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def recorder(calls: list[str], name: str, value: float = 1.0) -> Measure:
    def measure(bench: Bench) -> Sample:
        calls.append(f"{name} {bench.program.name}")
        return Sample((value,))

    return measure


def refusing(error: Exception) -> Measure:
    def measure(bench: Bench) -> Sample:
        raise error

    return measure


@pytest.fixture
def runner(tmp_path: Path) -> Callable[..., Runner]:
    def make(runs: int = 2, other: Program | None = None, stream: io.StringIO | None = None) -> Runner:
        return Runner(Bench(tmp_path), runs, other, Progress(stream or io.StringIO()))

    return make


class TestChosen:
    def test_all_where_nothing_is_named(self) -> None:
        assert chosen(ALL, []) == list(ALL)

    @pytest.mark.parametrize(
        ("name", "first"),
        [("generate/20", "generate/20"), ("http", "http/waitress/1"), ("http/*/16", "http/waitress/16")],
    )
    def test_by_name_group_and_pattern(self, name: str, first: str) -> None:
        assert chosen(ALL, [name])[0].name == first

    def test_each_once(self) -> None:
        names = [each.name for each in chosen(ALL, ["file/200", "file"])]
        assert len(names) == len(set(names))

    def test_a_name_that_fits_nothing_is_an_error(self) -> None:
        with pytest.raises(Failed, match="no workload is called nonsense"):
            chosen(ALL, ["file", "nonsense"])

    def test_names_are_unique(self) -> None:
        names = [each.name for each in ALL]
        assert len(names) == len(set(names))


class TestTurns:
    def test_each_side_is_first_in_turn(self, runner: Callable[..., Runner]) -> None:
        calls: list[str] = []
        workload = Workload("a", "", recorder(calls, "ours"), yardsticks=(Yardstick("loop", recorder(calls, "loop")),))
        runner(runs=3).measure([workload])
        assert [call.split()[0] for call in calls] == ["ours", "loop", "loop", "ours", "ours", "loop"]

    def test_another_program_takes_the_place_of_yardsticks(self, runner: Callable[..., Runner]) -> None:
        calls: list[str] = []
        workload = Workload("a", "", recorder(calls, "ours"), yardsticks=(Yardstick("loop", recorder(calls, "loop")),))
        (row,) = runner(runs=1, other=Program("before", ("x",))).measure([workload])
        assert calls == ["ours here", "ours before"]
        assert [other.name for other in row.beside] == ["before"]


class TestLeftOut:
    def test_what_fails_leaves_the_others_alone(self, runner: Callable[..., Runner]) -> None:
        made = runner()
        rows = made.measure(
            [Workload("a", "", refusing(Failed("it broke"))), Workload("b", "", recorder([], "b"))],
        )
        assert [row.name for row in rows] == ["b"]
        assert made.left_out == {"a": "it broke"}
        assert made.failed == ["a"]

    def test_a_missing_yardstick_leaves_the_workload_and_the_other_ones(self, runner: Callable[..., Runner]) -> None:
        made = runner()
        yardsticks = (Yardstick("jq", refusing(Missing("no jq"))), Yardstick("loop", recorder([], "loop", 2.0)))
        (row,) = made.measure([Workload("a", "", recorder([], "ours"), yardsticks=yardsticks)])
        assert [(other.name, other.ratios) for other in row.beside] == [("loop", [0.5, 0.5])]
        assert made.left_out == {"a beside jq": "no jq"}

    def test_what_only_stands_beside_something_needs_that(self, runner: Callable[..., Runner]) -> None:
        made, calls = runner(), list[str]()
        yardsticks = (Yardstick("jq", refusing(Missing("no jq"))),)
        rows = made.measure(
            [Workload("a", "", recorder(calls, "ours"), yardsticks=yardsticks, comparable=False)],
        )
        assert (rows, calls) == ([], [])
        assert made.left_out == {"a": "no jq"}
        assert made.failed == []

    def test_a_yardstick_that_fails_is_not_passed_over(self, runner: Callable[..., Runner]) -> None:
        made = runner()
        yardsticks = (Yardstick("jq", refusing(Failed("wrong output"))),)
        assert made.measure([Workload("a", "", recorder([], "ours"), yardsticks=yardsticks)]) == []
        assert made.left_out == {"a": "wrong output"}


class TestProgress:
    WORKLOADS = (Workload("a", "", recorder([], "a")), Workload("b", "", recorder([], "b")))

    def test_a_line_for_each_workload(self, runner: Callable[..., Runner]) -> None:
        stream = io.StringIO()
        runner(stream=stream).measure(self.WORKLOADS)
        assert stream.getvalue() == "[1/2] a\n[2/2] b\n"

    def test_is_written_over_on_a_terminal(self, runner: Callable[..., Runner]) -> None:
        stream = Terminal()
        runner(stream=stream).measure(self.WORKLOADS)
        assert "\n" not in stream.getvalue()
        assert "[2/2] b: run 2 of 2" in stream.getvalue()
        assert stream.getvalue().endswith("\r\x1b[K")
