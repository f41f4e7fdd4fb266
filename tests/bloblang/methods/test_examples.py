"""All that the documentation shows of functions and methods is true."""

from __future__ import annotations

import json
import re

import pytest

from headwater.bloblang import BloblangError, Environment, compile_mapping
from headwater.bloblang.registry import Example, Spec
from headwater.message import Message

_ENVIRONMENT = Environment.default()
_ERROR = re.compile(r'Error\("(.*)"\)\Z', re.DOTALL)


def _examples() -> list[tuple[Spec, Example, str, str]]:
    found = []
    for table in (_ENVIRONMENT.functions, _ENVIRONMENT.methods):
        for spec in table.values():
            for example in spec.examples:
                found.extend((spec, example, before, after) for before, after in example.results)
    return found


@pytest.mark.parametrize(
    ("spec", "example", "before", "after"), _examples(), ids=lambda value: getattr(value, "name", None)
)
def test_example(spec: Spec, example: Example, before: str, after: str) -> None:
    mapping = compile_mapping(example.mapping)
    failure = _ERROR.match(after)
    if failure is not None:
        with pytest.raises(BloblangError) as error:
            mapping.apply(Message(before.encode()))
        assert error.value.text == failure[1]
        return
    made = mapping.apply(Message(before.encode()))
    got = "" if made is None else made.content().decode()
    if got != after:
        assert json.loads(got) == json.loads(after), spec.name


@pytest.mark.parametrize("kind", ["functions", "methods"])
def test_everything_is_described(kind: str) -> None:
    for spec in getattr(_ENVIRONMENT, kind).values():
        assert spec.summary.endswith("."), spec.name
        assert spec.categories, spec.name
        assert spec.examples, spec.name
        assert all(param.name for param in spec.params)
