"""Streams under test: fed and read by the test, on a clock that the test owns."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from headwater.clock import FakeClock
from headwater.components.catalogue import Catalogue
from headwater.components.functions import take_functions
from headwater.config.document import parse_document
from headwater.config.lint import Linter
from headwater.config.nodes import Node
from headwater.config.sections import WHOLE
from headwater.config.service import find_resources
from headwater.config.stream import take_apart
from headwater.errors import ConfigError, HeadwaterError
from headwater.message import Message
from headwater.system import StreamSystem
from headwater.tasks import Future
from headwater.testing.differences import compare_json, compare_text
from headwater.testing.mocks import MockError, replace_mocks
from headwater.testing.pool import WatchedLanes, WatchedLoop, WatchedPool
from headwater.testing.probe import NAME, Probe, output_class

FEED: Final = "headwater_test"
"""The in-process channel that feeds a stream under test."""

STREAM: Final = "test"


class Received:
    """A message that came out, to be compared with a document, a text or bytes."""

    __slots__ = ("message",)

    def __init__(self, message: Message) -> None:
        self.message = message

    @property
    def content(self) -> bytes:
        """The payload."""
        return self.message.content()

    @property
    def text(self) -> str:
        """The payload as text."""
        return self.content.decode("utf-8", "backslashreplace")

    @property
    def document(self) -> Any:
        """The payload as a JSON document. Raises: ValueError."""
        return json.loads(self.content)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata."""
        return self.message.metadata

    @property
    def error(self) -> str:
        """What a processor failed with; an empty text if none did."""
        return self.message.error.text if self.message.error is not None else ""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Received):
            return self.content == other.content
        if isinstance(other, bytes):
            return self.content == other
        if isinstance(other, str) and self.text == other:
            return True
        try:
            found = self.document
        except ValueError:
            return False
        return bool(found == other) and isinstance(found, bool) == isinstance(other, bool)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        try:
            return repr(self.document)
        except ValueError:
            return repr(self.text)


def explain(found: object, wanted: object) -> list[str] | None:
    """Where what came out differs from what was expected, a line each; None where nothing here came out of a stream.

    Args:
        found: A message, a list of them, or a list of batches.
        wanted: What was expected in its place.
    """
    if isinstance(found, Received):
        return _explain_message(found, wanted)
    if not isinstance(found, list) or not isinstance(wanted, list):
        return None
    batches = any(isinstance(item, list) for item in found)
    if not any(isinstance(item, Received) for each in found for item in (each if batches else [each])):
        return None
    noun = "batch" if batches else "message"
    lines = []
    if len(found) != len(wanted):
        lines.append(f"{len(found)} came out, {len(wanted)} were expected")
    for number, (one, other) in enumerate(zip(found, wanted, strict=False)):
        if one != other:
            inner = explain(one, other) or [f"expected {other!r}, received {one!r}"]
            lines += [f"{noun} {number}:", *(f"  {line}" for line in inner)]
    return lines


def _explain_message(found: Received, wanted: object) -> list[str]:
    if isinstance(wanted, str):
        lines = [line.removeprefix("  ") for line in compare_text(wanted, found.text).splitlines()]
    else:
        try:
            lines = [] if isinstance(wanted, bytes) else compare_json(wanted, found.document, exact=True)
        except ValueError:
            lines = []
        lines = lines or [f"expected {wanted!r}, received {found!r}"]
    if found.error:
        lines.append(f"it is marked as failed: {found.error}")
    return lines


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


class StreamUnderTest:
    """A running stream whose ends are the test's. Use it as a context manager.

    Args:
        config: YAML or plain data: a stream, with its resources where it has any.
        clock: The time that the stream lives in; moved by `advance` alone.
        keep_input: Leave the configuration's own input in place, which `send` then has no way to.
        keep_output: Leave its own output in place, so that nothing is `received`.
        mocks: A label or a JSON pointer, and the component that stands in for it.
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
        self.clock = clock
        self.probe = Probe()
        self._keep_input = keep_input
        self._pool = WatchedPool()
        self._ends = ExitStack()
        self._taken = 0
        own = (catalogue or Catalogue()).copy()
        own.add(output_class(self.probe))
        if isinstance(config, str):
            node = parse_document(config)
        else:
            data, functions = take_functions(config, own.functions)
            own = own.with_functions(functions)
            node = Node.of(data)
        try:
            replace_mocks(node, mocks or {})
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

    # -- what comes out

    def received(self, count: int | None = None, *, timeout: float = 5.0) -> list[Received]:
        """What has come out since the last call.

        Args:
            count: Wait for so many messages, where calls that block on other threads bring them.
            timeout: Real seconds to wait for them.

        Raises:
            AssertionError: There were not so many in time.
        """
        self.settle()
        if count is not None:
            probe = self.probe
            with probe.changed:
                came = probe.changed.wait_for(lambda: sum(map(len, probe.batches)) >= self._taken + count, timeout)
            if not came:
                raise AssertionError(
                    f"expected {count} messages, received {len(self.probe.messages) - self._taken}: "
                    f"{[Received(message) for message in self.probe.messages[self._taken :]]}"
                )
        fresh = self.probe.messages[self._taken :]
        self._taken += len(fresh)
        return [Received(message) for message in fresh]

    def batches(self) -> list[list[Received]]:
        """All that has come out, batch by batch."""
        self.settle()
        with self.probe.changed:
            return [[Received(message) for message in batch] for batch in self.probe.batches]

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

    # -- failures

    def reject(self, number: int = 1, reason: str = "rejected by the test") -> None:
        """Have the output reject the message that is the `number`th from now, once."""
        self.probe.reject(number, reason)

    def refuse(self, reason: str = "connection refused") -> None:
        """Have the output be unreachable until `heal`."""
        self.probe.refuse(reason)

    def hang(self) -> None:
        """Have the output take messages and say nothing until `heal`."""
        self.probe.hang()

    def heal(self) -> None:
        """Have the output work again."""
        self.probe.heal()
        self.settle()

    def close(self) -> None:
        """Stop the stream; time passes as far as that needs."""
        self.probe.heal()
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
