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


def test_rate_and_percentiles_in_milliseconds() -> None:
    assert parsed(OUTPUT) == (28570.55, pytest.approx(0.52), pytest.approx(1250))


@pytest.mark.parametrize(
    "line", ["  Non-2xx or 3xx responses: 12\n", "  Socket errors: connect 0, read 3, write 0, timeout 0\n"]
)
def test_errors_are_no_figure(line: str) -> None:
    with pytest.raises(Failed, match="wrk got errors"):
        parsed(OUTPUT.replace("Requests/sec", line + "Requests/sec"))


def test_no_answers_are_no_figure() -> None:
    with pytest.raises(Failed, match="no answers"):
        parsed("unable to connect to 127.0.0.1:8080 Connection refused\n")
