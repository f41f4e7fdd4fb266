"""What is read from the output of wrk."""

from __future__ import annotations

import pytest
from scripts.benchmarks.process import Failed
from scripts.benchmarks.workloads.servers import parsed

OUTPUT = """\
Running 1s test @ http://127.0.0.1:8080/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   557.00us  120.00us   3.00ms   80.00%
    Req/Sec    28.60k     1.20k   30.00k    70.00%
  Latency Distribution
     50%  520.00us
     75%  600.00us
     90%    1.10ms
     99%    1.25s
  28571 requests in 1.00s, 3.20MB read
Requests/sec:  28570.55
Transfer/sec:      3.20MB
"""


def with_line(line: str) -> str:
    return OUTPUT.replace("Requests/sec", line + "Requests/sec")


def test_rate_and_percentiles_in_milliseconds() -> None:
    assert parsed(OUTPUT) == ((28570.55, pytest.approx(0.52), pytest.approx(1250)), "")


def test_refused_requests_do_not_count() -> None:
    (rate, _, _), note = parsed(with_line("  Non-2xx or 3xx responses: 2857\n"))
    assert rate == pytest.approx(28570.55 * 0.9, rel=1e-3)
    assert "10 % of the requests were refused" in note


def test_late_answers_are_noted() -> None:
    _, note = parsed(with_line("  Socket errors: connect 0, read 0, write 0, timeout 3\n"))
    assert "more than two seconds" in note


@pytest.mark.parametrize(
    "line", ["  Non-2xx or 3xx responses: 20000\n", "  Socket errors: connect 0, read 3, write 0, timeout 0\n"]
)
def test_errors_are_no_figure(line: str) -> None:
    with pytest.raises(Failed, match="wrk got errors"):
        parsed(with_line(line))


def test_no_answers_are_no_figure() -> None:
    with pytest.raises(Failed, match="no answers"):
        parsed("unable to connect to 127.0.0.1:8080 Connection refused\n")
