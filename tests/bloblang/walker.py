"""A plain interpreter of Bloblang's syntax tree: the oracle that compiled mappings are compared with.

It knows nothing of generated code, fast paths or tables of lines; functions and methods are called as their specs say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.bloblang import core
from headwater.bloblang.binding import convert
from headwater.bloblang.errors import BloblangError, TypeMismatch, prefixed
from headwater.bloblang.execution import coerce_target, no_document
from headwater.bloblang.operators import arithmetic, indexed, not_boolean, sliced
from headwater.bloblang.registry import ExecutionContext
from headwater.bloblang.syntax import (
    Arithmetic,
    ArrayLiteral,
    Assign,
    Below,
    Call,
    If,
    IfStatement,
    Lambda,
    Let,
    Literal,
    MapQuery,
    Match,
    Metadata,
    Node,
    Not,
    ObjectLiteral,
    Program,
    Reference,
    SetMeta,
    Slice,
    Statement,
    Variable,
)
from headwater.bloblang.values import (
    DELETE,
    NOTHING,
    Marker,
    array_index,
    clone,
    equal,
    get_bool,
    get_path,
    go_type_name,
    hollowed,
    type_name,
)
from headwater.errors import DocumentError
from headwater.message import Message


class Absent:
    """Stands for `this` where there is none."""

    def __init__(self, cause: str) -> None:
        self.cause = cause


class Frame:
    """What a name means at some place."""

    def __init__(self, this: Any, outer: Frame | None = None, contexts: dict[str, Any] | None = None) -> None:
        self.this = this
        self.outer = outer
        self.contexts = contexts or {}


class Walker:
    """Runs one program on one message."""

    def __init__(self, program: Program, message: Message, batch: list[Message] | None = None, index: int = 0) -> None:
        self.program = program
        self.message = message
        self.metadata: dict[str, Any] | None = dict(message.metadata)
        self.context = ExecutionContext(batch or [message], index, self.metadata)
        self.root: Any = NOTHING
        self.variables: dict[str, Any] = {}
        self.inside_map = False
        self.depth = 0
        try:
            self.this: Any = message.document()
        except DocumentError as error:
            self.this = Absent(str(error))

    def run(self) -> Any:
        """The root that the program builds."""
        self.statements(self.program.statements, Frame(self.this))
        return self.root

    # Statements

    def statements(self, statements: list[Statement], frame: Frame, line: int = 0) -> None:
        for statement in statements:
            number = line or statement.line
            try:
                self.statement(statement, frame, number)
            except BloblangError as error:
                if getattr(error, "said", False):
                    raise
                raise self.failed(number, error) from None

    def failed(self, line: int, error: BloblangError) -> BloblangError:
        if self.inside_map:
            if error.inside_map:
                made = BloblangError(*error.inside_map)
            else:
                made = prefixed(f"failed assignment (line {line}): ", error)
            made.inside_map = made.text, made.annotated
            return made
        made = BloblangError(f"failed assignment (line {line}): {error.structured or error.text}", True)
        made.said = True  # type: ignore[attr-defined]
        return made

    def statement(self, statement: Statement, frame: Frame, line: int) -> None:
        if isinstance(statement, IfStatement):
            for number, (test, body) in enumerate(statement.branches, 1):
                value = self.guarded(f"failed to check if condition {number}: ", test, frame)
                if type(value) is not bool:
                    raise not_boolean(value, test.annotation(), isinstance(test, Reference | Below))
                if value:
                    self.statements(body, frame, line)
                    return
            self.statements(statement.otherwise or [], frame, line)
        elif isinstance(statement, Let):
            value = self.value(statement.query, frame)
            if value is DELETE:
                self.variables.pop(statement.name, None)
            elif value is not NOTHING:
                self.variables[statement.name] = value
        elif isinstance(statement, SetMeta):
            self.set_metadata(statement, self.value(statement.query, frame))
        elif isinstance(statement, Assign):
            value = self.value(statement.query, frame)
            if value is not NOTHING:
                self.assign(statement.path, value)

    def set_metadata(self, statement: SetMeta, value: Any) -> None:
        if self.metadata is None or self.inside_map:
            raise BloblangError("unable to assign metadata in the current context")
        if value is NOTHING:
            return
        if statement.key is not None:
            if value is DELETE:
                self.metadata.pop(statement.key, None)
            else:
                self.metadata[statement.key] = value
        elif value is DELETE:
            self.metadata.clear()
        elif type(value) is dict:
            self.metadata.clear()
            self.metadata.update(value)
        else:
            textual = isinstance(statement.query, Reference | Below) and type(value) is int
            kind = "json.Number" if textual else go_type_name(value)
            raise BloblangError(f"setting root meta object requires object value, received: {kind}")

    def assign(self, path: tuple[str, ...], value: Any) -> None:
        value = clone(value)
        if not path:
            self.root = value
            return
        if value is DELETE:
            self.remove(path)
            return
        if self.root is NOTHING or self.root is None:
            self.root = {}
        here = self.root
        array: tuple[int, Any] | None = None  # the first one on the way, which is blamed for what is within it
        for at, segment in enumerate(path):
            if type(here) not in (dict, list):
                blamed, value = array or (at, here)
                place = ".".join(path[:blamed]) if blamed else "the root"
                raise BloblangError(
                    f"unable to set target path {'.'.join(path)} as the value of {place} "
                    f"was a non-object type ({type_name(value)})"
                )
            if type(here) is list:
                array = array or (at, here)
            key: Any = segment
            if type(here) is list:
                if segment == "-":
                    here.append(None)
                    key = len(here) - 1
                else:
                    key = self.position(here, path, at)
            if at == len(path) - 1:
                here[key] = value
                return
            below = here.get(key) if type(here) is dict else here[key]
            if below is None:
                if type(here) is list and segment != "-":
                    raise BloblangError(
                        f"unable to set target path {'.'.join(path)}: failed to resolve path segment '{at}': "
                        f"field '{segment}' was not found"
                    )
                below = here[key] = {}
            here = below

    @staticmethod
    def position(here: list[Any], path: tuple[str, ...], at: int) -> int:
        start = f"unable to set target path {'.'.join(path)}: failed to resolve path segment '{at}': found array but "
        index = array_index(path[at])
        if index is None:
            raise BloblangError(
                f"{start}segment value '{path[at]}' could not be parsed into array index: "
                f'strconv.Atoi: parsing "{path[at]}": invalid syntax'
            )
        if index < 0:
            raise BloblangError(f"{start}index '{path[at]}' is invalid")
        if index >= len(here):
            raise BloblangError(f"{start}index '{path[at]}' exceeded target array size of '{len(here)}'")
        return index

    def remove(self, path: tuple[str, ...]) -> None:
        if self.root is NOTHING:
            self.root = {}
            return
        if type(self.root) is Marker:
            raise BloblangError(
                f"unable to set target path {'.'.join(path)} as the value of the root "
                f"was a non-object type ({type_name(self.root)})"
            )
        here = self.root
        for segment in path[:-1]:
            if type(here) is dict:
                here = here.get(segment)
            elif type(here) is list:
                index = array_index(segment)
                here = here[index] if index is not None and 0 <= index < len(here) else None
        if type(here) is dict:
            here.pop(path[-1], None)
        elif type(here) is list:
            index = array_index(path[-1])
            if index is not None and 0 <= index < len(here):
                del here[index]

    # Expressions

    def value(self, node: Node, frame: Frame) -> Any:
        method: Callable[[Any, Frame], Any] = getattr(self, f"on_{type(node).__name__}")
        return method(node, frame)

    def guarded(self, prefix: str, node: Node, frame: Frame) -> Any:
        try:
            return self.value(node, frame)
        except BloblangError as error:
            raise prefixed(prefix, error) from None

    def on_Literal(self, node: Literal, frame: Frame) -> Any:
        return node.value

    def on_Reference(self, node: Reference, frame: Frame) -> Any:
        if node.context == "root":
            return get_path(self.root, node.path) if node.path else self.root
        if node.context in frame.contexts:
            base = frame.contexts[node.context]
        else:
            base = frame.this
            if isinstance(base, Absent):
                text = node.text if node.context == "this" else f"this.{node.text}"
                raise no_document(base.cause, text)
        return get_path(base, node.path) if node.path else base

    def on_Below(self, node: Below, frame: Frame) -> Any:
        return get_path(self.value(node.target, frame), node.path)

    def on_Variable(self, node: Variable, frame: Frame) -> Any:
        if node.name not in self.variables:
            raise BloblangError(f"variable '{node.name}' undefined")
        return self.variables[node.name]

    def on_Metadata(self, node: Metadata, frame: Frame) -> Any:
        return dict(self.metadata or {}) if node.key is None else (self.metadata or {}).get(node.key)

    def on_ArrayLiteral(self, node: ArrayLiteral, frame: Frame) -> Any:
        found = [self.value(item, frame) for item in node.items]
        return [item for item in found if not isinstance(item, Marker)]

    def on_ObjectLiteral(self, node: ObjectLiteral, frame: Frame) -> Any:
        found: dict[str, Any] = {}
        for key, item in node.pairs:
            if isinstance(key, Node):
                made = self.guarded("failed to resolve key: ", key, frame)
                if type(made) is not str:
                    textual = isinstance(key, Reference | Below) and type(made) is int
                    kind = "json.Number" if textual else go_type_name(made)
                    raise BloblangError(f"mapping returned invalid key type: {kind}")
                key = made
            value = self.guarded(f"failed to resolve '{key}' value: ", item, frame)
            if not isinstance(value, Marker):
                found[key] = value
        return found

    def on_Arithmetic(self, node: Arithmetic, frame: Frame) -> Any:
        if node.operator == "|":
            return self.either(node.left, lambda: self.value(node.right, frame), frame)
        if node.operator in ("&&", "||"):
            left = self.truth(self.value(node.left, frame))
            if left is (node.operator == "||"):
                return left
            return self.truth(self.value(node.right, frame))
        left, right = self.value(node.left, frame), self.value(node.right, frame)
        return arithmetic(node.operator, left, right, node.left.annotation(), node.right.annotation())

    @staticmethod
    def truth(value: Any) -> bool:
        return get_bool(value)

    def either(self, first: Node, second: Callable[[], Any], frame: Frame) -> Any:
        try:
            value = self.value(first, frame)
        except BloblangError:
            return second()
        return second() if value is None or isinstance(value, Marker) else value

    def on_Not(self, node: Not, frame: Frame) -> Any:
        value = self.value(node.operand, frame)
        if type(value) is not bool:
            error = TypeMismatch(value, "bool")
            error.annotate(node.operand.annotation())
            raise error
        return not value

    def on_If(self, node: If, frame: Frame) -> Any:
        for number, (test, body) in enumerate(node.branches):
            place = f" {number}" if number else ""
            value = self.guarded(f"failed to check if condition{place}: ", test, frame)
            if value is not None and type(value) is not bool:
                raise not_boolean(value, test.annotation(), isinstance(test, Reference | Below))
            if value:
                return self.value(body, frame)
        return NOTHING if node.otherwise is None else self.value(node.otherwise, frame)

    def on_Match(self, node: Match, frame: Frame) -> Any:
        if node.subject is not None:
            frame = Frame(self.value(node.subject, frame), frame, frame.contexts)
        elif isinstance(frame.this, Absent):
            frame = Frame(None, frame, frame.contexts)
        for number, case in enumerate(node.cases):
            if case.pattern is None:
                return self.value(case.result, frame)
            if isinstance(case.pattern, Literal):
                try:
                    subject = self.on_Reference(Reference(0, "this"), frame)
                except BloblangError as error:
                    raise prefixed(f"failed to check match case {number}: ", error) from None
                hit = not isinstance(case.pattern.value, Marker) and equal(subject, case.pattern.value)
            else:
                hit = self.guarded(f"failed to check match case {number}: ", case.pattern, frame) is True
            if hit:
                return self.value(case.result, frame)
        return NOTHING

    def on_MapQuery(self, node: MapQuery, frame: Frame) -> Any:
        return self.value(node.query, Frame(self.value(node.target, frame), frame, frame.contexts))

    def on_Lambda(self, node: Lambda, frame: Frame) -> Any:
        if isinstance(frame.this, Absent):
            raise BloblangError(f"failed to capture context {node.name}: context was undefined")
        contexts = frame.contexts if node.name == "_" else {**frame.contexts, node.name: frame.this}
        outer = frame.outer or Frame(Absent(""))
        return self.value(node.body, Frame(outer.this, outer.outer, contexts))

    def on_Slice(self, node: Slice, frame: Frame) -> Any:
        target = self.value(node.target, frame)
        if node.index is not None:
            return indexed(target, self.value(node.index, frame))
        assert node.bounds is not None
        return sliced(target, *(None if each is None else self.value(each, frame) for each in node.bounds))

    # Calls

    def on_Call(self, node: Call, frame: Frame) -> Any:
        own = {
            core.catch: self.catch,
            core.or_: self.or_,
            core.apply: self.apply,
            core.var: self.var,
            core.from_all: self.from_all,
            core.from_: self.from_,
        }.get(node.spec.native)
        return own(node, frame) if own is not None else self.native(node, frame)

    def native(self, node: Call, frame: Frame) -> Any:
        spec = node.spec
        native = spec.native
        arguments = []
        if node.made is None or spec.stateful:
            arguments = [self.argument(node, each, frame) for each in node.arguments]
        if node.made is not None:
            native = node.made
        elif spec.constructor:
            native, arguments = native(*arguments), []
        context = [self.context] if spec.context else []
        if node.target is None:
            self.context.this = frame.this
            return native(*context, *arguments)
        try:
            target = self.value(node.target, frame)
        except BloblangError:
            if not spec.absorbs or all(each.node is None and each.value is None for each in node.arguments):
                raise
            target = NOTHING
        if spec.name in ("string", "bytes", "format_json", "format_msgpack") and isinstance(node.target, Literal):
            target = hollowed(target)
        try:
            return native(*context, coerce_target(spec.target, target), *arguments)
        except BloblangError as error:
            if not spec.bare:
                error.annotate(node.target.annotation())
            raise

    def argument(self, node: Call, argument: Any, frame: Frame) -> Any:
        if argument.type == "query":
            return argument.value if argument.node is None else self.query(argument.node, frame, node.target is None)
        if argument.node is None:
            return argument.value
        try:
            return convert(argument.type, self.value(argument.node, frame))
        except BloblangError as error:
            place = f"{node.spec.kind} '{node.spec.name}': failed to extract input arg '{argument.name}': "
            raise prefixed(place, error) from None

    def query(self, node: Node, frame: Frame, function: bool) -> Any:
        def run(this: Any) -> Any:
            return self.value(node, Frame(this, frame, frame.contexts))

        run.annotation = node.annotation()  # type: ignore[attr-defined]
        return run

    def catch(self, node: Call, frame: Frame) -> Any:
        assert node.target is not None
        fallback = node.arguments[0]
        try:
            return self.value(node.target, frame)
        except BloblangError as error:
            if fallback.node is None:
                return fallback.value
            return self.value(fallback.node, Frame(error.text, frame, frame.contexts))

    def or_(self, node: Call, frame: Frame) -> Any:
        assert node.target is not None
        fallback = node.arguments[0]
        return self.either(
            node.target,
            lambda: fallback.value if fallback.node is None else self.value(fallback.node, frame),
            frame,
        )

    def var(self, node: Call, frame: Frame) -> Any:
        name = self.argument(node, node.arguments[0], frame)
        return self.on_Variable(Variable(0, name), frame)

    def apply(self, node: Call, frame: Frame) -> Any:
        assert node.target is not None
        name = self.argument(node, node.arguments[0], frame)
        target = self.value(node.target, frame)
        body = self.program.maps.get(name)
        if body is None:
            raise BloblangError(f"map {name} was not found")
        if self.depth >= 5000:
            raise BloblangError(
                f"entering map {name} exceeded maximum allowed stacks of 5000, "
                "this could be due to unbounded recursion",
                True,
            )
        inner = Walker.__new__(Walker)
        inner.__dict__.update(self.__dict__)
        inner.root, inner.variables, inner.inside_map, inner.depth = NOTHING, {}, True, self.depth + 1
        inner.statements(body, Frame(target))
        return inner.root

    def from_(self, node: Call, frame: Frame) -> Any:
        assert node.target is not None
        index = self.argument(node, node.arguments[0], frame)
        return self.at(index if index >= 0 else len(self.context.batch) + index, node.target, frame)

    def from_all(self, node: Call, frame: Frame) -> Any:
        assert node.target is not None
        return [self.at(index, node.target, frame) for index in range(len(self.context.batch))]

    def at(self, index: int, node: Node, frame: Frame) -> Any:
        outer = self.context
        self.context = outer.at(index)
        try:
            return self.value(node, frame)
        finally:
            self.context = outer
