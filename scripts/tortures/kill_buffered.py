"""kill -9 in a loop: numbered messages, sqlite buffer, file; nothing that was acked may be lost.

The sender repeats what was not acked, so a number that was being sent when the program died may arrive twice; so may
what the buffer had handed out and not yet deleted. The order of first arrivals is that of sending.
"""

from __future__ import annotations

import time

from scripts.tortures.bench import HOST, Bench, Outcome, Sender, account, free_port

BATCH = 100


def run(bench: Bench) -> Outcome:
    """Kill the program until the time is up, then let it empty its buffer."""
    port = free_port()
    config = (
        f"http: {{address: '{HOST}:{port}'}}\nlogger: {{level: NONE}}\n"
        "input: {http_server: {path: /post}}\nbuffer: {sqlite: {path: buffer.db}}\n"
        "pipeline: {threads: 1, processors: [{mapping: 'root = content()'}]}\n"
        "output: {file: {path: out.txt, codec: lines}}\n"
    )
    sender = Sender(port, "/post", BATCH)
    sender.start()
    kills = 0
    service = None
    while bench.goes_on(kills, 3):
        service = bench.run(config, port)
        service.wait_until_up()
        time.sleep(bench.chance.uniform(0.05, 2.0))
        service.kill()
        kills += 1
    sender.finish()
    service = bench.run(config, port)
    service.wait_until_up()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and bench.last_number("out.txt") < len(sender.acked) - 1:
        time.sleep(0.1)
    service.terminate(30)
    outcome = account(sender.sent, sender.acked, bench.numbers("out.txt"), f"{kills} kills")
    outcome.require(outcome.lost == 0, f"{outcome.lost} messages were acked and are not there")
    outcome.require(outcome.reordered == 0, f"the order broke {outcome.reordered} times")
    bound = (kills + 1) * 4096
    outcome.require(outcome.duplicated <= bound, f"{outcome.duplicated} duplicates in {kills} kills")
    outcome.require(outcome.acked > 0, "nothing was acked")
    return outcome
