"""Streams to put components into: messages in over one channel, out over another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml

from headwater.errors import ComponentError
from headwater.message import Message
from headwater.system import StreamSystem


@pytest.fixture
def system() -> Iterator[StreamSystem]:
    """A system of its own for each test."""
    with StreamSystem(stop_timeout=2.0) as made:
        yield made


@pytest.fixture
def deliver(system: StreamSystem) -> Callable[..., list[str]]:
    """Make a stream of an output (and more), send it messages, and tell what became of each: nothing, or a failure.

    A list is sent as one batch.
    """

    def send(config: str, *payloads: str | list[str], metadata: dict[str, Any] | None = None) -> list[str]:
        # Chilled, since some fields are Bento's alone, which lint does not take.
        system.create("under-test", {"input": {"inproc": "in"}, **yaml.safe_load(config)}, chilled=True)
        outcomes = []
        with system.channel("in") as channel:
            sent = [channel.post(payload, metadata) for payload in payloads]
            for future in sent:
                try:
                    future.wait(5)
                except ComponentError as error:
                    outcomes.append(str(error))
                else:
                    outcomes.append("")
        return outcomes

    return send


@pytest.fixture
def process(system: StreamSystem) -> Callable[..., list[Message]]:
    """Make a stream of processors, send it messages, and tell what comes out."""

    def send(
        processors: str, *payloads: str | list[str], count: int | None = None, metadata: dict[str, Any] | None = None
    ) -> list[Message]:
        system.create(
            "under-test",
            {
                "input": {"inproc": "in"},
                "pipeline": {"threads": 1, "processors": yaml.safe_load(processors)},
                "output": {"inproc": "out"},
            },
            chilled=True,
        )
        wanted = sum(len(each) if isinstance(each, list) else 1 for each in payloads) if count is None else count
        received: list[Message] = []
        with system.channel("in") as source, system.channel("out") as sink:
            sent = [source.post(payload, metadata) for payload in payloads]
            while len(received) < wanted:
                batch = sink.receive(timeout=5)
                received.extend(batch.batch)
                batch.ack()
            for future in sent:
                future.wait(5)
        return received

    return send


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Wait for something to become true, for a short while."""

    def wait(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, "it did not come about in time"
            time.sleep(0.005)
        return value

    return wait


class Stub:
    """An HTTP server that answers as it is told, and remembers what it was asked.

    Attributes:
        answers: Status, headers and body of each answer in turn, the last one again and again.
        requests: Method, path, headers (names in lower case) and body of each request.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"")]
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                stub.requests.append((self.command, self.path, headers, body))
                status, fields, content = stub.answers.pop(0) if len(stub.answers) > 1 else stub.answers[0]
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.address}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def stub() -> Iterator[Stub]:
    """An HTTP server to send requests to."""
    made = Stub()
    yield made
    made.close()
