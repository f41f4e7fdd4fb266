"""What is asked of a program while it runs."""

from __future__ import annotations

import pytest
from scripts.benchmarks import client
from scripts.benchmarks.client import Connection
from scripts.benchmarks.process import Failed

METRICS = """\
# TYPE output_sent counter
output_sent{label="",path="root.output",stream="a"} 5
output_sent{label="x",path="root.output.broker.outputs.0",stream="b"} 1.2e+06
output_error{label="",path="root.output",stream="a"} 7
"""


class Scripted(Connection):
    """Answers from a table, in turn where there are several."""

    def __init__(self, answers: dict[str, list[tuple[int, str]]]) -> None:
        self._answers = answers

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        answers = self._answers[f"{method} {path}"]
        status, text = answers.pop(0) if len(answers) > 1 else answers[0]
        return status, text.encode()


def counting(*values: int) -> Scripted:
    return Scripted({"GET /metrics": [(200, f'output_sent{{stream="a"}} {value}\n') for value in values]})


class TestSent:
    def test_is_the_sum_over_outputs(self) -> None:
        assert client.sent(Scripted({"GET /metrics": [(200, METRICS)]})) == 1_200_005

    def test_of_one_stream(self) -> None:
        assert client.sent(Scripted({"GET /metrics": [(200, METRICS)]}), stream="a") == 5

    def test_of_a_program_without_an_exporter(self) -> None:
        connection = Scripted(
            {
                "GET /metrics": [(404, "")],
                "GET /streams": [(200, '{"a": {}, "b": {}}')],
                "GET /streams/a/stats": [(200, '{"output_sent{path=\\"root.output\\"}": 3, "uptime_ns": 1}')],
                "GET /streams/b/stats": [(200, '{"output_sent{path=\\"root.output\\"}": 4}')],
            }
        )
        assert client.sent(connection) == 7


class TestFlow:
    def test_is_what_came_by_the_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter([10.0, 12.0])
        monkeypatch.setattr(client.time, "sleep", lambda seconds: None)
        monkeypatch.setattr(client.time, "perf_counter", lambda: next(clock))
        assert client.flow(counting(100, 300), 2) == 100

    def test_takes_longer_while_nothing_comes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter([10.0, 12.0, 14.0])
        monkeypatch.setattr(client.time, "sleep", lambda seconds: None)
        monkeypatch.setattr(client.time, "perf_counter", lambda: next(clock))
        assert client.flow(counting(100, 100, 300), 2) == 50

    def test_gives_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter([10.0, 100.0])
        monkeypatch.setattr(client.time, "sleep", lambda seconds: None)
        monkeypatch.setattr(client.time, "perf_counter", lambda: next(clock))
        with pytest.raises(Failed, match="nothing has come through in 90 s"):
            client.flow(counting(100, 100), 2)


def test_another_status_than_200_is_a_failure() -> None:
    with pytest.raises(Failed, match="POST /streams/a answered 400: bad"):
        client.create(Scripted({"POST /streams/a": [(400, "bad")]}), "a", {})
