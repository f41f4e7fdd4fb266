"""JSON paths, such as ``$.store.book[?(@.price < 10)].title``, with filters that calculate and compare.

A path that can lead to one place only gives what is there, or fails; one with wildcards, slices, filters, unions or
``..`` gives an array of all that it leads to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.regexps import compile_regexp
from headwater.bloblang.registry import MAX_GROWTH
from headwater.bloblang.values import encode_text, equal, is_number, number, type_name

_DEEPEST: Final = 200
_MOST: Final = MAX_GROWTH // 8
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      | (?P<text>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
      | (?P<name>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)
      | (?P<mark>\.\. | && | \|\| | == | != | <= | >= | =~ | !~ | \?\? | \*\* | [$@.\[\](){},:?<>!+\-*/%])
    )""",
    re.VERBOSE,
)
_LEVELS: Final[dict[str, int]] = {
    "||": 1, "&&": 2, "??": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "=~": 3, "!~": 3, "in": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "**": 6,
}  # fmt: skip

Evaluate = Callable[[Any, Any], Any]
"""Takes the root and the current value."""


class _Failure(Exception):
    """An expression has no value."""


class _Document:
    """The root of an evaluation, which counts what paths lead to: each `..` multiplies it."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._left = _MOST

    def visited(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise BloblangError(f"json path leads to more than {_MOST} values")


def compile_path(text: str) -> Callable[[Any], Any]:
    """Make a function of an expression that gives its value for a document.

    Raises:
        BloblangError: It is no expression.
    """
    parser = _Parser(text)
    evaluate = parser.whole()

    def run(document: Any) -> Any:
        try:
            return evaluate(_Document(document), document)
        except _Failure as failure:
            raise BloblangError(str(failure)) from None
        except RecursionError:
            raise BloblangError("document is nested too deeply for a json path") from None

    return run


class _Parser:
    """Reads an expression into functions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def fail(self, reason: str, at: int | None = None) -> BloblangError:
        place = (self.at if at is None else at) + 1
        where = f":1:{place} - 1:{place}" if self.text else " - 1:1"
        return BloblangError(
            f"failed to evaluate json path expression: parsing error: {self.text}\t{where} {reason}", annotated=True
        )

    def unexpected(self) -> BloblangError:
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            rest = self.text[self.at :].lstrip()
            self.at = len(self.text) - len(rest)
            what = f'"{rest[0]}"' if rest else "EOF"
        else:
            self.at = found.end() - len(found[0].lstrip())
            what = f'"{found[0].strip()}"'
        return self.fail(f"unexpected {what} while scanning extensions")

    def peek(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.at)
        if found is None or found.lastgroup is None:
            return "", ""
        return found.lastgroup, found[found.lastgroup]

    def accept(self, *marks: str) -> str:
        kind, value = self.peek()
        if kind in ("mark", "name") and value in marks:
            found = _TOKEN.match(self.text, self.at)
            assert found is not None
            self.at = found.end()
            return value
        return ""

    def need(self, mark: str) -> None:
        if not self.accept(mark):
            raise self.unexpected()

    def take(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.at)
        if found is None or found.lastgroup is None:
            raise self.unexpected()
        self.at = found.end()
        return found.lastgroup, found[found.lastgroup]

    def whole(self) -> Evaluate:
        result = self.expression(0)
        if self.text[self.at :].strip():
            raise self.unexpected()
        return result

    # Expressions ----------------------------------------------------------------------------------------------------

    def expression(self, level: int) -> Evaluate:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.fail("expression is nested too deeply")
        left = self.unary()
        while True:
            kind, operator = self.peek()
            rank = _LEVELS.get(operator, 0) if kind in ("mark", "name") else 0
            if not rank or rank <= level:
                break
            self.accept(operator)
            left = _infix(operator, left, self.expression(rank))
        if level == 0 and self.accept("?"):
            yes = self.expression(0)
            self.need(":")
            left = _choice(left, yes, self.expression(0))
        self.depth -= 1
        return left

    def unary(self) -> Evaluate:
        if self.accept("!"):
            inner = self.unary()
            return lambda root, this: not _truth(inner(root, this))
        if self.accept("-"):
            inner = self.unary()
            return lambda root, this: -_number(inner(root, this))
        return self.operand()

    def operand(self) -> Evaluate:
        kind, value = self.peek()
        if kind == "number":
            self.take()
            constant = float(value)
            return lambda root, this: constant
        if kind == "text":
            self.take()
            text = _unquoted(value)
            return lambda root, this: text
        if kind == "name":
            self.take()
            words: dict[str, Any] = {"true": True, "false": False, "null": None, "nil": None}
            if value in words:
                word = words[value]
                return lambda root, this: word
            return lambda root, this: root.get(value) if type(root) is dict else None
        if self.accept("("):
            inner = self.expression(0)
            self.need(")")
            return inner
        if self.accept("["):
            items = self.list_of("]")
            return lambda root, this: [item(root, this) for item in items]
        if self.accept("$"):
            return self.path(False)
        if self.accept("@"):
            return self.path(True)
        raise self.unexpected()

    def list_of(self, close: str) -> list[Evaluate]:
        items: list[Evaluate] = []
        while not self.accept(close):
            if items:
                self.need(",")
            items.append(self.expression(0))
        return items

    # Paths ----------------------------------------------------------------------------------------------------------

    def path(self, relative: bool) -> Evaluate:
        steps: list[_Step] = []
        many = False
        while True:
            if self.accept(".."):
                many = True
                steps.append(_Descend())
                if self.accept("*"):
                    steps.append(_Wildcard())
                elif self.accept("["):
                    steps.append(self.selector())
                else:
                    steps.append(_Keys([_constant(self.key())]))
            elif self.accept("."):
                if self.accept("*"):
                    many = True
                    steps.append(_Wildcard())
                elif self.accept("["):
                    step = self.selector()
                    many = many or step.many
                    steps.append(step)
                else:
                    steps.append(_Keys([_constant(self.key())]))
            elif self.accept("["):
                step = self.selector()
                many = many or step.many
                steps.append(step)
            else:
                break

        def walk(root: Any, this: Any) -> Any:
            start = this if relative else root.value
            if not many:
                for step in steps:
                    start = step.one(start, root)
                return start
            found = [start]
            for step in steps:
                values, found = found, []
                for value in values:
                    known = len(found)
                    found.extend(step.all(value, root))
                    root.visited(len(found) - known + 1)
            return found

        return walk

    def key(self) -> str:
        kind, value = self.peek()
        if kind in ("name", "number"):
            self.take()
            return value
        if kind == "text":
            self.take()
            return _unquoted(value)
        raise self.unexpected()

    def selector(self) -> _Step:
        if self.accept("*"):
            self.need("]")
            return _Wildcard()
        if self.accept("?"):
            self.need("(")
            test = self.expression(0)
            self.need(")")
            self.need("]")
            return _Filter(test)
        if self.accept(":"):
            return self.slice(None)
        first = self.expression(0)
        if self.accept(":"):
            return self.slice(first)
        keys = [first]
        while self.accept(","):
            keys.append(self.expression(0))
        self.need("]")
        return _Keys(keys)

    def slice(self, low: Evaluate | None) -> _Step:
        high = step = None
        if self.peek()[1] not in ("]", ":"):
            high = self.expression(0)
        if self.accept(":") and self.peek()[1] != "]":
            step = self.expression(0)
        self.need("]")
        return _Slice(low, high, step)


def _unquoted(literal: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), literal[1:-1])


def _constant(value: Any) -> Evaluate:
    return lambda root, this: value


# Operators -----------------------------------------------------------------------------------------------------------


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise _Failure(f"unexpected {type_name(value)} expected bool")
    return value


def _number(value: Any) -> float:
    if not is_number(value):
        raise _Failure(f"unexpected {type_name(value)} expected number")
    return float(number(value))


def _choice(test: Evaluate, yes: Evaluate, no: Evaluate) -> Evaluate:
    return lambda root, this: yes(root, this) if _truth(test(root, this)) else no(root, this)


def _infix(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    if operator == "&&":
        return lambda root, this: _truth(left(root, this)) and _truth(right(root, this))
    if operator == "||":
        return lambda root, this: _truth(left(root, this)) or _truth(right(root, this))
    if operator == "??":
        return lambda root, this: _first(left, right, root, this)
    return lambda root, this: _calculate(operator, left(root, this), right(root, this))


def _first(left: Evaluate, right: Evaluate, root: Any, this: Any) -> Any:
    value = left(root, this)
    return right(root, this) if value is None or value is False or value == "" else value


def _calculate(operator: str, a: Any, b: Any) -> Any:
    if operator == "==":
        return equal(a, b)
    if operator == "!=":
        return not equal(a, b)
    if operator == "in":
        return type(b) is list and any(equal(a, item) for item in b)
    if operator in ("=~", "!~"):
        if type(a) is not str or type(b) is not str:
            raise _Failure("a regular expression is matched with texts only")
        return compile_regexp(b).found(encode_text(a)) is (operator == "=~")
    if type(a) is str and type(b) is str:
        if operator == "+":
            return a + b
        if operator in _COMPARISONS:
            return _COMPARISONS[operator](encode_text(a), encode_text(b))
    x, y = _number(a), _number(b)
    if operator in _COMPARISONS:
        return _COMPARISONS[operator](x, y)
    try:
        return _ARITHMETIC[operator](x, y)
    except (ZeroDivisionError, OverflowError) as error:
        raise _Failure(str(error)) from None


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _raised(a: float, b: float) -> float:
    result = a**b
    if isinstance(result, complex):
        raise OverflowError("no real number")
    return float(result)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
    "**": _raised,
}


# Steps ---------------------------------------------------------------------------------------------------------------


class _Step:
    """From one value to others."""

    many = True

    def one(self, value: Any, root: Any) -> Any:
        """The only value that it leads to."""
        raise NotImplementedError

    def all(self, value: Any, root: Any) -> Iterator[Any]:
        """All values that it leads to."""
        raise NotImplementedError


class _Keys(_Step):
    """Keys of objects or positions of arrays."""

    def __init__(self, keys: list[Evaluate]) -> None:
        self._keys = keys
        self.many = len(keys) > 1

    def one(self, value: Any, root: Any) -> Any:
        return _select(value, self._keys[0](root, value))

    def all(self, value: Any, root: Any) -> Iterator[Any]:
        for key in self._keys:
            try:
                found = _select(value, key(root, value))
            except _Failure:
                continue
            yield found


def _select(value: Any, key: Any) -> Any:
    if type(value) is dict:
        name = key if type(key) is str else f"{key:g}" if is_number(key) else str(key)
        if name not in value:
            raise _Failure(f"unknown key {name}")
        return value[name]
    if type(value) is list:
        try:
            index = int(key)
        except (TypeError, ValueError):
            raise _Failure(
                f'could not select value, invalid key: strconv.Atoi: parsing "{key}": invalid syntax'
            ) from None
        if not -len(value) <= index < len(value):
            raise _Failure(f"index {index} out of bounds")
        return value[index]
    shown = {"null": "<nil>", "number": "float64"}.get(type_name(value), type_name(value))
    raise _Failure(
        f"unsupported value type {shown} for select, expected map[string]interface {{}}, []interface {{}} or Array"
    )


class _Wildcard(_Step):
    """All elements of an object or array."""

    def all(self, value: Any, root: Any) -> Iterator[Any]:
        if type(value) is dict:
            yield from value.values()
        elif type(value) is list:
            yield from value


class _Descend(_Step):
    """A value and all that it holds, at any depth."""

    def all(self, value: Any, root: Any) -> Iterator[Any]:
        ahead = [value]
        while ahead:
            value = ahead.pop()
            yield value
            if type(value) is dict:
                ahead.extend(reversed(value.values()))
            elif type(value) is list:
                ahead.extend(reversed(value))


class _Filter(_Step):
    """The elements for which a test is true."""

    def __init__(self, test: Evaluate) -> None:
        self._test = test

    def all(self, value: Any, root: Any) -> Iterator[Any]:
        items = value.values() if type(value) is dict else value if type(value) is list else ()
        for item in items:
            try:
                kept = self._test(root, item)
            except _Failure:
                continue
            if kept is True:
                yield item


class _Slice(_Step):
    """Elements of an array from one position to another."""

    def __init__(self, low: Evaluate | None, high: Evaluate | None, step: Evaluate | None) -> None:
        self._bounds = (low, high, step)

    def all(self, value: Any, root: Any) -> Iterator[Any]:
        if type(value) is not list:
            return
        try:
            low, high, step = (None if each is None else int(_number(each(root, value))) for each in self._bounds)
        except (_Failure, ValueError, OverflowError):
            return
        if step != 0:
            yield from value[low:high:step]
