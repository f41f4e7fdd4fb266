"""Components of others that raise, block, return the wrong thing or leave threads behind: their own stream alone is
harmed, and the error names them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from headwater import (
    Batch,
    BuildError,
    Cache,
    Catalogue,
    Config,
    Delivery,
    Input,
    Message,
    Output,
    Processor,
    RateLimit,
    Resources,
    StreamSystem,
    component,
    fields,
    spec,
)
from headwater.runtime.pool import Pool

Until = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def until() -> Until:
    def wait(condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 5
        while not (value := condition()):
            assert time.monotonic() < deadline, "it did not come about in time"
            time.sleep(0.005)
        return value

    return wait


def system_with(*classes: Any, **options: Any) -> StreamSystem:
    catalogue = Catalogue()
    for cls in classes:
        catalogue.add(cls)
    return StreamSystem(catalogue=catalogue, stop_timeout=1.0, **options)


def processor(process: Any, *, waits: bool = False) -> Any:
    """A processor named `odd` that does what a function does."""

    @component(spec("processor", "odd", summary="Be odd."))
    class Odd(Processor):
        def __init__(self, config: Config, resources: Resources) -> None:
            self._resources = resources

        if waits:

            async def process(self, batch: Batch) -> Any:
                return process(batch)
        else:

            def process(self, batch: Batch) -> Any:
                return process(batch)

    return Odd


PROCESSED = "input: {inproc: in}\npipeline: {threads: 1, processors: [{label: mine, odd: {}}]}\noutput: {inproc: out}"
WELL = "input: {inproc: well}\noutput: {drop: {}}"


async def _never() -> list[Batch]:
    return []


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    ("process", "said"),
    [
        (lambda batch: "text", "processor odd 'mine': process returned a str, a list of batches, each a list of"),
        (lambda batch: None, "process returned a NoneType, a list of batches"),
        (lambda batch: batch, "process returned a list with a Message in it, a list of batches"),
        (lambda batch: [["text"]], "process returned a batch with a str in it, a list of batches"),
        (lambda batch: _never(), "process returned a coroutine; it must be declared with `async def`"),
        (lambda batch: 1 / 0, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_processor_that_is_wrong_marks_its_messages(process: Any, said: str, waits: bool) -> None:
    with system_with(processor(process, waits=waits)) as system:
        system.create("s", PROCESSED)
        with system.channel("in") as source, system.channel("out") as sink:
            sent = source.post("x")
            received = sink.receive(timeout=5)
            received.ack()
            sent.wait(5)
        (message,) = received.batch
        assert message.content() == b"x"
        assert said in message.error.text
        assert (message.error.name, message.error.label) == ("odd", "mine")
        assert system.read("s").restarts == 0


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (lambda messages: [], "each returned a list, a list of 1, each a message or None, is needed"),
        (lambda messages: None, "each returned a NoneType"),
        (lambda messages: [b"x"], "each returned a list"),
    ],
)
def test_a_fast_path_that_is_wrong(result: Any, said: str) -> None:
    cls = processor(lambda batch: [batch])
    cls.each = lambda self, messages: result(messages)
    with system_with(cls) as system:
        system.create("s", PROCESSED)
        with system.channel("in") as source, system.channel("out") as sink:
            source.post("x")
            received = sink.receive(timeout=5)
            received.ack()
        assert said in received.batch[0].error.text


def reader(read: Any) -> Any:
    @component(spec("input", "odd", summary="Be odd."))
    class Odd(Input):
        def __init__(self, config: Config, resources: Resources) -> None:
            pass

        async def read(self, limit: int) -> Any:
            return await read()

    return Odd


async def _text() -> Any:
    return "text"


async def _nothing() -> Any:
    return Delivery([])


async def _no_batch() -> Any:
    return Delivery([Message(b"x")])  # type: ignore[list-item]  # that is the point


async def _raise() -> Any:
    raise KeyError("a")


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (_text, "input odd: read returned a str, a Delivery is needed"),
        (_nothing, "input odd: read returned a Delivery of nothing, one or more batches are needed"),
        (_no_batch, "input odd: read returned a Delivery of a list with a Message in it"),
        (_raise, "input odd raised KeyError: 'a'"),
    ],
)
def test_an_input_that_is_wrong_is_named_and_started_anew(
    read: Any, said: str, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    with system_with(reader(read)) as system:
        system.create("s", "input: {odd: {}}\noutput: {drop: {}}")
        system.create("well", WELL)
        until(lambda: said in caplog.text)
        assert said in system.read("s").reason
        with system.channel("well") as source:
            source.send("x", timeout=5)
        assert system.read("well").restarts == 0


def test_an_output_that_raises_is_named(until: Until, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[Batch] = []

    @component(spec("output", "odd", summary="Be odd."))
    class Odd(Output):
        def __init__(self, config: Config, resources: Resources) -> None:
            pass

        async def write(self, batch: Batch) -> None:
            calls.append(batch)
            if len(calls) == 1:
                raise MemoryError("no more")

    with system_with(Odd) as system:
        system.create(
            "s", "input: {generate: {mapping: root = 1, count: 1, interval: ''}}\noutput: {label: o, odd: {}}"
        )
        assert until(lambda: "output odd 'o' raised MemoryError: no more" in caplog.text)
        assert until(lambda: len(calls) == 2 or system.read("s").restarts)


def test_caches_and_rate_limits_that_are_wrong() -> None:
    @component(spec("cache", "odd", summary="Be odd."))
    class OddCache(Cache):
        def __init__(self, config: Config, resources: Resources) -> None:
            pass

        async def get(self, key: str) -> Any:
            if key == "raise":
                raise LookupError("gone")
            return "text"

    @component(spec("rate_limit", "odd", summary="Be odd."))
    class OddLimit(RateLimit):
        def __init__(self, config: Config, resources: Resources) -> None:
            pass

        async def access(self) -> Any:
            return None

    processors = "{cache: {resource: c, operator: get, key: '${! content() }'}}"
    with system_with(OddCache, OddLimit) as system:
        system.set_resource("cache", "c", "odd: {}")
        system.set_resource("rate_limit", "r", "odd: {}")
        system.create(
            "s",
            f"input: {{inproc: in}}\npipeline: {{threads: 1, processors: [{processors}]}}\noutput: {{inproc: out}}",
        )
        with system.channel("in") as source, system.channel("out") as sink:
            texts = []
            for key in ("raise", "x"):
                source.post(key)
                received = sink.receive(timeout=5)
                received.ack()
                texts.append(received.batch[0].error.text)
        assert "cache odd 'c' raised LookupError: gone" in texts[0]
        assert "cache odd 'c': get returned a str, bytes is needed" in texts[1]


@pytest.mark.parametrize(
    "declare",
    [
        lambda: component(spec("processor", "bare", summary="Be bare."))(type("Bare", (), {})),
        lambda: component(spec("output", "bare", summary="Be bare."))(type("Bare", (Input,), {})),
    ],
)
def test_a_class_must_derive_from_the_contract_of_its_kind(declare: Any) -> None:
    with pytest.raises(TypeError, match=r"^Bare is no (Processor|Output): the component .* must derive from it"):
        declare()


def test_a_plain_method_in_place_of_a_coroutine_function_is_seen_at_once() -> None:
    cls = type("Plain", (Output,), {"write": lambda self, batch: None})
    with pytest.raises(TypeError, match=r"^Plain.write must be declared with `async def`"):
        component(spec("output", "plain", summary="Be plain."))(cls)


def test_a_constructor_that_raises_is_named() -> None:
    @component(spec("processor", "odd", summary="Be odd."))
    class Odd(Processor):
        def __init__(self, config: Config, resources: Resources) -> None:
            raise LookupError("no such thing")

    with system_with(Odd) as system, pytest.raises(Exception, match=r"processor 'mine' path root\.pipeline") as caught:
        system.create("s", PROCESSED)
    assert str(caught.value).endswith("LookupError: no such thing")


def test_a_field_that_the_spec_does_not_have_is_named() -> None:
    @component(spec("processor", "odd", fields.text("ending", default=""), summary="Be odd."))
    class Odd(Processor):
        def __init__(self, config: Config, resources: Resources) -> None:
            config.text("endng")

    with system_with(Odd) as system, pytest.raises(BuildError) as caught:
        system.create("s", PROCESSED)
    assert str(caught.value).endswith("the spec has no field 'endng' to read; the fields there are ending")


def test_processors_that_block_hold_up_no_other_stream(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, until: Until
) -> None:
    monkeypatch.setattr(Pool, "HANG_SECONDS", 0.4)
    monkeypatch.setattr(Pool, "STUCK_SECONDS", 0.05)
    gate = threading.Event()

    def hang_about(batch: Batch) -> list[Batch]:
        gate.wait(20)
        return [batch]

    with system_with(processor(hang_about), threads=2) as system:
        for number in range(6):
            system.create(
                f"stuck-{number}",
                "input: {generate: {mapping: root = 1, count: 1, interval: ''}}\n"
                "pipeline: {processors: [{odd: {}}]}\noutput: {drop: {}}",
            )
        system.create("well", WELL)
        with system.channel("well") as source:
            source.send("x", timeout=10)
        line = until(lambda: next((text for text in caplog.messages if "has not come back" in text), None))
        assert "Stage pipeline failed: TimeoutError" in line
        assert "hang_about" in line
        assert "test_guarded.py:" in line
        assert system.delete("stuck-0", timeout=0.3)
        gate.set()


def test_a_component_that_blocks_its_event_loop_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    gate = threading.Event()
    began = threading.Event()

    @component(spec("processor", "odd", summary="Use asyncio."))
    class Odd(Processor):
        def __init__(self, config: Config, resources: Resources) -> None:
            self._resources = resources

        async def process(self, batch: Batch) -> list[Batch]:
            stuck = batch[0].content() == b"stuck"

            async def work() -> None:
                if stuck:
                    began.set()
                    gate.wait(20)
                await asyncio.sleep(0)

            await self._resources.on_loop(work)
            return [batch]

    with system_with(Odd) as system:
        for name in ("a", "b"):
            system.create(
                name, f"input: {{inproc: {name}}}\npipeline: {{processors: [{{odd: {{}}}}]}}\noutput: {{drop: {{}}}}"
            )
        with system.channel("a") as stuck, system.channel("b") as well:
            stuck.post("stuck")
            assert began.wait(5)
            well.send("x", timeout=5)
        gate.set()


def test_threads_that_are_left_running_are_named(caplog: pytest.LogCaptureFixture) -> None:
    gate = threading.Event()
    made: list[threading.Thread] = []

    @component(spec("processor", "odd", summary="Begin a thread."))
    class Odd(Processor):
        def __init__(self, config: Config, resources: Resources) -> None:
            thread = threading.Thread(target=self._run, name=f"odd-{resources.stream}", daemon=True)
            made.append(thread)
            thread.start()
            self._stop = threading.Event()
            self._tidy = resources.stream == "tidy"

        def _run(self) -> None:
            while not gate.wait(0.005) and not (self._tidy and self._stop.is_set()):
                pass

        def process(self, batch: Batch) -> list[Batch]:
            return [batch]

        async def close(self) -> None:
            self._stop.set()

    with system_with(Odd) as system:
        for name in ("tidy", "messy", "other"):
            system.create(
                name, f"input: {{inproc: {name}}}\npipeline: {{processors: [{{odd: {{}}}}]}}\noutput: {{drop: {{}}}}"
            )
        system.delete("tidy")
        assert "left threads" not in caplog.text
        system.delete("messy")
        (line,) = [record for record in caplog.records if "left threads" in record.message]
        assert line.message == "processor odd has left threads running: odd-messy"
        assert line.__dict__["fields"]["stream"] == "messy"
        gate.set()
