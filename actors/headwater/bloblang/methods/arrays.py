"""Arrays and objects element by element: mapping, filtering, folding, searching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import STRUCTURES, array_or_object, blamed, bounded_array, final, within
from headwater.bloblang.values import (
    DELETE,
    NOTHING,
    decode_text,
    encode_text,
    equal,
    is_number,
    number,
)
from headwater.bloblang.weights import measured

Query = Callable[[Any], Any]


@method(
    "map_each",
    Param("query", "query", "Gives the new value of an element."),
    target="any",
    category=STRUCTURES,
    receives=("array", "object"),
    summary="A query over each element; deleted() leaves it out. The elements of objects come as key and value.",
    examples=[
        Example(
            "",
            "root.new_nums = this.nums.map_each(num -> if num < 10 {\n  deleted()\n} else {\n  num - 10\n})",
            ('{"nums":[3,11,4,17]}', '{"new_nums":[1,7]}'),
        ),
        Example(
            "",
            "root.new_dict = this.dict.map_each(item -> item.value.uppercase())",
            ('{"dict":{"bar":"world","foo":"hello"}}', '{"new_dict":{"bar":"WORLD","foo":"HELLO"}}'),
        ),
    ],
)
def map_each(target: Any, query: Query) -> Any:
    if type(target) is list:
        return _map_array(target, query)
    if type(target) is not dict:
        raise TypeMismatch(target, "array")
    result: dict[str, Any] = {}
    for key, value in target.items():
        try:
            changed = query({"key": key, "value": value})
        except BloblangError as error:
            raise within(f"failed to process element {key}: ", blamed(error, query)) from None
        if changed is NOTHING:
            result[key] = value
        elif changed is not DELETE:
            result[key] = changed
    return result


def _map_array(target: list[Any], query: Query) -> list[Any]:
    try:
        result = [query(item) for item in target]
    except BloblangError:
        result = []
        for index, item in enumerate(target):
            try:
                result.append(query(item))
            except BloblangError as error:
                raise within(f"failed to process element {index}: ", blamed(error, query)) from None
    if any(item is NOTHING or item is DELETE for item in result):
        pairs = zip(target, result, strict=True)
        return [old if new is NOTHING else new for old, new in pairs if new is not DELETE]
    return result


@method(
    "map_each_key",
    Param("query", "query", "Gives the new key of a key."),
    target="object",
    category=STRUCTURES,
    receives=("object", "string"),
    summary="A query over each key of an object.",
    examples=[
        Example(
            "",
            "root.new_dict = this.dict.map_each_key(key -> key.uppercase())",
            ('{"dict":{"keya":"hello","keyb":"world"}}', '{"new_dict":{"KEYA":"hello","KEYB":"world"}}'),
        )
    ],
)
def map_each_key(target: dict[str, Any], query: Query) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in target.items():
        changed = query(key)
        if type(changed) is str:
            result[changed] = value
        elif changed is NOTHING:
            result[key] = value
        else:
            raise BloblangError(f"unexpected result from key mapping: {TypeMismatch(changed, 'string').text}")
    return result


@method(
    "filter",
    Param("test", "query", "Tells by a boolean whether an element stays."),
    target=array_or_object,
    category=STRUCTURES,
    receives=("array", "object"),
    summary="The elements for which a query is true. The elements of objects come as key and value.",
    examples=[
        Example(
            "", "root.new_nums = this.nums.filter(num -> num > 10)", ('{"nums":[3,11,4,17]}', '{"new_nums":[11,17]}')
        ),
        Example(
            "",
            'root.new_dict = this.dict.filter(item -> item.value.contains("foo"))',
            (
                '{"dict":{"first":"hello foo","second":"world","third":"this foo is great"}}',
                '{"new_dict":{"first":"hello foo","third":"this foo is great"}}',
            ),
        ),
    ],
)
def filter_(target: Any, test: Query) -> Any:
    if type(target) is list:
        return [item for item in target if test(item) is True]
    return {key: value for key, value in target.items() if test({"key": key, "value": value}) is True}


@method(
    "fold",
    Param("initial", "any", "The first tally."),
    Param("query", "query", "Gives the next tally; `tally` and `value` are its context."),
    target="array",
    category=STRUCTURES,
    receives=("array",),
    summary="One value of an array, element by element.",
    examples=[
        Example("", "root.sum = this.foo.fold(0, item -> item.tally + item.value)", ('{"foo":[3,8,11]}', '{"sum":22}')),
        Example(
            "",
            "root.smoothie = this.fruits.fold({}, item -> item.tally.merge(item.value))",
            ('{"fruits":[{"apple":5},{"banana":3},{"orange":8}]}', '{"smoothie":{"apple":5,"banana":3,"orange":8}}'),
        ),
    ],
)
def fold(target: list[Any], initial: Any, query: Query) -> Any:
    tally = initial
    for index, item in enumerate(target):
        tally = query({"tally": tally, "value": item})
        # A tally that holds the last one twice is twice as much each time. Later it is looked at now and then.
        if (index < 32 or index % 16 == 0) and type(tally) in (dict, list):
            measured(tally)
    return measured(tally)


def _tested(target: list[Any], test: Query, wanted: bool) -> bool:
    for index, item in enumerate(target):
        try:
            result = test(item)
        except BloblangError as error:
            raise within(f"element {index}: ", error) from None
        if type(result) is not bool:
            raise BloblangError(f"element {index}: {TypeMismatch(result, 'bool').text}")
        if result is wanted:
            return True
    return False


@method(
    "all",
    Param("test", "query", "Gives a boolean of an element."),
    target="array",
    category=STRUCTURES,
    receives=("array", "bool"),
    summary="Whether a query is true of all elements; not so for an empty array.",
    examples=[
        Example(
            "",
            "root.all_over_21 = this.patrons.all(patron -> patron.age >= 21)",
            ('{"patrons":[{"age":18,"id":"1"},{"age":23,"id":"2"}]}', '{"all_over_21":false}'),
            ('{"patrons":[{"age":45,"id":"1"},{"age":23,"id":"2"}]}', '{"all_over_21":true}'),
        )
    ],
)
def all_(target: list[Any], test: Query) -> bool:
    return bool(target) and not _tested(target, test, False)


@method(
    "any",
    Param("test", "query", "Gives a boolean of an element."),
    target="array",
    category=STRUCTURES,
    receives=("array", "bool"),
    summary="Whether a query is true of one element at least.",
    examples=[
        Example(
            "",
            "root.any_over_21 = this.patrons.any(patron -> patron.age >= 21)",
            ('{"patrons":[{"age":18,"id":"1"},{"age":23,"id":"2"}]}', '{"any_over_21":true}'),
            ('{"patrons":[{"age":10,"id":"1"},{"age":12,"id":"2"}]}', '{"any_over_21":false}'),
        )
    ],
)
def any_(target: list[Any], test: Query) -> bool:
    return _tested(target, test, True)


@method(
    "append",
    target="array",
    variadic="any",
    category=STRUCTURES,
    receives=("array",),
    summary="An array with more elements at its end.",
    examples=[
        Example(
            "",
            'root.foo = this.foo.append("and", "this")',
            ('{"foo":["bar","baz"]}', '{"foo":["bar","baz","and","this"]}'),
        )
    ],
)
def append(target: list[Any], *items: Any) -> list[Any]:
    return [*target, *items]


def _arrays(arguments: tuple[Any, ...]) -> list[list[Any]]:
    for argument in arguments:
        if type(argument) is not list:
            raise final(TypeMismatch(argument, "array"))
    return list(arguments)


def _concat(*arguments: Any) -> Callable[[list[Any]], list[Any]]:
    arrays = _arrays(arguments)

    def concat(target: list[Any]) -> list[Any]:
        bounded_array(len(target) + sum(map(len, arrays)))
        result = list(target)
        for array in arrays:
            result.extend(array)
        return result

    return concat


method(
    "concat",
    target="array",
    bare=True,
    constructor=True,
    variadic="any",
    category=STRUCTURES,
    receives=("array",),
    summary="An array with the elements of others at its end.",
    examples=[
        Example(
            "",
            "root.foo = this.foo.concat(this.bar, this.baz)",
            ('{"bar":["c"],"baz":["d","e","f"],"foo":["a","b"]}', '{"foo":["a","b","c","d","e","f"]}'),
        )
    ],
)(_concat)


def _zip(*arguments: Any) -> Callable[[list[Any]], list[Any]]:
    arrays = _arrays(arguments)
    different = "can't zip different length array values"
    if arrays and any(len(array) != len(arrays[0]) for array in arrays):
        raise BloblangError(different, annotated=True)

    def zipped(target: list[Any]) -> list[Any]:
        if not arrays:
            raise BloblangError("zip requires at least one argument")
        if len(target) != len(arrays[0]):
            raise BloblangError(different)
        return [list(items) for items in zip(target, *arrays, strict=True)]

    return zipped


method(
    "zip",
    target="array",
    bare=True,
    constructor=True,
    variadic="any",
    category=STRUCTURES,
    receives=("array",),
    summary="Arrays of the elements at the same position of several arrays.",
    examples=[
        Example(
            "",
            "root.foo = this.foo.zip(this.bar, this.baz)",
            ('{"bar":[1,2,3],"baz":[4,5,6],"foo":["a","b","c"]}', '{"foo":[["a",1,4],["b",2,5],["c",3,6]]}'),
        )
    ],
)(_zip)


@method(
    "enumerated",
    target="array",
    category=STRUCTURES,
    receives=("array",),
    summary="Objects of the index and the value of each element.",
    examples=[
        Example(
            "",
            "root.foo = this.foo.enumerated()",
            ('{"foo":["bar","baz"]}', '{"foo":[{"index":0,"value":"bar"},{"index":1,"value":"baz"}]}'),
        )
    ],
)
def enumerated(target: list[Any]) -> list[Any]:
    return [{"index": index, "value": value} for index, value in enumerate(target)]


@method(
    "flatten",
    target="array",
    category=STRUCTURES,
    receives=("array",),
    summary="An array whose elements that are arrays are replaced by their own elements.",
    examples=[
        Example(
            "", "root.result = this.flatten()", ('["foo",["bar","baz"],"buz"]', '{"result":["foo","bar","baz","buz"]}')
        )
    ],
)
def flatten(target: list[Any]) -> list[Any]:
    result: list[Any] = []
    for item in target:
        if type(item) is list:
            result.extend(item)
        else:
            result.append(item)
    return result


@method(
    "index",
    Param("index", "integer", "The position; a negative one counts from the end."),
    target="any",
    category=STRUCTURES,
    receives=("array", "bytes"),
    summary="The element of an array, or the byte of bytes, at a position.",
    examples=[
        Example(
            "", "root.last_name = this.names.index(-1)", ('{"names":["rachel","stevens"]}', '{"last_name":"stevens"}')
        ),
        Example("", "root.last_byte = this.name.bytes().index(-1)", ('{"name":"foobar bazson"}', '{"last_byte":110}')),
    ],
)
def index_(target: Any, index: int) -> Any:
    if type(target) is not list and type(target) is not bytes:
        raise TypeMismatch(target, "array")
    size = len(target)
    at = index + size if index < 0 else index
    if not 0 <= at < size:
        raise BloblangError(f"index '{at}' was out of bounds for array size: {size}")
    return target[at]


# Searching -----------------------------------------------------------------------------------------------------------


@method(
    "contains",
    Param("value", "any", "What to look for."),
    target="any",
    category=(STRUCTURES, "String Manipulation"),
    receives=("array", "bytes", "object", "string"),
    summary="Whether an array or object has a value, or a text another text.",
    examples=[
        Example(
            "",
            'root.has_foo = this.thing.contains("foo")',
            ('{"thing":["this","foo","that"]}', '{"has_foo":true}'),
            ('{"thing":"this bar that"}', '{"has_foo":false}'),
        ),
        Example("", "root.has_bar = this.thing.contains(20)", ('{"thing":[10.3,20.0,"huh",3]}', '{"has_bar":true}')),
    ],
)
def contains(target: Any, value: Any) -> bool:
    kind = type(target)
    if kind is str:
        return _part(value) in target
    if kind is bytes:
        return encode_text(_part(value)) in target
    if kind is list:
        return any(equal(value, item) for item in target)
    if kind is dict:
        return any(equal(value, item) for item in target.values())
    raise TypeMismatch(target, "string", "array", "object")


def _part(value: Any) -> str:
    """The text to look for; what is neither text nor bytes is looked for as its text."""
    from headwater.bloblang.values import to_text

    if type(value) is str:
        return value
    return decode_text(value) if type(value) is bytes else to_text(value)


@method(
    "find",
    Param("value", "any", "What to look for."),
    target="array",
    category=STRUCTURES,
    receives=("array",),
    status="beta",
    summary="The position of the first element that equals a value; -1 without one.",
    examples=[Example("", 'root.index = this.find("bar")', ('["foo","bar","baz"]', '{"index":1}'))],
)
def find(target: list[Any], value: Any) -> int:
    return next((index for index, item in enumerate(target) if equal(value, item)), -1)


@method(
    "find_all",
    Param("value", "any", "What to look for."),
    target="array",
    category=STRUCTURES,
    receives=("array",),
    status="beta",
    summary="The positions of all elements that equal a value.",
    examples=[Example("", 'root.index = this.find_all("bar")', ('["foo","bar","baz","bar"]', '{"index":[1,3]}'))],
)
def find_all(target: list[Any], value: Any) -> list[Any]:
    return [index for index, item in enumerate(target) if equal(value, item)]


def _matches(target: list[Any], query: Query, only_first: bool) -> list[Any]:
    found: list[Any] = []
    for index, item in enumerate(target):
        try:
            result = query(item)
        except BloblangError as error:
            raise within(f"query returned an error for index {index}: ", error) from None
        if type(result) is not bool:
            raise BloblangError(
                f"query returned a non-boolean value for index {index}: {TypeMismatch(result, 'bool').text}"
            )
        if result:
            found.append(index)
            if only_first:
                break
    return found


@method(
    "find_by",
    Param("query", "query", "Gives a boolean of an element."),
    target="array",
    category=STRUCTURES,
    receives=("array", "bool"),
    status="beta",
    summary="The position of the first element for which a query is true; -1 without one.",
    examples=[Example("", 'root.index = this.find_by(v -> v != "bar")', ('["foo","bar","baz"]', '{"index":0}'))],
)
def find_by(target: list[Any], query: Query) -> int:
    found = _matches(target, query, True)
    return found[0] if found else -1


@method(
    "find_all_by",
    Param("query", "query", "Gives a boolean of an element."),
    target="array",
    category=STRUCTURES,
    receives=("array", "bool"),
    status="beta",
    summary="The positions of all elements for which a query is true.",
    examples=[
        Example("", 'root.index = this.find_all_by(v -> v != "bar")', ('["foo","bar","baz"]', '{"index":[0,2]}'))
    ],
)
def find_all_by(target: list[Any], query: Query) -> list[Any]:
    return _matches(target, query, False)


@method(
    "unique",
    Param("emit", "query", "Gives the value by which elements are told apart.", optional=True),
    target="array",
    category=STRUCTURES,
    receives=("array", "bytes", "number", "string"),
    summary="The elements without those that came before; texts and numbers never equal one another.",
    examples=[
        Example("", "root.uniques = this.foo.unique()", ('{"foo":["a","b","a","c"]}', '{"uniques":["a","b","c"]}'))
    ],
)
def unique(target: list[Any], emit: Query | None) -> list[Any]:
    seen: set[Any] = set()
    result: list[Any] = []
    for index, item in enumerate(target):
        value = item
        if emit is not None:
            try:
                value = emit(item)
            except BloblangError as error:
                raise within(f"index {index}: ", error) from None
        key = _identity(value, index)
        if key not in seen:
            seen.add(key)
            result.append(item)
    return result


def _identity(value: Any, index: int) -> Any:
    from headwater.bloblang.values import Timestamp

    kind = type(value)
    if kind is str:
        return value
    if kind is bytes:
        return decode_text(value)
    if kind is Timestamp:
        return value.text()
    if is_number(value):
        return (float(number(value)),)
    raise BloblangError(f"index {index}: {TypeMismatch(value, 'string', 'number').text}")
