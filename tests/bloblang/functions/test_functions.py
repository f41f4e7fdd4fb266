"""Functions: counters, chance, identifiers, files, the environment and caches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headwater.bloblang import BloblangError, Environment, ParseError, compile_mapping
from headwater.bloblang.gorandom import Source
from headwater.components.contracts import Cache, KeyExists, KeyNotFound
from headwater.errors import MessageError
from headwater.message import Context, Message


def run(mapping: str, *contents: Any, **options: Any) -> list[Any]:
    made = compile_mapping(mapping, **options)
    results = []
    for content in contents or ({},):
        message = made.apply(Message(json.dumps(content).encode()))
        assert message is not None
        results.append(message.document())
    return results


def test_counters_keep_their_state_by_place() -> None:
    mapping = "root.a = counter()\nroot.b = counter(min: 10, max: 11)\nroot.c = counter(set: if this.reset { 0 })"
    results = run(mapping, {"reset": False}, {"reset": True}, {"reset": False})
    assert results == [{"a": 1, "b": 10, "c": 1}, {"a": 2, "b": 11, "c": 0}, {"a": 3, "b": 10, "c": 1}]


def test_the_same_seed_gives_the_same_numbers() -> None:
    mapping = "root = range(0, 5).map_each(_ -> random_int(seed: 7, min: 1, max: 100))"
    assert run(mapping) == run(mapping)
    with pytest.raises(ParseError, match=r"min \(5\) must be smaller or equal than max \(1\)"):
        compile_mapping("root = random_int(min: 5, max: 1)")


def test_random_int_draws_what_the_reference_draws() -> None:
    assert run("root = random_int()") == [8717895732742165505]
    assert run("root = random_int(seed: 1)", {}, {}) == [5577006791947779410, 8674665223082153551]
    source = Source(-5)
    drawn = [source.int63() for _ in range(3)] + [source.below(100) for _ in range(3)]
    assert drawn == [1811683815564572222, 4427849682616757295, 188166459856594692, 38, 75, 35]
    for _ in range(2000):
        assert source.below((1 << 62) + 3) <= (1 << 62) + 2
    assert source.below((1 << 62) + 3) == 522536095377151934
    assert 0 <= source.below(1 << 65) < 1 << 65


@pytest.mark.parametrize(
    ("call", "pattern"),
    [
        ("uuid_v4()", "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
        ("uuid_v7()", "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
        ("ksuid()", "^[0-9A-Za-z]{27}$"),
        ("ulid()", "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ('nanoid(5, "ab")', "^[ab]{5}$"),
        ("snowflake_id()", "^[0-9]{15,20}$"),
    ],
)
def test_identifiers(call: str, pattern: str) -> None:
    assert run(f"root = {call}.re_match({json.dumps(pattern)})") == [True]


def test_files_beside_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"x":1}')
    mapping = (
        'root.a = file_rel("a.json").string()\nroot.b = file_rel_json("a.json")\nroot.c = file_rel(this.name).length()'
    )
    assert run(mapping, {"name": "a.json"}, path=str(tmp_path)) == [{"a": '{"x":1}', "b": {"x": 1}, "c": 7}]
    with pytest.raises(ParseError, match="no such file or directory"):
        compile_mapping('root = file_rel("b.json")', path=str(tmp_path))


def test_what_is_switched_off_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    assert run('root = [env("SECRET"), env("NONE")]') == [["x", None]]
    closed = Environment.default().without(needs=("environment", "file", "resources", "host"))
    for call in ('env("SECRET")', 'file("/etc/hostname")', "hostname()", 'cache_get("a", "b")'):
        with pytest.raises(ParseError, match="unrecognised function"):
            compile_mapping(f"root = {call}", closed)


class _Memory(Cache):
    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes:
        if key not in self.values:
            raise KeyNotFound
        return self.values[key]

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        self.values[key] = value

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        if key in self.values:
            raise KeyExists
        self.values[key] = value

    async def delete(self, key: str) -> None:
        self.values.pop(key, None)


class _Resources:
    def __init__(self) -> None:
        self._cache = _Memory()

    def cache(self, label: str) -> Cache:
        if label != "mem":
            raise BloblangError("no")
        return self._cache


def test_caches() -> None:
    mapping = (
        'let a = cache_add("mem", "k", this.v).catch(this)\n'
        'root = [$a, cache_get("mem", "k").string(), '
        'cache_get("other", "k").catch(this), cache_get("mem", "q").catch(this)]'
    )
    results = run(mapping, {"v": "1"}, {"v": "2"}, resources=_Resources())
    missing = ["unable to locate resource: other", "key does not exist"]
    assert results == [[None, "1", *missing], ["key already exists", "1", *missing]]


def test_what_a_message_tells() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    message = Message(
        b'{"n":1.0}',
        metadata={"k": 5, "e": ""},
        error=MessageError("broke", "mapping", "lab", "pipeline.processors.0"),
        context=Context(trace={"traceparent": trace}),
    )
    mapping = compile_mapping(
        'root = [json("n"), metadata("k"), meta("k"), meta("e"), error(), errored(), error_source_name(), '
        "error_source_label(), error_source_path(), tracing_id(), tracing_span().traceparent, "
        "batch_size(), batch_index()]"
    )
    made = mapping.apply(message, [message], 0)
    assert made is not None
    assert made.document() == [
        1, 5, "5", None, "broke", True, "mapping", "lab", "pipeline.processors.0", trace[3:35], trace, 1, 0,
    ]  # fmt: skip


def test_everything_can_be_invented() -> None:
    from headwater.bloblang.faker import FUNCTIONS

    for name in FUNCTIONS:
        assert run(f'root.x = fake("{name}")')[0]["x"] not in (None, "")
    with pytest.raises(BloblangError, match="invalid faker function: nope"):
        run('root = fake("nope")')
