"""An output whose peer fails, hangs, resets, trickles and answers 500: nothing lost, connected again soon after each.

Between the program and its target stands a TCP proxy that does one bad thing after another.
"""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
import time

from scripts.tortures.bench import HOST, Bench, Outcome, Sender, account, stream

FAULTS = ("refuse", "reset", "hang", "trickle", "answer 500")
HEALED_SECONDS = 5.0


class Target(http.server.ThreadingHTTPServer):
    """Takes numbers; answers 500 while it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.broken = False
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536  # head and body in one segment

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if target.broken:
                    self.send_response(500)
                else:
                    target.numbers.append(int(body))
                    self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__((HOST, 0), Handler)


class Proxy(threading.Thread):
    """Forwards connections, well or badly."""

    def __init__(self, target: int) -> None:
        super().__init__(daemon=True)
        self._target = target
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self.fault = ""
        self._open: set[socket.socket] = set()

    def run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.fault == "refuse":
                client.close()
                continue
            self._open.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection((HOST, self._target))
        except OSError:
            client.close()
            return
        self._open.add(server)
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        self._open -= {client, server}

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                while self.fault == "hang":
                    time.sleep(0.01)
                if self.fault == "trickle":
                    for place in range(len(data)):
                        sink.sendall(data[place : place + 1])
                        time.sleep(0.002)
                else:
                    sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def set(self, fault: str) -> None:
        """Begin to misbehave, or stop."""
        self.fault = fault
        if fault in ("refuse", "reset"):
            for each in tuple(self._open):
                each.close()

    def close(self) -> None:
        """Stop."""
        self._listener.close()
        self.set("reset")


def run(bench: Bench) -> Outcome:
    """One fault after another until the time is up."""
    target = Target()
    threading.Thread(target=target.serve_forever, daemon=True).start()
    proxy = Proxy(target.server_address[1])
    proxy.start()
    service = bench.streams("logger: {level: NONE}")
    config = stream(
        input={"http_server": {"path": "/post", "timeout": "30s"}},
        output={
            "http_client": {
                "url": f"http://{HOST}:{proxy.port}/",
                "timeout": "500ms",
                "retries": 1000,
                "retry_period": "20ms",
                "max_retry_backoff": "200ms",
                "max_in_flight": 1,
            }
        },
    )
    status, answer = service.request("POST", "/streams/s", config)
    failures = [] if status == 200 else [f"the stream was refused: {answer!r}"]
    sender = Sender(service.port, "/s/post")
    sender.start()
    faults = 0
    slowest = 0.0
    while bench.goes_on(faults, 4) and not failures:
        time.sleep(bench.chance.uniform(0.1, 0.4))
        fault = bench.chance.choice(FAULTS)
        target.broken = fault == "answer 500"
        proxy.set(fault)
        time.sleep(bench.chance.uniform(0.2, 1.0))
        target.broken = False
        proxy.set("")
        healed = time.monotonic()
        before = len(target.numbers)
        while len(target.numbers) == before and time.monotonic() < healed + HEALED_SECONDS:
            time.sleep(0.005)
        slowest = max(slowest, time.monotonic() - healed)
        if len(target.numbers) == before:
            failures.append(f"nothing arrived for {HEALED_SECONDS:g} s after '{fault}' was over")
        faults += 1
    sender.finish()
    outcome = account(
        sender.sent, sender.acked, target.numbers, f"{faults} faults, going again after {slowest:.2f} s at the most"
    )
    outcome.failures += failures
    outcome.require(outcome.lost == 0, f"{outcome.lost} messages were acked and did not arrive")
    proxy.close()
    target.shutdown()
    return outcome
