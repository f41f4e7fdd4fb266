"""Expressions: literals of arrays and objects, operators, conditionals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from headwater.bloblang import core
from headwater.bloblang.errors import BloblangError
from headwater.bloblang.failures import Region
from headwater.bloblang.operators import arithmetic
from headwater.bloblang.references import ReferenceCompiler, Scope, Value
from headwater.bloblang.registry import MAX_GROWTH
from headwater.bloblang.syntax import (
    Arithmetic,
    ArrayLiteral,
    Below,
    Call,
    If,
    Literal,
    Match,
    Node,
    Not,
    ObjectLiteral,
    Reference,
    Slice,
)
from headwater.bloblang.values import MISSING, Marker

_QUICK: Final = {"+": "add", "-": "subtract", "*": "multiply"}
_COMPACT: Final = (1 << 30) - 1
"""The interpreter compares integers up to this, which it keeps in one digit, in a third of the time others take."""
_FOLDABLE: Final = frozenset((int, str))


class OperatorCompiler(ReferenceCompiler):
    """Compiles containers, operators and conditionals."""

    # Containers ---------------------------------------------------------------------------------------------------

    def _array(self, node: ArrayLiteral) -> Value:
        storing = self.position
        items = [self.part(item, storing) for item in node.items]
        kept = [item for item in items if item.kind != "marker"]
        code = f"[{', '.join(item.code for item in kept)}]"
        safe = all(item.safe for item in kept)
        doubtful = [item for item in kept if item.kind == "any"]
        made = self.temp(code, "list", safe)
        if doubtful:
            test = " or ".join(f"type({item.code}) is Marker" for item in doubtful)
            with self.block(f"if {test}:"):
                self.put(f"{made.code} = [_e for _e in {made.code} if type(_e) is not Marker]")
        return made

    def _object(self, node: ObjectLiteral) -> Value:
        storing = self.position
        parts: list[tuple[str, Value]] = []
        for key, item in node.pairs:
            if isinstance(key, str):
                name = repr(key)
                with self.within("prefix", f"failed to resolve '{key}' value: "):
                    value = self.part(item, storing)
            else:
                with self.within("prefix", "failed to resolve key: "):
                    found = self.expression(key)
                name = self.temp(f"object_key({found.code}{textual(key)})", "str").code
                outer = self.region
                value = self._keyed(item, name, outer)
            parts.append((name, value))
        kept = [(name, item) for name, item in parts if item.kind != "marker"]
        safe = all(item.safe for _, item in kept)
        sure = [(name, item) for name, item in kept if item.kind != "any"]
        if len(sure) == len(kept):
            return self.temp(f"{{{', '.join(f'{name}: {item.code}' for name, item in kept)}}}", "dict", safe)
        made = self.temp(f"{{{', '.join(f'{name}: {item.code}' for name, item in kept)}}}", "dict", safe)
        test = " or ".join(f"type({item.code}) is Marker" for _, item in kept if item.kind == "any")
        with self.block(f"if {test}:"):
            self.put(f"{made.code} = {{_k: _e for _k, _e in {made.code}.items() if type(_e) is not Marker}}")
        return made

    def _keyed(self, item: Node, key: str, outer: Region | None) -> Value:
        result = self.fresh()
        with self.nested("try:"), self.within("edge") as edge:
            value = self.expression(item)
            self.put(f"{result} = {value.code}")
        error = self.fresh("e")
        with self.block(f"except Exception as {error}:"):
            self.put(
                f"raise keyed_failure({error}, {self.constant(edge)}, {key})",
            )
        return Value(result, value.kind, value.safe)

    # Operators ----------------------------------------------------------------------------------------------------

    def _arithmetic(self, node: Arithmetic) -> Value:
        operator, watched = node.operator, self.watching
        if operator == "|":
            return self.coalesce(node)
        if operator in ("&&", "||"):
            return self._logical(node)
        left, right = self.expression(node.left), self.expression(node.right)
        if type(left.constant) in _FOLDABLE and type(right.constant) in _FOLDABLE:
            folded = self._folded(node, left.constant, right.constant)
            if folded is not None:
                return folded
        names = f"{node.left.annotation()!r}, {node.right.annotation()!r}"
        a, b = left.code, right.code
        if operator in ("==", "!="):
            return self._equality(operator, left, right)
        slow = f"arithmetic({operator!r}, {a}, {b}, {names})"
        if operator in (">", "<", ">=", "<="):
            test = _both(left, right, "int")
            if test is None:
                test = _both(left, right, "str")
                if test is None:
                    return self.temp(slow, "bool", True)
            fast = f"{a} {operator} {b}"
            return self.temp(f"{fast} if {test} else {slow}" if test else fast, "bool", True)
        if operator == "/":
            return self._division(left, right, f"divide({a}, {b}, {names})")
        if operator == "%":
            return self.temp(slow, "int", True)
        slow = f"{_QUICK[operator]}({a}, {b}, {names})"
        result = self.fresh()
        test = _both(left, right, "int")
        if operator == "+" and "str" in (left.kind, right.kind):
            test = _both(left, right, "str")
            if test is None:
                return self.temp(slow, "value")
            made = self.temp(f"{a} + {b} if {test} else {slow}" if test else f"{a} + {b}", "str", True)
            with self.block(f"if len({made.code}) > {MAX_GROWTH}:"):
                self.put(f"too_long({made.code})")
            return made
        kind = "value" if operator == "+" else "number"
        if test is None:
            return self.temp(slow, kind)
        with self.block(f"if {test or 'True'}:"):
            self.put(f"{result} = {a} {operator} {b}")
            self._wrapped(result, slow, watched)
        if test:
            with self.block("else:"):
                self._flag(watched)
                self.put(f"{result} = {slow}")
        return Value(result, kind)

    def _wrapped(self, result: str, slow: str, watched: str) -> None:
        """Calculate anew where an integer left the range of the reference's; most are far within it."""
        with self.block(f"if {result} > {_COMPACT} or {result} < -{_COMPACT}:"):
            self._flag(watched)
            with self.block(f"if not -9223372036854775808 <= {result} <= 9223372036854775807:"):
                self.put(f"{result} = {slow}")

    def _flag(self, watched: str) -> None:
        if watched:
            self.put(f"{watched} = True")
            self.flagged = watched

    def _division(self, left: Value, right: Value, slow: str) -> Value:
        """``/``: integers that floats hold exactly are divided on the spot, unless by a zero."""
        tests = []
        for value, divisor in ((left, False), (right, True)):
            code = value.code
            if type(value.constant) is int and abs(value.constant) <= _COMPACT and (value.constant or not divisor):
                continue
            if value.constant is not MISSING or value.kind not in ("any", "value", "number", "int"):
                return self.temp(slow, "float")
            if value.kind != "int":
                tests.append(f"type({code}) is int")
            tests.append(f"-{_COMPACT} <= {code} <= {_COMPACT}")
            if divisor:
                tests.append(f"{code} != 0")
        fast = f"{left.code} / {right.code}"
        return self.temp(f"{fast} if {' and '.join(tests)} else {slow}" if tests else fast, "float")

    def _folded(self, node: Arithmetic, left: Any, right: Any) -> Value | None:
        """What an operator makes of two literals; None where it fails, which is then left to the run."""
        names = node.left.annotation(), node.right.annotation()
        try:
            return self.literal(arithmetic(node.operator, left, right, *names))
        except BloblangError:
            return None

    def _equality(self, operator: str, left: Value, right: Value) -> Value:
        a, b = left.code, right.code
        negate = "not " if operator == "!=" else ""
        for value, other in ((left, right), (right, left)):
            if value.kind == "str":
                slow = "" if other.kind == "str" else f" if type({other.code}) is str else {negate}equal({a}, {b})"
                return self.temp(f"{a} {operator} {b}{slow}", "bool", True)
            if value.kind == "null":
                word = "is not" if negate else "is"
                return self.temp(f"{other.code} {word} None", "bool", True)
        kinds = "int" if "int" in (left.kind, right.kind) else ""
        if kinds:
            test = _both(left, right, "int")
            if test is not None:
                tail = f" if {test} else {negate}equal({a}, {b})" if test else ""
                return self.temp(f"{a} {operator} {b}{tail}", "bool", True)
        return self.temp(f"{negate}equal({a}, {b})", "bool", True)

    def _logical(self, node: Arithmetic) -> Value:
        result = self.fresh()
        left = self.expression(node.left)
        self._truth(result, left)
        with self.block(f"if {'' if node.operator == '&&' else 'not '}{result}:"):
            right = self.expression(node.right)
            self._truth(result, right)
        return Value(result, "bool", True)

    def _truth(self, result: str, value: Value) -> None:
        if value.kind == "bool":
            self.put(f"{result} = {value.code}")
        else:
            code = self.held(value)
            self.put(f"{result} = {code} if {code} is True or {code} is False else truth({code})")

    def _not(self, node: Not) -> Value:
        value = self.expression(node.operand)
        if value.kind == "bool":
            return self.temp(f"not {value.code}", "bool", True)
        code = self.held(value)
        return self.temp(
            f"not {code} if {code} is True or {code} is False else inverted({code})", "bool", True,
            annotation=node.operand.annotation(),
        )

    def coalesce(self, node: Node) -> Value:
        """``a | b`` and ``a.or(b)``: the first that neither fails nor is null or a marker; the last, whatever it is."""
        operands = _alternatives(node)
        result = self.fresh()
        values: list[Value] = []
        for number, operand in enumerate(operands):
            if number == 0:
                values.append(self._attempt(result, operand))
                continue
            test = f"{result} is None"
            if values[-1].kind in ("any", "marker"):
                test += f" or type({result}) is Marker"
            with self.block(f"if {test}:"):
                if number < len(operands) - 1:
                    values.append(self._attempt(result, operand))
                else:
                    values.append(self.expression(operand))
                    self.put(f"{result} = {values[-1].code}")
        kind = joined(values)
        if kind == "marker" or (kind == "any" and values[-1].kind not in ("any", "marker")):
            kind = "any" if kind == "marker" else "value"
        return Value(result, kind, all(value.safe for value in values))

    def _attempt(self, result: str, node: Node) -> Value:
        """Keep the value of an expression, or None where it fails."""
        if isinstance(node, Reference) and node.context != "root" and (self.sound or not self.scope.document):
            value = self.expression(node)
            self.put(f"{result} = {value.code}")
            return value
        with self.nested("try:"), self.within("edge"):
            value = self.expression(node)
            self.put(f"{result} = {value.code}")
        with self.block("except Exception:"):
            self.put(f"{result} = None")
        return value

    def _slice(self, node: Slice) -> Value:
        target = self.expression(node.target)
        if node.index is not None:
            index = self.expression(node.index)
            return self.temp(f"indexed({target.code}, {index.code})", "value")
        assert node.bounds is not None
        bounds = [None if bound is None else self.expression(bound) for bound in node.bounds]
        codes = ", ".join("None" if bound is None else bound.code for bound in bounds)
        return self.temp(f"sliced({target.code}, {codes})", "value")

    # Conditionals -------------------------------------------------------------------------------------------------

    def condition(self, node: Node, prefix: str, strict: bool = False) -> str:
        """Compile a condition; the name holds True or False."""
        with self.within("prefix", prefix):
            value = self.expression(node)
        if value.kind == "bool":
            return value.code
        code = self.held(value)
        check = "strict_condition" if strict else "condition"
        return self.temp(
            f"{code} if {code} is True or {code} is False else {check}({code}, {node.annotation()!r}{textual(node)})",
            "bool",
            True,
        ).code

    def _if(self, node: If) -> Value:
        storing = self.position
        result = self.fresh()
        values: list[Value] = []
        if len(node.branches) == 1:
            test = self.condition(node.branches[0][0], "failed to check if condition: ")
            with self.block(f"if {test}:"):
                values.append(self._branch(result, node.branches[0][1], storing))
            with self.block("else:"):
                values.append(self._branch(result, node.otherwise, storing))
            return Value(result, joined(values), all(value.safe for value in values))
        with self.nested("while True:"):
            for number, (test_node, body) in enumerate(node.branches):
                place = f" {number}" if number else ""
                prefix = f"failed to check if condition{place}: "
                test = self.condition(test_node, prefix)
                with self.block(f"if {test}:"):
                    values.append(self._branch(result, body, storing))
                    self.put("break")
            values.append(self._branch(result, node.otherwise, storing))
            self.put("break")
        return Value(result, joined(values), all(value.safe for value in values))

    def _branch(self, result: str, body: Node | None, storing: bool) -> Value:
        value = Value("NOTHING", "marker", True) if body is None else self.part(body, storing)
        self.put(f"{result} = {value.code}")
        return value

    def _match(self, node: Match) -> Value:
        storing = self.position
        outer = self.scope
        if node.subject is not None:
            subject = self.expression(node.subject)
            name = self.temp(subject.code, subject.kind, subject.safe).code
            self.scope = Scope(name, outer, False, subject.safe)
        elif outer.value is None:
            self.scope = Scope(self.temp("None").code, outer)
        elif outer.document and not self.sound:
            # Without a document the cases are about null.
            self.uses_this = True
            name = self.temp(f"None if type({outer.value}) is BadDocument else {outer.value}").code
            self.scope = Scope(name, outer, False, outer.safe)
        result = self.fresh()
        values: list[Value] = []
        done = False
        try:
            with self.nested("while True:"):
                for number, case in enumerate(node.cases):
                    if case.pattern is None:
                        values.append(self._branch(result, case.result, storing))
                        self.put("break")
                        done = True
                        break
                    with self.block(f"if {self._case(number, case.pattern)}:"):
                        values.append(self._branch(result, case.result, storing))
                        self.put("break")
                if not done:
                    values.append(self._branch(result, None, storing))
                    self.put("break")
        finally:
            self.scope = outer
        return Value(result, joined(values), all(value.safe for value in values))

    def _case(self, number: int, pattern: Node) -> str:
        with self.within("prefix", f"failed to check match case {number}: "):
            if not isinstance(pattern, Literal):
                return f"{self.held(self.expression(pattern))} is True"
            if isinstance(pattern.value, Marker):
                return "False"
            subject = self.this("this")
            constant = self.literal(pattern.value)
            if constant.kind == "null":
                return f"{subject.code} is None"
            if constant.kind == "str":
                code = subject.code
                return f"({code} == {constant.code} if type({code}) is str else equal({code}, {constant.code}))"
            return f"equal({subject.code}, {constant.code})"


def _alternatives(node: Node) -> list[Node]:
    found: list[Node] = []
    while True:
        if isinstance(node, Arithmetic) and node.operator == "|":
            found.append(node.right)
            node = node.left
        elif isinstance(node, Call) and node.spec.native is core.or_:
            fallback = node.arguments[0]
            found.append(Literal(node.at, fallback.value) if fallback.node is None else fallback.node)
            assert node.target is not None
            node = node.target
        else:
            found.append(node)
            return found[::-1]


def textual(node: Node) -> str:
    """The last argument of helpers that name types: whether a number is the text that a document has."""
    return ", True" if isinstance(node, Reference | Below) else ""


def _both(left: Value, right: Value, kind: str) -> str | None:
    """A test that both values are of a kind: empty where that is known, None where it cannot be."""
    tests = []
    for value in (left, right):
        if value.kind == kind:
            continue
        if value.kind not in ("any", "value") and (value.kind != "number" or kind != "int"):
            return None
        tests.append(f"type({value.code}) is {kind}")
    return " and ".join(tests)


def joined(values: Iterable[Value]) -> str:
    """What is known of the type of one of some values."""
    kinds = {value.kind for value in values}
    if len(kinds) == 1:
        return str(kinds.pop())
    return "any" if kinds & {"any", "marker"} else "value"
