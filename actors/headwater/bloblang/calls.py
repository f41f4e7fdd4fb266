"""Contexts and calls: queries, lambdas, functions, methods, and those of them that the compiler makes itself."""

from __future__ import annotations

from typing import Any, Final

from headwater.bloblang import chains, core
from headwater.bloblang.expressions import OperatorCompiler, joined
from headwater.bloblang.hollows import hollow
from headwater.bloblang.references import Scope, Value
from headwater.bloblang.registry import Spec
from headwater.bloblang.syntax import Argument, Call, Lambda, Literal, MapQuery, Node

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
_KINDS: Final = {
    "string": "str",
    "stringish": "str",
    "text": "str",
    "array": "list",
    "object": "dict",
    "bool": "bool",
    "number": "float",
}
_TO_TEXT: Final = frozenset(("string", "bytes", "format_json", "format_msgpack"))
_CORE: Final[dict[Any, str]] = {
    core.catch: "_catch",
    core.or_: "coalesce",
    core.apply: "_apply",
    core.from_: "_from",
    core.from_all: "_from_all",
    core.var: "_var",
}
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


class ExpressionCompiler(OperatorCompiler):
    """Compiles expressions, all of them."""

    # Contexts -----------------------------------------------------------------------------------------------------

    def _map_query(self, node: MapQuery) -> Value:
        storing = self.position
        target = self.expression(node.target)
        name = self.held(target)
        return self.scoped(node.query, name, target.safe, storing)

    def scoped(self, query: Node, this: str, safe: bool = False, storing: bool = False) -> Value:
        """Compile a query whose `this` is some name."""
        outer = self.scope
        self.scope = Scope(this, outer, False, safe)
        try:
            return self.part(query, storing)
        finally:
            self.scope = outer

    def _lambda(self, node: Lambda) -> Value:
        storing, watched = self.position, self.watching
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
        self.scope = scope if scope.document else scope.previous or Scope(None, None)
        self.watched = watched
        try:
            return self.part(node.body, storing)
        finally:
            self.contexts = before
            self.scope = scope

    def query(self, node: Node, document: bool = False) -> str:
        """Compile a query into a function of its `this`, which may stand for a document that is not there."""
        name = self.function_name("q")
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
            made: Value = getattr(self, own)(node)
            return made
        loop = chains.LOOPS.get(chains.native_name(node))
        if loop is not None:
            looped = loop(self, node)
            if looped is not None:
                return looped
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
        target = self._absorbed(node) if spec.absorbs else self._target(node)
        annotation = "" if spec.bare else node.target.annotation()
        code = self._coerced(spec.target, target)
        call = f"{native}({', '.join([*context, code, *codes])})"
        if spec.inline and isinstance(spec.target, str) and spec.target in _EXACT and not spec.context:
            return self._inlined(node, target, codes, call, annotation)
        return self.temp(call, *_returned(spec), annotation=annotation)

    def _target(self, node: Call) -> Value:
        assert node.target is not None
        value = self.expression(hollow(node.target) if node.spec.name in _TO_TEXT else node.target)
        if type(value.constant) in (int, float):
            return self.temp(value.code, value.kind)
        return value

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
        if _KINDS.get(target) == value.kind:
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
        return Value(result, joined((value, other)), value.safe and other.safe)

    def _apply(self, node: Call) -> Value:
        assert node.target is not None
        name = self.argument("method", "apply", node.arguments[0])
        target = self.expression(node.target)
        direct = self.direct.get(str(name.constant)) if type(name.constant) is str else None
        if direct is not None:
            code, needs_context = direct
            self.needs_context = self.needs_context or needs_context
            return self.temp(f"{code}({target.code}, {self.context if needs_context else 'None'})")
        self.needs_context = True
        maps = "MAPS" if self.maps is not None else "{'': 1}" if self.interpolated else "{}"
        return self.temp(f"apply_map({maps}, {name.code}, {target.code}, {self.context})")

    def _from(self, node: Call) -> Value:
        assert node.target is not None
        self.needs_context = self.uses_batch = True
        index = self.argument("method", "from", node.arguments[0])
        outer = self.context
        position = self.held(index)
        self.context = self.temp(f"{outer}.at({position})").code
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
