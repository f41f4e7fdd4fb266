"""From runs to results: medians, spreads, ratios of pairs, aims, and the JSON that is read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripts.benchmarks import report
from scripts.benchmarks.process import Failed
from scripts.benchmarks.report import Beside, Result
from scripts.benchmarks.workload import Aim, Bench, Figure, Sample, Workload, Yardstick


def nothing(bench: Bench) -> Sample:
    raise AssertionError


WORKLOAD = Workload(
    "file/200",
    "some work",
    nothing,
    (Figure("messages/s"), Figure("ms", "p99", Aim(2, at_least=False))),
    (Yardstick("a loop", nothing, Aim(0.8)),),
)


def samples(*values: tuple[float, ...], note: str = "") -> list[Sample]:
    return [Sample(value, cpu=place + 1, peak=place * 1000, note=note) for place, value in enumerate(values)]


def made(theirs: list[Sample] | None = None) -> list[Result]:
    ours = samples((100.0, 1.0), (300.0, 3.0), (200.0, 2.0))
    return report.results(WORKLOAD, ours, {"a loop": theirs or samples((200.0,), (200.0,), (100.0,))})


class TestResults:
    def test_each_figure_has_the_values_of_all_runs(self) -> None:
        rate, tail = made()
        assert (rate.title, rate.values) == ("file/200", [100.0, 300.0, 200.0])
        assert (tail.title, tail.values) == ("file/200 p99", [1.0, 3.0, 2.0])

    def test_cpu_is_a_median_and_memory_the_largest(self) -> None:
        rate, _ = made()
        assert (rate.cpu, rate.peak) == (2, 2000)

    def test_what_stands_beside_has_its_cpu_too(self) -> None:
        assert made()[0].beside[0].cpu == 2

    def test_ratios_are_those_of_pairs(self) -> None:
        assert made()[0].beside[0].ratios == [0.5, 1.5, 2.0]

    def test_a_yardstick_of_one_figure_stands_beside_the_first_only(self) -> None:
        assert made()[1].beside == []

    def test_there_is_no_ratio_to_nothing(self) -> None:
        rate, _ = made(samples((0.0,), (0.0,), (0.0,)))
        assert rate.beside[0].ratios == []
        assert "beside a loop" in report.table([rate])

    def test_notes_are_kept_once_and_say_whose_they_are(self) -> None:
        rate, tail = made(samples((1.0,), (1.0,), (1.0,), note="too short"))
        assert rate.notes == ["a loop: too short"]
        assert tail.notes == []


def test_spread_is_half_of_the_distance_by_the_median() -> None:
    assert report.spread([90.0, 100.0, 130.0]) == pytest.approx(0.2)


class TestTable:
    def test_says_median_ratio_and_a_missed_aim(self) -> None:
        text = report.table(made())
        assert "200.0 messages/s" in text
        assert "1.500" in text
        assert ">= 0.8" in text
        assert "< 2  MISSED" in text

    def test_an_aim_that_holds_is_not_missed(self) -> None:
        line = next(line for line in report.table(made()).splitlines() if "a loop" in line)
        assert "MISSED" not in line


class TestTargets:
    def test_show_aim_and_what_was_reached_only(self) -> None:
        lines = report.targets(made()).splitlines()[1:]
        assert [line.split()[-1] for line in lines] == ["yes", "NO"]
        assert lines[0].startswith("file/200 : a loop")
        assert lines[1].startswith("file/200 p99, ms")


class TestJson:
    def test_is_read_back(self, tmp_path: Path) -> None:
        path = tmp_path / "results.json"
        report.write(path, {"machine": "here"}, made(), {"http/1": "no wrk"})
        head, values = report.read(path)
        assert head == {"machine": "here"}
        assert values == {"file/200": [100.0, 300.0, 200.0], "file/200 p99": [1.0, 3.0, 2.0]}

    def test_holds_what_a_program_wants_to_know(self, tmp_path: Path) -> None:
        path = tmp_path / "results.json"
        report.write(path, {}, made(), {"http/1": "no wrk"})
        document = json.loads(path.read_text(encoding="utf-8"))
        rate, tail = document["results"]
        assert document["left_out"] == {"http/1": "no wrk"}
        assert rate["median"] == 200.0
        assert rate["more_is_better"]
        assert rate["beside"][0]["ratio"] == 1.5
        assert rate["beside"][0]["holds"]
        assert (tail["aim"], tail["holds"], tail["more_is_better"]) == ("< 2", False, False)

    def test_another_file_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "other.json"
        path.write_text('{"results": [{}]}', encoding="utf-8")
        with pytest.raises(Failed, match="was not written by --json"):
            report.read(path)


def test_the_header_says_where_and_with_what() -> None:
    head = report.header()
    assert {"commit", "date", "machine", "load", "system", "python", "libraries"} <= head.keys()
    assert "orjson" in head["libraries"]


def test_a_ratio_without_an_aim_is_no_target() -> None:
    row = Result("a", Figure("ms"), [1.0], beside=[Beside("b", [1.0], [1.0])])
    assert len(report.targets([row]).splitlines()) == 1
