"""Input `sequence`: one after the other, and joins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from headwater.errors import BuildError
from headwater.message import Batch
from headwater.system import StreamSystem

Read = Callable[..., list[Batch]]
Texts = Callable[..., list[list[str]]]


def generate(count: int, text: str) -> dict[str, Any]:
    return {"generate": {"count": count, "interval": "", "mapping": f'root = "{text}"'}}


def config(*inputs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"input": {"sequence": {"inputs": list(inputs), **fields}}}


def test_inputs_follow_each_other(texts: Texts) -> None:
    assert texts(config(generate(2, "a"), generate(1, "b"), generate(2, "c"))) == [["a"], ["a"], ["b"], ["c"], ["c"]]


def test_the_next_waits_until_all_of_the_one_before_is_delivered(texts: Texts) -> None:
    tries: list[bytes] = []

    def twice(batch: Batch) -> bool:
        tries.append(batch[0].content())
        return batch[0].content() == b"a" and tries.count(b"a") <= 2

    assert texts(config(generate(1, "a"), generate(1, "b")), reject=twice) == [["a"], ["b"]]
    assert tries == [b"a", b"a", b"a", b"b"]


def test_gathering_around_a_sequence_does_not_stop_it(texts: Texts) -> None:
    inner = config(generate(3, "a"), generate(3, "b"))["input"]
    batched = {"input": {"batched": {"policy": {"count": 4}, "child": inner}}}
    assert texts(batched) == [["a", "a", "a"], ["b", "b", "b"]]


def test_only_what_is_read_now_is_shown_as_connected(texts: Texts, system: StreamSystem, tmp_path: Path) -> None:
    texts(config(generate(1, "a"), {"file": {"paths": [str(tmp_path / "missing")]}}), 1)
    assert len(system._find("under-test").ring.assembly.inputs) == 1


def test_a_later_input_that_cannot_be_made_stops_the_build(system: StreamSystem) -> None:
    broken = {"csv": {"paths": ["a"], "delimiter": ";;"}}
    with pytest.raises(BuildError, match=r"path root\.input\.sequence\.inputs\.1: delimiter value must be exactly"):
        system.create("s", {**config(generate(1, "a"), broken), "output": {"drop": {}}})


A = '{"id":"k1","x":1,"t":["a"]}\n{"id":"k2","x":2}\n{"id":"k3","x":3}\n'
B = '{"id":"k1","y":10,"t":["b"]}\n{"id":"k3","y":30,"x":33}\n{"id":"k4","y":40}\n{"noid":1}\n'


@pytest.fixture
def join(read: Read, tmp_path: Path) -> Callable[..., list[Any]]:
    """The documents that a join of two files gives, by identity."""

    def take(first: str = A, second: str = B, **fields: Any) -> list[Any]:
        for name, text in (("a", first), ("b", second)):
            (tmp_path / name).write_text(text)
        inputs = [{"file": {"paths": [str(tmp_path / name)]}} for name in "ab"]
        found = read(config(*inputs, sharded_join={"id_path": "id", **fields}))
        return sorted((message.document() for batch in found for message in batch), key=orjson.dumps)

    return take


Join = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("strategy", "first", "third"),
    [
        ("array", {"id": "k1", "x": 1, "y": 10, "t": ["a", "b"]}, {"id": "k3", "x": [3, 33], "y": 30}),
        ("replace", {"id": "k1", "x": 1, "y": 10, "t": ["b"]}, {"id": "k3", "x": 33, "y": 30}),
        ("keep", {"id": "k1", "x": 1, "y": 10, "t": ["a"]}, {"id": "k3", "x": 3, "y": 30}),
    ],
)
def test_full_joins(join: Join, strategy: str, first: dict[str, Any], third: dict[str, Any]) -> None:
    found = {document["id"]: document for document in join(type="full-outer", merge_strategy=strategy)}
    assert found == {"k1": first, "k2": {"id": "k2", "x": 2}, "k3": third, "k4": {"id": "k4", "y": 40}}


@pytest.mark.parametrize("spelling", ["outer", "outter"])
def test_outer_joins_have_what_the_last_input_has(join: Join, spelling: str) -> None:
    assert [document["id"] for document in join(type=spelling)] == ["k1", "k3", "k4"]


def test_identities_have_to_be_texts(join: Join) -> None:
    assert join(type="full-outer", id_path="x") == []


def test_nested_identities_and_objects(join: Join) -> None:
    first = '{"a":{"id":"k","n":{"x":1}}}\n'
    second = '{"a":{"id":"k","n":{"x":2,"y":3}}}\n'
    assert join(first, second, type="full-outer", id_path="a.id") == [{"a": {"id": "k", "n": {"x": [1, 2], "y": 3}}}]


def test_in_several_rounds(join: Join) -> None:
    assert [document["id"] for document in join(type="full-outer", iterations=3)] == ["k1", "k2", "k3", "k4"]


def test_joined_documents_come_again_when_they_are_rejected(read: Read, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(A)
    seen: list[bytes] = []

    def once(batch: Batch) -> bool:
        seen.append(batch[0].content())
        return seen.count(batch[0].content()) == 1

    found = read(
        config({"file": {"paths": [str(tmp_path / "a")]}}, sharded_join={"type": "full-outer", "id_path": "id"}),
        reject=once,
    )
    assert sorted(batch[0].document()["id"] for batch in found) == ["k1", "k2", "k3"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"type": "full-outer"}, "invalid sharded join config: the id path must not be empty"),
        ({"type": "inner", "id_path": "id"}, "join type 'inner' was not recognized"),
        ({"type": "outer", "id_path": "id", "merge_strategy": "guess"}, "merge strategy 'guess' was not recognized"),
    ],
)
def test_joins_that_make_no_sense(system: StreamSystem, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BuildError, match=text):
        system.create("s", {**config(generate(1, "a"), sharded_join=fields), "output": {"drop": {}}}, chilled=True)
