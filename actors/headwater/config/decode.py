"""Scalars as what a field wants them to be, with go-yaml's words where they are not."""

from __future__ import annotations

import math

from headwater.config.nodes import Node, decode_binary, loose_bool, resolve


class WrongType(ValueError):
    """A value cannot be decoded into what the field holds; the message is go-yaml's."""

    def __init__(self, node: Node, type_name: str) -> None:
        shown = ""
        if node.is_scalar:
            value = node.value if len(node.value) <= 10 else node.value[:7] + "..."
            shown = f" `{value}`"
        super().__init__(
            f"yaml: unmarshal errors:\n  line {node.line}: cannot unmarshal {node.tag}{shown} into {type_name}"
        )


def text(node: Node) -> str:
    """Any scalar as text, as it is written; a null is the empty text."""
    if not node.is_scalar:
        raise WrongType(node, "string")
    tag = node.tag
    if tag == "!!binary":
        return decode_binary(node.value)
    return "" if tag == "!!null" else node.value


def integer(node: Node) -> int:
    """A whole number; a float is cut."""
    if node.is_scalar:
        tag = node.tag
        if tag == "!!int":
            return _int(node)
        if tag == "!!float":
            value = float(resolve(node.value)[1])
            if math.isfinite(value) and abs(value) < 2**63:
                return int(value)
        if tag == "!!null":
            return 0
    raise WrongType(node, "int")


def number(node: Node) -> float:
    """A number."""
    if node.is_scalar:
        tag = node.tag
        if tag in ("!!int", "!!float"):
            return float(resolve(node.value)[1])
        if tag == "!!null":
            return 0.0
    raise WrongType(node, "float64")


def boolean(node: Node) -> bool:
    """True or false, or one of the words that YAML 1.1 had for them."""
    if node.is_scalar:
        tag = node.tag
        if tag == "!!bool":
            return bool(resolve(node.value)[1])
        if tag == "!!null":
            return False
        if tag == "!!str":
            value = loose_bool(node.value)
            if value is not None:
                return value
    raise WrongType(node, "bool")


def _int(node: Node) -> int:
    """A node whose tag is !!int."""
    value = int(resolve(node.value)[1])
    if value >= 1 << 63:
        raise WrongType(node, "int")
    return value
