"""Chains of `filter` and `map_each`, and a `sum` at their end, as one loop over an array.

One after the other they make a list each and look at each element anew. In one loop an element is looked at once, and
no list is made but the last. What a chain gives does not depend on that; what it fails with does, for the reference has
all elements through one method before the next one begins. So a failure, and whatever is no array, leaves the work to
the methods one after the other, which stand behind the loop. That may only be done where nothing notices that
elements are looked at twice: `pure` tells.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from headwater.bloblang import core, loops
from headwater.bloblang.references import Value
from headwater.bloblang.syntax import Arithmetic, Call, Node

if TYPE_CHECKING:
    from headwater.bloblang.calls import ExpressionCompiler

_MAP: Final = "headwater.bloblang.methods.arrays.map_each"
_FILTER: Final = "headwater.bloblang.methods.arrays.filter_"
_SUM: Final = "headwater.bloblang.methods.numbers.sum_"
_MOST: Final = 1 << 23
"""Sums of so many compact integers, of 30 bits each, are exact as floats at every step, so their order says nothing."""


def native_name(call: Call) -> str:
    """Which native function a call is of."""
    return f"{call.spec.native.__module__}.{call.spec.native.__name__}"


def pure(tree: Node) -> bool:
    """Whether a query has no effect and stays the same however often it runs, and holds no further loops."""
    for node in loops.nodes(tree):
        if not isinstance(node, Call) or node.spec.native in (core.catch, core.or_):
            continue
        spec = node.spec
        if spec.impure or spec.stateful or spec.context or spec.batch or spec.native in core.PLACEHOLDERS:
            return False
        if any(each.type == "query" for each in node.arguments):
            return False
    return True


def _forgives(tree: Node) -> bool:
    """Whether a query goes on after a failure of a part of it."""
    return any(
        (isinstance(node, Call) and (node.spec.native in (core.catch, core.or_) or node.spec.absorbs))
        or (isinstance(node, Arithmetic) and node.operator == "|")
        for node in loops.nodes(tree)
    )


def _stages(node: Node | None) -> tuple[Node | None, list[Call]]:
    """What a chain runs over, and its calls in order."""
    found: list[Call] = []
    while isinstance(node, Call) and native_name(node) in (_MAP, _FILTER):
        query = node.arguments[0].node
        if query is None or not pure(query):
            break
        found.append(node)
        node = node.target
    return node, found[::-1]


def compile_chain(compiler: ExpressionCompiler, node: Call) -> Value | None:
    """A chain of at least two methods; None where there is none."""
    source, stages = _stages(node)
    if source is None or len(stages) < 2 or not _possible(compiler):
        return None
    return _loop(compiler, source, stages, node, compiler.position)


def compile_sum(compiler: ExpressionCompiler, node: Call) -> Value | None:
    """The sum of what a chain gives; None where there is no chain."""
    source, stages = _stages(node.target)
    if source is None or not stages or not _possible(compiler):
        return None
    large = compiler.fresh("b")
    made = _loop(compiler, source, stages, stages[-1], False, large)
    native = compiler.constant(node.spec.native)
    assert node.target is not None
    code = f"{native}({made.code}) if {large} else float(sum({made.code}))"
    return compiler.temp(code, "value", annotation=node.target.annotation())


def _possible(compiler: ExpressionCompiler) -> bool:
    return not compiler.unchained and compiler.loops < loops.DEEPEST and not compiler.crowded


def _loop(
    compiler: ExpressionCompiler, source: Node, stages: list[Call], whole: Call, storing: bool, large: str = ""
) -> Value:
    """Run a chain; `large` is the name that tells afterwards whether any result is more than a compact integer."""
    target = compiler.expression(source)
    values = compiler.held(target)
    result = compiler.fresh()
    compiler.put(f"{result} = None")
    if large:
        compiler.put(f"{large} = True")
    with compiler.block(f"if type({values}) is list:"):
        with compiler.nested("try:"):
            if large:
                compiler.put(f"{large} = len({values}) > {_MOST}")
            compiler.put(f"{result} = []")
            item = compiler.fresh("x")
            with compiler.nested(f"for {item} in {values}:"):
                safe = _pass(compiler, stages, item, result, target.safe, storing, large)
        with compiler.block("except Exception:"):
            compiler.put(f"{result} = None")
    with compiler.block(f"if {result} is None:"):
        if large:
            compiler.put(f"{large} = True")
        # The source was evaluated already.
        compiler.evaluated[id(source)] = Value(values, target.kind, target.safe)
        compiler.unchained = True
        compiler.storing = storing
        try:
            slow = compiler.expression(whole)
        finally:
            compiler.unchained = False
            del compiler.evaluated[id(source)]
        compiler.put(f"{result} = {slow.code}")
    return Value(result, "value", safe and slow.safe)


def _pass(
    compiler: ExpressionCompiler, stages: list[Call], item: str, result: str, safe: bool, storing: bool, large: str
) -> bool:
    """Take one element through all stages; returns whether what comes out is safe for the fast encoder."""
    marked = ""
    with ExitStack() as within:
        for number, stage in enumerate(stages):
            query = stage.arguments[0].node
            assert query is not None
            if not _forgives(query):
                # Reading a field of what is no object fails in Python's way, which leaves the work to the methods.
                compiler.steppers[item] = item
            last = number == len(stages) - 1
            if native_name(stage) == _FILTER:
                value = loops.body(compiler, query, item)
                within.enter_context(compiler.block(f"if {compiler.held(value)} is True:"))
                continue
            compiler.watched = large if last else ""
            value = loops.body(compiler, query, item, storing and last)
            marked, compiler.watched, compiler.flagged = compiler.flagged, "", ""
            safe, made = value.safe, compiler.held(value)
            if value.kind in ("any", "marker"):
                made, safe = compiler.temp(made).code, False
                with compiler.block(f"if type({made}) is Marker:"):
                    with compiler.block(f"if {made} is DELETE:"):
                        compiler.put("continue")
                    compiler.put(f"{made} = {item}")
            item = made
        if large and not marked:
            compiler.put(f"{large} = True")
        compiler.put(f"{result}.append({item})")
    return safe


def _map_each(compiler: ExpressionCompiler, node: Call) -> Value | None:
    return compile_chain(compiler, node) or loops.compile_map_each(compiler, node)


def _filter(compiler: ExpressionCompiler, node: Call) -> Value | None:
    return compile_chain(compiler, node) or loops.compile_filter(compiler, node)


LOOPS: Final[dict[str, Callable[[ExpressionCompiler, Call], Value | None]]] = {
    _MAP: _map_each,
    _FILTER: _filter,
    _SUM: compile_sum,
}
"""By the native function, so that a method of the same name that somebody else registered stays a call."""
