"""Mappings: from statements to one Python function.

The function takes a message and returns the new one; decoding, mapping and encoding happen in it, one after the other.
Root is shared with the input until a statement writes below it: then the containers on the way are copied, once where
it is
plain to see that they are the mapping's own.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

from headwater.bloblang import core, execution
from headwater.bloblang.calls import ExpressionCompiler
from headwater.bloblang.emitter import NAMES, Function
from headwater.bloblang.growth import MUCH, SMALL, SQUARE, multiplies
from headwater.bloblang.loops import nodes, references
from headwater.bloblang.references import Scope, Value
from headwater.bloblang.runtime import HELPERS
from headwater.bloblang.syntax import (
    Assign,
    Below,
    Call,
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
_EMPTY: Final = "empty"  # nothing was assigned yet
_OPEN: Final = "open"  # nothing, or a dict that belongs to the mapping
_OWN: Final = "own"  # a dict that belongs to the mapping
_SHARED: Final = "shared"  # anything; may belong to others


class ProgramCompiler(ExpressionCompiler):
    """Compiles mappings.

    Args:
        program: The statements and maps.
        mutation: Whether root begins as the message and `this` is root.
        overlay: Whether root begins as the first item of ``_p0`` while `this` is given.
        document: Whether the function takes a document and returns one, with no message around.
        many: Whether it takes a list of messages, each a batch of its own, and returns a list of results.
        plain: Whether it is for documents that are objects, as nearly all are; what is not goes to the global OTHER,
            the same mapping compiled for anything. So `this` needs no look at what it is wherever it is read.
    """

    def __init__(
        self,
        program: Program,
        mutation: bool = False,
        overlay: bool = False,
        document: bool = False,
        many: bool = False,
        plain: bool = False,
    ) -> None:
        super().__init__()
        self.program = program
        self.mutation = mutation
        self.overlay = overlay
        self.document = document
        self.many = many
        self.plain = plain
        self.body: list[Any] = []
        self.state = _EMPTY
        self.mine: set[str] = set()
        self.alias_line: Any = None
        self.alias = False
        self.aliased = _keeps_root([program.statements, *program.maps.values()])
        self.maps = set(program.maps)
        self.inner = False
        self.heavy = False
        self.growth = multiplies(program)
        self.checked_metadata = False
        self.writes_metadata = _writes_metadata(program.statements)

    def compile(self, given: bool = False) -> dict[str, Any]:
        """Generate and load the code; the globals hold ``main``.

        Args:
            given: Whether variables may come from outside.
        """
        self.given = given
        maps: dict[str, str] = {}
        plain = _ordered(self.program.maps)
        for name in [*plain, *(name for name in self.program.maps if name not in plain)]:
            outer, self.needs_context = self.needs_context, False
            maps[name] = self._map(name, self.program.maps[name])
            if name in plain:
                self.direct[name] = (maps[name], self.needs_context)
            self.needs_context = outer
        parameters = ["_m0", "_b0", "_i0", "_w0", "_d0", "_a0", "_x0=UNSET", "_p0=None"]
        if self.document:
            parameters = ["_x0", "_m0=None", "_b0=()", "_i0=0", "_w0=None", "_d0=''", "_a0=None"]
        if self.many:
            parameters = ["_n0", "_d0", "_a0", "_x0=UNSET"]
        with self.function("main", parameters) as main:
            main.own |= {"_c0", "_g0", "_r0", "_u0", "_s0", "_y0", "_x0", "_m0"}
            if self.many:
                self._loop()
            elif self.document:
                self._alone(main)
            else:
                self._main()
        self.functions.append(main)
        helpers = dict(HELPERS)
        names = self.module(helpers)
        names["MAPS"] = {name: names[function] for name, function in maps.items()}
        return names

    @property
    def uses_message(self) -> bool:
        """Whether, as it was compiled, it needs more of a message than its payload."""
        return self.needs_context or self.writes_metadata or self.uses_batch or self.textual

    def lasting(self, code: str) -> bool:
        """Whether a name keeps its value: not where `this` is root and is written to."""
        return not self.mutation and super().lasting(code)

    # Functions ----------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        # Hot path: the whole mapping stands within the loop, which spares a call for each message.
        self.put("_l0 = []")
        self.put("_q0 = _l0.append")
        with self.nested("for _m0 in _n0:"):
            with self.nested("try:"):
                self._main()
            with self.block("except Exception as _e0:"):
                self.put("_q0(failed(_m0, _e0))")
        self.put("return _l0")

    def _alone(self, main: Function) -> None:
        with self.nested("try:"):
            self._main()
        with self.block("except Exception as _e0:"):
            self.put("_s0 = explained(_e0)")
        self.put("raise _s0")
        # Parameters that are there for their defaults cost a nanosecond each.
        used = main.names()
        main.parameters = [each for each in main.parameters if each == "_x0" or each.partition("=")[0] in used]

    def _aside(self) -> None:
        """Have a document that is no object mapped by the code for anything."""
        if self.document:
            self.put("return OTHER(_x0)")
        else:
            # What was parsed before may hold what only the careful encoder writes right, which OTHER looks for itself.
            self._give("OTHER(_m0, None, 0, None, _d0, _a0, UNSET if _u0 else _x0)")

    def _give(self, code: str) -> None:
        """Make some code the result for the message."""
        if self.many:
            self.put(f"_q0({code})")
            self.put("continue")
        else:
            self.put(f"return {code}")

    def _main(self) -> None:
        function = self.stack[-1]
        self.variables = {}
        self.metadata = "_g0"
        self.root = "_r0"
        self.scope = Scope("_x0", None, not self.document, True)
        self.steppers = {"_x0": "_x0" if self.plain else "_y0"}
        self.sound = self.plain
        self.level = function.indent + (1 if self.mutation else 0)
        before, function.lines = function.lines, []
        self.state = _SHARED if self.mutation or self.overlay else _EMPTY
        if self.mutation:
            with self.nested("try:"):
                self._statements(self.program.statements)
            with self.block("except Exception:"):
                with self.block("if _p0 is not None:"):
                    self.put("_p0.append((_s0, _g0, _m0))")
                self.put("raise")
        else:
            self._statements(self.program.statements)
        if self.growth == MUCH:
            self.put("measured(_r0)")
        elif self.growth == SQUARE and not self.document:
            with self.block(f"if {self._large}:"):
                self.put("measured(_r0)")
        self.body, function.lines = function.lines, before
        self._prologue()
        function.lines += self.body
        self._epilogue()

    def _prologue(self) -> None:
        if not self.document:
            if self.heavy or self.uses_this or self.mutation or self.overlay:
                self.heavy = True
                self.put("_u0 = _m0.raw is None or _b0[_i0].raw is None" if self.overlay else "_u0 = False")
            self._decode()
        if self.document:
            if self.needs_context or first_mention(self.body, "_g0") is not None:
                self.put("_g0 = None")
        else:
            copy = "dict(_m0.metadata)" if self.writes_metadata else "_m0.metadata"
            self.put(f"_g0 = {copy}" if self.many else f"_g0 = {copy} if _m0 is not None else None")
        if self.mutation:
            with self.block("if _u0:"):
                self.put("_x0 = owned(_x0)")
            self.put("_s0 = _x0")
            self.put("_r0 = NOTHING if type(_x0) is BadDocument else _x0")
            with self.block("if _x0 is None:"):
                # Null is a root to begin with, but counts as no document.
                self.put(f"_x0 = {self.constant(execution.BadDocument('message is empty'))}")
                self.put("_m0 = Message(b'', UNSET, _g0, _m0.error, _m0.origin, _m0.context)")
                self.put("_b0 = working_copy(_b0, _i0, _m0)")
            with self.block("elif type(_x0) is not BadDocument:"):
                # Its content is made of the document when it is first asked for, and stays that.
                self.put("_m0 = Message(None, _x0, _g0, _m0.error, _m0.origin, _m0.context)")
                self.put("_b0 = working_copy(_b0, _i0, _m0)")
        elif self.overlay:
            self.put("_r0 = _p0[0]")
        self._begin()

    def _begin(self) -> None:
        """What is there before the first statement, once `this` and root are."""
        assert self.variables is not None
        if self.plain and (self.uses_this or self.document):
            with self.block("if type(_x0) is not dict:"):
                self._aside()
        elif self.uses_this or self.document:
            self.put("_y0 = _x0 if type(_x0) is dict else Stepper(_x0)")
        if not self.mutation and not self.overlay:
            self._start("_r0", "NOTHING")
        for name, code in self.variables.items():
            given = self.given and not self.many
            self._start(code, f"_w0.get({name!r}, MISSING) if _w0 else MISSING" if given else "MISSING")
        if self.needs_context:
            place = "(_m0,), 0" if self.many else "_b0 if _b0 is not None else (_m0,), _i0"
            self.put(f"_c0 = ExecutionContext({place}, _g0, _a0, _d0)")
            if self.variables and not self.many:
                self.put("_c0.variables = _w0")

    @property
    def _large(self) -> str:
        """A test whether a payload is so large that parts of it may not be copied often."""
        return f"_m0 is None or _m0.raw is None or len(_m0.raw) > {SMALL}"

    def _start(self, name: str, code: str) -> None:
        """Give a name its value from before the first statement, unless that is a plain assignment to it."""
        mention = first_mention(self.body, name)
        given = mention is not None and mention[0] == self.level and mention[1].startswith(f"{name} = ")
        if mention is None or not given or name in mention[1][len(name) :]:
            self.put(f"{name} = {code}")

    def _decode(self) -> None:
        if not self.uses_this and not self.mutation:
            return
        if self.many:
            self._read()
        else:
            with self.block("if _x0 is UNSET:"):
                self._read()

    def _read(self) -> None:
        self.put("_x0 = _m0.parsed")
        with self.block("if _x0 is UNSET:"):
            with self.block("try:"):
                if self.textual:
                    self.put("_x0 = decode_textual(_m0.raw)")
                else:
                    self.put("_s0 = _m0.raw")
                    self.put("_x0 = decode(_s0) if 45 not in _s0 else decode_signed(_s0)")
            with self.block("except Exception:"):
                self.put("_x0 = bad_document(_m0.raw)")
        with self.block("else:"):
            self.put("_u0 = True")

    def _epilogue(self) -> None:
        """Make the result: a message, None where it was deleted."""
        if self.document:
            self.put("return _r0" if self._owns_root else "return _x0 if _r0 is NOTHING else _r0")
            return
        if not self.mutation and not self.overlay and not self.many:
            with self.block("if _p0 is not None:"):
                self.put("return _r0")
        if self._owns_root:
            self._encode()
            return
        with self.block("if type(_r0) is dict or type(_r0) is list:"):
            self._encode()
        self._give("finish(_m0, _r0, _g0)")

    @property
    def _owns_root(self) -> bool:
        """Whether root is a dict of the mapping's own, as far as statements were compiled."""
        return self.state == _OWN

    def _encode(self) -> None:
        if self.heavy:
            with self.block("if _u0:"):
                self._give("Message(encode_document(_r0), UNSET, _g0, _m0.error, _m0.origin, _m0.context)")
        self._serialise()
        self._give("Message(_s0, UNSET, _g0, _m0.error, _m0.origin, _m0.context)")

    def _serialise(self) -> None:
        with self.block("try:"):
            self.put("_s0 = dumps(_r0, encode_default, SORTED)")
        with self.block("except Exception:"):
            self.put("_s0 = encode_document(_r0)")
        with self.block("if not _s0.isascii():"):
            self.put("_s0 = separators(_s0)")

    def _map(self, name: str, body: list[Statement]) -> str:
        code = self.function_name("m")
        outer = (self.variables, self.definite, self.metadata, self.root, self.scope, self.state, self.context)
        root, this, context = f"_r{self.number}", f"_x{self.number}", f"_c{self.number}"
        with self.function(code, [this, context]) as made:
            made.own.add(root)
            self.variables, self.definite, self.metadata, self.root = {}, set(), None, root
            self.scope, self.state, self.context, self.inner = Scope(this, None), _EMPTY, context, True
            heavy, self.heavy = self.heavy, False
            self.mine.clear()
            level, self.level = self.level, made.indent
            self._statements(body)
            self.body, made.lines = made.lines, []
            self._start(root, "NOTHING")
            if self.heavy:
                self.put("_u0 = False")
            for each in self.variables.values():
                self._start(each, "MISSING")
            made.lines += self.body
            self.level = level
            self.put(f"return {root}")
            self.heavy = heavy
        (self.variables, self.definite, self.metadata, self.root, self.scope, self.state, self.context) = outer
        self.inner = False
        self.functions.append(made)
        return code

    # Statements ---------------------------------------------------------------------------------------------------

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
            self.state = _SHARED
            return
        if self.root_read:
            self.state, self.alias = _SHARED, False
        if not path:
            self._assign_root(code, value)
            return
        if value.constant is NOTHING:
            return
        if value.kind not in ("any", "marker") or value.constant is DELETE or self.alias:
            self._claim(root)
        if value.constant is DELETE and self.state == _OWN and len(path) == 1:
            self.put(f"{root}.pop({path[0]!r}, None)")
            self.mine.discard(path[0])
            return
        if value.kind in ("any", "marker"):
            self._put(root, path, value)
            return
        self._write(root, path, code)
        self.alias = False
        if self.state == _SHARED and (len(path) > 2 or path[0] == "-" or array_index(path[0]) is not None):
            # Root may be an array that took it.
            return
        self.state = _OWN

    def _claim(self, root: str) -> None:
        """Make root a dict of the mapping's own where it is plain to see how."""
        if self.state == _OPEN:
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
        self.state, self.alias = _OWN, False
        self.mine.clear()

    def _own_copy(self) -> str:
        """Code for a dict that the mapping may write to and that is like `this`."""
        return "_x0.copy()"

    def _put(self, root: str, path: tuple[str, ...], value: Value) -> None:
        """Assign what may be a marker."""
        code = value.code
        if len(path) > 1 or value.kind == "marker" or self.state == _SHARED:
            self.put(f"{root} = put({root}, {path!r}, {code})")
            if self.state == _EMPTY:
                self.state = _OPEN
            self.mine.clear()
            self.alias = False
            return
        with self.block(f"if type({code}) is not Marker:"):
            if self.state == _OPEN:
                with self.block(f"if {root} is NOTHING:"):
                    self.put(f"{root} = {{}}")
            fresh = self.state == _EMPTY
            self.put(f"{root} = {{{path[0]!r}: {code}}}" if fresh else f"{root}[{path[0]!r}] = {code}")
        with self.block("else:"):
            self.put(f"{root} = put({root}, {path!r}, {code})")
        self.mine.discard(path[0])
        if self.state == _EMPTY:
            self.state = _OPEN

    def _write(self, root: str, path: tuple[str, ...], code: str) -> None:
        first = repr(path[0])
        if len(path) > 16:
            self.put(f"{root} = put({root}, {path!r}, {code})")
            self.mine.clear()
        elif self.state == _EMPTY:
            nested = code
            for segment in reversed(path):
                nested = f"{{{segment!r}: {nested}}}"
            self.put(f"{root} = {nested}")
            self.mine = {path[0]} if len(path) > 1 else set()
        elif self.state == _OWN and len(path) == 1:
            self.put(f"{root}[{first}] = {code}")
            self.mine.discard(path[0])
        elif self.state == _OWN and len(path) == 2:
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
        self.state = _SHARED
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
        self.state = states[0] if len(set(states)) == 1 else _SHARED if _SHARED in states else _OPEN
        self.definite = set.intersection(*definites)


def first_mention(lines: list[Any], name: str) -> tuple[int, str] | None:
    """Indentation and text of the first line that names something; no text where that is in a function."""
    for line in lines:
        if len(line) == 2:
            if name in line[1].names():
                return line[0], ""
        elif name in NAMES.findall(line[1]):
            return line[0], line[1]
    return None


def _writes_below(statement: IfStatement) -> bool:
    """Whether a statement may write to a field of root."""
    bodies = [*(body for _, body in statement.branches), statement.otherwise or []]
    return any(
        bool(each.path) if isinstance(each, Assign) else isinstance(each, IfStatement) and _writes_below(each)
        for each in itertools.chain.from_iterable(bodies)
    )


def _ordered(maps: dict[str, list[Statement]]) -> list[str]:
    """The maps that cannot come back to themselves, each after those that it applies."""
    found: list[str] = []
    applied: dict[str, set[str] | None] = {}
    for name, body in maps.items():
        names: set[str] | None = set()
        for each in nodes(body):
            if isinstance(each, Call) and each.spec.native is core.apply and names is not None:
                argument = each.arguments[0]
                names = names | {argument.value} if argument.node is None else None
        applied[name] = names
    while True:
        ready = [
            name
            for name, names in applied.items()
            if name not in found and names is not None and names & maps.keys() <= set(found)
        ]
        if not ready:
            return found
        found += ready


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


def _writes_metadata(statements: list[Statement]) -> bool:
    return any(
        isinstance(each, SetMeta)
        or (
            isinstance(each, IfStatement)
            and any(map(_writes_metadata, [body for _, body in each.branches] + [each.otherwise or []]))
        )
        for each in statements
    )
