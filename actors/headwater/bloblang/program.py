"""Mappings: from statements to one Python function.

The function takes a message and returns the new one; decoding, mapping and encoding happen in it, one after the other.
What statements become is in `assignments`; here is the frame that they stand in.
"""

from __future__ import annotations

from typing import Any

from headwater.bloblang import core, execution
from headwater.bloblang.assignments import EMPTY, OWN, SHARED, StatementCompiler
from headwater.bloblang.emitter import NAMES, Function
from headwater.bloblang.growth import MUCH, SMALL, SQUARE
from headwater.bloblang.loops import nodes
from headwater.bloblang.references import Scope
from headwater.bloblang.runtime import HELPERS
from headwater.bloblang.syntax import Call, IfStatement, Program, SetMeta, Statement


class ProgramCompiler(StatementCompiler):
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
        super().__init__(program, mutation, document, plain)
        self.overlay = overlay
        self.many = many
        self.body: list[Any] = []
        self.maps = set(program.maps)
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
        self.state = SHARED if self.mutation or self.overlay else EMPTY
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
        return self.state == OWN

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
            self.scope, self.state, self.context, self.inner = Scope(this, None), EMPTY, context, True
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


def first_mention(lines: list[Any], name: str) -> tuple[int, str] | None:
    """Indentation and text of the first line that names something; no text where that is in a function."""
    for line in lines:
        if len(line) == 2:
            if name in line[1].names():
                return line[0], ""
        elif name in NAMES.findall(line[1]):
            return line[0], line[1]
    return None


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


def _writes_metadata(statements: list[Statement]) -> bool:
    return any(
        isinstance(each, SetMeta)
        or (
            isinstance(each, IfStatement)
            and any(map(_writes_metadata, [body for _, body in each.branches] + [each.otherwise or []]))
        )
        for each in statements
    )
