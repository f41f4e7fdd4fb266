"""Numbers, ranges, counters and failures."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.gonumbers import INT64_MAX
from headwater.bloblang.gorandom import Source
from headwater.bloblang.registry import Example, ExecutionContext, Param, function
from headwater.bloblang.targets import DEPRECATED, GENERAL, bounded, bounded_array
from headwater.bloblang.values import DELETE, NOTHING, is_number, number

Query = Callable[[Any], Any]


@function(
    "pi",
    category=GENERAL,
    summary="The number pi.",
    examples=[
        Example("", "root.radians = this.degrees * (pi() / 180)", ('{"degrees":45}', '{"radians":0.7853981633974483}'))
    ],
)
def pi() -> float:
    return math.pi


@function(
    "throw",
    Param("why", "string", "The text of the failure."),
    category=GENERAL,
    summary="Fail with a text.",
    examples=[
        Example(
            "",
            'root.doc.type = match {\n  this.exists("header.id") => "foo"\n  _ => throw("unknown type")\n}',
            ('{"header":{"id":1}}', '{"doc":{"type":"foo"}}'),
            ('{"nope":1}', 'Error("failed assignment (line 1): unknown type")'),
        )
    ],
)
def throw(why: str) -> Any:
    raise BloblangError(why)


def _range(start: int, stop: int, step: int) -> Callable[[], list[Any]]:
    if step == 0:
        raise BloblangError("step must be greater than or less than 0", annotated=True)
    if step > 0 and start >= stop:
        raise BloblangError(f"with positive step arg start ({start}) must be < stop ({stop})", annotated=True)
    if step < 0 and stop > start:
        raise BloblangError(f"with negative step arg stop ({stop}) must be <= start ({start})", annotated=True)
    # The reference divides without looking at the rest, so a last step that does not fit is left out.
    count = (stop - start) // step
    bounded_array(count)
    return lambda: list(range(start, start + count * step, step))


function(
    "range",
    Param("start", "integer", "The first number."),
    Param("stop", "integer", "Where it ends; not part of the range."),
    Param("step", "integer", "From one number to the next.", default=1),
    constructor=True,
    category=GENERAL,
    summary="An array of numbers at even distances.",
    examples=[
        Example(
            "",
            "root.a = range(0, 10)\n"
            "root.b = range(start: 0, stop: this.max, step: 2)\n"
            "root.c = range(0, -this.max, -2)",
            ('{"max":10}', '{"a":[0,1,2,3,4,5,6,7,8,9],"b":[0,2,4,6,8],"c":[0,-2,-4,-6,-8]}'),
        )
    ],
)(_range)


@function(
    "bytes",
    Param("length", "integer", "How many."),
    category=GENERAL,
    summary="So many bytes, all zero.",
    examples=[Example("", "root.data = bytes(5)", ("{}", '{"data":"AAAAAAA="}'))],
)
def bytes_(length: int) -> bytes:
    if length < 0:
        raise BloblangError(f"invalid length, must be greater than or equal to zero: {length}")
    bounded(length)
    return bytes(length)


def _random_int(known: dict[str, Any]) -> Callable[..., int]:
    for name in ("min", "max"):
        if name not in known:
            raise BloblangError(f"param {name} must not be dynamic", annotated=True)
    low, high = known["min"], known["max"]
    if high >= INT64_MAX:
        raise BloblangError(f"max must be smaller than the max allowed for an int64 ({INT64_MAX})", annotated=True)
    if low > high:
        raise BloblangError(f"min ({low}) must be smaller or equal than max ({high})", annotated=True)
    lock = threading.Lock()
    source: list[Source] = []

    def draw(ctx: ExecutionContext, seed: Query, min: int, max: int) -> int:
        with lock:
            if not source:
                source.append(Source(_seed(ctx, seed)))
            drawn: int = low + source[0].below(high - low + 1)
            return drawn

    return draw


def _seed(ctx: ExecutionContext, seed: Query) -> int:
    from headwater.bloblang.methods.coercion import to_int64

    try:
        return to_int64(seed(ctx.this))
    except BloblangError as error:
        raise BloblangError(f"failed to seed random number generator: {error.text}") from None


function(
    "random_int",
    Param("seed", "query", "Seeds the numbers when the first is drawn.", default=0),
    Param("min", "integer", "The smallest number.", default=0),
    Param("max", "integer", "The largest number.", default=INT64_MAX - 1),
    stateful=True,
    context=True,
    category=GENERAL,
    summary="A number of a sequence that looks like chance; the same seed gives the same sequence.",
    examples=[
        Example("", "root.small = random_int(timestamp_unix_nano(), 1, 6) <= 6", ("{}", '{"small":true}')),
    ],
)(_random_int)


def _counter(known: dict[str, Any]) -> Callable[..., int]:
    lock = threading.Lock()
    state: list[int] = []

    def count(ctx: ExecutionContext, min: Query, max: Query, set: Query | None) -> int:
        with lock:
            if not state:
                low = _bound(ctx, min, "min")
                if low < 0:
                    raise BloblangError(f"min argument must be >0, got {low}")
                high = _bound(ctx, max, "max")
                if high <= low:
                    raise BloblangError(f"max argument must be >0 and >min, got {high}")
                state.extend((low - 1, low, high))
            if set is not None:
                change = set(ctx.this)
                if change is None:
                    return state[0]
                if change is not NOTHING and change is not DELETE:
                    state[0] = _bound(ctx, lambda _: change, "set")
                    return state[0]
            value, low, high = state
            state[0] = low if value >= high else value + 1
            return state[0]

    return count


def _bound(ctx: ExecutionContext, query: Query, name: str) -> int:
    from headwater.bloblang.methods.coercion import to_int64

    try:
        return to_int64(query(ctx.this))
    except BloblangError as error:
        raise BloblangError(f"failed to resolve {name} argument: {error.text}") from None


function(
    "counter",
    Param("min", "query", "The first number.", default=1),
    Param("max", "query", "The last number, after which it begins anew.", default=INT64_MAX),
    Param(
        "set",
        "query",
        "A number to go on from; null leaves the counter as it is, nothing() lets it count.",
        optional=True,
    ),
    stateful=True,
    context=True,
    category=GENERAL,
    status="experimental",
    summary="A number that grows by one with each call; each place in a mapping counts on its own.",
    examples=[
        Example("", "root.id = counter()", ("{}", '{"id":1}')),
        Example(
            "",
            'root.streak = counter(set: if this.status != "success" { 0 })',
            ('{"status":"success"}', '{"streak":1}'),
        ),
    ],
)(_counter)

_counts: dict[str, int] = {}
_counts_lock = threading.Lock()


@function(
    "count",
    Param("name", "string", "The counter's name."),
    category=DEPRECATED,
    status="deprecated",
    impure=True,
    summary="A number that grows by one with each call of the same name; use counter.",
    examples=[Example("", 'root.id = count("documentation_of_count")', ("{}", '{"id":1}'))],
)
def count(name: str) -> int:
    with _counts_lock:
        value = _counts.get(name, 0) + 1
        _counts[name] = value
        return value


def _vector(value: Any) -> list[float]:
    if type(value) is not list or not all(is_number(item) for item in value):
        raise BloblangError("vector must be an array of numeric types")
    return [float(number(item)) for item in value]


@function(
    "cosine_similarity",
    Param("a", "any", "A vector."),
    Param("b", "any", "Another one of the same length."),
    category=GENERAL,
    summary="How alike the directions of two vectors are, from -1 to 1.",
    examples=[Example("", "root.similarity = cosine_similarity([1, 0], [1, 0])", ("{}", '{"similarity":1}'))],
)
def cosine_similarity(a: Any, b: Any) -> float:
    left, right = _vector(a), _vector(b)
    if len(left) != len(right):
        raise BloblangError("vectors must be equal length")
    product = sum(x * y for x, y in zip(left, right, strict=True))
    size = math.sqrt(sum(x * x for x in left) * sum(y * y for y in right))
    if not size:
        raise BloblangError("vectors must not be null (all zeros)")
    return product / size
