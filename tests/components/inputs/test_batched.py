"""Input `batched`: a policy around another input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import BuildError
from headwater.system import StreamSystem

Texts = Callable[..., list[list[str]]]


def config(policy: dict[str, Any], count: int = 5, **fields: Any) -> dict[str, Any]:
    child = {"generate": {"count": count, "interval": "", "mapping": 'root = "m%v".format(counter())', **fields}}
    return {"input": {"batched": {"policy": policy, "child": child}}}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"count": 2}, ["m1 m2", "m3 m4", "m5"]),
        ({"count": 1}, ["m1", "m2", "m3", "m4", "m5"]),
        ({"byte_size": 4}, ["m1 m2", "m3 m4", "m5"]),
        ({"byte_size": 1}, ["m1", "m2", "m3", "m4", "m5"]),
        ({"check": "batch_index() >= 2"}, ["m1 m2 m3", "m4 m5"]),
        ({"check": 'content() == "m4"'}, ["m1 m2 m3 m4", "m5"]),
        ({"count": 2, "check": "this.a == 1"}, ["m1 m2", "m3 m4", "m5"]),
        ({"period": "1ms"}, None),
        ({"count": 3, "processors": [{"archive": {"format": "concatenate"}}]}, ["m1m2m3", "m4m5"]),
        ({"count": 2, "processors": [{"mapping": "root = if batch_index() == 0 { deleted() }"}]}, ["m2", "m4"]),
    ],
)
def test_what_closes_a_batch(texts: Texts, policy: dict[str, Any], expected: list[str] | None) -> None:
    got = [" ".join(batch) for batch in texts(config(policy))]
    if expected is None:
        assert " ".join(got) == "m1 m2 m3 m4 m5"
    else:
        assert got == expected


def test_larger_batches_of_the_child_stay_whole(texts: Texts) -> None:
    assert [len(batch) for batch in texts(config({"count": 3}, 8, batch_size=4))] == [4, 4]


@pytest.mark.parametrize("policy", [{}, {"processors": [{"mapping": "root = this"}]}])
def test_a_policy_needs_a_trigger(system: StreamSystem, policy: dict[str, Any]) -> None:
    with pytest.raises(BuildError, match="batch policy must have at least one active trigger"):
        system.create("s", {**config(policy), "output": {"drop": {}}})


def test_created_batches_are_counted(texts: Texts, system: StreamSystem) -> None:
    texts(config({"count": 2}, 4))
    found = {
        dict(labels)["mechanism"]: series.value  # type: ignore[union-attr]
        for name, labels, series in system.metrics.items()
        if name == "batch_created"
    }
    assert found.get("count") == 2
