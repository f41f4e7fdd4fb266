"""Whether plain values can be decoded into what their fields hold; go-yaml's words where they cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from headwater.config import decode
from headwater.config.spec import Field
from headwater.errors import ConfigError
from headwater.yamltext.nodes import Node

_DECODERS: Final[dict[str, Callable[[Node], object]]] = {
    "string": decode.text,
    "int": decode.integer,
    "float": decode.number,
    "bool": decode.boolean,
}


def check_shapes(parent: Field, node: Node, *, whole: bool = True) -> None:
    """Refuse plain values of sections that cannot be decoded, or are missing; components are not looked into.

    What is no object is looked at as if it were an empty one, and left to lint.

    Args:
        parent: What the object may hold.
        node: The object.
        whole: Whether what is required must be there, and what is unknown must be plain data.

    Raises:
        ConfigError: One cannot be; the text names it.
    """
    names: set[str] = set()
    for key, value in node.pairs:
        name = key.value
        field = parent.index.get(name) if name not in names else None
        if field is None:
            if whole:
                # What is unknown, or there once more, is decoded as it stands.
                _check_any(value)
            continue
        names.add(name)
        try:
            check_shape(field, value, whole=whole)
        except (ConfigError, decode.WrongType) as error:
            raise ConfigError(f"field '{name}': {error}") from None
    for field in parent.fields if whole else ():
        if field.shape == "scalar" and field.name not in names and field.required:
            raise ConfigError(f"field '{field.name}' is required and was not present in the config")


def _check_any(node: Node) -> None:
    try:
        decode.check_any(node)
    except decode.WrongType as error:
        raise ConfigError(str(error)) from None


def check_shape(field: Field, node: Node, *, whole: bool = True) -> None:
    """Refuse a value that cannot be decoded; lists and maps are looked through.

    Raises:
        ConfigError: It cannot be, or a value in it; the text names the value.
        WrongType: It is a scalar of the wrong type.
    """
    _check(field, node, {"array": 1, "2darray": 2}.get(field.shape, 0), whole)


def _check(field: Field, node: Node, dimensions: int, whole: bool) -> None:
    if dimensions:
        if not node.is_sequence:
            raise ConfigError(f"line {node.line}: expected array value, got {node.tag}")
        for item in node.items:
            _check(field, item, dimensions - 1, whole)
    elif field.shape == "map":
        if not node.is_mapping:
            raise ConfigError(f"line {node.line}: expected map value, got {node.tag}")
        for _, value in node.pairs:
            _check_value(field, value, whole)
    else:
        _check_value(field, node, whole)


def _check_value(field: Field, node: Node, whole: bool) -> None:
    if field.type == "object":
        check_shapes(field, node, whole=whole)
    elif field.type == "unknown":
        decode.check_any(node)
    elif field.type in _DECODERS:
        _DECODERS[field.type](node)
