"""Expressions: from syntax tree to Python source.

Each expression becomes lines that leave its value in a name (or nothing, where it is a literal), in the order in which the
parts are evaluated. Fast paths are written out and checked by type; all else goes through the helpers of `execution` and `operators`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from headwater.bloblang import core, execution, operators
from headwater.bloblang.binding import convert
from headwater.bloblang.emitter import Emitter
from headwater.bloblang.errors import BloblangError
from headwater.bloblang.failures import Region, explained, explained_query, failure_text, keyed_failure
from headwater.bloblang.registry import ExecutionContext, Spec
from headwater.bloblang.syntax import (
    Argument,
    Arithmetic,
    ArrayLiteral,
    Below,
    Call,
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
from headwater.bloblang.values import DELETE, MISSING, NOTHING, Marker, equal, hollowed

HELPERS: Final[dict[str, Any]] = {
    "MISSING": MISSING,
    "NOTHING": NOTHING,
    "DELETE": DELETE,
    "Marker": Marker,
    "BadDocument": execution.BadDocument,
    "ExecutionContext": ExecutionContext,
    "step": execution.step,
    "walk": execution.walk,
    "whole": execution.whole,
    "undefined": execution.undefined,
    "fail": execution.fail,
    "condition": execution.condition,
    "strict_condition": execution.strict_condition,
    "object_key": execution.object_key,
    "apply_map": execution.apply_map,
    "convert": convert,
    "equal": equal,
    "add": operators.add,
    "subtract": operators.subtract,
    "multiply": operators.multiply,
    "divide": operators.divide,
    "arithmetic": operators.arithmetic,
    "truth": operators.truth,
    "inverted": operators.inverted,
    "sliced": operators.sliced,
    "indexed": operators.indexed,
    "explained": explained,
    "explained_query": explained_query,
    "keyed_failure": keyed_failure,
    "failure_text": failure_text,
    "BloblangError": BloblangError,
    **{f"as_{name}": function for name, function in execution.COERCIONS.items()},
}

_EXACT: Final = {
    "string": "type({0}) is str",
    "stringish": "type({0}) is str",
    "text": "type({0}) is str",
    "bytes": "type({0}) is bytes",
    "octets": "type({0}) is bytes",
    "array": "type({0}) is list",
    "object": "type({0}) is dict",
    "bool": "type({0}) is bool",
    "number": "type({0}) is float",
    "integer": "False",
    "timestamp": "False",
}
_QUICK: Final = {"+": "add", "-": "subtract", "*": "multiply"}
_TO_TEXT: Final = frozenset(("string", "bytes", "format_json"))
_SCALARS: Final = (str, int, bool, type(None))


class Value:
    """Where generated code has a value.

    Attributes:
        code: A name or a literal; may be used often, costs nothing.
        kind: What is known of its type: "str", "bool", "int", "float", "list", "dict", "null", "marker"; "value" is anything
            but a marker, "any" is anything.
        safe: Whether the fast encoder writes it right: it is, and holds, no float that was calculated.
        constant: The value of a literal; MISSING otherwise.
    """

    __slots__ = ("code", "constant", "kind", "safe")

    def __init__(self, code: str, kind: str = "any", safe: bool = False, constant: Any = MISSING) -> None:
        self.code = code
        self.kind = kind
        self.safe = safe
        self.constant = constant


class Scope:
    """What `this` is.

    Attributes:
        value: Its name; None where there is no context.
        document: Whether it may stand for a message that has no document.
        previous: What it was before; a lambda gets that back.
    """

    __slots__ = ("document", "previous", "safe", "value")

    def __init__(self, value: str | None, previous: Scope | None, document: bool = False, safe: bool = False) -> None:
        self.value = value
        self.previous = previous
        self.document = document
        self.safe = safe


class ExpressionCompiler(Emitter):
    """Compiles expressions.

    Attributes:
        scope: What `this` is.
        contexts: Named contexts.
        variables: Variable to name; None where there are no variables.
        definite: Variables that have a value for certain.
        root: The name that root is built in; None where none is built.
        context: The name of the `ExecutionContext`; `needs_context` tells that it is used.
        metadata: The name of the metadata that is being built.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scope = Scope(None, None)
        self.contexts: dict[str, str] = {}
        self.variables: dict[str, str] | None = None
        self.definite: set[str] = set()
        self.root: str | None = None
        self.root_read = False
        self.context = "_c0"
        self.metadata: str | None = None
        self.needs_context = False
        self.uses_batch = False
        self.uses_this = False
        self.sound = False
        self.level = 1
        self.steppers: dict[str, str] = {}
        self.textual = False
        self.maps: set[str] | None = None
        self.interpolated = False
        self.depth = 0

    # Values -------------------------------------------------------------------------------------------------------

    def literal(self, value: Any) -> Value:
        """A value that is known."""
        if isinstance(value, Marker):
            return Value("DELETE" if value is DELETE else "NOTHING", "marker", True, value)
        kind = type(value)
        if kind in _SCALARS:
            name = {str: "str", int: "int", bool: "bool"}.get(kind, "null")
            return Value(repr(value) if kind is not str or len(value) < 200 else self.constant(value), name, True, value)
        if kind is float:
            return Value(self.constant(value), "float", False, value)
        name = {list: "list", dict: "dict"}.get(kind, "value")
        return Value(self.constant(value), name, False, value)

    def named(self, value: Value) -> str:
        """A name for a value, for code that uses it in place of one."""
        return value.code

    def temp(self, code: str, kind: str = "any", safe: bool = False, annotation: str = "", reference: str = "") -> Value:
        """Keep the value of some code in a new name."""
        name = self.fresh()
        self.put(f"{name} = {code}", annotation, reference)
        return Value(name, kind, safe)

    def expression(self, node: Node) -> Value:
        """Compile an expression."""
        self.depth += 1
        try:
            if self.depth % 24 == 0:
                from headwater.bloblang.depth import deeper

                return deeper(self._expression, node)
            return self._expression(node)
        finally:
            self.depth -= 1

    def _expression(self, node: Node) -> Value:
        if self.crowded and not isinstance(node, Literal | Reference | Variable | Metadata):
            return self._outlined(node)
        method: Callable[[Any], Value] = _METHODS[type(node)].__get__(self)
        return method(node)

    def _outlined(self, node: Node) -> Value:
        name = self._function_name("o")
        with self.function(name, []) as made:
            value = _METHODS[type(node)].__get__(self)(node)
            self.put(f"return {value.code}")
        self.place(made)
        return self.temp(f"{name}()")

    def _function_name(self, letter: str) -> str:
        self.number += 1
        name = f"_{letter}{self.number}"
        if self.stack:
            self.stack[-1].own.add(name)
        return name

    # References ---------------------------------------------------------------------------------------------------

    def _literal(self, node: Literal) -> Value:
        return self.literal(node.value)

    def _this(self, reference: str) -> Value:
        scope = self.scope
        if scope.value is None:
            return self.temp(f"whole({self.constant(execution.NO_CONTEXT)})", reference=reference)
        if not scope.document:
            return Value(scope.value, "any", scope.safe)
        self.uses_this = True
        if not self.sound:
            with self.block(f"if type({scope.value}) is BadDocument:"):
                self.put(f"raise {scope.value}.failure()", reference=reference)
            self.note_sound()
        return Value(scope.value, "value", scope.safe)

    def path(self, base: Value, path: tuple[str, ...], reference: str) -> Value:
        """Follow a path."""
        if base.constant is not MISSING:
            base = self.temp(base.code, base.kind, base.safe)
        if "*" in path:
            return self.temp(f"walk({base.code}, {path!r})", "value", base.safe, reference=reference)
        code = base.code
        for segment in path:
            key = repr(segment)
            if code in self.steppers:
                text = f"{self.steppers[code]}.get({key})"
            else:
                text = f"{code}.get({key}) if type({code}) is dict else step({code}, {key})"
            code = self.temp(text, "value", base.safe, reference=reference).code
        return Value(code, "value", base.safe)

    def _reference(self, node: Reference) -> Value:
        name = node.context
        if name == "root":
            if self.root is None:
                return self.temp("fail('unable to reference `root` from this context')")
            self.root_read = True
            base = Value(self.root, "any", False)
            return self.path(base, node.path, node.text) if node.path else self.temp(self.root)
        if name != "this" and name in self.contexts:
            base = Value(self.contexts[name], "any", False)
            return self.path(base, node.path, node.text) if node.path else base
        path = node.path if name == "this" else (name, *node.path)
        text = node.text if name == "this" else f"this.{node.text}"
        if not path:
            return self._this(text)
        scope = self.scope
        if scope.value is None:
            return self.temp(f"whole({self.constant(execution.NO_CONTEXT)})", reference=text)
        if scope.document:
            self.uses_this = True
        found = self.path(Value(scope.value, "any", scope.safe), path, text)
        if scope.document:
            self.note_sound()
        return found

    def note_sound(self) -> None:
        """Note that `this` is a document for certain, where what was just compiled always runs."""
        function = self.stack[-1]
        if function.name == "main" and function.indent == self.level:
            self.sound = True

    def _below(self, node: Below) -> Value:
        return self.path(self.expression(node.target), node.path, "")

    def _variable(self, node: Variable) -> Value:
        if self.variables is None:
            return self.temp("fail('variables were undefined')")
        return self.variable(node.name)

    def variable(self, name: str) -> Value:
        """Read a variable."""
        assert self.variables is not None
        code = self.variables.get(name)
        if code is None:
            return self.temp(f"undefined({name!r})")
        if name not in self.definite:
            with self.block(f"if {code} is MISSING:"):
                self.put(f"undefined({name!r})")
        return Value(code, "value", False)

    def _metadata(self, node: Metadata) -> Value:
        code = self.metadata
        if code is None:
            self.needs_context = True
            code = f"{self.context}.metadata"
        if node.key is None:
            return self.temp(f"dict({code} or ())", "dict")
        return self.temp(f"({code} or {{}}).get({node.key!r})", "value")

    # Containers ---------------------------------------------------------------------------------------------------

    def _array(self, node: ArrayLiteral) -> Value:
        items = [self.expression(item) for item in node.items]
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
        parts: list[tuple[str, Value]] = []
        for key, item in node.pairs:
            if isinstance(key, str):
                name = repr(key)
                with self.within("prefix", f"failed to resolve '{key}' value: "):
                    value = self.expression(item)
            else:
                with self.within("prefix", "failed to resolve key: "):
                    found = self.expression(key)
                name = self.temp(f"object_key({found.code}{_textual(key)})", "str").code
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
        operator = node.operator
        if operator == "|":
            return self._coalesce(node.left, lambda: self.expression(node.right))
        if operator in ("&&", "||"):
            return self._logical(node)
        left, right = self.expression(node.left), self.expression(node.right)
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
            return self.temp(f"{a} {operator} {b} if {test} else {slow}" if test else f"{a} {operator} {b}", "bool", True)
        if operator == "/":
            return self.temp(f"divide({a}, {b}, {names})", "float")
        if operator == "%":
            return self.temp(slow, "int", True)
        slow = f"{_QUICK[operator]}({a}, {b}, {names})"
        result = self.fresh()
        test = _both(left, right, "int")
        if operator == "+" and "str" in (left.kind, right.kind):
            test = _both(left, right, "str")
            if test is None:
                return self.temp(slow, "value")
            return self.temp(f"{a} + {b} if {test} else {slow}" if test else f"{a} + {b}", "str", True)
        if test is None:
            return self.temp(slow, "value")
        with self.block(f"if {test or 'True'}:"):
            self.put(f"{result} = {a} {operator} {b}")
            with self.block(f"if not -9223372036854775808 <= {result} <= 9223372036854775807:"):
                self.put(f"{result} = {slow}")
        with self.block("else:"):
            self.put(f"{result} = {slow}")
        return Value(result, "value")

    def _equality(self, operator: str, left: Value, right: Value) -> Value:
        a, b = left.code, right.code
        negate = "not " if operator == "!=" else ""
        for value, other in ((left, right), (right, left)):
            if value.kind == "str":
                test = "" if other.kind == "str" else f" if type({other.code}) is str else {negate}equal({a}, {b})"
                return self.temp(f"{a} {operator} {b}{test}", "bool", True)
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
            code = value.code
            self.put(f"{result} = {code} if {code} is True or {code} is False else truth({code})")

    def _not(self, node: Not) -> Value:
        value = self.expression(node.operand)
        if value.kind == "bool":
            return self.temp(f"not {value.code}", "bool", True)
        code = value.code
        return self.temp(
            f"not {code} if {code} is True or {code} is False else inverted({code})", "bool", True,
            annotation=node.operand.annotation(),
        )

    def _coalesce(self, first: Node, second: Callable[[], Value]) -> Value:
        result = self.fresh()
        if isinstance(first, Reference) and first.context != "root" and (self.sound or not self.scope.document):
            value = self.expression(first)
            self.put(f"{result} = {value.code}")
        else:
            with self.nested("try:"), self.within("edge"):
                value = self.expression(first)
                self.put(f"{result} = {value.code}")
            with self.block("except Exception:"):
                self.put(f"{result} = None")
        test = f"{result} is None" if value.kind not in ("any", "marker") else f"{result} is None or type({result}) is Marker"
        with self.block(f"if {test}:"):
            other = second()
            self.put(f"{result} = {other.code}")
        return Value(result, _joined((value, other)), value.safe and other.safe)

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
        code = value.code
        check = "strict_condition" if strict else "condition"
        return self.temp(
            f"{code} if {code} is True or {code} is False else {check}({code}, {node.annotation()!r}{_textual(node)})",
            "bool",
            True,
        ).code

    def _if(self, node: If) -> Value:
        result = self.fresh()
        values: list[Value] = []
        if len(node.branches) == 1:
            test = self.condition(node.branches[0][0], "failed to check if condition: ")
            with self.block(f"if {test}:"):
                values.append(self._branch(result, node.branches[0][1]))
            with self.block("else:"):
                values.append(self._branch(result, node.otherwise))
            return Value(result, _joined(values), all(value.safe for value in values))
        with self.nested("while True:"):
            for number, (test_node, body) in enumerate(node.branches):
                prefix = "failed to check if condition: " if number == 0 else f"failed to check if condition {number + 1}: "
                test = self.condition(test_node, prefix)
                with self.block(f"if {test}:"):
                    values.append(self._branch(result, body))
                    self.put("break")
            values.append(self._branch(result, node.otherwise))
            self.put("break")
        return Value(result, _joined(values), all(value.safe for value in values))

    def _branch(self, result: str, body: Node | None) -> Value:
        value = Value("NOTHING", "marker", True) if body is None else self.expression(body)
        self.put(f"{result} = {value.code}")
        return value

    def _match(self, node: Match) -> Value:
        outer = self.scope
        if node.subject is not None:
            subject = self.expression(node.subject)
            name = self.temp(subject.code, subject.kind, subject.safe).code
            self.scope = Scope(name, outer, False, subject.safe)
        result = self.fresh()
        values: list[Value] = []
        done = False
        try:
            with self.nested("while True:"):
                for number, case in enumerate(node.cases):
                    if case.pattern is None:
                        values.append(self._branch(result, case.result))
                        self.put("break")
                        done = True
                        break
                    with self.block(f"if {self._case(number, case.pattern)}:"):
                        values.append(self._branch(result, case.result))
                        self.put("break")
                if not done:
                    values.append(self._branch(result, None))
                    self.put("break")
        finally:
            self.scope = outer
        return Value(result, _joined(values), all(value.safe for value in values))

    def _case(self, number: int, pattern: Node) -> str:
        with self.within("prefix", f"failed to check match case {number}: "):
            if not isinstance(pattern, Literal):
                return f"{self.expression(pattern).code} is True"
            if isinstance(pattern.value, Marker):
                return "False"
            subject = self._this("this")
            constant = self.literal(pattern.value)
            if constant.kind == "null":
                return f"{subject.code} is None"
            if constant.kind == "str":
                code = subject.code
                return f"({code} == {constant.code} if type({code}) is str else equal({code}, {constant.code}))"
            return f"equal({subject.code}, {constant.code})"

    # Contexts -----------------------------------------------------------------------------------------------------

    def _map_query(self, node: MapQuery) -> Value:
        target = self.expression(node.target)
        name = target.code
        if target.constant is not MISSING:
            name = self.temp(target.code).code
        return self.scoped(node.query, name, target.safe)

    def scoped(self, query: Node, this: str, safe: bool = False) -> Value:
        """Compile a query whose `this` is some name."""
        outer = self.scope
        self.scope = Scope(this, outer, False, safe)
        try:
            return self.expression(query)
        finally:
            self.scope = outer

    def _lambda(self, node: Lambda) -> Value:
        scope = self.scope
        if scope.value is None:
            return self.temp(f"fail({f'failed to capture context {node.name}: context was undefined'!r})")
        if scope.document:
            # The label is read as the reference reads it: where there is no document there is no context.
            self.uses_this = True
            with self.block(f"if type({scope.value}) is BadDocument:"):
                self.put(f"fail({f'failed to capture context {node.name}: context was undefined'!r})")
        before = self.contexts
        if node.name != "_":
            self.contexts = {**before, node.name: scope.value}
        self.scope = scope.previous or Scope(None, None)
        try:
            return self.expression(node.body)
        finally:
            self.contexts = before
            self.scope = scope

    def query(self, node: Node, document: bool = False) -> str:
        """Compile a query into a function of its `this`, which may stand for a document that is not there."""
        name = self._function_name("q")
        this = f"_x{self.number}"
        outer = self.scope
        with self.function(name, [this]) as made, self.within("edge") as edge:
            self.scope = Scope(this, outer, document)
            error = self.fresh("e")
            try:
                with self.nested("try:"):
                    value = self.expression(node)
                    self.put(f"return {value.code}")
            finally:
                self.scope = outer
            self.region = None
            with self.block(f"except Exception as {error}:"):
                self.put(f"raise explained_query({error}, {self.constant(edge)})")
        self.place(made)
        if made in self.functions:
            self.annotations[name] = node.annotation()
        else:
            self.put(f"{name}.annotation = {node.annotation()!r}")
        return name

    # Calls --------------------------------------------------------------------------------------------------------

    def _call(self, node: Call) -> Value:
        spec = node.spec
        own = _CORE.get(spec.native)
        if own is not None:
            made: Value = own.__get__(self)(node)
            return made
        self.textual = self.textual or spec.textual
        self.uses_batch = self.uses_batch or spec.batch
        given = node.made is None or spec.stateful
        arguments = [] if not given else [self.argument(spec.kind, spec.name, each) for each in node.arguments]
        codes = [each.code for each in arguments]
        context = []
        if spec.context:
            self.needs_context = True
            context = [self.context]
        native = self.constant(spec.native)
        if node.made is not None:
            native, codes = self.constant(node.made), codes if spec.stateful else []
        elif spec.constructor:
            native = self.temp(f"{native}({', '.join(codes)})").code
            codes = []
        if node.target is None:
            if spec.context and any(each.type == "query" for each in node.arguments):
                self.put(f"{self.context}.this = {self.scope.value or 'MISSING'}")
            return self.temp(f"{native}({', '.join(context + codes)})", *_returned(spec))
        if spec.rescue and node.arguments[-1].given:
            return self._rescued(node, codes)
        target = self._absorbed(node) if spec.absorbs else self._target(node)
        annotation = "" if spec.bare else node.target.annotation()
        code = self._coerced(spec.target, target)
        call = f"{native}({', '.join([*context, code, *codes])})"
        if spec.inline and isinstance(spec.target, str) and spec.target in _EXACT and not spec.context:
            return self._inlined(node, target, codes, call, annotation)
        return self.temp(call, *_returned(spec), annotation=annotation)

    def _rescued(self, node: Call, codes: list[str]) -> Value:
        """A call whose last argument stands for a target that fails."""
        result = self.fresh()
        with self.nested("try:"), self.within("edge"):
            target = self._target(node)
            self.put(f"{result} = {self.constant(node.spec.native)}({', '.join([target.code, *codes])})")
        with self.block("except Exception:"):
            self.put(f"{result} = {codes[-1]}")
        return Value(result)

    def _target(self, node: Call) -> Value:
        assert node.target is not None
        if isinstance(node.target, Literal):
            literal = node.target.value
            if type(literal) in (list, dict) and node.spec.name in _TO_TEXT:
                return Value(self.constant(hollowed(literal)))
            if type(literal) in (int, float):
                return self.temp(self.literal(literal).code, type(literal).__name__)
        return self.expression(node.target)

    def _absorbed(self, node: Call) -> Value:
        """A target whose failure counts as nothing() where the call has a default."""
        assert node.target is not None
        if all(each.node is None and each.value is None for each in node.arguments):
            return self._target(node)
        result = self.fresh()
        with self.nested("try:"), self.within("edge"):
            value = self.expression(node.target)
            self.put(f"{result} = {value.code}")
        with self.nested("except Exception:"):
            self.put(f"{result} = NOTHING")
        return Value(result, "value")

    def _inlined(self, node: Call, target: Value, codes: list[str], call: str, annotation: str) -> Value:
        spec = node.spec
        places = {argument.name: code for argument, code in zip(node.arguments, codes, strict=False)}
        fast = spec.inline.format(target=target.code, call=call, **places)
        test = "type({0}) in (int, float)" if spec.target == "number" else _EXACT[str(spec.target)]
        return self.temp(
            f"({fast}) if {test.format(target.code)} else {call}", *_returned(spec), annotation=annotation
        )

    def _coerced(self, target: Any, value: Value) -> str:
        if target == "any":
            return value.code
        if not isinstance(target, str):
            return f"{self.constant(target)}({value.code})"
        known = {"string": "str", "stringish": "str", "text": "str", "array": "list", "object": "dict", "bool": "bool", "number": "float"}
        if known.get(target) == value.kind:
            return value.code
        return f"{value.code} if {_EXACT[target].format(value.code)} else as_{target}({value.code})"

    def argument(self, kind: str, name: str, argument: Argument) -> Value:
        """Compile an argument of a call."""
        node = argument.node
        if argument.type == "query":
            if node is None:
                return Value(self.constant(argument.value) if argument.value is not None else "None")
            if isinstance(node, Literal):
                return Value(self.constant(_Constant(node)))
            if kind == "function":
                # Queries of functions have the `this` of the call.
                self.uses_this = self.uses_this or self.scope.document
                return Value(self.query(node, self.scope.document))
            return Value(self.query(node))
        if node is None:
            return self.literal(argument.value)
        with self.within("prefix", f"{kind} '{name}': failed to extract input arg '{argument.name}': "):
            value = self.expression(node)
            if argument.type == "any":
                return value
            code = value.code
            if argument.type == "string":
                if value.kind == "str":
                    return value
                return self.temp(f"{code} if type({code}) is str else convert('string', {code})", "str", True)
            return self.temp(f"convert({argument.type!r}, {code})", "value")

    # The core's own calls -----------------------------------------------------------------------------------------

    def _catch(self, node: Call) -> Value:
        assert node.target is not None
        result = self.fresh()
        fallback = node.arguments[0]
        with self.nested("try:"), self.within("edge") as edge:
            value = self.expression(node.target)
            self.put(f"{result} = {value.code}")
        error = self.fresh("e")
        with self.nested(f"except Exception as {error}:"):
            if fallback.node is None or isinstance(fallback.node, Literal):
                other = self.literal(fallback.node.value if isinstance(fallback.node, Literal) else fallback.value)
            else:
                text = self.temp(f"failure_text({error}, {self.constant(edge)})", "str", True)
                other = self.scoped(fallback.node, text.code, True)
            self.put(f"{result} = {other.code}")
        return Value(result, _joined((value, other)), value.safe and other.safe)

    def _or(self, node: Call) -> Value:
        assert node.target is not None
        fallback = node.arguments[0]

        def second() -> Value:
            if fallback.node is None:
                return self.literal(fallback.value)
            return self.expression(fallback.node)

        return self._coalesce(node.target, second)

    def _apply(self, node: Call) -> Value:
        assert node.target is not None
        name = self.argument("method", "apply", node.arguments[0])
        target = self.expression(node.target)
        self.needs_context = True
        maps = "MAPS" if self.maps is not None else "{'': 1}" if self.interpolated else "{}"
        with self.within("map", node.annotation()):
            return self.temp(f"apply_map({maps}, {name.code}, {target.code}, {self.context})")

    def _from(self, node: Call) -> Value:
        assert node.target is not None
        self.needs_context = self.uses_batch = True
        index = self.argument("method", "from", node.arguments[0])
        outer = self.context
        self.context = self.temp(f"{outer}.at({index.code} if {index.code} >= 0 else len({outer}.batch) + {index.code})").code
        try:
            return self.expression(node.target)
        finally:
            self.context = outer

    def _from_all(self, node: Call) -> Value:
        assert node.target is not None
        self.needs_context = self.uses_batch = True
        outer = self.context
        result, index = self.fresh(), self.fresh("i")
        self.put(f"{result} = []")
        with self.nested(f"for {index} in range(len({outer}.batch)):"):
            self.context = self.temp(f"{outer}.at({index})").code
            try:
                value = self.expression(node.target)
                self.put(f"{result}.append({value.code})")
            finally:
                self.context = outer
        return Value(result, "list", value.safe)

    def _var(self, node: Call) -> Value:
        name = self.argument("function", "var", node.arguments[0])
        if self.variables is None:
            return self.temp("fail('variables were undefined')")
        pairs = ", ".join(f"{each!r}: {code}" for each, code in self.variables.items())
        table = self.temp(f"{{{pairs}}}").code
        found = self.temp(f"{table}.get({name.code}, MISSING)", "value")
        with self.block(f"if {found.code} is MISSING:"):
            self.put(f"undefined({name.code})")
        return found


_RETURNS: Final = {
    "str": ("str", True),
    "bool": ("bool", True),
    "int": ("value", True),
    "float": ("float", False),
    "bytes": ("value", True),
    "str | bytes": ("value", True),
    "Timestamp": ("value", True),
    "list[Any]": ("list", False),
    "list[str]": ("list", True),
    "dict[str, Any]": ("dict", False),
}


def _returned(spec: Spec) -> tuple[str, bool]:
    """What the native function's annotation says of the kind and safety of results."""
    annotation = str(spec.native.__annotations__.get("return", ""))
    if spec.constructor or spec.stateful:
        annotation = annotation.rpartition("], ")[2].removesuffix("]")
    return _RETURNS.get(annotation, ("any", False))


class _Constant:
    """A query that is a literal."""

    __slots__ = ("annotation", "value")

    def __init__(self, node: Literal) -> None:
        self.value = node.value
        self.annotation = node.annotation()

    def __call__(self, this: Any) -> Any:
        return self.value


def _textual(node: Node) -> str:
    return ", True" if isinstance(node, Reference | Below) else ""


def _both(left: Value, right: Value, kind: str) -> str | None:
    """A test that both values are of a kind: empty where that is known, None where it cannot be."""
    tests = []
    for value in (left, right):
        if value.kind == kind:
            continue
        if value.kind not in ("any", "value"):
            return None
        tests.append(f"type({value.code}) is {kind}")
    return " and ".join(tests)


def _joined(values: Any) -> str:
    kinds = {value.kind for value in values}
    if len(kinds) == 1:
        return str(kinds.pop())
    return "any" if kinds & {"any", "marker"} else "value"


_METHODS: Final[dict[type, Any]] = {
    Literal: ExpressionCompiler._literal,
    Reference: ExpressionCompiler._reference,
    Below: ExpressionCompiler._below,
    Variable: ExpressionCompiler._variable,
    Metadata: ExpressionCompiler._metadata,
    ArrayLiteral: ExpressionCompiler._array,
    ObjectLiteral: ExpressionCompiler._object,
    Arithmetic: ExpressionCompiler._arithmetic,
    Not: ExpressionCompiler._not,
    If: ExpressionCompiler._if,
    Match: ExpressionCompiler._match,
    MapQuery: ExpressionCompiler._map_query,
    Lambda: ExpressionCompiler._lambda,
    Slice: ExpressionCompiler._slice,
    Call: ExpressionCompiler._call,
}
_CORE: Final[dict[Any, Any]] = {
    core.catch: ExpressionCompiler._catch,
    core.or_: ExpressionCompiler._or,
    core.apply: ExpressionCompiler._apply,
    core.from_: ExpressionCompiler._from,
    core.from_all: ExpressionCompiler._from_all,
    core.var: ExpressionCompiler._var,
}
