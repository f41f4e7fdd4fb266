"""`map_each` and `filter` as loops in the generated code, which spares a call for each element.

The methods' own functions, which the tree walker of the tests and the reference docs use, say what they do. Elements
of objects come
as key and value, and are put together again after the loop.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headwater.bloblang.errors import BloblangError, TypeMismatch, prefixed
from headwater.bloblang.failures import Region, explained
from headwater.bloblang.references import Scope, Value
from headwater.bloblang.syntax import Call, Lambda, Node, Reference
from headwater.bloblang.values import DELETE, NOTHING, HollowArray

if TYPE_CHECKING:
    from headwater.bloblang.calls import ExpressionCompiler

DEEPEST = 3
"""Loops within one another beyond this become calls, so that generated code stays flat."""


# What the loops call -------------------------------------------------------------------------------------------------


def elements(value: Any, *expected: str) -> list[Any]:
    """The elements of an object, key and value each; of nothing else, for arrays need no call.

    Raises:
        TypeMismatch: It is neither.
    """
    if type(value) is dict:
        return [{"key": key, "value": item} for key, item in value.items()]
    if type(value) is HollowArray:
        return []
    raise TypeMismatch(value, *expected)


def rebuilt(source: Any, values: list[Any], results: list[Any]) -> Any:
    """What `map_each` gives, of the results for all elements; markers among them are settled."""
    if type(source) is not dict:
        return [old if new is NOTHING else new for old, new in zip(values, results, strict=True) if new is not DELETE]
    pairs = zip(values, results, strict=True)
    return {
        old["key"]: old["value"] if new is NOTHING else new for old, new in pairs if new is not DELETE
    }


def chosen(source: Any, kept: list[Any]) -> Any:
    """What `filter` gives, of the elements that stay."""
    return {item["key"]: item["value"] for item in kept} if type(source) is dict else kept


def element_failure(
    error: BaseException, edge: Region, position: int, values: list[Any], source: Any, annotation: str
) -> BloblangError:
    """What `map_each` raises where its query fails on an element."""
    found = explained(error, edge)
    found.annotate(annotation)
    name = values[position]["key"] if type(source) is dict else position
    return prefixed(f"failed to process element {name}: ", found)


def query_failure(error: BaseException, edge: Region) -> BloblangError:
    """What `filter` raises where its query fails: the target is blamed as for a failure of the method itself."""
    return explained(error, edge)


# Compilation ---------------------------------------------------------------------------------------------------------


def compile_map_each(compiler: ExpressionCompiler, node: Call) -> Value | None:
    """A `map_each` as a loop; None where it should be a call."""
    query = _query_of(compiler, node)
    if query is None:
        return None
    storing = compiler.position
    assert node.target is not None
    source = compiler.held(compiler.expression(node.target))
    annotation = node.target.annotation()
    values = compiler.fresh()
    compiler.put(f"{values} = {source} if type({source}) is list else elements({source}, 'array')", annotation)
    result, item = compiler.fresh(), compiler.fresh("x")
    marked = compiler.fresh("b")
    compiler.put(f"{result} = []")
    with compiler.nested("try:"), compiler.within("edge") as edge, compiler.nested(f"for {item} in {values}:"):
        _look(compiler, query, item)
        value = body(compiler, query, item, storing)
        compiler.put(f"{result}.append({value.code})")
        doubtful = value.kind in ("any", "marker")
    error = compiler.fresh("e")
    with compiler.block(f"except Exception as {error}:"):
        compiler.put(
            f"raise element_failure({error}, {compiler.constant(edge)}, len({result}), {values}, {source}, "
            f"{query.annotation()!r})",
            annotation,
        )
    test = f"{values} is not {source}"
    if doubtful:
        compiler.put(f"{marked} = [1 for _e in {result} if type(_e) is Marker]")
        test += f" or {marked}"
    with compiler.block(f"if {test}:"):
        compiler.put(f"{result} = rebuilt({source}, {values}, {result})")
    return Value(result, "value", value.safe and not doubtful)


def compile_filter(compiler: ExpressionCompiler, node: Call) -> Value | None:
    """A `filter` as a loop; None where it should be a call."""
    query = _query_of(compiler, node)
    if query is None:
        return None
    assert node.target is not None
    target = compiler.expression(node.target)
    source = compiler.held(target)
    annotation = node.target.annotation()
    values = compiler.fresh()
    compiler.put(
        f"{values} = {source} if type({source}) is list else elements({source}, 'array', 'object')", annotation
    )
    result, item = compiler.fresh(), compiler.fresh("x")
    compiler.put(f"{result} = []")
    with compiler.nested("try:"), compiler.within("edge") as edge, compiler.nested(f"for {item} in {values}:"):
        _look(compiler, query, item)
        value = body(compiler, query, item)
        with compiler.block(f"if {compiler.held(value)} is True:"):
            compiler.put(f"{result}.append({item})")
    error = compiler.fresh("e")
    with compiler.block(f"except Exception as {error}:"):
        compiler.put(f"raise query_failure({error}, {compiler.constant(edge)})", annotation)
    with compiler.block(f"if {values} is not {source}:"):
        compiler.put(f"{result} = chosen({source}, {result})")
    return Value(result, "value", target.safe)


def _query_of(compiler: ExpressionCompiler, node: Call) -> Node | None:
    query = node.arguments[0].node
    if compiler.loops >= DEEPEST or compiler.crowded:
        return None
    return query


def _look(compiler: ExpressionCompiler, query: Node, item: str) -> None:
    """Look once at what an element is, where a query reads more than one field of it."""
    name = query.name if isinstance(query, Lambda) else "this"
    if sum(each.context == name and bool(each.path) for each in references(query)) > 1:
        stepper = compiler.fresh("y")
        compiler.put(f"{stepper} = {item} if type({item}) is dict else Stepper({item})")
        compiler.steppers[item] = stepper


def body(compiler: ExpressionCompiler, query: Node, item: str, storing: bool = False) -> Value:
    """Compile a query of an element."""
    outer = compiler.scope
    compiler.scope = Scope(item, outer)
    compiler.loops += 1
    try:
        return compiler.part(query, storing)
    finally:
        compiler.loops -= 1
        compiler.scope = outer


def references(node: Any) -> Iterator[Reference]:
    """All references in a part of a syntax tree."""
    return (each for each in nodes(node) if isinstance(each, Reference))


def nodes(tree: Any) -> Iterator[Any]:
    """All parts of a part of a syntax tree, statements too."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list | tuple):
            waiting.extend(node)
        elif dataclasses.is_dataclass(node):
            yield node
            waiting.extend(
                getattr(node, field.name) for field in dataclasses.fields(node) if field.name not in ("spec", "made")
            )
