"""kill -9 in a loop between a source that re-delivers what was not delivered and a target: all of it arrives."""

from __future__ import annotations

import http.server
import threading
import time

from scripts.tortures.bench import HOST, Bench, Outcome, account, free_port

AHEAD = 32


class Ends(http.server.ThreadingHTTPServer):
    """GET hands out the next number, or again one that has not arrived; POST is the arrival of one."""

    daemon_threads = True

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.next = 0
        self.open: dict[int, float] = {}
        self.arrived: list[int] = []
        ends = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536  # head and body in one segment

            def do_GET(self) -> None:
                self._answer(str(ends.take()).encode())

            def do_POST(self) -> None:
                number = int(self.rfile.read(int(self.headers["Content-Length"])))
                with ends.lock:
                    ends.arrived.append(number)
                    ends.open.pop(number, None)
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__((HOST, 0), Handler)

    def take(self) -> int:
        """The number to hand out now."""
        now = time.monotonic()
        with self.lock:
            late = next((number for number, since in self.open.items() if now - since > 0.5), None)
            if late is None and len(self.open) >= AHEAD:
                late = next(iter(self.open))
            number = self.next if late is None else late
            self.open.pop(number, None)
            self.open[number] = now
            self.next = max(self.next, number + 1)
            return number

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that a killed program leaves is no news."""


def run(bench: Bench) -> Outcome:
    """Kill the program until the time is up, then let the rest arrive."""
    ends = Ends()
    threading.Thread(target=ends.serve_forever, daemon=True).start()
    url = f"http://{HOST}:{ends.server_address[1]}/"
    port = free_port()
    config = (
        f"http: {{address: '{HOST}:{port}'}}\nlogger: {{level: NONE}}\n"
        f"input: {{http_client: {{url: '{url}', verb: GET}}}}\n"
        f"output: {{http_client: {{url: '{url}', verb: POST, max_in_flight: 4, retries: 100, retry_period: 10ms}}}}\n"
    )
    kills = 0
    while bench.goes_on(kills, 4):
        service = bench.run(config, port)
        service.wait_until_up()
        time.sleep(bench.chance.uniform(0.05, 2.0))
        service.kill()
        kills += 1
    handed = ends.next
    service = bench.run(config, port)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not set(range(handed)) <= set(ends.arrived):
        time.sleep(0.05)
    service.terminate(30)
    outcome = account(handed, range(handed), [each for each in ends.arrived if each < handed], f"{kills} kills")
    outcome.reordered = 0  # a source that hands out the same number again sets no order
    outcome.require(outcome.lost == 0, f"{outcome.lost} messages were handed out and never arrived")
    outcome.require(handed > 0, "nothing was handed out")
    ends.shutdown()
    return outcome
