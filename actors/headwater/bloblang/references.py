"""Values and references: what generated code calls a value, and how it reads documents, variables and metadata.

Each expression becomes lines that leave its value in a name (or nothing, where it is a literal), in the order in which
the parts are evaluated. Fast paths are written out and checked by type; all else goes through `execution` and
`operators`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from headwater.bloblang import execution
from headwater.bloblang.depth import deeper
from headwater.bloblang.emitter import Emitter
from headwater.bloblang.syntax import (
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
from headwater.bloblang.values import DELETE, MISSING, Marker, array_index

_SCALARS: Final[dict[type, str]] = {str: "str", int: "int", bool: "bool", type(None): "null"}
_METHODS: Final[dict[type, str]] = {
    Literal: "_literal",
    Reference: "_reference",
    Below: "_below",
    Variable: "_variable",
    Metadata: "_metadata",
    ArrayLiteral: "_array",
    ObjectLiteral: "_object",
    Arithmetic: "_arithmetic",
    Not: "_not",
    If: "_if",
    Match: "_match",
    MapQuery: "_map_query",
    Lambda: "_lambda",
    Slice: "_slice",
    Call: "_call",
}
"""The method that compiles a kind of node; `expressions` and `calls` have the most of them."""


class Value:
    """Where generated code has a value.

    Attributes:
        code: A name or a literal; may be used often, costs nothing.
        kind: What is known of its type: "str", "bool", "int", "float", "list", "dict", "null", "marker"; "value" is
        anything
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


class ReferenceCompiler(Emitter):
    """Compiles references and literals.

    Attributes:
        scope: What `this` is.
        contexts: Named contexts.
        variables: Variable to name; None where there are no variables.
        definite: Variables that have a value for certain.
        root: The name that root is built in; None where none is built.
        context: The name of the `ExecutionContext`; `needs_context` tells that it is used.
        metadata: The name of the metadata that is being built.
        evaluated: Nodes, by their identity, that have a value already.
        unchained: Whether chains of loops are to be compiled one after the other.
        watched: The name, if any, that the next expression sets to True where its value is no compact integer;
            `watching` while that is compiled, `flagged` once it does so.
        direct: Maps that cannot come back to themselves, called without counting: function, and whether it needs
            the context.
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
        self.plain = False
        self.storing = False
        self.position = False
        self.loops = 0
        self.evaluated: dict[int, Value] = {}
        self.unchained = False
        self.watched = self.watching = self.flagged = ""
        self.level = 1
        self.steppers: dict[str, str] = {}
        self.textual = False
        self.maps: set[str] | None = None
        self.direct: dict[str, tuple[str, bool]] = {}
        self.interpolated = False
        self.depth = 0

    # Values -------------------------------------------------------------------------------------------------------

    def literal(self, value: Any) -> Value:
        """A value that is known."""
        if isinstance(value, Marker):
            return Value("DELETE" if value is DELETE else "NOTHING", "marker", True, value)
        kind = type(value)
        if kind in _SCALARS:
            code = repr(value) if kind is not str or len(value) < 200 else self.constant(value)
            return Value(code, _SCALARS[kind], True, value)
        if kind is float:
            return Value(self.constant(value), "float", False, value)
        name = "list" if kind is list else "dict" if kind is dict else "value"
        return Value(self.constant(value), name, False, value)

    def temp(
        self, code: str, kind: str = "any", safe: bool = False, annotation: str = "", reference: str = ""
    ) -> Value:
        """Keep the value of some code in a new name."""
        name = self.fresh()
        self.put(f"{name} = {code}", annotation, reference)
        return Value(name, kind, safe)

    def held(self, value: Value) -> str:
        """A name for a value, also where it is a literal."""
        return value.code if value.constant is MISSING else self.temp(value.code).code

    def expression(self, node: Node) -> Value:
        """Compile an expression."""
        known = self.evaluated.get(id(node))
        if known is not None:
            return known
        self.depth += 1
        try:
            if self.depth % 24 == 0:
                return deeper(self._expression, node)
            return self._expression(node)
        finally:
            self.depth -= 1

    def _expression(self, node: Node) -> Value:
        if self.crowded and not isinstance(node, Literal | Reference | Variable | Metadata):
            return self._outlined(node)
        # Only what a container is made of goes where the container goes.
        self.position, self.storing = self.storing, False
        self.watching, self.watched = self.watched, ""
        method: Callable[[Any], Value] = getattr(self, _METHODS[type(node)])
        return method(node)

    def part(self, node: Node, storing: bool) -> Value:
        """Compile a part of a container, or a branch; `storing` as it was for the whole."""
        self.storing = storing
        value = self.expression(node)
        return self.kept(value) if storing else value

    def kept(self, value: Value) -> Value:
        """A value that goes into root, in a form that the fast encoder writes right."""
        return value

    def _outlined(self, node: Node) -> Value:
        name = self.function_name("o")
        with self.function(name, []) as made:
            self.storing = self.position = False
            method: Callable[[Any], Value] = getattr(self, _METHODS[type(node)])
            value = method(node)
            self.put(f"return {value.code}")
        # What it reads of the functions around it comes as arguments, so that it can stand at the top level: nested
        # functions would be indented further and further, which the interpreter allows a hundred times only.
        made.parameters = sorted(made.free_names() - {name})
        made.own |= set(made.parameters)
        self.functions.append(made)
        return self.temp(f"{name}({', '.join(made.parameters)})")

    def function_name(self, letter: str) -> str:
        """A new name for a function."""
        self.number += 1
        name = f"_{letter}{self.number}"
        if self.stack:
            self.stack[-1].own.add(name)
        return name

    # References ---------------------------------------------------------------------------------------------------

    def _literal(self, node: Literal) -> Value:
        return self.literal(node.value)

    def this(self, reference: str) -> Value:
        """The value of `this`."""
        scope = self.scope
        if scope.value is None:
            return self.temp(f"whole({self.constant(execution.NO_CONTEXT)})", reference=reference)
        if not scope.document:
            return Value(scope.value, "dict" if self.plain and scope.value == "_x0" else "any", scope.safe)
        self.uses_this = True
        if not self.sound:
            with self.block(f"if type({scope.value}) is BadDocument:"):
                self.put(f"raise {scope.value}.failure()", reference=reference)
            self.note_sound()
        return Value(scope.value, "dict" if self.plain else "value", scope.safe)

    def path(self, base: Value, path: tuple[str, ...], reference: str) -> Value:
        """Follow a path."""
        if base.constant is not MISSING:
            base = self.temp(base.code, base.kind, base.safe)
        if "*" in path:
            return self.temp(f"walk({base.code}, {path!r})", "value", base.safe, reference=reference)
        code = base.code
        for segment in path:
            key = repr(segment)
            known = self.reads.get((code, segment))
            if known is not None:
                code = known
                continue
            start = code
            if code in self.steppers:
                text = f"{self.steppers[code]}.get({key})"
            elif (index := array_index(segment)) is not None and index >= 0:
                text = f"{code}[{index}] if type({code}) is list and {index} < len({code}) else step({code}, {key})"
            else:
                text = f"{code}.get({key}) if type({code}) is dict else step({code}, {key})"
            code = self.temp(text, "value", base.safe, reference=reference).code
            if self.lasting(start):
                self.reads[start, segment] = code
        return Value(code, "value", base.safe)

    def lasting(self, code: str) -> bool:
        """Whether a name keeps its value, and that what it holds, for as long as it is in reach."""
        return code[:2] in ("_x", "_t")

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
            return self.this(text)
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
