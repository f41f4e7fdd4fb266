"""Processes that are measured."""

from __future__ import annotations

import sys

import pytest
from scripts.benchmarks import client, process
from scripts.benchmarks.process import Failed
from scripts.benchmarks.workloads.servers import WAITRESS, bare


def test_a_run_tells_what_it_took_and_said() -> None:
    run = process.run([sys.executable, "-c", "import time; time.sleep(0.2); print('done')"])
    assert run.output == "done\n"
    assert 0 < run.cpu < run.seconds * 2
    assert run.peak > 1_000_000


def test_memory_is_that_of_the_process_and_not_of_who_started_it() -> None:
    ballast = bytearray(b"x") * 300_000_000
    run = process.run([sys.executable, "-c", "import time; time.sleep(0.2)"])
    assert len(ballast) > run.peak > 1_000_000


def test_a_run_is_held_to_a_core() -> None:
    code = "import os; print(len(os.sched_getaffinity(0)))"
    assert process.run([sys.executable, "-c", code], cores=process.one_core()).output == "1\n"


def test_a_failure_says_what_the_process_said() -> None:
    with pytest.raises(Failed, match=r"exit status 3\noh no"):
        process.run([sys.executable, "-c", "print('oh no'); raise SystemExit(3)"])


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(Failed, match="no-such-program: No such file"):
        process.run(["no-such-program"])


def test_what_hangs_is_killed() -> None:
    with pytest.raises(Failed, match="was killed: it took too long"):
        process.run([sys.executable, "-c", "import time; time.sleep(60)"], limit=0.1)


def test_a_server_that_does_not_come_up() -> None:
    with pytest.raises(Failed, match="did not come up"), process.serve([sys.executable, "-c", ""], process.free_port()):
        pass


def test_a_server_is_asked_and_stopped() -> None:
    with bare(WAITRESS) as server:
        assert client.ask(server.port, "POST", "/", b"hello") == (200, b"hello")
        assert server.resident() > 1_000_000
        assert server.peak() >= server.resident()
        assert server.cpu() > 0
        port = server.port
    assert not process.is_open(port)
