"""Calls: which function or method is meant, and which argument is for which parameter.

What can be told without a message is told here: unknown names, numbers of arguments, types of literals, and whatever
constructors and static functions make of literals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.bloblang.core import PLACEHOLDERS
from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.registry import UNSET, Environment, Spec
from headwater.bloblang.syntax import Argument, Below, Call, Literal, Node, Reference
from headwater.bloblang.values import get_bool, integer, number, split_path, type_name

Given = list[tuple[str, Node]]


def bind(
    environment: Environment,
    kind: str,
    name: str,
    target: Node | None,
    given: Given,
    at: int,
) -> Node:
    """Make a call of a name and the arguments that were written.

    Args:
        environment: Where functions and methods are looked up.
        kind: "function" or "method".
        name: As written.
        target: The method's target.
        given: Pairs of name (empty for positional ones) and expression.
        at: Offset of the call.

    Raises:
        BloblangError: The call cannot be right; the text is the reference's.
    """
    table = environment.functions if kind == "function" else environment.methods
    spec = table.get(name)
    if spec is None:
        refused = environment.refused.get(name)
        raise BloblangError(refused or f"unrecognised {kind} '{name}'")
    arguments = _assign(spec, given)
    literal = Literal(at, None)
    call = Call(at, spec, target, arguments, label=_label(spec, arguments))
    if spec.native in PLACEHOLDERS:
        made = PLACEHOLDERS[spec.native](call)
        return call if made is None else made
    if kind == "method" and name == "get" and target is not None and arguments[0].node is None:
        return _field(target, split_path(arguments[0].value), at)
    if spec.stateful:
        call.made = _guarded(
            spec.native, {each.name: each.value for each in arguments if each.node is None and each.type != "query"}
        )
    elif spec.constructor and not call.dynamic and not any(each.type == "query" for each in arguments):
        call.made = _guarded(spec.native, *values(arguments))
    if spec.static and not call.dynamic and (target is None or isinstance(target, Literal)):
        literal.value = _evaluate(call)
        literal.name = call.annotation()
        return literal
    return call


def _field(target: Node, path: list[str], at: int) -> Node:
    if isinstance(target, Reference):
        return Reference(target.at, target.context, (*target.path, *path))
    if isinstance(target, Below):
        return Below(target.at, target.target, (*target.path, *path))
    return Below(at, target, tuple(path))


def values(arguments: list[Argument]) -> list[Any]:
    """The values of arguments that are all known."""
    return [each.value for each in arguments]


def _guarded(native: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return native(*arguments)
    except BloblangError as error:
        error.constructed = True
        raise
    except Exception as error:
        raise BloblangError(f"{type(error).__name__}: {error}") from error


def _evaluate(call: Call) -> Any:
    from headwater.bloblang.execution import coerce_target

    spec = call.spec
    native = call.made if spec.constructor else spec.native
    arguments = [] if spec.constructor else values(call.arguments)
    if call.target is None:
        return _guarded(native, *arguments)
    assert isinstance(call.target, Literal)
    return _guarded(native, coerce_target(spec.target, call.target.value), *arguments)


def _assign(spec: Spec, given: Given) -> list[Argument]:
    names = [name for name, _ in given if name]
    for n, name in enumerate(names):
        if name in names[:n]:
            raise BloblangError(f"duplicate named arg: {name}")
    if names and len(names) < len(given):
        raise BloblangError("cannot mix named and nameless arguments")
    if spec.variadic:
        if names:
            raise BloblangError("named arguments are not supported")
        # Those that are known only when run are counted by themselves.
        known = [isinstance(node, Literal) for _, node in given]
        arguments = [
            Argument(str(known[:n].count(False)), None, node, spec.variadic) for n, (_, node) in enumerate(given)
        ]
        for argument in arguments:
            _fold(argument)
        return arguments
    params = spec.params
    if not names and len(given) > len(params):
        raise BloblangError(f"wrong number of arguments, expected {len(params)}, got {len(given)}")
    found = dict(given) if names else {param.name: node for param, (_, node) in zip(params, given, strict=False)}
    arguments = [
        Argument(
            param.name,
            None if param.default is UNSET else param.default,
            found.get(param.name),
            param.type,
            param.name in found,
        )
        for param in params
    ]
    for argument in arguments:
        _fold(argument)
    missing = [param.name for param in params if param.required and param.name not in found]
    unknown = sorted(found.keys() - {param.name for param in params})
    if unknown:
        hint = f", did you mean {missing[0]}?" if len(missing) == 1 else f", expected {', '.join(missing)}"
        raise BloblangError(f"unknown parameter{_plural(unknown)} {', '.join(unknown)}{hint if missing else ''}")
    if missing:
        raise BloblangError(f"missing parameter{_plural(missing)}: {', '.join(missing)}")
    return arguments


def _plural(names: list[str]) -> str:
    return "s" if len(names) > 1 else ""


def _fold(argument: Argument) -> None:
    """Take the value of an argument that is known when parsing."""
    node = argument.node
    if argument.type == "query":
        if node is None and argument.value is not None:
            constant = argument.value
            argument.value = lambda this: constant
        return
    if isinstance(node, Literal):
        try:
            argument.value = convert(argument.type, node.value)
        except BloblangError as error:
            raise BloblangError(f"field {argument.name}: {error.text}") from None
        argument.node = None


def convert(kind: str, value: Any) -> Any:
    """What a parameter of some type gets of a value.

    Raises:
        BloblangError: The value is of another type.
    """
    if kind == "any":
        return value
    if kind == "string":
        if type(value) is str:
            return value
        if type(value) is bytes:
            return value.decode("utf-8", "surrogateescape")
        raise BloblangError(f"wrong argument type, expected string, got {type_name(value)}")
    if kind == "integer":
        return integer(value)
    if kind == "number":
        return number(value)
    if kind == "float":
        return float(number(value))
    if kind == "bool":
        return get_bool(value)
    if kind == "array" or kind == "object":
        if type_name(value) != kind:
            raise BloblangError(f"wrong argument type, expected {kind}, got {type_name(value)}")
        return value
    if kind == "timestamp":
        from headwater.bloblang.timeformat import to_timestamp

        return to_timestamp(value)
    raise TypeMismatch(value, kind)


def _label(spec: Spec, arguments: list[Argument]) -> str:
    name = spec.name
    first = arguments[0] if arguments else None
    given = first.value if first is not None and first.node is None else None
    if spec.kind == "function":
        if name == "json":
            return f"json path `{given or ''}`" if given is not None else ""
        if name in ("meta", "root_meta", "metadata") and (first is None or first.node is None):
            return f"{name} field {given}" if given else f"{name} object"
        if name == "var" and given:
            return f"variable {given}"
    elif name == "apply" and given is not None:
        return f"map {given}"
    return ""


