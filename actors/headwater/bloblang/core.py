"""The functions and methods that the compiler makes itself, with their descriptions.

Their native functions are never called: a call of one becomes a part of the syntax tree, or is compiled by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import Example, Param, function, method
from headwater.bloblang.syntax import Call, Literal, MapQuery, Node, Variable
from headwater.bloblang.values import DELETE, NOTHING


def _compiled(*_: Any) -> Any:
    raise BloblangError("this call exists in compiled form only")


@function(
    "deleted",
    category="General",
    summary="Marks the target of an assignment, an element of an array or the message itself as deleted.",
    examples=[
        Example(
            "Drop a message, or a field of it.",
            'root = this\nroot.bar = if this.bar == "x" { deleted() }',
            ('{"bar":"x","baz":1}', '{"baz":1}'),
        )
    ],
)
def deleted() -> None:
    _compiled()


@function(
    "nothing",
    category="General",
    status="hidden",
    summary="A result that leaves the target of an assignment as it is.",
    examples=[Example("", "root.a = 1\nroot.a = nothing()", ("{}", '{"a":1}'))],
)
def nothing() -> None:
    _compiled()


@function(
    "var",
    Param("name", "string", "Name of the variable."),
    category="General",
    status="hidden",
    summary="The value of a variable.",
    examples=[Example("", 'let foo = 5\nroot.a = var("foo")', ("{}", '{"a":5}'))],
)
def var(name: str) -> None:
    _compiled()


@method(
    "apply",
    Param("mapping", "string", "Name of the map."),
    category="General",
    receives=("any",),
    summary="Runs a named map with the target as `this` and returns the root that it builds.",
    examples=[
        Example(
            "",
            'map thing {\n  root.inner = this.first\n}\nroot.foo = this.doc.apply("thing")',
            ('{"doc":{"first":"hello"}}', '{"foo":{"inner":"hello"}}'),
        )
    ],
)
def apply(target: Any, mapping: str) -> None:
    _compiled()


@method(
    "catch",
    Param("fallback", "query", "Value or query for the result where the target fails."),
    category="General",
    receives=("any",),
    summary="Another value where the target fails; its query gets the error's text as `this`.",
    examples=[
        Example("", 'root.a = this.a.number().catch(0)', ('{"a":"x"}', '{"a":0}')),
        Example(
            "",
            "root.a = this.a.number().catch(err -> err)",
            ('{"a":true}', '{"a":"expected number value, got bool from field `this.a` (true)"}'),
        ),
    ],
)
def catch(target: Any, fallback: Any) -> None:
    _compiled()


@method(
    "or",
    Param("fallback", "query", "Value or query for the result where the target fails or is null."),
    category="General",
    receives=("any",),
    summary="Another value where the target fails, is null, deleted or nothing.",
    examples=[Example("", 'root.a = this.b.or("none")', ("{}", '{"a":"none"}'))],
)
def or_(target: Any, fallback: Any) -> None:
    _compiled()


@method(
    "map",
    Param("query", "query", "Query that runs with the target as `this`."),
    category="General",
    receives=("any",),
    summary="Runs a query with the target as `this`.",
    examples=[Example("", "root.a = this.foo.map(this.bar + 1)", ('{"foo":{"bar":1}}', '{"a":2}'))],
)
def map_(target: Any, query: Any) -> None:
    _compiled()


@method(
    "from",
    Param("index", "integer", "Position in the batch; negative ones count from its end."),
    category="General",
    receives=("any",),
    batch=True,
    summary="Evaluates the target as if at another position of the batch.",
    examples=[Example("", 'root.first = content().from(0).string()', ("hello", '{"first":"hello"}'))],
)
def from_(target: Any, index: int) -> None:
    _compiled()


@method(
    "from_all",
    category="General",
    receives=("any",),
    batch=True,
    summary="Evaluates the target at each position of the batch and returns an array.",
    examples=[Example("", "root.all = batch_index().from_all()", ("{}", '{"all":[0]}'))],
)
def from_all(target: Any) -> None:
    _compiled()


def _marker(marker: Any) -> Callable[[Call], Node]:
    return lambda call: Literal(call.at, marker)


def _variable(call: Call) -> Node | None:
    name = call.arguments[0]
    return Variable(call.at, name.value) if name.node is None else None


def _map(call: Call) -> Node:
    argument = call.arguments[0]
    assert call.target is not None
    assert argument.node is not None
    return MapQuery(call.at, call.target, argument.node)


PLACEHOLDERS: dict[Callable[..., Any], Callable[[Call], Node | None]] = {
    deleted: _marker(DELETE),
    nothing: _marker(NOTHING),
    var: _variable,
    map_: _map,
    **dict.fromkeys((apply, catch, or_, from_, from_all), lambda call: None),
}
"""Natives of this file, and what a call becomes; None: it stays a call, which the compiler knows by its name."""
