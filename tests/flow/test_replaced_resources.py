"""Resources that are replaced under a running stream: the next use takes the new one, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.config.spec import ComponentKind
from headwater.errors import TimedOut
from headwater.system import StreamSystem

COUNT = 400
EVERY = 20
"""Messages between two replacements."""


@pytest.fixture
def system() -> Iterator[StreamSystem]:
    with StreamSystem(stop_timeout=2.0) as made:
        yield made


STREAMS: list[tuple[ComponentKind, str, str]] = [
    (
        "processor",
        "mapping: 'root = content() + \" {n}\"'",
        "pipeline: {threads: 2, processors: [{resource: shared}]}\noutput: {file: {path: DIR/out}}",
    ),
    ("output", "file: {path: DIR/out{n}}", "output: {resource: shared}"),
    (
        "output",
        "file: {path: DIR/out{n}}\nprocessors: [{mapping: 'root = content() + \" {n}\"'}]",
        "output: {broker: {pattern: fan_out, outputs: [{resource: shared}, {drop: {}}]}}",
    ),
    (
        "cache",
        "memory: {}",
        "pipeline: {processors: [{cache: {resource: shared, operator: set, key: '${! content() }', value: x}}]}\n"
        "output: {reject_errored: {file: {path: DIR/out}}}",
    ),
    (
        "rate_limit",
        "local: {count: 1000{n}, interval: 1s}",
        "pipeline: {processors: [{rate_limit: {resource: shared}}]}\noutput: {file: {path: DIR/out}}",
    ),
]


@pytest.mark.parametrize(
    ("kind", "resource", "stream"), STREAMS, ids=[f"{kind}-{n}" for n, (kind, *_) in enumerate(STREAMS)]
)
def test_nothing_is_lost_at_the_change(
    system: StreamSystem, tmp_path: Path, kind: ComponentKind, resource: str, stream: str
) -> None:
    def put(number: int) -> None:
        system.set_resource(kind, "shared", resource.replace("DIR", str(tmp_path)).replace("{n}", str(number)))

    put(0)
    system.create("s", "input: {inproc: in}\n" + stream.replace("DIR", str(tmp_path)))
    with system.channel("in") as channel:
        sent = []
        for number in range(COUNT):
            if number % EVERY == EVERY - 1:
                put(number // EVERY + 1)
            sent.append(channel.post(f"m{number}"))
        for each in sent:
            each.wait(10)
        channel.send("last")
    lines = [line for path in tmp_path.glob("out*") for line in path.read_text().splitlines()]
    assert sorted({line.split()[0] for line in lines}) == sorted({*(f"m{number}" for number in range(COUNT)), "last"})
    if kind in ("processor", "output"):
        newest = COUNT // EVERY
        where = [path for path in tmp_path.glob("out*") if "last" in path.read_text()]
        (line,) = [line for line in lines if line.startswith("last")]
        assert where[0].name == f"out{newest}" or line == f"last {newest}"


def test_an_input_that_is_replaced_hands_over_what_it_has_read(system: StreamSystem) -> None:
    system.set_resource("input", "shared", "inproc: in")
    system.create("s", "input: {resource: shared}\noutput: {inproc: out}")
    seen: set[str] = set()
    with system.channel("in") as source, system.channel("out") as sink:
        sent = []
        for number in range(100):
            if number % 10 == 9:
                system.set_resource("input", "shared", "inproc: in")
            sent.append(source.post(f"m{number}"))
            try:
                received = sink.receive(timeout=0.01)
            except TimedOut:
                continue
            seen.update(payload.decode() for payload in received.payloads)
            received.ack()
        while len(seen) < 100:
            received = sink.receive(timeout=5)
            seen.update(payload.decode() for payload in received.payloads)
            received.ack()
    assert seen == {f"m{number}" for number in range(100)}


def test_one_that_cannot_be_built_changes_nothing(system: StreamSystem, tmp_path: Path) -> None:
    system.set_resource("output", "shared", f"file: {{path: {tmp_path}/out}}")
    system.create("s", "input: {inproc: in}\noutput: {resource: shared}")
    with system.channel("in") as channel:
        channel.send("a")
        with pytest.raises(Exception, match="codec"):
            system.set_resource("output", "shared", "file: {path: /x, codec: nope}", chilled=True)
        channel.send("b")
    assert (tmp_path / "out").read_text() == "a\nb\n"
