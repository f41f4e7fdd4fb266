"""DELETE, PUT and PATCH of streams whose output hangs for ever: each is answered in time, and leaves nothing behind."""

from __future__ import annotations

import socket
import threading
import time

from scripts.tortures.bench import HOST, Bench, Outcome, stream, until

DEADLINE = 0.4


def run(bench: Bench) -> Outcome:
    """Stop hanging streams in all ways until the time is up."""
    listener = socket.create_server((HOST, 0), backlog=512)
    held: list[socket.socket] = []

    def hold() -> None:
        while True:
            try:
                held.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=hold, daemon=True).start()
    service = bench.streams("logger: {level: INFO}")
    hanging = {"http_client": {"url": f"http://{HOST}:{listener.getsockname()[1]}/", "timeout": "1h"}}
    config = stream(input={"generate": {"mapping": "root = 1", "interval": ""}}, output=hanging)
    outcome = Outcome()
    slowest = [0.0]

    def ask(method: str, path: str, body: str | None = None) -> None:
        started, starved = time.monotonic(), service.starved()
        status, answer = service.request(method, path, body, timeout=30)
        seconds = time.monotonic() - started
        starved = max(0.0, service.starved() - starved)
        slowest[0] = max(slowest[0], seconds)
        outcome.require(status == 200, f"{method} {path} answered {status} {answer[:100]!r}")
        outcome.require(
            seconds < DEADLINE + 1 + starved, f"{method} {path} took {seconds:.2f} s, {starved:.2f} s without a core"
        )

    def round_of(number: int) -> None:
        name = f"/streams/s{number}"
        ask("POST", name, config)
        ask("PUT", f"{name}?timeout={DEADLINE}s", config)
        ask("PATCH", f"{name}?timeout={DEADLINE}s", '{"pipeline": {"threads": 1}}')
        ask("DELETE", f"{name}?timeout={DEADLINE}s")

    # The pool and the event loop are there from the first stream on that needs them.
    answered = {"http_client": {"url": f"http://{HOST}:{service.port}/ping"}}
    one = {"generate": {"mapping": "root = 1", "count": 1, "interval": ""}}
    ask("POST", "/streams/warm", stream(input=one, output=answered))
    until(lambda: b'"active":false' in service.request("GET", "/streams/warm")[1], 10, "the end of a stream of one")
    ask("DELETE", "/streams/warm")
    threads, descriptors = service.threads(), service.descriptors()
    rounds = 0
    while bench.goes_on(rounds * 3, 6):
        workers = [threading.Thread(target=round_of, args=(number,)) for number in range(1, 5)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        rounds += len(workers)
    deadline = time.monotonic() + 15  # threads for blocking calls are kept for a while
    while time.monotonic() < deadline and (service.threads() > threads or service.descriptors() > descriptors):
        time.sleep(0.1)
    outcome.note = (
        f"{rounds * 3} stops, the slowest {slowest[0]:.2f} s; threads {threads} before, {service.threads()} after; "
        f"descriptors {descriptors} before, {service.descriptors()} after"
    )
    outcome.require(service.threads() <= threads, f"threads: {threads} before, {service.threads()} after")
    outcome.require(
        service.descriptors() <= descriptors, f"descriptors: {descriptors} before, {service.descriptors()} after"
    )
    listener.close()
    outcome.failures = outcome.failures[:10]
    return outcome
