"""DELETE, PUT and PATCH of streams whose output hangs for ever: each is answered in time, and leaves nothing behind."""

from __future__ import annotations

import socket
import threading
import time

from scripts.tortures.bench import HOST, Bench, Outcome, stream

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

    def ask(method: str, path: str, body: str | None = None) -> None:
        started = time.monotonic()
        status, answer = service.request(method, path, body, timeout=30)
        seconds = time.monotonic() - started
        outcome.require(status == 200, f"{method} {path} answered {status} {answer[:100]!r}")
        outcome.require(seconds < DEADLINE + 1, f"{method} {path} took {seconds:.2f} s")

    def round_of(number: int) -> None:
        name = f"/streams/s{number}"
        ask("POST", name, config)
        ask("PUT", f"{name}?timeout={DEADLINE}s", config)
        ask("PATCH", f"{name}?timeout={DEADLINE}s", '{"pipeline": {"threads": 1}}')
        ask("DELETE", f"{name}?timeout={DEADLINE}s")

    round_of(0)
    time.sleep(0.5)
    threads, descriptors = service.threads(), service.descriptors()
    rounds = 0
    while bench.left > 6 or not rounds:
        workers = [threading.Thread(target=round_of, args=(number,)) for number in range(1, 5)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        rounds += len(workers)
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline and (service.threads() > threads or service.descriptors() > descriptors):
        time.sleep(0.1)
    outcome.note = (
        f"{rounds * 3} stops; threads {threads} before, {service.threads()} after; "
        f"descriptors {descriptors} before, {service.descriptors()} after"
    )
    outcome.require(service.threads() <= threads, f"threads: {threads} before, {service.threads()} after")
    outcome.require(
        service.descriptors() <= descriptors, f"descriptors: {descriptors} before, {service.descriptors()} after"
    )
    listener.close()
    outcome.failures = outcome.failures[:10]
    return outcome
