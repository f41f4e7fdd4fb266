"""Configurations that nobody would write: each is taken or answered with 400 and a place, soon, in little memory.

Some are made for harm: bombs of aliases, ten thousand levels, scalars of a hundred megabytes, text that is none. The
rest is made of the components' own specs, with values of the wrong kind in the wrong places, and broken as text.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import time
from collections.abc import Callable
from typing import Any

import yaml
from scripts.tortures.bench import Bench, Outcome, Service

from headwater.components.catalogue import Catalogue
from headwater.config.spec import Field, Spec

SECONDS = 1.0
MEGABYTES = 50
TIMES = 5
"""Of what may be sent at all, as many times its size may be needed besides."""
LIMIT = 10 * 1024 * 1024
"""Bytes of a body that the API takes."""

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join(['*' + before] * 10)}]\n" for before, after in itertools.pairwise("abcdefghij")
)
HARM: dict[str, Callable[[], bytes]] = {
    "a bomb of aliases": lambda: f"{BOMB}input: *j\noutput: {{drop: {{}}}}\n".encode(),
    "merges of merges": lambda: (
        "a: &a {k0: 1}\n"
        + "".join(f"b{n}: &b{n} {{<<: [{','.join([f'*b{n - 1}' if n else '*a'] * 9)}], k{n}: 1}}\n" for n in range(9))
    ).encode(),
    "an alias of itself": lambda: b"input: &a [*a]\noutput: {drop: {}}\n",
    "10,000 levels of lists": lambda: b"input: " + b"[" * 10_000 + b"]" * 10_000,
    "10,000 levels of maps": lambda: b"input: " + b"{a: " * 10_000 + b"1" + b"}" * 10_000,
    "10,000 levels of indents": lambda: b"".join(b" " * n + b"a:\n" for n in range(4_000)),
    "10,000 levels of processors": lambda: b"pipeline: {processors: [" + b"{try: [" * 10_000 + b"]}" * 10_000 + b"]}\n",
    "10,000 open brackets": lambda: b"[" * 10_000,
    "a scalar of 100 MB": lambda: b"input: {generate: {mapping: '" + b"x" * 100_000_000 + b"'}}",
    "a scalar of 9 MB": lambda: b"input: {generate: {mapping: '" + b"x" * 9_000_000 + b"'}}\noutput: {drop: {}}",
    "a key of 9 MB": lambda: b"x" * 9_000_000 + b": 1",
    "numbers that are none": lambda: b"pipeline: {threads: .nan}\noutput: {drop_on: {back_pressure: -.inf}}",
    "a number of a million digits": lambda: b"pipeline: {threads: " + b"9" * 1_000_000 + b"}",
    "text that is none": lambda: b"input: {generate: {mapping: '\xff\xfe\xed\xa0\x80'}}",
    "zero bytes": lambda: b"input: \x00\x00",
    "two documents": lambda: b"input: {generate: {}}\n---\noutput: {drop: {}}",
    "a tag that makes objects": lambda: b"input: !!python/object/apply:os.system ['true']",
    "the same key twice": lambda: b"input: {inproc: a}\ninput: {inproc: b}\n",
    "a directive": lambda: b"%YAML 9.9\n---\ninput: {}",
    "100,000 anchors": lambda: b"".join(b"k%d: &a%d 1\n" % (n, n) for n in range(100_000)),
}
HARMLESS = ("a scalar of 9 MB", "the same key twice")
"""What is a configuration after all."""

PLACE = re.compile(rb"line \d+|\(\d+,\d+\)|yaml: ")
"""Where it is; what is wrong with the first line as text is said without a number, as by the reference."""
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1 << 70,
    1.5,
    "",
    "x",
    "${! this }",
    "${X}",
    "5s",
    [],
    [1],
    {},
    {"x": 1},
    "\n",
    "é",
)


def run(bench: Bench) -> Outcome:
    """All of the harm, then made ones until the time is up."""
    service = bench.streams("logger: {level: NONE}")
    outcome = Outcome()
    slowest = 0.0
    service.request("POST", "/streams/warm", '{"input": {"inproc": "x"}, "output": {"drop": {}}}')
    for name, make in HARM.items():
        slowest = max(slowest, _ask(service, outcome, name, make()))
    catalogue = Catalogue()
    answers: dict[int, int] = {}
    made = 0
    while bench.goes_on(made, 2):
        body = _broken(bench.chance, _configuration(bench.chance, catalogue))
        started, starved = time.monotonic(), service.starved()
        status, answer = service.request(bench.chance.choice(("POST", "PUT")), "/streams/warm", body, timeout=60)
        seconds = time.monotonic() - started - max(0.0, service.starved() - starved)
        slowest = max(slowest, seconds)
        answers[status] = answers.get(status, 0) + 1
        outcome.require(status in (200, 400, 502), f"answered {status} {answer[:200]!r} to {body[:300]!r}")
        outcome.require(seconds < SECONDS, f"{seconds:.1f} s for {body[:300]!r}")
        made += 1
    outcome.require(service.process.poll() is None, "the program died")
    outcome.sent = made + len(HARM)
    counted = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
    outcome.note = f"{len(HARM)} made for harm, {made} at random ({counted}); the slowest {slowest:.2f} s"
    outcome.failures = outcome.failures[:10]
    return outcome


def _ask(service: Service, outcome: Outcome, name: str, body: bytes) -> float:
    before = service.peak()
    started, starved = time.monotonic(), service.starved()
    try:
        status, answer = service.request("POST", "/streams/harm", body, timeout=60)
    except (ConnectionResetError, BrokenPipeError):
        # More than it takes: it says so and hangs up, which may come while we still send.
        status, answer = (413, b"") if len(body) > LIMIT else (0, b"the connection was reset")
    seconds = time.monotonic() - started - max(0.0, service.starved() - starved)
    grown = (service.peak() - before) / 1e6
    wanted = (413,) if len(body) > LIMIT else (200,) if name in HARMLESS else (400,)
    outcome.require(status in wanted, f"{name}: answered {status} {answer[:200]!r}")
    outcome.require(status != 400 or PLACE.search(answer) is not None, f"{name}: no place in {answer[:200]!r}")
    outcome.require(seconds < SECONDS, f"{name}: {seconds:.2f} s")
    allowed = MEGABYTES + (0 if len(body) > LIMIT else TIMES * len(body) / 1e6)
    outcome.require(grown < allowed, f"{name}: {grown:.0f} MB")
    if status == 200:
        service.request("DELETE", "/streams/harm")
    return seconds


def _configuration(chance: random.Random, catalogue: Catalogue) -> dict[str, Any]:
    """Sections of components whose fields hold anything."""
    config: dict[str, Any] = {}
    for section, kind in (("input", "input"), ("buffer", "buffer"), ("output", "output")):
        if chance.random() < 0.8:
            config[section] = _component(chance, catalogue, kind, 3)
    if chance.random() < 0.7:
        processors = [_component(chance, catalogue, "processor", 3) for _ in range(chance.randrange(4))]
        config["pipeline"] = {"threads": chance.choice((1, 2, "x", None)), "processors": processors}
    # Never to be run: what lints is not built, whatever components it names.
    config["never_known"] = 1
    return config


def _component(chance: random.Random, catalogue: Catalogue, kind: Any, depth: int) -> Any:
    found: list[Spec] = [spec for spec in catalogue.specs(kind) if spec.name != "crash"]
    spec = chance.choice(found)
    body: dict[str, Any] = {spec.name: _value(chance, catalogue, spec.root, depth)}
    if chance.random() < 0.1:
        body["label"] = chance.choice(ODD)
    return body


def _value(chance: random.Random, catalogue: Catalogue, field: Field, depth: int) -> Any:
    if depth <= 0 or chance.random() < 0.1:
        return chance.choice(ODD)
    if field.shape in ("array", "2darray"):
        return [_single(chance, catalogue, field, depth - 1) for _ in range(chance.randrange(3))]
    if field.shape == "map":
        return {chance.choice(("a", "b", "")): _single(chance, catalogue, field, depth - 1)}
    return _single(chance, catalogue, field, depth)


def _single(chance: random.Random, catalogue: Catalogue, field: Field, depth: int) -> Any:
    if field.fields:
        picked = [child for child in field.fields if chance.random() < 0.4]
        return {child.name: _value(chance, catalogue, child, depth - 1) for child in picked}
    if field.type in ("input", "output", "processor", "buffer", "cache", "rate_limit", "scanner"):
        return _component(chance, catalogue, field.type, depth - 1)
    if field.options and chance.random() < 0.5:
        return chance.choice(list(field.options))
    return chance.choice(ODD)


def _broken(chance: random.Random, config: dict[str, Any]) -> bytes:
    """The text of it, often with something cut out, doubled or put in."""
    text = (yaml.safe_dump if chance.random() < 0.5 else json.dumps)(config).encode()
    for _ in range(chance.choice((0, 0, 1, 3))):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randrange(20))
        put = chance.choice(
            (b"", text[start:end] * 2, b"&a ", b"*a ", b"\t", b"\x00", b"\xff", b"!!int ", b"{", b"? ", b"<<: ")
        )
        text = text[:start] + put + text[end:]
    return text
