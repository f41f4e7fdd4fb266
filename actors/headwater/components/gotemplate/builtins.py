"""The functions that every template has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote_plus

from headwater.bloblang.goformat import sprintf
from headwater.components.gotemplate.values import Unfit, equal, less, plain, shown, truth

_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\0": "\ufffd"}
_JS: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def printed(*values: Any) -> str:
    """``print``: operands with spaces between those of which neither is a text."""
    pieces: list[str] = []
    for place, value in enumerate(values):
        if place and not isinstance(value, str) and not isinstance(values[place - 1], str):
            pieces.append(" ")
        pieces.append(shown(value))
    return "".join(pieces)


def _printf(template: Any, *values: Any) -> str:
    return sprintf(text_of("printf", template), [plain(value) for value in values])


def _println(*values: Any) -> str:
    return " ".join(map(shown, values)) + "\n"


def text_of(name: str, value: Any) -> str:
    """A text argument.

    Raises:
        Unfit: It is none.
    """
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if not isinstance(value, str):
        raise Unfit(f"wrong type for value; expected string; got {shown(value)}")
    return value


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogateescape"))
    if isinstance(value, dict | list | tuple | bytes):
        return len(value)
    if value is None:
        raise Unfit("len of nil pointer")
    raise Unfit(f"len of type {shown(value)}")


def _index(item: Any, *keys: Any) -> Any:
    for key in keys:
        if item is None:
            raise Unfit("index of untyped nil")
        if isinstance(item, dict):
            if not isinstance(key, str):
                raise Unfit(f"value has type {type(key).__name__}; should be string")
            item = item.get(key)
        elif isinstance(item, list | tuple | str | bytes):
            values = item.encode() if isinstance(item, str) else item
            place = _place(key, len(values) - 1)
            item = values[place]
        else:
            raise Unfit(f"can't index item of type {type(item).__name__}")
    return item


def _place(key: Any, highest: int) -> int:
    place = plain(key)
    if isinstance(place, bool) or not isinstance(place, int):
        raise Unfit(f"cannot index slice/array with type {type(place).__name__}")
    if not 0 <= place <= highest:
        raise Unfit(f"index out of range: {place}")
    return place


def _slice(item: Any, *bounds: Any) -> Any:
    if item is None:
        raise Unfit("slice of untyped nil")
    if not isinstance(item, str | list | tuple | bytes):
        raise Unfit(f"can't slice item of type {type(item).__name__}")
    values = item.encode() if isinstance(item, str) else item
    low = _place(bounds[0], len(values)) if bounds else 0
    high = _place(bounds[1], len(values)) if len(bounds) > 1 else len(values)
    if low > high:
        raise Unfit(f"invalid slice index: {low} > {high}")
    part = values[low:high]
    return part.decode("utf-8", "surrogateescape") if isinstance(item, str) and isinstance(part, bytes) else part


def _escaped(table: dict[str, str]) -> Callable[..., str]:
    translation = str.maketrans(table)

    def escape(*values: Any) -> str:
        return printed(*values).translate(translation)

    return escape


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise Unfit("missing argument for comparison")
    return any(equal(first, other) for other in others)


def _call(function: Any, *arguments: Any) -> Any:
    raise Unfit("call of something that is no function")


BUILTINS: Final[dict[str, Callable[..., Any]]] = {
    # `and` and `or` do not look at all of their arguments, so whoever executes a template does them.
    "and": lambda *values: values[-1],
    "or": lambda *values: values[-1],
    "call": _call,
    "eq": _eq,
    "ge": lambda left, right: not less("ge", left, right),
    "gt": lambda left, right: less("gt", right, left),
    "html": _escaped(_HTML),
    "index": _index,
    "js": _escaped(_JS),
    "le": lambda left, right: not less("le", right, left),
    "len": _length,
    "lt": lambda left, right: less("lt", left, right),
    "ne": lambda left, right: not equal(left, right),
    "not": lambda value: not truth(value),
    "print": printed,
    "printf": _printf,
    "println": _println,
    "slice": _slice,
    "urlquery": lambda *values: quote_plus(printed(*values), safe="-_.~"),
}
