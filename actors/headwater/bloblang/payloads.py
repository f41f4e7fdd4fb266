"""Mappings over bare payloads: from the bytes of many messages to the bytes of as many, with no message in between.

For mappings that neither write metadata nor look at anything of a message but its document, which is most of them. It
saves a message made and read on either side, a fifth of what a light mapping costs.
"""

from __future__ import annotations

from headwater.bloblang.growth import SMALL
from headwater.bloblang.loops import nodes, references
from headwater.bloblang.program import ProgramCompiler
from headwater.bloblang.syntax import Assign, Program, Reference


class PayloadCompiler(ProgramCompiler):
    """Compiles the form of a mapping that takes `message.Payloads` and returns a list: bytes, None for what was
    deleted, `Failed` for what failed.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program, many=True, plain=True)
        self._in_place = _reads_before_it_writes(program)

    # HOT: the whole mapping stands within the loop
    def _loop(self) -> None:
        self.put("_g0 = _n0.metadata")
        self.put("_l0 = []")
        self.put("_q0 = _l0.append")
        with self.nested("for _k0 in _n0.contents:"):
            with self.nested("try:"):
                self._main()
            with self.block("except Exception as _e0:"):
                self.put("_q0(failed(Message(_k0, UNSET, _g0), _e0))")
        self.put("return _l0")

    def _own_copy(self) -> str:
        # It was decoded here, so nobody else has it.
        return "_x0" if self._in_place else super()._own_copy()

    def _prologue(self) -> None:
        if self.uses_this:
            with self.block("try:"):
                self.put("_x0 = decode(_k0) if 45 not in _k0 else decode_signed(_k0)")
            with self.block("except Exception:"):
                self.put("_x0 = bad_document(_k0)")
        if self.heavy:
            self.put("_u0 = False")
        self._begin()

    @property
    def _large(self) -> str:
        return f"len(_k0) > {SMALL}"

    def _aside(self) -> None:
        self.put("_m0 = OTHER(Message(_k0, UNSET, _g0), None, 0, None, _d0, _a0, _x0)")
        self._give("_m0 and _m0.content()")

    def _epilogue(self) -> None:
        if self._owns_root:
            self._encode()
            return
        with self.block("if type(_r0) is dict or type(_r0) is list:"):
            self._encode()
        self._give("finish_payload(_k0, _r0)")

    def _encode(self) -> None:
        if self.heavy:
            with self.block("if _u0:"):
                self._give("encode_document(_r0)")
        self._serialise()
        self._give("_s0")


def _reads_before_it_writes(program: Program) -> bool:
    """Whether no statement reads a field of `this` that one before it writes in root: then root may be `this` itself.

    Whoever reads all of `this`, or root, may see what was written: then it is not so.
    """
    written: set[str] = set()
    for place, statement in enumerate(program.statements):
        if place == 0 and isinstance(statement, Assign) and not statement.path and _is_this(statement.query):
            continue
        found = list(references(statement))
        if any(each.context == "root" or (each.context == "this" and not each.path) for each in found):
            return False
        reads = {each.path[0] for each in found if each.path}
        writes = {each.path[0] for each in nodes(statement) if isinstance(each, Assign) and each.path}
        if reads & written or (not isinstance(statement, Assign) and reads & writes):
            return False
        if any(isinstance(each, Assign) and not each.path for each in nodes(statement)):
            return False
        written |= writes
    return True


def _is_this(query: object) -> bool:
    return isinstance(query, Reference) and query.context == "this" and not query.path
