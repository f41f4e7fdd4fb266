"""kill -9 in a loop without a buffer: what the sender was told is delivered is in the file."""

from __future__ import annotations

import time

from scripts.tortures.bench import HOST, Bench, Outcome, Sender, account, free_port


def run(bench: Bench) -> Outcome:
    """Kill the program until the time is up."""
    port = free_port()
    config = (
        f"http: {{address: '{HOST}:{port}'}}\nlogger: {{level: NONE}}\n"
        "input: {http_server: {path: /post}}\n"
        "output: {file: {path: out.txt, codec: lines}}\n"
    )
    sender = Sender(port, "/post")
    sender.start()
    kills = 0
    while bench.goes_on(kills, 2):
        service = bench.run(config, port)
        service.wait_until_up()
        time.sleep(bench.chance.uniform(0.05, 2.0))
        service.kill()
        kills += 1
    sender.finish()
    outcome = account(sender.sent, sender.acked, bench.numbers("out.txt"), f"{kills} kills")
    outcome.require(outcome.lost == 0, f"{outcome.lost} messages were acked and are not there")
    outcome.require(outcome.duplicated <= kills, f"{outcome.duplicated} duplicates in {kills} kills of one in flight")
    outcome.require(outcome.reordered == 0, f"the order broke {outcome.reordered} times")
    outcome.require(outcome.acked > 0, "nothing was acked")
    return outcome
