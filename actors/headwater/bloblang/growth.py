"""Which mappings may copy so much that what they make has to be measured: see `weights`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from headwater.bloblang import core
from headwater.bloblang.loops import nodes
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

SMALL: Final = 16_384
"""Bytes of a document of which even every part times every element is not too much."""

# How much a mapping may copy.
LITTLE: Final = 0
SQUARE: Final = 1  # parts of the document for each element of the document
MUCH: Final = 2
_DEPTH: Final = 2
_READS: Final = 3
_SCALAR: Final = frozenset(("str", "bool", "int", "float", "bytes", "str | bytes", "Timestamp"))


def multiplies(program: Program) -> int:
    """How much a mapping may copy, by its text: LITTLE, SQUARE or MUCH."""
    blocks = [program.statements, *program.maps.values()]
    everything = list(nodes(blocks))
    applied = any(isinstance(each, Call) and each.spec.native is core.apply for each in everything)
    if applied and (len(program.maps) > _READS or _recursive(program)):
        return MUCH
    if sum(isinstance(each, Reference) and each.context == "root" for each in everything) > _READS:
        return MUCH
    try:
        return max([_block(block) for block in blocks], default=LITTLE)
    except RecursionError:
        # Nested so deeply that nobody looks.
        return MUCH


def _recursive(program: Program) -> bool:
    return any(isinstance(each, Call) and each.spec.native is core.apply for each in nodes([*program.maps.values()]))


def _block(statements: list[Statement]) -> int:
    depths: dict[str, int] = {}
    worst = LITTLE
    for statement in _flat(statements):
        for leaf, loops in _kept(statement.query, {"this": 0}, 0):
            whole = not isinstance(leaf, Reference) or leaf.context == "root" or not leaf.path
            if loops > 1 or (loops and whole):
                return MUCH
            worst = max(worst, SQUARE if loops else LITTLE)
        if isinstance(statement, Let):
            read = [leaf.name for leaf, _ in _kept(statement.query, {}, 0) if isinstance(leaf, Variable)]
            depth = depths[statement.name] = 1 + max((depths.get(name, 0) for name in read), default=0)
            if depth > _DEPTH:
                return MUCH
    return worst


def _flat(statements: Iterable[Statement]) -> Iterator[Let | SetMeta | Assign]:
    for each in statements:
        if isinstance(each, IfStatement):
            for body in [*(body for _, body in each.branches), each.otherwise or []]:
                yield from _flat(body)
        elif isinstance(each, Let | SetMeta | Assign):
            yield each


def _kept(node: Node | None, bound: dict[str, int], loops: int) -> Iterator[tuple[Node, int]]:
    """What a value may hold as it is: what is read, and how many loops it is read anew in.

    Args:
        node: The expression.
        bound: Names of contexts, and in how many loops each of them was bound.
        loops: The loops around it.
    """
    if node is None or isinstance(node, Literal | Not):
        return
    if isinstance(node, Reference):
        name = node.context if node.context in bound else "this"
        yield node, loops - (0 if node.context == "root" else bound.get(name, 0))
    elif isinstance(node, Variable | Metadata):
        yield node, loops
    elif isinstance(node, Arithmetic):
        if node.operator == "|":
            yield from _kept(node.left, bound, loops)
            yield from _kept(node.right, bound, loops)
    elif isinstance(node, Lambda):
        yield from _kept(node.body, {**bound, node.name: bound.get("this", 0)}, loops)
    elif isinstance(node, MapQuery):
        yield from _kept(node.target, bound, loops)
        yield from _kept(node.query, {**bound, "this": loops}, loops)
    elif isinstance(node, If):
        for each in [*(body for _, body in node.branches), node.otherwise]:
            yield from _kept(each, bound, loops)
    elif isinstance(node, Match):
        inner = bound if node.subject is None else {**bound, "this": loops}
        yield from _kept(node.subject, bound, loops)
        for case in node.cases:
            yield from _kept(case.result, inner, loops)
    elif isinstance(node, Call):
        yield from _called(node, bound, loops)
    elif isinstance(node, ArrayLiteral):
        for item in node.items:
            yield from _kept(item, bound, loops)
    elif isinstance(node, ObjectLiteral):
        for _, item in node.pairs:
            yield from _kept(item, bound, loops)
    elif isinstance(node, Below | Slice):
        yield from _kept(node.target, bound, loops)


def _called(node: Call, bound: dict[str, int], loops: int) -> Iterator[tuple[Node, int]]:
    if str(node.spec.native.__annotations__.get("return", "")) in _SCALAR:
        return
    if node.target is None and loops:
        yield node, loops
    yield from _kept(node.target, bound, loops)
    # A loop over what a function gives, `range` say, is as long as it likes, not as long as the document.
    more = 1 if node.target is None or not any(_source(each) for each in nodes(node.target)) else 2
    for argument in node.arguments:
        if argument.type == "query":
            inside = loops + more
            yield from _kept(argument.node, {**bound, "this": inside}, inside)
        else:
            yield from _kept(argument.node, bound, loops)


def _source(node: Any) -> bool:
    return isinstance(node, Call) and node.target is None
