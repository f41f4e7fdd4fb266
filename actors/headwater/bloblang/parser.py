"""Expressions: from text to syntax tree.

Terms are matched by prefix and alternatives tried in a fixed order; there are no reserved words. What an error says
follows
from that order: see `scanner`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from headwater.bloblang.binding import bind
from headwater.bloblang.depth import deeper
from headwater.bloblang.errors import BloblangError
from headwater.bloblang.operators import arithmetic
from headwater.bloblang.registry import Environment
from headwater.bloblang.scanner import NAME, SNAKE, Failure, Scanner
from headwater.bloblang.syntax import (
    Arithmetic,
    ArrayLiteral,
    Below,
    Case,
    If,
    Lambda,
    Literal,
    MapQuery,
    Match,
    Metadata,
    Node,
    Not,
    ObjectLiteral,
    Reference,
    Slice,
    Variable,
)
from headwater.bloblang.values import Marker, go_type_name

_OPERATOR = re.compile(r"&&|\|\||==|!=|>=|<=|[-+*/%|<>]")
_LEVELS = ({"*", "/", "%", "|"}, {"+", "-"}, {"==", "!=", ">", "<", ">=", "<="}, {"&&", "||"})
_NAMED = re.compile(r"([a-z0-9_]+):")
ELSE_IF = re.compile(r"else if[ \t]")
_LAMBDA = re.compile(r"([A-Za-z0-9_]+)[ \t]+->[ \t]+")

T = TypeVar("T")


class ExpressionParser(Scanner):
    """Reads expressions.

    Args:
        source: The whole text.
        environment: Functions and methods.
    """

    def __init__(self, source: str, environment: Environment) -> None:
        super().__init__(source)
        self.environment = environment
        self.contexts: list[str] = []
        self.depth = 0
        self.slices = True
        self.shared = True

    # Combination --------------------------------------------------------------------------------------------------

    def required(self, read: Callable[[], T], label: str = "") -> T:
        """Read a term that must stand here."""
        try:
            return self.labelled(read, label) if label else read()
        except Failure as failure:
            failure.fatal = True
            raise

    def labelled(self, read: Callable[[], T], label: str) -> T:
        """Read a term that failures call by another name."""
        try:
            return read()
        except Failure as failure:
            if not failure.fatal:
                failure.expected = [label]
            raise

    def first_of(self, *alternatives: Callable[[], T]) -> T:
        """Read the first alternative that is met; what the furthest expected counts where none is."""
        start = self.at
        joined: Failure | None = None
        for alternative in alternatives:
            self.at = start
            try:
                return alternative()
            except Failure as failure:
                if failure.fatal:
                    raise
                joined = failure if joined is None else joined.join(failure)
        assert joined is not None
        raise joined

    def delimited(self, primary: Callable[[], Any], delimiter: Callable[[], None], stop: str) -> list[Any]:
        """Read terms between delimiters up to a stop; a delimiter may stand before the stop."""
        found: list[Any] = []
        self.skip()
        if self._stops(stop):
            return found
        while True:
            found.append(primary())
            start = self.at
            try:
                delimiter()
            except Failure as failure:
                self.at = start
                if not failure.fatal and self._stops(stop):
                    return found
                failure.expected.append(stop)
                raise
            self.skip()
            if self._stops(stop):
                return found

    def _stops(self, stop: str) -> bool:
        start = self.at
        self.skip()
        if self.peek(stop):
            self.at += len(stop)
            return True
        self.at = start
        return False

    # Operators ----------------------------------------------------------------------------------------------------

    def query(self) -> Node:
        """Operands and operators; blanks may stand before."""
        self.depth += 1
        try:
            if self.depth % 24 == 0:
                return deeper(self._query)
            return self._query()
        finally:
            self.depth -= 1

    def _query(self) -> Node:
        self.blanks()
        start = self.at
        signed = [self.operand()]
        operators: list[str] = []
        while True:
            end = self.at
            self.blanks()
            found = _OPERATOR.match(self.source, self.at)
            if found is None:
                self.at = end
                break
            operators.append(found.group())
            self.at = found.end()
            self.skip()
            signed.append(self.operand())
        try:
            operands = [
                _combine(node.at, "-", Literal(node.at, 0), node) if negative else node for negative, node in signed
            ]
            return _resolve(start, operands, operators)
        except BloblangError as error:
            self.fatal(start, error.text)

    def operand(self) -> tuple[bool, Node]:
        """A primary with its tails, perhaps with signs before it; and whether it is to be negated."""
        start = self.at
        negative = self.peek("-")
        if negative:
            self.at += 1
            self.skip()
        inverted = self.peek("!")
        if inverted:
            self.at += 1
            self.blanks()
        node = self.tails(self.primary())
        return negative, Not(start, node) if inverted else node

    # Primaries ----------------------------------------------------------------------------------------------------

    def primary(self) -> Node:
        """The first alternative that matches."""
        start = self.at
        source = self.source
        furthest = start
        alternatives: list[Callable[[], Node]] = []
        first = source[start : start + 1]
        if first == "m":
            alternatives.append(self.match)
        elif first == "i":
            alternatives.append(self.conditional)
        if NAME.match(source, start):
            alternatives.append(self.capture)
        if first == "(":
            alternatives.append(self.brackets)
        elif first == "{":
            alternatives.append(self.object)
        elif first == "[":
            alternatives.append(self.array)
        else:
            alternatives.append(self.scalar)
        if SNAKE.match(source, start):
            alternatives.append(self.function)
        if first == "@":
            alternatives.append(self.metadata)
        elif first == "$":
            alternatives.append(self.variable)
        else:
            alternatives.append(self.reference)
        for alternative in alternatives:
            self.at = start
            try:
                return alternative()
            except Failure as failure:
                if failure.fatal:
                    raise
                furthest = max(furthest, failure.at)
        raise Failure(furthest, ("query",))

    def match(self) -> Node:
        """``match subject { cases }``"""
        start = self.at
        self.term("match")
        self.need_blanks()
        subject = None
        before = self.at
        try:
            subject = self.query()
        except Failure as failure:
            if failure.fatal:
                raise
            self.at = before
        self.skip()
        self.must("{")
        cases = self.required(lambda: self.delimited(self.case, self.case_end, "}"))
        return Match(start, subject, cases)

    def case(self) -> Case:
        """``pattern => result``"""
        pattern = self.first_of(self._anything, self._pattern)
        return Case(pattern, self.query())

    def _anything(self) -> None:
        self.term("_", "match case")
        self.blanks()
        self.term("=>")

    def _pattern(self) -> Node:
        pattern = self.labelled(self.query, "match case")
        self.blanks()
        self.term("=>")
        return pattern

    def case_end(self) -> None:
        """A comma or a line break."""
        self.blanks()
        self.first_of(lambda: self.term(","), self.line_break)

    def conditional(self) -> Node:
        """``if condition { query } else if ... else { query }``"""
        start = self.at
        self.term("if")
        self.need_blanks()
        branches = [self._branch()]
        while True:
            end = self.at
            self.skip()
            if ELSE_IF.match(self.source, self.at) is None:
                self.at = end
                break
            self.at += 7
            branches.append(self._branch())
        otherwise = None
        end = self.at
        self.skip()
        if self.peek("else"):
            self.at += 4
            self.skip()
            otherwise = self._body()
        else:
            self.at = end
        return If(start, branches, otherwise)

    def _branch(self) -> tuple[Node, Node]:
        condition = self.required(self.query)
        self.skip()
        return condition, self._body()

    def _body(self) -> Node:
        self.must("{")
        self.skip()
        body = self.required(self.query)
        self.skip()
        self.must("}")
        return body

    def capture(self) -> Node:
        """``name -> query``"""
        start = self.at
        found = _LAMBDA.match(self.source, start)
        if found is None:
            raise Failure(start)
        name = found.group(1)
        self.at = found.end()
        if name in ("this", "root"):
            self.fatal(start, f"context label `{name}` is not allowed")
        if name in self.contexts:
            self.fatal(start, f"context label `{name}` would shadow a parent context")
        if name != "_":
            self.contexts.append(name)
        try:
            body = self.required(self.query)
        finally:
            if name != "_":
                self.contexts.pop()
        if isinstance(body, Lambda):
            self.fatal(
                start,
                f"it would be in poor taste to capture the same context under both '{name}' and '{body.name}'",
            )
        return Lambda(start, name, body)

    def brackets(self) -> Node:
        """``( query )``"""
        self.term("(")
        self.skip()
        node = self.query()
        self.skip()
        self.must(")", "closing bracket")
        return node

    def scalar(self) -> Node:
        """A boolean, null, number or string."""
        start, source = self.at, self.source
        first = source[start : start + 1]
        if first == '"':
            raw = source.startswith('"""', start) and self.end - start >= 6
            text = self.raw_string() if raw else self.quoted()
            return Literal(start, text)
        if "0" <= first <= "9" or first == "-":
            return Literal(start, self.number())
        for word, value in (("true", True), ("false", False), ("null", None)):
            if source.startswith(word, start):
                self.at += len(word)
                return Literal(start, value)
        raise Failure(start)

    def _comma(self) -> None:
        self.blanks()
        self.term(",")

    def array(self) -> Node:
        """``[ query, ... ]``"""
        start = self.at
        self.term("[")
        items: list[Node] = self.delimited(self.query, self._comma, "]")
        if all(isinstance(item, Literal) for item in items):
            values = [item.value for item in items if isinstance(item, Literal)]
            return Literal(start, [value for value in values if not isinstance(value, Marker)])
        return ArrayLiteral(start, items)

    def object(self) -> Node:
        """``{ key: query, ... }``"""
        start = self.at
        self.term("{")
        pairs: list[tuple[str | Node, Node]] = self.delimited(self._pair, self._comma, "}")
        for key, _ in pairs:
            if isinstance(key, Literal):
                self.fatal(start, f"object keys must be strings, received: {go_type_name(key.value)}")
        if all(isinstance(key, str) and isinstance(item, Literal) for key, item in pairs):
            return Literal(
                start,
                {
                    key: item.value
                    for key, item in pairs
                    if isinstance(item, Literal) and not isinstance(item.value, Marker)
                },
            )
        return ObjectLiteral(start, pairs)

    def _pair(self) -> tuple[str | Node, Node]:
        key: str | Node
        if self.peek('"'):
            key = self.quoted()
        else:
            key = self.query()
            if isinstance(key, Literal) and type(key.value) is str:
                key = key.value
        self.blanks()
        self.term(":")
        self.skip()
        return key, self.query()

    def function(self) -> Node:
        """``name(arguments)``"""
        start = self.at
        found = SNAKE.match(self.source, start)
        assert found is not None
        if not self.source.startswith("(", found.end()):
            raise Failure(found.end())
        self.at = found.end()
        return self._call("function", found.group(), None, start)

    def metadata(self) -> Node:
        """``@``, ``@name`` and ``@"any text"``"""
        start = self.at
        self.at += 1
        if self.peek('"'):
            return Metadata(start, self.quoted())
        found = NAME.match(self.source, self.at)
        if found is None:
            return Metadata(start, None)
        self.at = found.end()
        return Metadata(start, found.group())

    def variable(self) -> Node:
        """``$name``"""
        start = self.at
        self.at += 1
        return Variable(start, self.name("variable"))

    def reference(self) -> Node:
        """`this`, `root`, a named context, or a field of `this`."""
        start = self.at
        name = self.name("field")
        if name in ("this", "root") or name in self.contexts:
            return Reference(start, name)
        return Reference(start, "this", (name,))

    # Tails --------------------------------------------------------------------------------------------------------

    def tails(self, node: Node) -> Node:
        """Paths, methods and bracketed queries behind a primary."""
        while True:
            if self.peek("."):
                self.at += 1
                self.skip()
                node = self._tail(node)
                continue
            if self.slices and self.peek("["):
                start = self.at
                sliced = self._slice(node)
                if sliced is not None:
                    node = sliced
                    continue
                self.at = start
            return node

    def _tail(self, node: Node) -> Node:
        start = self.at
        if self.peek("("):
            self.at += 1
            self.skip()
            query = self.required(self.query)
            self.skip()
            self.must(")")
            return MapQuery(start, node, query)
        found = SNAKE.match(self.source, start)
        if found is not None and self.source.startswith("(", found.end()):
            self.at = found.end()
            return self._call("method", found.group(), node, start)
        name = self.required(lambda: self.name_or_string("method or field path"))
        if isinstance(node, Reference):
            return Reference(node.at, node.context, (*node.path, name))
        if isinstance(node, Below):
            return Below(node.at, node.target, (*node.path, name))
        return Below(start, node, (name,))

    def _slice(self, node: Node) -> Node | None:
        # Not all know this syntax: where it is not met, what is wrong is told as if there were none.
        start = self.at
        self.at += 1
        parts: list[Node | None] = []
        colons = 0
        try:
            while True:
                self.blanks()
                parts.append(None if self.peek(":") or self.peek("]") else self.query())
                self.blanks()
                if colons < 2 and self.peek(":"):
                    self.at += 1
                    colons += 1
                    continue
                self.term("]")
                break
        except Failure:
            return None
        if colons == 0:
            if parts[0] is None:
                return None
            return Slice(start, node, parts[0], None)
        parts += [None] * (3 - len(parts))
        return Slice(start, node, None, (parts[0], parts[1], parts[2]))

    # Calls --------------------------------------------------------------------------------------------------------

    def _call(self, kind: str, name: str, target: Node | None, start: int) -> Node:
        self.at += 1
        given = self.required(self._arguments)
        spec = (self.environment.functions if kind == "function" else self.environment.methods).get(name)
        if spec is not None and (spec.impure or spec.stateful or (spec.constructor and kind == "function")):
            self.shared = False
        try:
            return bind(self.environment, kind, name, target, given, start)
        except BloblangError as error:
            raise Failure(self.at, (), True, error.text, error.constructed) from None

    def _arguments(self) -> list[tuple[str, Node]]:
        given: list[tuple[str, Node]] = []
        self.skip()
        if self._stops(")"):
            return given
        while True:
            found = _NAMED.match(self.source, self.at)
            if found is not None:
                self.at = found.end()
                self.blanks()
                given.append((found.group(1), self.required(self.query, "argument value")))
            else:
                given.append(("", self.labelled(self.query, "function argument")))
            end = self.at
            self.blanks()
            if self.peek(","):
                self.at += 1
                self.skip()
                if self._stops(")"):
                    return given
                continue
            here = self.at
            self.at = end
            if self._stops(")"):
                return given
            raise Failure(here, ("comma", "closing bracket"))


def _resolve(at: int, operands: list[Node], operators: list[str]) -> Node:
    for level in _LEVELS:
        if not operators:
            break
        left: list[Node] = [operands[0]]
        rest: list[str] = []
        for operator, operand in zip(operators, operands[1:], strict=True):
            if operator in level:
                left[-1] = _combine(at, operator, left[-1], operand)
            else:
                rest.append(operator)
                left.append(operand)
        operands, operators = left, rest
    return operands[0]


def _combine(at: int, operator: str, left: Node, right: Node) -> Node:
    if operator not in ("|", "&&", "||") and isinstance(left, Literal) and isinstance(right, Literal):
        value = arithmetic(operator, left.value, right.value, left.annotation(), right.annotation())
        return Literal(at, value, right.annotation())
    return Arithmetic(at, operator, left, right)
