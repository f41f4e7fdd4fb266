"""Scalars as what a field wants them to be, with go-yaml's words where they are not."""

from __future__ import annotations

import math
from typing import Final

from headwater.yamltext.nodes import Node, decode_binary, is_base64, loose_bool, resolve

_RESOLVED: Final = frozenset({"!!int", "!!float", "!!bool", "!!null", "!!timestamp"})


class WrongType(ValueError):
    """A value cannot be decoded into what the field holds; the message is go-yaml's."""


def wrong_type(node: Node, type_name: str) -> WrongType:
    """The error for a value of another type."""
    shown = ""
    if node.is_scalar:
        value = node.value if len(node.value) <= 10 else node.value[:7] + "..."
        shown = f" `{value}`"
    return WrongType(
        f"yaml: unmarshal errors:\n  line {node.line}: cannot unmarshal {node.tag}{shown} into {type_name}"
    )


def check_tag(node: Node) -> None:
    """Refuse a scalar that is not what its tag says.

    Raises:
        WrongType: It is not.
    """
    tag = node.tag
    if tag in _RESOLVED:
        found = resolve(node.value)[0]
        if found != tag and (found, tag) != ("!!int", "!!float"):
            raise WrongType(f"yaml: cannot decode {found} `{node.value}` as a {tag}")
    elif tag == "!!binary" and not is_base64(node.value):
        raise WrongType("yaml: !!binary value contains invalid base64 data")


def check_any(node: Node) -> None:
    """Refuse a value that go-yaml cannot decode into plain data.

    Raises:
        WrongType: A scalar is not what its tag says, or a key is there twice.
    """
    twice: list[str] = []
    _check_any(node, twice, ())
    if twice:
        raise WrongType("\n".join(["yaml: unmarshal errors:", *twice]))


def check_keys(node: Node) -> None:
    """Refuse an object that has a key twice.

    Raises:
        WrongType: It has.
    """
    repeated = _repeated(node)
    if repeated:
        raise WrongType("\n".join(["yaml: unmarshal errors:", *repeated]))


def _repeated(node: Node) -> list[str]:
    if len({(key.shape, key.value) for key, _ in node.pairs}) == len(node.pairs):
        return []
    return [
        f'  line {other.line}: mapping key "{other.value}" already defined at line {key.line}'
        for index, (key, _) in enumerate(node.pairs)
        for other, _ in node.pairs[index + 1 :]
        if other.shape == key.shape and other.value == key.value
    ]


def _check_any(node: Node, twice: list[str], inside: tuple[int, ...]) -> None:
    if node.is_scalar:
        check_tag(node)
        return
    own = id(node.pairs if node.is_mapping else node.items)
    if own in inside:
        raise WrongType("yaml: anchor value contains itself")
    inside = (*inside, own)
    for item in node.items:
        _check_any(item, twice, inside)
    repeated = _repeated(node)
    if repeated:
        twice += repeated
        return
    for key, value in node.pairs:
        if key.tag == "!!merge" and not all(
            source.is_mapping for source in (value.items if value.is_sequence else (value,))
        ):
            raise WrongType("yaml: map merge requires map or sequence of maps as the value")
        _check_any(value, twice, inside)


def text(node: Node) -> str:
    """Any scalar as text, as it is written; a null is the empty text."""
    if not node.is_scalar:
        raise wrong_type(node, "string")
    check_tag(node)
    tag = node.tag
    if tag == "!!binary":
        return decode_binary(node.value)
    return "" if tag == "!!null" else node.value


def integer(node: Node) -> int:
    """A whole number; a float is cut."""
    if node.is_scalar:
        check_tag(node)
        tag = node.tag
        if tag == "!!int":
            return _int(node)
        if tag == "!!float":
            value = float(resolve(node.value)[1])
            if math.isfinite(value) and abs(value) < 2**63:
                return int(value)
        if tag == "!!null":
            return 0
    raise wrong_type(node, "int")


def number(node: Node) -> float:
    """A number."""
    if node.is_scalar:
        check_tag(node)
        tag = node.tag
        if tag in ("!!int", "!!float"):
            return float(resolve(node.value)[1])
        if tag == "!!null":
            return 0.0
    raise wrong_type(node, "float64")


def boolean(node: Node) -> bool:
    """True or false, or one of the words that YAML 1.1 had for them."""
    if node.is_scalar:
        check_tag(node)
        tag = node.tag
        if tag == "!!bool":
            return bool(resolve(node.value)[1])
        if tag == "!!null":
            return False
        if tag == "!!str":
            value = loose_bool(node.value)
            if value is not None:
                return value
    raise wrong_type(node, "bool")


def _int(node: Node) -> int:
    """A node whose tag is !!int."""
    value = int(resolve(node.value)[1])
    if value >= 1 << 63:
        raise wrong_type(node, "int")
    return value
