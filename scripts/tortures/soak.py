"""A long time at half of the maximum, with faults, churn, hanging outputs and broken HTTP at random beside it.

One process lives through all of it. What is sent through its buffer and through a bad network must all arrive, and its
memory must not grow: by less than a megabyte an hour in a run of an hour or more, by no more than the noise of some
minutes in a shorter one. The first tenth, in which caches fill, does not count.
"""

from __future__ import annotations

import http.client
import socket
import statistics
import threading
import time

from scripts.tortures.bench import HOST, Bench, Outcome, Sender, Service, account, stream
from scripts.tortures.http_fuzz import BROKEN, _throw
from scripts.tortures.outages import FAULTS, Proxy, Target

MEGABYTES_AN_HOUR = 1.0
NOISE_MEGABYTES = 4.0
SAYING_HOURS = 0.1
"""Runs that are shorter say nothing about memory."""
EVERY = 2.0


def run(bench: Bench) -> Outcome:
    """Do everything at once until the time is up."""
    service = bench.streams("logger: {level: NONE}\nmetrics: {prometheus: {}}")
    target = Target()
    threading.Thread(target=target.serve_forever, daemon=True).start()
    proxy = Proxy(target.server_address[1])
    proxy.start()
    buffered = stream(
        input={"http_server": {"path": "/post", "timeout": "30s"}},
        buffer={"sqlite": {"path": str(bench.folder / "buffer.db")}},
        pipeline={"processors": [{"mapping": "root = content()"}]},
        output={"file": {"path": str(bench.folder / "out.txt"), "codec": "lines"}},
    )
    retried = {"timeout": "500ms", "retries": 1000, "retry_period": "20ms", "max_retry_backoff": "200ms"}
    far = stream(
        input={"http_server": {"path": "/post", "timeout": "30s"}},
        output={"http_client": {"url": f"http://{HOST}:{proxy.port}/", "max_in_flight": 1, **retried}},
    )
    outcome = Outcome()
    for name, config in (("buffered", buffered), ("far", far)):
        status, answer = service.request("POST", f"/streams/{name}", config)
        outcome.require(status == 200, f"create answered {status} {answer[:200]!r}")
    senders = {
        name: Sender(service.port, f"/{name}/post", 10 if name == "buffered" else 1) for name in ("buffered", "far")
    }
    sender = senders["buffered"]
    for each in senders.values():
        each.start()
    measured = min(5.0, bench.seconds / 10)
    time.sleep(measured)
    sender.pause = measured / max(1, len(sender.acked) // 10)
    rate = len(sender.acked) / measured / 2
    stop = threading.Event()
    counts = {"faults": 0, "cycles": 0, "hung": 0, "attacks": 0}
    held = _hanging_peer()
    jobs = (
        lambda: _fault(bench, proxy, target, counts, stop),
        lambda: _churn(service, outcome, counts, stop),
        lambda: _hang(service, held, outcome, counts, stop),
        lambda: _attack(bench, service, counts, stop),
    )
    workers = [threading.Thread(target=_guarded, args=(job, outcome, stop)) for job in jobs]
    for worker in workers:
        worker.start()
    looks: list[tuple[float, float]] = []
    while bench.left > 12 or not looks:
        stop.wait(min(EVERY, max(0.1, bench.left / 10)))
        looks.append((time.monotonic(), service.resident() / 1e6))
        if outcome.failures or service.process.poll() is not None:
            break
    stop.set()
    for worker in workers:
        worker.join(60)
    proxy.set("")
    target.broken = False
    for each in senders.values():
        each.finish()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and bench.last_number("out.txt") < len(sender.acked) - 1:
        time.sleep(0.1)
    kept = account(sender.sent, sender.acked, bench.numbers("out.txt"))
    sent = account(senders["far"].sent, senders["far"].acked, target.numbers)
    failures = outcome.failures
    outcome = Outcome(*(getattr(kept, name) + getattr(sent, name) for name in ("sent", "acked", "delivered", "lost")))
    outcome.duplicated, outcome.reordered = kept.duplicated + sent.duplicated, kept.reordered + sent.reordered
    outcome.failures = failures[:10]
    outcome.require(outcome.lost == 0, f"{outcome.lost} messages were acked and did not arrive")
    outcome.require(service.process.poll() is None, "the program died")
    steady = looks[len(looks) // 10 :]
    slope = _slope(steady) * 3600
    hours = (steady[-1][0] - steady[0][0]) / 3600
    growth = slope * hours
    holds = slope < MEGABYTES_AN_HOUR if hours > 0.8 else growth < NOISE_MEGABYTES or hours < SAYING_HOURS
    outcome.require(holds, f"memory grew by {growth:.1f} MB in {hours:.2f} h, {slope:.1f} MB an hour")
    did = ", ".join(f"{count} {what}" for what, count in counts.items())
    outcome.note = (
        f"{rate:.0f} messages/s; {did}; {statistics.median(size for _, size in steady):.1f} MB, "
        f"{growth:+.2f} MB in {hours * 60:.0f} min ({slope:+.2f} MB an hour)"
    )
    service.terminate(30)
    proxy.close()
    target.shutdown()
    held.close()
    return outcome


def _guarded(job: object, outcome: Outcome, stop: threading.Event) -> None:
    try:
        job()  # type: ignore[operator]
    except Exception as error:
        if not stop.is_set():
            outcome.failures.append(f"{type(error).__name__}: {error}")


def _slope(looks: list[tuple[float, float]]) -> float:
    """How fast it grows, by the middle of the slopes of all pairs: single leaps do not count."""
    step = max(1, len(looks) // 200)
    thin = looks[::step]
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for place, earlier in enumerate(thin)
        for later in thin[place + 1 :]
    ]
    return statistics.median(slopes) if slopes else 0.0


def _fault(bench: Bench, proxy: Proxy, target: Target, counts: dict[str, int], stop: threading.Event) -> None:
    while not stop.wait(bench.chance.uniform(0.5, 3.0)):
        fault = bench.chance.choice(FAULTS)
        target.broken = fault == "answer 500"
        proxy.set(fault)
        stop.wait(bench.chance.uniform(0.2, 1.0))
        target.broken = False
        proxy.set("")
        counts["faults"] += 1


def _churn(service: Service, outcome: Outcome, counts: dict[str, int], stop: threading.Event) -> None:
    config = stream(
        input={"http_server": {"path": "/post"}},
        pipeline={"processors": [{"mapping": "root = content().uppercase()"}]},
        output={"sync_response": {}},
    )
    while not stop.wait(0.05):
        name = f"c{counts['cycles'] % 50}"
        for method in ("POST", "PUT"):
            status, _ = service.request(method, f"/streams/{name}", config, timeout=60)
            outcome.require(status == 200, f"{method} answered {status}")
            status, body = service.request("POST", f"/{name}/post", "a", timeout=60)
            outcome.require((status, body) == (200, b"A"), f"the path after its {method} answered {status}")
        status, _ = service.request("DELETE", f"/streams/{name}", timeout=60)
        outcome.require(status == 200, f"delete answered {status}")
        counts["cycles"] += 1


def _hang(
    service: Service, peer: socket.socket, outcome: Outcome, counts: dict[str, int], stop: threading.Event
) -> None:
    url = f"http://{HOST}:{peer.getsockname()[1]}/"
    config = stream(
        input={"generate": {"mapping": "root = 1", "interval": "10ms"}}, output={"http_client": {"url": url}}
    )
    while not stop.wait(2):
        service.request("POST", "/streams/hangs", config, timeout=60)
        stop.wait(0.2)
        status, _ = service.request("DELETE", "/streams/hangs?timeout=300ms", timeout=60)
        outcome.require(status == 200, f"delete of what hangs answered {status}")
        counts["hung"] += 1


def _hanging_peer() -> socket.socket:
    """Takes connections, and never answers."""
    listener = socket.create_server((HOST, 0), backlog=64)

    def hold() -> None:
        held: list[socket.socket] = []
        while True:
            try:
                held.append(listener.accept()[0])
            except OSError:
                return
            if len(held) > 256:
                held.pop(0).close()

    threading.Thread(target=hold, daemon=True).start()
    return listener


def _attack(bench: Bench, service: Service, counts: dict[str, int], stop: threading.Event) -> None:
    while not stop.wait(0.2):
        try:
            _throw(service.port, bench.chance.choice(BROKEN), bench.chance.random() < 0.3)
        except (OSError, http.client.HTTPException):
            continue
        counts["attacks"] += 1
