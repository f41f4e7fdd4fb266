"""SIGTERM under load: nothing lost, nothing twice, and an end within the shutdown timeout."""

from __future__ import annotations

import time

from scripts.tortures.bench import HOST, Bench, Outcome, Sender, account, free_port

SHUTDOWN_SECONDS = 5.0


def run(bench: Bench) -> Outcome:
    """End the program by signal until the time is up."""
    port = free_port()
    config = (
        f"http: {{address: '{HOST}:{port}'}}\nlogger: {{level: ERROR}}\nshutdown_timeout: {SHUTDOWN_SECONDS:g}s\n"
        "input: {http_server: {path: /post}}\nbuffer: {memory: {}}\n"
        "pipeline: {threads: 1, processors: [{mapping: 'root = content()'}]}\n"
        "output: {file: {path: out.txt, codec: lines}}\n"
    )
    sender = Sender(port, "/post", 20)
    sender.start()
    ends = 0
    slowest = 0.0
    failures = []
    while bench.goes_on(ends, 3):
        service = bench.run(config, port)
        service.wait_until_up()
        time.sleep(bench.chance.uniform(0.05, 0.8))
        status, seconds = service.terminate(SHUTDOWN_SECONDS + 5)
        slowest = max(slowest, seconds)
        ends += 1
        if status != 0:
            failures.append(f"exit status {status}: {service.log()[-300:]}")
        if seconds > SHUTDOWN_SECONDS + 1:
            failures.append(f"the end took {seconds:.1f} s")
    sender.finish()
    outcome = account(
        sender.sent, sender.acked, bench.numbers("out.txt"), f"{ends} ends, the slowest after {slowest:.2f} s"
    )
    outcome.failures = failures
    # A sender whose connection is cut may not know that it was acked, and repeats: at most one batch an end.
    outcome.require(outcome.lost == 0, f"{outcome.lost} messages were acked and are not there")
    outcome.require(outcome.duplicated <= ends * 20, f"{outcome.duplicated} duplicates in {ends} ends")
    outcome.require(outcome.acked > 0, "nothing was acked")
    return outcome
