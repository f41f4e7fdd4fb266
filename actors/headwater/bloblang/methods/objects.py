"""Objects: keys, paths, merging and reshaping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.bloblang.diffs import apply_changes, changes, check_changelog
from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.gonumbers import NumberError, parse_decimal_int
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import STRUCTURES, bounded_array, object_or_array
from headwater.bloblang.values import (
    DELETE,
    MISSING,
    clone,
    encode_text,
    get_path,
    get_text_or_time,
    search_path,
    split_path,
    type_name,
)

_OBJECT = ("object",)
_OBJECT_ARRAY = ("object", "array")


def _sorted_keys(target: dict[str, Any]) -> list[str]:
    return sorted(target, key=encode_text)


@method(
    "keys",
    target="object",
    category=STRUCTURES,
    receives=_OBJECT,
    summary="The keys of an object in order.",
    examples=[
        Example("", "root.foo_keys = this.foo.keys()", ('{"foo":{"bar":1,"baz":2}}', '{"foo_keys":["bar","baz"]}'))
    ],
)
def keys(target: dict[str, Any]) -> list[Any]:
    return _sorted_keys(target)


@method(
    "values",
    target="object",
    category=STRUCTURES,
    receives=_OBJECT,
    summary="The values of an object, in no particular order.",
    examples=[
        Example("", "root.foo_vals = this.foo.values().sort()", ('{"foo":{"bar":1,"baz":2}}', '{"foo_vals":[1,2]}'))
    ],
)
def values(target: dict[str, Any]) -> list[Any]:
    return list(target.values())


@method(
    "key_values",
    target="object",
    category=STRUCTURES,
    receives=_OBJECT,
    summary="Objects of the key and the value of each field, in no particular order.",
    examples=[
        Example(
            "",
            "root.foo_key_values = this.foo.key_values().sort_by(pair -> pair.key)",
            (
                '{"foo":{"bar":1,"baz":2}}',
                '{"foo_key_values":[{"key":"bar","value":1},{"key":"baz","value":2}]}',
            ),
        )
    ],
)
def key_values(target: dict[str, Any]) -> list[Any]:
    return [{"key": key, "value": value} for key, value in target.items()]


@method(
    "get",
    Param("path", "string", "A dot path."),
    target="any",
    category=STRUCTURES,
    receives=("any",),
    summary="What a dot path leads to; null where it leads nowhere.",
    examples=[
        Example(
            "",
            "root.result = this.foo.get(this.target)",
            ('{"foo":{"bar":"from bar","baz":"from baz"},"target":"bar"}', '{"result":"from bar"}'),
        )
    ],
)
def get(target: Any, path: str) -> Any:
    return get_path(target, split_path(path))


@method(
    "exists",
    Param("path", "string", "A dot path."),
    target="any",
    category=STRUCTURES,
    receives=_OBJECT_ARRAY,
    summary="Whether a dot path leads to something, if only to null.",
    examples=[
        Example(
            "",
            'root.result = this.foo.exists("bar.baz")',
            ('{"foo":{"bar":{"baz":"yep"}}}', '{"result":true}'),
            ('{"foo":{"bar":{}}}', '{"result":false}'),
        )
    ],
)
def exists(target: Any, path: str) -> bool:
    return search_path(target, split_path(path)) is not MISSING


def _paths(arguments: tuple[Any, ...]) -> list[list[str]]:
    paths: list[list[str]] = []
    for index, argument in enumerate(arguments):
        try:
            paths.append(split_path(get_text_or_time(argument)))
        except TypeMismatch as error:
            raise BloblangError(f"argument {index}: {error.text}", annotated=True) from None
    return paths


def without_paths(target: dict[str, Any], paths: list[list[str]]) -> dict[str, Any]:
    """An object without what some paths lead to."""
    result: dict[str, Any] = {}
    for key, value in target.items():
        nested: list[list[str]] = []
        excluded = False
        for path in paths:
            if path[0] == key:
                if len(path) > 1:
                    nested.append(path[1:])
                else:
                    excluded = True
        if not excluded:
            result[key] = without_paths(value, nested) if nested and type(value) is dict else value
    return result


def _with_paths(target: dict[str, Any], paths: list[list[str]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in target.items():
        rest = [path[1:] for path in paths if path[0] == key]
        if rest:
            nested = [path for path in rest if path]
            result[key] = _with_paths(value, nested) if nested and type(value) is dict else value
    return result


def _without(*arguments: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    paths = _paths(arguments)
    return lambda target: without_paths(target, paths)


def _with(*arguments: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    paths = _paths(arguments)
    return lambda target: _with_paths(target, paths)


method(
    "without",
    target="object",
    constructor=True,
    variadic="any",
    category=STRUCTURES,
    receives=_OBJECT,
    summary="An object without what some dot paths lead to.",
    examples=[
        Example(
            "",
            'root = this.without("inner.a","inner.c","d")',
            (
                '{"d":"fourth","e":"fifth","inner":{"a":"first","b":"second","c":"third"}}',
                '{"e":"fifth","inner":{"b":"second"}}',
            ),
        )
    ],
)(_without)
method(
    "with",
    target="object",
    bare=True,
    constructor=True,
    variadic="any",
    category=STRUCTURES,
    receives=_OBJECT,
    summary="Of an object only what some dot paths lead to.",
    examples=[
        Example(
            "",
            'root = this.with("inner.a","inner.c","d")',
            (
                '{"d":"fourth","e":"fifth","inner":{"a":"first","b":"second","c":"third"}}',
                '{"d":"fourth","inner":{"a":"first","c":"third"}}',
            ),
        )
    ],
)(_with)


# Merging -------------------------------------------------------------------------------------------------------------


def merge_values(left: Any, right: Any) -> Any:
    """Both values in one: objects by their keys, anything else in an array."""
    if type(left) is dict and type(right) is dict:
        return _merge_objects(left, right)
    first = left if type(left) is list else [left]
    return [*first, *(right if type(right) is list else [right])]


def _merge_objects(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    result = dict(left)
    for key, value in right.items():
        result[key] = merge_values(result[key], value) if key in result else value
    return result


def _assign_objects(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    result = dict(left)
    for key, value in right.items():
        old = result.get(key)
        result[key] = _assign_objects(old, value) if type(old) is dict and type(value) is dict else value
    return result


def _joined(target: Any, other: Any, objects: Callable[[dict[str, Any], dict[str, Any]], Any]) -> Any:
    if type(target) is list:
        return [*target, *other] if type(other) is list else [*target, other]
    return objects(target, other) if type(other) is dict else target


@method(
    "merge",
    Param("with", "any", "What to merge with."),
    target=object_or_array,
    category=STRUCTURES,
    receives=_OBJECT,
    summary="Two objects in one, where values of the same key become arrays; or two arrays in one.",
    examples=[
        Example(
            "",
            "root = this.foo.merge(this.bar)",
            (
                '{"bar":{"likes":"foos","second_name":"barer"},"foo":{"first_name":"fooer","likes":"bars"}}',
                '{"first_name":"fooer","likes":["bars","foos"],"second_name":"barer"}',
            ),
        )
    ],
)
def merge(target: Any, other: Any) -> Any:
    return _joined(target, other, _merge_objects)


@method(
    "assign",
    Param("with", "any", "What to merge with."),
    target=object_or_array,
    category=STRUCTURES,
    receives=_OBJECT,
    summary="Two objects in one, where the second one's values win; or two arrays in one.",
    examples=[
        Example(
            "",
            "root = this.foo.assign(this.bar)",
            (
                '{"bar":{"likes":"foos","second_name":"barer"},"foo":{"first_name":"fooer","likes":"bars"}}',
                '{"first_name":"fooer","likes":"foos","second_name":"barer"}',
            ),
        )
    ],
)
def assign(target: Any, other: Any) -> Any:
    return _joined(target, other, _assign_objects)


@method(
    "squash",
    target="array",
    bare=True,
    category=STRUCTURES,
    receives=("array",),
    summary="All objects of an array merged into one.",
    examples=[
        Example(
            "",
            "root.locations = this.locations.map_each(loc -> {loc.state: [loc.name]}).squash()",
            (
                '{"locations":[{"name":"Seattle","state":"WA"},{"name":"New York","state":"NY"},'
                '{"name":"Bellevue","state":"WA"}]}',
                '{"locations":{"NY":["New York"],"WA":["Seattle","Bellevue"]}}',
            ),
        )
    ],
)
def squash(target: list[Any]) -> dict[str, Any]:
    return _squashed([item for item in target if type(item) is dict])


def _squashed(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """What merging one after the other gives, without a copy of it for each."""
    values: dict[str, list[Any]] = {}
    for each in objects:
        for key, value in each.items():
            values.setdefault(key, []).append(value)
    return {key: found[0] if len(found) == 1 else _merged(found) for key, found in values.items()}


def _merged(values: list[Any]) -> Any:
    alike = next((at for at, value in enumerate(values) if type(value) is not dict), len(values))
    start = _squashed(values[:alike]) if alike > 1 else values[0]
    if alike == len(values):
        return start
    result = list(start) if type(start) is list else [start]
    for value in values[max(alike, 1) :]:
        result.extend(value if type(value) is list else [value])
    return result


# Reshaping -----------------------------------------------------------------------------------------------------------


@method(
    "explode",
    Param("path", "string", "A dot path to an array or object."),
    target="object",
    category=STRUCTURES,
    receives=("array", "object"),
    summary="One copy of an object for each element of an array or object within it, which is put in its place.",
    examples=[
        Example(
            "",
            'root = this.explode("value")',
            (
                '{"id":1,"value":["foo","bar","baz"]}',
                '[{"id":1,"value":"foo"},{"id":1,"value":"bar"},{"id":1,"value":"baz"}]',
            ),
            (
                '{"id":1,"value":{"foo":2,"bar":[3,4]}}',
                '{"bar":{"id":1,"value":[3,4]},"foo":{"id":1,"value":2}}',
            ),
        )
    ],
)
def explode(target: dict[str, Any], path: str) -> Any:
    segments = split_path(path)
    inner = get_path(target, segments)
    rest = without_paths(target, [segments])
    if type(inner) is list:
        bounded_array(len(inner) * max(len(rest), 1))
        return [put_path(rest, segments, item) for item in inner]
    if type(inner) is dict:
        bounded_array(len(inner) * max(len(rest), 1))
        return {key: put_path(rest, segments, item) for key, item in inner.items()}
    raise BloblangError(f"expected array or object value at path '{path}', found: {type_name(inner)}")


def put_path(target: Any, segments: list[str], value: Any, at: int = 0) -> Any:
    """A copy of `target` with a value where a path leads to; what the path does not touch is shared.

    Raises:
        BloblangError: The path leads through a scalar, or beyond an array.
    """
    if at == len(segments):
        return value
    segment = segments[at]
    if type(target) is dict:
        result = dict(target)
        result[segment] = put_path(target.get(segment), segments, value, at + 1)
        return result
    if type(target) is list:
        copy = list(target)
        if segment == "-":
            copy.append(put_path(None, segments, value, at + 1))
            return copy
        place = _array_place(copy, segment, at)
        copy[place] = put_path(copy[place], segments, value, at + 1)
        return copy
    if target is None:
        return {segment: put_path(None, segments, value, at + 1)}
    raise BloblangError("encountered value collision whilst building path")


def _array_place(target: list[Any], segment: str, at: int) -> int:
    prefix = f"failed to resolve path segment '{at}': found array but "
    try:
        place = parse_decimal_int(segment)
    except NumberError as error:
        raise BloblangError(
            f"{prefix}segment value '{segment}' could not be parsed into array index: {error}"
        ) from None
    if place < 0:
        raise BloblangError(f"{prefix}index '{segment}' is invalid")
    if place >= len(target):
        raise BloblangError(f"{prefix}index '{segment}' exceeded target array size of '{len(target)}'")
    return place


@method(
    "set",
    Param("path", "string", "A dot path."),
    Param("value", "any", "What to put there."),
    target="any",
    bare=True,
    category=STRUCTURES,
    receives=_OBJECT_ARRAY,
    summary="A copy with a value at a dot path.",
    examples=[Example("", 'root = this.set("foo.bar", 5)', ('{"foo":{"baz":1}}', '{"foo":{"bar":5,"baz":1}}'))],
)
def set_(target: Any, path: str, value: Any) -> Any:
    segments = split_path(path)
    return _removed(target, segments) if value is DELETE else put_path(target, segments, value)


def _removed(target: Any, segments: list[str], at: int = 0) -> Any:
    """A copy without what a path leads to."""
    segment = segments[at]
    last = at == len(segments) - 1
    if type(target) is dict and segment in target:
        if last:
            return {key: value for key, value in target.items() if key != segment}
        return {**target, segment: _removed(target[segment], segments, at + 1)}
    if type(target) is list:
        place = _array_place(target, segment, at)
        inner = [] if last else [_removed(target[place], segments, at + 1)]
        return [*target[:place], *inner, *target[place + 1 :]]
    return target


@method(
    "collapse",
    Param("include_empty", "bool", "Whether empty arrays and objects stay.", default=False),
    target="any",
    category=STRUCTURES,
    receives=_OBJECT_ARRAY,
    summary="An object of one level, whose keys are the dot paths of all values.",
    examples=[
        Example(
            "",
            "root.result = this.collapse()",
            ('{"foo":[{"bar":"1"},{"bar":{}},{"bar":"2"},{"bar":[]}]}', '{"result":{"foo.0.bar":"1","foo.2.bar":"2"}}'),
        ),
        Example(
            "",
            "root.result = this.collapse(include_empty: true)",
            (
                '{"foo":[{"bar":"1"},{"bar":{}},{"bar":[]}]}',
                '{"result":{"foo.0.bar":"1","foo.1.bar":{},"foo.2.bar":[]}}',
            ),
        ),
    ],
)
def collapse(target: Any, include_empty: bool) -> dict[str, Any]:
    if type(target) is not dict and type(target) is not list:
        raise BloblangError("not an object or array")
    result: dict[str, Any] = {}
    _collapse("", target, include_empty, result)
    return result


def _collapse(path: str, value: Any, include_empty: bool, result: dict[str, Any]) -> None:
    pairs: Any
    if type(value) is dict:
        pairs = value.items()
    elif type(value) is list:
        pairs = ((str(index), item) for index, item in enumerate(value))
    else:
        result[path] = value
        return
    if not value:
        if include_empty:
            result[path] = value
        return
    for key, item in pairs:
        _collapse(f"{path}.{key}" if path else key, item, include_empty, result)


# Differences ---------------------------------------------------------------------------------------------------------


@method(
    "diff",
    Param("other", "any", "The value to compare with."),
    target="any",
    bare=True,
    category=STRUCTURES,
    receives=("any",),
    status="beta",
    summary="What must be changed to make another value of this one; patch applies it.",
    examples=[
        Example(
            "",
            "root = this.before.diff(this.after)",
            (
                '{"after":{"foo":"new"},"before":{"foo":"bar"}}',
                '[{"From":"bar","Path":["foo"],"To":"new","Type":"update"}]',
            ),
        )
    ],
)
def diff(target: Any, other: Any) -> list[Any]:
    return changes(target, other)


def _patch(changelog: Any) -> Callable[[Any], Any]:
    checked = check_changelog(changelog)
    return lambda target: apply_changes(clone(target), checked)


method(
    "patch",
    Param("changelog", "any", "What diff gave."),
    target="any",
    bare=True,
    constructor=True,
    category=STRUCTURES,
    receives=("any",),
    status="beta",
    summary="The value with changes made to it.",
    examples=[
        Example(
            "",
            "root = this.before.patch(this.changes)",
            (
                '{"before":{"foo":"bar"},"changes":[{"From":"bar","Path":["foo"],"To":"new","Type":"update"}]}',
                '{"foo":"new"}',
            ),
        )
    ],
)(_patch)
