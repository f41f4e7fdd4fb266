"""Statements: assignments to root, variables and metadata, and what is known of root between them.

Root is shared with the input until a statement writes below it: then the containers on the way are copied, once where
it is plain to see that they are the mapping's own.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

from headwater.bloblang import execution
from headwater.bloblang.calls import ExpressionCompiler
from headwater.bloblang.growth import MUCH, multiplies
from headwater.bloblang.loops import references
from headwater.bloblang.references import Value
from headwater.bloblang.syntax import (
    Assign,
    Below,
    IfStatement,
    Let,
    Literal,
    Node,
    Program,
    Reference,
    SetMeta,
    Statement,
)
from headwater.bloblang.values import DELETE, MISSING, NOTHING, array_index, clone
from headwater.documents import doubtful

# What is known of root while statements are compiled.
EMPTY: Final = "empty"  # nothing was assigned yet
OPEN: Final = "open"  # nothing, or a dict that belongs to the mapping
OWN: Final = "own"  # a dict that belongs to the mapping
SHARED: Final = "shared"  # anything; may belong to others


class StatementCompiler(ExpressionCompiler):
    """Compiles statements.

    Args:
        program: What they are statements of.
        mutation: Whether root begins as the message and `this` is root.
        document: Whether there is a document and no message around.
        plain: Whether it is for documents that are objects only.
    """

    def __init__(self, program: Program, mutation: bool, document: bool, plain: bool) -> None:
        super().__init__()
        self.program = program
        self.mutation = mutation
        self.document = document
        self.plain = plain
        self.state = EMPTY
        self.mine: set[str] = set()
        self.alias_line: Any = None
        self.alias = False
        self.aliased = _keeps_root([program.statements, *program.maps.values()])
        self.inner = False
        self.heavy = False
        self.growth = multiplies(program)
        self.checked_metadata = False

    def _statements(self, statements: list[Statement], line: int = 0) -> None:
        for statement in statements:
            number = line or statement.line
            text = f"failed assignment (line {number}): "
            with self.within("inner" if self.inner else "statement", text):
                if isinstance(statement, Assign):
                    self._assign(statement)
                elif isinstance(statement, Let):
                    self._let(statement)
                elif isinstance(statement, SetMeta):
                    self._set_metadata(statement)
                else:
                    assert isinstance(statement, IfStatement)
                    self._if_statement(statement, number)

    def _let(self, statement: Let) -> None:
        assert self.variables is not None
        value = self.expression(statement.query)
        if self.growth == MUCH and value.kind in ("any", "value", "list", "dict"):
            self.put(f"measured({value.code})")
        code = self.variables.get(statement.name)
        if code is None:
            code = self.variables[statement.name] = self.fresh("v")
        if value.kind in ("any", "marker"):
            with self.block(f"if {value.code} is DELETE:"):
                self.put(f"{code} = MISSING")
            with self.block(f"elif {value.code} is not NOTHING:"):
                self.put(f"{code} = {value.code}")
            self.definite.discard(statement.name)
        else:
            self.put(f"{code} = {value.code}")
            self.definite.add(statement.name)

    def _set_metadata(self, statement: SetMeta) -> None:
        value = self.expression(statement.query)
        if self.mutation and value.kind in ("any", "value", "dict", "list"):
            # Later changes of the document do not show in it.
            value = self.temp(f"owned({value.code})", value.kind)
        if self.metadata is None:
            self.put("fail('unable to assign metadata in the current context')")
        elif statement.key is None:
            self._need_metadata()
            textual = ", True" if isinstance(statement.query, Reference | Below) else ""
            self.put(f"replace_metadata({self.metadata}, {value.code}{textual})")
        elif value.kind in ("any", "marker"):
            self._need_metadata()
            self.put(f"set_metadata({self.metadata}, {statement.key!r}, {value.code})")
        else:
            self._need_metadata()
            self.put(f"{self.metadata}[{statement.key!r}] = {value.code}")

    def _need_metadata(self) -> None:
        if not self.checked_metadata:
            with self.block(f"if {self.metadata} is None:"):
                self.put("fail('unable to assign metadata in the current context')")

    def _assign(self, statement: Assign) -> None:
        path, root = statement.path, self.root
        assert root is not None
        self.root_read = False
        value = self._stored(statement.query)
        code = value.code
        if self.aliased or (self.mutation and not self.inner):
            if path or value.kind in ("any", "marker", "value", "list", "dict"):
                self.put(f"{root} = put_in_place({root}, {path!r}, {code})")
            else:
                self.put(f"{root} = {code}")
            self.state = SHARED
            return
        if self.root_read:
            self.state, self.alias = SHARED, False
        if not path:
            self._assign_root(code, value)
            return
        if value.constant is NOTHING:
            return
        if value.kind not in ("any", "marker") or value.constant is DELETE or self.alias:
            self._claim(root)
        if value.constant is DELETE and self.state == OWN and len(path) == 1:
            self.put(f"{root}.pop({path[0]!r}, None)")
            self.mine.discard(path[0])
            return
        if value.kind in ("any", "marker"):
            self._put(root, path, value)
            return
        self._write(root, path, code)
        self.alias = False
        if self.state == SHARED and (len(path) > 2 or path[0] == "-" or array_index(path[0]) is not None):
            # Root may be an array that took it.
            return
        self.state = OWN

    def _claim(self, root: str) -> None:
        """Make root a dict of the mapping's own where it is plain to see how."""
        if self.state == OPEN:
            with self.block(f"if {root} is NOTHING:"):
                self.put(f"{root} = {{}}")
        elif self.alias and self.plain:
            lines = self.stack[-1].lines
            if self.alias_line in lines:
                # Nothing has read root since it was made `this`.
                lines.remove(self.alias_line)
            self.put(f"{root} = {self._own_copy()}")
        else:
            return
        self.state, self.alias = OWN, False
        self.mine.clear()

    def _own_copy(self) -> str:
        """Code for a dict that the mapping may write to and that is like `this`."""
        return "_x0.copy()"

    def _put(self, root: str, path: tuple[str, ...], value: Value) -> None:
        """Assign what may be a marker."""
        code = value.code
        if len(path) > 1 or value.kind == "marker" or self.state == SHARED:
            self.put(f"{root} = put({root}, {path!r}, {code})")
            if self.state == EMPTY:
                self.state = OPEN
            self.mine.clear()
            self.alias = False
            return
        with self.block(f"if type({code}) is not Marker:"):
            if self.state == OPEN:
                with self.block(f"if {root} is NOTHING:"):
                    self.put(f"{root} = {{}}")
            fresh = self.state == EMPTY
            self.put(f"{root} = {{{path[0]!r}: {code}}}" if fresh else f"{root}[{path[0]!r}] = {code}")
        with self.block("else:"):
            self.put(f"{root} = put({root}, {path!r}, {code})")
        self.mine.discard(path[0])
        if self.state == EMPTY:
            self.state = OPEN

    def _write(self, root: str, path: tuple[str, ...], code: str) -> None:
        first = repr(path[0])
        if len(path) > 16:
            self.put(f"{root} = put({root}, {path!r}, {code})")
            self.mine.clear()
        elif self.state == EMPTY:
            nested = code
            for segment in reversed(path):
                nested = f"{{{segment!r}: {nested}}}"
            self.put(f"{root} = {nested}")
            self.mine = {path[0]} if len(path) > 1 else set()
        elif self.state == OWN and len(path) == 1:
            self.put(f"{root}[{first}] = {code}")
            self.mine.discard(path[0])
        elif self.state == OWN and len(path) == 2:
            self._write_below(root, path, code)
        elif len(path) <= 2:
            with self.block(f"if {root} is _y0:" if self.alias else f"if type({root}) is dict:"):
                self.put(f"{root} = {root}.copy()")
                if len(path) == 1:
                    self.put(f"{root}[{first}] = {code}")
                else:
                    self._write_below(root, path, code)
            with self.block("else:"):
                self.put(f"{root} = put({root}, {path!r}, {code})")
            self.mine.clear()
        else:
            self.put(f"{root} = put({root}, {path!r}, {code})")
            self.mine.clear()

    def _write_below(self, root: str, path: tuple[str, ...], code: str) -> None:
        first = repr(path[0])
        below = self.temp(f"{root}.get({first})").code
        with self.block(f"if type({below}) is dict:"):
            if path[0] not in self.mine:
                self.put(f"{below} = {root}[{first}] = {below}.copy()")
            self.put(f"{below}[{path[1]!r}] = {code}")
        with self.block(f"elif {below} is None:"):
            self.put(f"{root}[{first}] = {{{path[1]!r}: {code}}}")
        with self.block("else:"):
            self.put(f"{root} = put({root}, {path!r}, {code})")
        self.mine.add(path[0])

    def _assign_root(self, code: str, value: Value) -> None:
        root = self.root
        if value.kind in ("any", "marker"):
            with self.block(f"if {code} is not NOTHING:"):
                self.put(f"{root} = {code}")
        else:
            self.put(f"{root} = {code}")
        self.state = SHARED
        self.mine.clear()
        # The name beside `this` is `this` itself where that is a dict, so one comparison tells what root is.
        self.alias = code == "_x0"
        self.alias_line = self.stack[-1].lines[-1]

    def _stored(self, query: Node) -> Value:
        """Compile a query whose value goes into root, in a form that the fast encoder writes right."""
        if isinstance(query, Literal) and type(query.value) in execution.HEAVY and not self.document:
            kept = _kept(clone(query.value))
            kind = "list" if type(kept) is list else "dict" if type(kept) is dict else "value"
            return Value(self.constant(kept), kind, True, kept)
        self.storing = not self.inner and not self.document
        value = self.expression(query)
        self.storing = False
        if self.inner or self.document:
            return value
        return self.kept(value)

    def kept(self, value: Value) -> Value:
        """A value that goes into root, in a form that the fast encoder writes right."""
        if value.safe:
            return value
        known = value.constant is not MISSING and not doubtful((value.constant,))
        if known or value.kind in ("str", "bool", "int", "null", "marker"):
            return Value(value.code, value.kind, True, value.constant)
        function = self.stack[-1]
        if function.name != "main":
            return value
        if value.kind in ("list", "dict"):
            self.heavy = True
            self.put("_u0 = True")
            return Value(value.code, value.kind, True)
        code = value.code
        if not code.startswith("_t") or code in self.reads.values():
            # The value of a variable, or of a field that may be read again, stays as it is.
            code = self.temp(code).code
        if value.kind in ("float", "number"):
            test = f"{code}.is_integer() or not 1e-5 <= abs({code}) < 1e16"
            with self.block(f"if {test}:" if value.kind == "float" else f"if type({code}) is float and ({test}):"):
                self.put(f"{code} = keep({code})")
        else:
            with self.block(f"if type({code}) in HEAVY:"):
                with self.block(f"if type({code}) is float:"):
                    self.put(f"{code} = keep({code})")
                with self.block("else:"):
                    self.put("_u0 = True")
            self.heavy = True
        return Value(code, "value" if value.kind in ("float", "number") else value.kind, True)

    def _if_statement(self, statement: IfStatement, line: int) -> None:
        if self.alias and self.plain and self.root is not None and _writes_below(statement):
            self._claim(self.root)
        self.alias = False
        self.mine.clear()
        outer_state, outer_definite = self.state, set(self.definite)
        states: list[str] = []
        definites: list[set[str]] = []

        def branch(statements: list[Statement]) -> None:
            self.state, self.definite = outer_state, set(outer_definite)
            region = self.region
            assert region is not None
            self.region = region.outer
            self._statements(statements, line)
            self.region = region
            self.alias = False
            self.mine.clear()
            states.append(self.state)
            definites.append(self.definite)

        def condition(number: int, test: Node) -> str:
            return self.condition(test, f"failed to check if condition {number}: ", True)

        if len(statement.branches) == 1:
            with self.block(f"if {condition(1, statement.branches[0][0])}:"):
                branch(statement.branches[0][1])
            with self.block("else:"):
                branch(statement.otherwise or [])
        else:
            with self.nested("while True:"):
                for number, (test, body) in enumerate(statement.branches, 1):
                    self.state, self.definite = outer_state, set(outer_definite)
                    with self.block(f"if {condition(number, test)}:"):
                        branch(body)
                        self.put("break")
                branch(statement.otherwise or [])
                self.put("break")
        self.state = states[0] if len(set(states)) == 1 else SHARED if SHARED in states else OPEN
        self.definite = set.intersection(*definites)


def _writes_below(statement: IfStatement) -> bool:
    """Whether a statement may write to a field of root."""
    bodies = [*(body for _, body in statement.branches), statement.otherwise or []]
    return any(
        bool(each.path) if isinstance(each, Assign) else isinstance(each, IfStatement) and _writes_below(each)
        for each in itertools.chain.from_iterable(bodies)
    )


def _keeps_root(blocks: list[list[Statement]]) -> bool:
    """Whether a variable may hold a part of root, which then shows what is written there later."""
    for statement in itertools.chain.from_iterable(blocks):
        if isinstance(statement, Let):
            if any(each.context == "root" for each in references(statement.query)):
                return True
        elif isinstance(statement, IfStatement):
            bodies = [body for _, body in statement.branches]
            if _keeps_root([*bodies, statement.otherwise or []]):
                return True
    return False


def _kept(value: Any) -> Any:
    if type(value) is dict:
        return {key: _kept(item) for key, item in value.items()}
    if type(value) is list:
        return [_kept(item) for item in value]
    return execution.keep(value)
