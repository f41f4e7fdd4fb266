"""Template functions for numbers, lists, objects and times, of the library that Benthos templates come with."""

from __future__ import annotations

import functools
import math
import os
import random
import string
import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final

from headwater.bloblang.golayout import LayoutError, format_time, parse_time
from headwater.bloblang.gonumbers import NumberError, parse_float
from headwater.bloblang.timeformat import find_zone, now, to_timestamp
from headwater.bloblang.values import Timestamp, clone, equal
from headwater.components.gotemplate.library_text import bounded, strings, text
from headwater.components.gotemplate.values import Unfit, kind_name, plain, truth
from headwater.durations import InvalidDuration, format_duration, parse_seconds

LONGEST_LIST: Final = 1_000_000
"""Most numbers that one call may list."""

# -- numbers


def _number(value: Any) -> float:
    """A number, or 0 for what is none."""
    value = plain(value)
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return parse_float(text(value).strip())
    except NumberError:
        return 0.0


def _integer(value: Any) -> int:
    value = plain(value)
    if isinstance(value, bool | int):
        return int(value)
    body = text(value).strip()
    try:
        return int(body, 0)
    except ValueError:
        number = _number(value)
        return int(number) if math.isfinite(number) else 0


def _divided(value: Any, *others: Any) -> int:
    result = _integer(value)
    for other in others:
        divisor = _integer(other)
        if not divisor:
            raise Unfit("runtime error: integer divide by zero")
        result = math.trunc(result / divisor) if abs(result) < 1 << 52 else result // divisor
    return result


def _remainder(value: Any, other: Any) -> int:
    divisor = _integer(other)
    if not divisor:
        raise Unfit("runtime error: integer divide by zero")
    return int(math.fmod(_integer(value), divisor))


def _product(*values: Any) -> int:
    return functools.reduce(lambda left, right: left * _integer(right), values, 1)


def _round(value: Any, digits: Any, up_from: Any = 0.5) -> float:
    factor = 10.0 ** _integer(digits)
    scaled = factor * _number(value)
    fraction = math.fmod(scaled, 1)
    rounded = math.ceil(scaled) if fraction >= _number(up_from) else math.floor(scaled)
    return rounded / factor


def _sequence(start: int, stop: int, step: int) -> list[int]:
    if not step:
        return []
    numbers = range(start, stop, step)
    if len(numbers) > LONGEST_LIST:
        raise Unfit(f"list of {len(numbers)} numbers exceeds the limit of {LONGEST_LIST}")
    return list(numbers)


def _until_step(start: Any, stop: Any, step: Any) -> list[int]:
    return _sequence(_integer(start), _integer(stop), _integer(step))


def _seq(*values: Any) -> str:
    numbers = [_integer(value) for value in values]
    if not numbers:
        return ""
    start = numbers[0] if len(numbers) > 1 else 1
    stop = numbers[-1]
    step = numbers[1] if len(numbers) == 3 else 1 if stop >= start else -1
    return " ".join(map(str, _sequence(start, stop + (1 if step > 0 else -1), step)))


# -- values


def _default(fallback: Any, value: Any = None) -> Any:
    return value if truth(value) else fallback


def _fail(words: Any) -> Any:
    raise Unfit(text(words))


def _kind(value: Any) -> str:
    name = kind_name(value)
    return {"[]interface {}": "slice", "map[string]interface {}": "map", "<nil>": "invalid", "[]uint8": "slice"}.get(
        name, "struct" if name == "time.Time" else name
    )


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise Unfit(f"Cannot work on type {_kind(value)}")
    return list(value)


def _has(needle: Any, values: Any) -> bool:
    return any(equal(needle, value) for value in _items(values)) if values is not None else False


def _unique(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in _items(values):
        if not _has(value, found):
            found.append(value)
    return found


def _chunk(size: Any, values: Any) -> list[list[Any]]:
    items, step = _items(values), _integer(size)
    if step <= 0:
        raise Unfit("chunk size must be positive")
    return [items[start : start + step] for start in range(0, len(items), step)]


def _concat(*lists: Any) -> list[Any]:
    return [item for values in lists for item in _items(values)]


def _sort(values: Any) -> list[str]:
    return sorted(strings(values))


# -- objects


def _dict(*pairs: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for place in range(0, len(pairs), 2):
        made[text(pairs[place])] = pairs[place + 1] if place + 1 < len(pairs) else ""
    return made


def _with(target: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    return {**target, key: value}


def _without(target: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in target.items() if key not in keys}


def _merged(overwrites: bool) -> Callable[..., Any]:
    def merge(*objects: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for other in objects:
            for key, value in other.items():
                known = result.get(key)
                if isinstance(known, dict) and isinstance(value, dict):
                    result[key] = merge(known, value)
                elif key not in result or overwrites or not truth(known):
                    result[key] = value
        return result

    return merge


def _dig(*path: Any) -> Any:
    if len(path) < 3:
        raise Unfit("dig needs at least three arguments")
    *keys, fallback, value = path
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return fallback
        value = value[key]
    return value


def _keys(*objects: dict[str, Any]) -> list[str]:
    return [key for each in objects for key in each]


def _pluck(key: str, *objects: dict[str, Any]) -> list[Any]:
    return [each[key] for each in objects if key in each]


# -- times


def _moment(value: Any) -> Timestamp:
    value = plain(value)
    return value if isinstance(value, Timestamp) else to_timestamp(value)


def _date(layout: str, value: Any, zone: str = "") -> str:
    moment = _moment(value)
    if zone:
        moment = Timestamp(moment.nanoseconds, find_zone(zone))
    return format_time(moment, layout)


def _to_date(layout: str, value: str) -> Timestamp:
    try:
        return parse_time(value, layout)
    except LayoutError as error:
        raise Unfit(str(error)) from None


def _moved(duration: str, value: Any) -> Timestamp:
    moment = _moment(value)
    try:
        seconds = parse_seconds(duration)
    except InvalidDuration:
        return moment
    return Timestamp(moment.nanoseconds + round(seconds * 1e9), moment.zone)


def _ago(value: Any) -> str:
    return _duration((now().nanoseconds - _moment(value).nanoseconds) // 1_000_000_000)


def _duration(seconds: Any) -> str:
    return format_duration(_integer(seconds) * 1_000_000_000)


def _shuffled(value: Any) -> str:
    letters = list(text(value))
    random.shuffle(letters)
    return "".join(letters)


def _letters(alphabet: str) -> Callable[[Any], str]:
    def make(count: Any) -> str:
        bounded(_integer(count))
        return "".join(random.SystemRandom().choices(alphabet, k=max(0, _integer(count))))

    return make


def _extreme(choose: Callable[[Iterable[Any]], Any], convert: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda *values: choose([convert(value) for value in values])


VALUE_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "add": lambda *values: sum(map(_integer, values)),
    "add1": lambda value: _integer(value) + 1,
    "add1f": lambda value: _number(value) + 1.0,
    "addf": lambda *values: math.fsum(map(_number, values)),
    "ago": _ago,
    "all": lambda *values: all(map(truth, values)),
    "any": lambda *values: any(map(truth, values)),
    "append": lambda values, value: [*_items(values), value],
    "atoi": lambda value: _integer(value),
    "biggest": _extreme(max, _integer),
    "ceil": lambda value: float(math.ceil(_number(value))),
    "chunk": _chunk,
    "coalesce": lambda *values: next((value for value in values if truth(value)), None),
    "compact": lambda values: [value for value in _items(values) if truth(value)],
    "concat": _concat,
    "date": _date,
    "dateInZone": lambda layout, value, zone: _date(layout, value, zone),
    "dateModify": _moved,
    "date_in_zone": lambda layout, value, zone: _date(layout, value, zone),
    "date_modify": _moved,
    "deepCopy": clone,
    "deepEqual": lambda left, right: equal(left, right),
    "default": _default,
    "dict": _dict,
    "dig": _dig,
    "div": _divided,
    "divf": lambda value, *others: functools.reduce(lambda left, right: left / _number(right), others, _number(value)),
    "duration": _duration,
    "empty": lambda value: not truth(value),
    "env": lambda name: os.environ.get(name, ""),
    "expandenv": os.path.expandvars,
    "fail": _fail,
    "first": lambda values: next(iter(_items(values)), None),
    "float64": _number,
    "floor": lambda value: float(math.floor(_number(value))),
    "get": lambda target, key: target.get(key, ""),
    "has": _has,
    "hasKey": lambda target, key: key in target,
    "htmlDate": lambda value: _date("2006-01-02", value),
    "initial": lambda values: _items(values)[:-1],
    "int": _integer,
    "int64": _integer,
    "keys": _keys,
    "kindIs": lambda name, value: _kind(value) == name,
    "kindOf": _kind,
    "last": lambda values: _items(values)[-1] if values else None,
    "list": lambda *values: list(values),
    "max": _extreme(max, _integer),
    "maxf": _extreme(max, _number),
    "merge": _merged(False),
    "mergeOverwrite": _merged(True),
    "min": _extreme(min, _integer),
    "minf": _extreme(min, _number),
    "mod": _remainder,
    "mul": _product,
    "mulf": lambda *values: math.prod(map(_number, values)),
    "now": now,
    "omit": _without,
    "pick": lambda target, *keys: {key: target[key] for key in keys if key in target},
    "pluck": _pluck,
    "prepend": lambda values, value: [value, *_items(values)],
    "push": lambda values, value: [*_items(values), value],
    "randAlpha": _letters(string.ascii_letters),
    "randAlphaNum": _letters(string.ascii_letters + string.digits),
    "randAscii": _letters("".join(map(chr, range(32, 127)))),
    "randInt": lambda low, high: random.randrange(_integer(low), _integer(high)),
    "randNumeric": _letters(string.digits),
    "rest": lambda values: _items(values)[1:],
    "reverse": lambda values: _items(values)[::-1],
    "round": _round,
    "seq": _seq,
    "set": _with,
    "shuffle": _shuffled,
    "sortAlpha": _sort,
    "sub": lambda left, right: _integer(left) - _integer(right),
    "subf": lambda value, *others: _number(value) - math.fsum(map(_number, others)),
    "ternary": lambda yes, no, chosen: yes if truth(chosen) else no,
    "toDate": _to_date,
    "toDecimal": lambda value: int(text(value), 8),
    "tuple": lambda *values: list(values),
    "typeIs": lambda name, value: kind_name(value) == name,
    "typeOf": kind_name,
    "uniq": _unique,
    "unixEpoch": lambda value: str(_moment(value).nanoseconds // 1_000_000_000),
    "unset": _without,
    "until": lambda count: _sequence(0, _integer(count), 1 if _integer(count) >= 0 else -1),
    "untilStep": _until_step,
    "uuidv4": lambda: str(uuid.uuid4()),
    "values": lambda *objects: [value for each in objects for value in each.values()],
    "without": lambda values, *others: [value for value in _items(values) if not _has(value, list(others))],
}
"""Name to function."""
