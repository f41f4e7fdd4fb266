"""Streams under test: fed and read by the test, on a clock that the test owns."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from headwater.clock import FakeClock
from headwater.components.catalogue import Catalogue
from headwater.components.functions import take_functions
from headwater.config.lint import Linter
from headwater.config.sections import WHOLE
from headwater.config.service import find_resources
from headwater.config.stream import take_apart
from headwater.errors import ConfigError, HeadwaterError
from headwater.system import StreamSystem
from headwater.tasks import Future
from headwater.testing.mocks import MockError, replace_mocks
from headwater.testing.pool import WatchedLanes, WatchedLoop, WatchedPool
from headwater.testing.probe import NAME, Probe, output_class
from headwater.testing.sink import Sink
from headwater.yamltext.document import parse_document
from headwater.yamltext.nodes import Node

FEED: Final = "headwater_test"
"""The in-process channel that feeds a stream under test."""

STREAM: Final = "test"


class Sent:
    """A batch that was sent into a stream, and what became of it."""

    def __init__(self, future: Future[None]) -> None:
        self._future = future

    @property
    def settled(self) -> bool:
        """Whether it was acked or rejected."""
        return self._future.done()

    @property
    def acked(self) -> bool:
        """Whether all of it was delivered."""
        return self._future.done() and self._future.error() is None

    @property
    def rejected(self) -> str:
        """Why it was rejected; an empty text if it was not."""
        error = self._future.error() if self._future.done() else None
        return str(error) if error is not None else ""


class StreamUnderTest(Sink):
    """A running stream whose ends are the test's. Use it as a context manager.

    Args:
        config: YAML or plain data: a stream, with its resources where it has any.
        clock: The time that the stream lives in; moved by `advance` alone.
        keep_input: Leave the configuration's own input in place, which `send` then has no way to.
        keep_output: Leave its own output in place, so that nothing is `received`.
        mocks: A label or a JSON pointer, and the component that stands in for it, or a `Sink` for an output.
        catalogue: The components that there are.
        batch: How many transactions may be under way at the test's output.
    """

    def __init__(
        self,
        config: str | Mapping[str, Any],
        *,
        clock: FakeClock,
        keep_input: bool = False,
        keep_output: bool = False,
        mocks: Mapping[str, Any] | None = None,
        catalogue: Catalogue | None = None,
        max_in_flight: int = 1,
    ) -> None:
        super().__init__()
        self.attach(self.settle)
        self.clock = clock
        self._sinks = [self, *(value for value in (mocks or {}).values() if isinstance(value, Sink))]
        self._keep_input = keep_input
        self._pool = WatchedPool()
        self._ends = ExitStack()
        own = (catalogue or Catalogue()).copy()
        probes = {"": self.probe}
        mocks = {label: self._mock(label, value, probes) for label, value in (mocks or {}).items()}
        own.add(output_class(probes))
        if isinstance(config, str):
            node = parse_document(config)
        else:
            data, functions = take_functions(config, own.functions)
            own = own.with_functions(functions)
            node = Node.of(data)
        try:
            replace_mocks(node, mocks)
        except MockError as error:
            raise ConfigError(str(error)) from None
        if not keep_input:
            _set(node, "input", {"inproc": FEED})
        if not keep_output:
            _set(node, "output", {NAME: {"max_in_flight": max_in_flight}}, beside=("processors",))
        linter = Linter(own)
        linter.fields(WHOLE, node)
        if linter.lints:
            raise ConfigError("\n".join(map(str, linter.lints)))
        self._stream = take_apart(node, own)
        self._resources = find_resources(node, own)
        self.system = StreamSystem(
            catalogue=own, clock=clock, pool=self._pool, stop_timeout=1.0, functions=own.functions
        )
        services = self.system._services
        services.lanes = WatchedLanes(clock, self._pool)
        services.loop = WatchedLoop(self._pool)

    def _mock(self, name: str, value: Any, probes: dict[str, Probe]) -> Any:
        """What stands in for a component; an output of the test's is one of its own."""
        if not isinstance(value, Sink):
            return value
        value.attach(self.settle)
        probes[name] = value.probe
        return {NAME: {"probe": name}}

    def __enter__(self) -> Self:
        try:
            self.system.define_resources(self._resources)
            self._channel = self._ends.enter_context(self.system.channel(FEED))
            self.system.create(STREAM, self._stream)
        except BaseException:
            self.close()
            raise
        self.settle()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- what goes in

    def send(self, *payloads: Any, metadata: Mapping[str, Any] | None = None) -> Sent:
        """Send one message, or several as one batch; waits until nothing more happens without time passing.

        Args:
            payloads: Bytes, texts, or documents, which are sent as JSON.
            metadata: Metadata of all of them.
        """
        if self._keep_input:
            raise TypeError("the stream has kept its own input: there is nothing to send to")
        sent = Sent(self._channel.post([_payload(each) for each in payloads], metadata))
        self.settle()
        return sent

    def send_each(self, payloads: Iterable[Any]) -> list[Sent]:
        """Send messages one after the other, each as a batch of its own."""
        return [self.send(each) for each in payloads]

    # -- how it is

    @property
    def active(self) -> bool:
        """Whether the stream has not come to its end."""
        self.settle()
        return self.system.read(STREAM).active

    @property
    def connected(self) -> bool:
        """Whether all of its inputs and outputs are connected."""
        self.settle()
        return not self.system.ready()

    def stats(self) -> dict[str, Any]:
        """Its metrics as a tree."""
        return self.system.stats(STREAM)

    # -- time

    def advance(self, seconds: float) -> None:
        """Let time pass: each timer in it goes off at its own time, and all that follows from it happens."""
        self.settle()
        end = self.clock.now() + seconds
        while (due := self.clock.next_due()) is not None and self.clock.now() + due <= end:
            self.clock.advance(due)
            self.settle()
        self.clock.advance(max(0.0, end - self.clock.now()))
        self.settle()

    def settle(self, timeout: float = 5.0) -> None:
        """Wait until nothing more happens without time passing."""
        if not self._pool.wait_idle(timeout):
            raise AssertionError(f"the stream is still busy after {timeout} s")

    def close(self) -> None:
        """Stop the stream; time passes as far as that needs."""
        for sink in self._sinks:
            sink.probe.heal()
        closed = threading.Event()

        def work() -> None:
            try:
                self._ends.close()
                self.system.close()
            except HeadwaterError:
                pass
            finally:
                closed.set()

        thread = threading.Thread(target=work, name="headwater-test-close", daemon=True)
        thread.start()
        while not closed.wait(0.005):
            due = self.clock.next_due()
            if due is not None and self._pool.wait_idle(0.05):
                self.clock.advance(due)


def _payload(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def _set(node: Node, key: str, value: Any, beside: Sequence[str] = ()) -> None:
    """Put a component in place of another; some keys beside it stay."""
    old = node.get(key)
    fresh = Node.of(value)
    if old is not None and old.is_mapping:
        fresh.pairs += [pair for pair in old.pairs if pair[0].value in beside]
    node.pairs[:] = [pair for pair in node.pairs if pair[0].value != key]
    node.pairs.append((Node.of(key), fresh))
