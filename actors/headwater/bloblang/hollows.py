"""Empty arrays that are written in a mapping: where one is turned into text, that is null."""

from __future__ import annotations

from dataclasses import replace

from headwater.bloblang import core
from headwater.bloblang.syntax import (
    Argument,
    Arithmetic,
    ArrayLiteral,
    Call,
    If,
    Lambda,
    Literal,
    MapQuery,
    Match,
    Node,
    ObjectLiteral,
)
from headwater.bloblang.values import hollowed


def hollow(node: Node) -> Node:
    """An expression whose value is to become text, with the literals that it may give in the form for that."""
    match node:
        case Literal() if type(node.value) in (list, dict):
            return replace(node, value=hollowed(node.value))
        case ArrayLiteral():
            return replace(node, items=[hollow(item) for item in node.items])
        case ObjectLiteral():
            return replace(node, pairs=[(key, hollow(item)) for key, item in node.pairs])
        case If():
            otherwise = node.otherwise and hollow(node.otherwise)
            return replace(node, branches=[(test, hollow(body)) for test, body in node.branches], otherwise=otherwise)
        case Match():
            return replace(node, cases=[replace(case, result=hollow(case.result)) for case in node.cases])
        case MapQuery():
            return replace(node, query=hollow(node.query))
        case Lambda():
            return replace(node, body=hollow(node.body))
        case Arithmetic() if node.operator == "|":
            return replace(node, left=hollow(node.left), right=hollow(node.right))
        case Call() if node.spec.native in (core.catch, core.or_) and node.target is not None:
            return replace(node, target=hollow(node.target), arguments=[_fallback(node.arguments[0])])
    return node


def _fallback(argument: Argument) -> Argument:
    return argument if argument.node is None else replace(argument, node=hollow(argument.node))
