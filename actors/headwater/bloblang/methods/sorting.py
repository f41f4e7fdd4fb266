"""Elements in order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import STRUCTURES, blamed, final
from headwater.bloblang.values import encode_text, is_number, number

Query = Callable[[Any], Any]


class _Unsorted(Exception):
    """Two elements cannot be compared: which one is the trouble, and what was expected."""

    def __init__(self, position: int, value: Any, *expected: str) -> None:
        self.position = position
        self.value = value
        self.expected = expected


def _sort_keys(values: list[Any]) -> list[Any]:
    """Keys by which values are in order: all numbers, or all texts.

    An insertion sort compares each element with the largest one before it; so the first failure is told.
    """
    keys: list[Any] = []
    largest: Any = None
    for index, value in enumerate(values):
        if index == 0:
            continue
        before = values[0] if index == 1 else largest
        kind = _kind(value)
        if kind == "":
            raise _Unsorted(index, value, "number", "string")
        if _kind(before) != kind:
            raise _Unsorted(index - 1, before, kind)
        if index == 1:
            keys.append(_key(before))
            largest = before
        key = _key(value)
        keys.append(key)
        if not key < _key(largest):
            largest = value
    return keys


def _kind(value: Any) -> str:
    if type(value) is str or type(value) is bytes:
        return "string"
    return "number" if is_number(value) else ""


def _key(value: Any) -> Any:
    if type(value) is str:
        return value if value.isascii() else encode_text(value).decode("latin-1")
    return value.decode("latin-1") if type(value) is bytes else float(number(value))


@method(
    "sort",
    Param("compare", "query", "Tells by a boolean whether `left` comes before `right`.", optional=True),
    target="array",
    category=STRUCTURES,
    receives=("array", "bool", "bytes", "number", "string"),
    summary="The elements in order; numbers or texts, unless a query compares them.",
    examples=[
        Example("", "root.sorted = this.foo.sort()", ('{"foo":["bbb","ccc","aaa"]}', '{"sorted":["aaa","bbb","ccc"]}')),
        Example(
            "",
            "root.sorted = this.foo.sort(item -> item.left.v < item.right.v)",
            (
                '{"foo":[{"id":"foo","v":"bbb"},{"id":"bar","v":"ccc"},{"id":"baz","v":"aaa"}]}',
                '{"sorted":[{"id":"baz","v":"aaa"},{"id":"foo","v":"bbb"},{"id":"bar","v":"ccc"}]}',
            ),
        ),
    ],
)
def sort(target: list[Any], compare: Query | None) -> list[Any]:
    if len(target) < 2:
        return list(target)
    if compare is not None:

        def order(left: Any, right: Any) -> int:
            result = compare({"left": left, "right": right})
            if type(result) is not bool:
                error = TypeMismatch(result, "bool")
                error.annotate("sort argument")
                raise error
            return -1 if result else 0

        try:
            return sorted(target, key=cmp_to_key(order))
        except BloblangError as error:
            raise final(error) from None
    try:
        keys = _sort_keys(target)
    except _Unsorted as failure:
        words = TypeMismatch(failure.value, *failure.expected).text
        raise BloblangError(f"sort element {failure.position}: {words}", annotated=True) from None
    return [target[index] for index in sorted(range(len(target)), key=keys.__getitem__)]


@method(
    "sort_by",
    Param("query", "query", "Gives what an element is sorted by."),
    target="array",
    category=STRUCTURES,
    receives=("array", "bytes", "number", "string"),
    summary="The elements in the order of what a query gives of them, numbers or texts.",
    examples=[
        Example(
            "",
            "root.sorted = this.foo.sort_by(ele -> ele.id)",
            (
                '{"foo":[{"id":"bbb","m":"bar"},{"id":"aaa","m":"foo"},{"id":"ccc","m":"baz"}]}',
                '{"sorted":[{"id":"aaa","m":"foo"},{"id":"bbb","m":"bar"},{"id":"ccc","m":"baz"}]}',
            ),
        )
    ],
)
def sort_by(target: list[Any], query: Query) -> list[Any]:
    if len(target) < 2:
        return list(target)
    try:
        second = query(target[1])
        values = [query(target[0]), second, *map(query, target[2:])]
    except BloblangError as error:
        raise final(error) from None
    try:
        keys = _sort_keys(values)
    except _Unsorted as failure:
        words = blamed(TypeMismatch(failure.value, *failure.expected), query).text
        raise BloblangError(f"sort_by element {failure.position}: {words}", annotated=True) from None
    return [target[index] for index in sorted(range(len(target)), key=keys.__getitem__)]
