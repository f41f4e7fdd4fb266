"""Overrides from the command line: ``path=value`` set into a configuration's tree."""

from __future__ import annotations

from collections.abc import Iterable

from headwater.config.spec import Field
from headwater.errors import ConfigError, SyntaxProblem
from headwater.yamltext.document import parse_document
from headwater.yamltext.nodes import Node


def apply_overrides(root: Node, field: Field, expressions: Iterable[str]) -> None:
    """Set values into a tree, in order; values are YAML, list indices and ``-`` for a new item work in paths.

    Args:
        root: The tree, which is changed.
        field: What the root may hold.
        expressions: Texts such as ``http.address=localhost:4195``.

    Raises:
        ConfigError: An expression has no ``=``, names a field that there is not, or its value is no YAML.
    """
    for expression in expressions:
        path, equals, value = expression.partition("=")
        if not equals:
            raise ConfigError(f"invalid set expression '{expression}': expected foo=bar syntax")
        try:
            node = parse_document(value) if value else Node("scalar", "", 1, 1, '"')
        except SyntaxProblem as error:
            raise ConfigError(f"failed to set config field override: {path}: {error}") from None
        _set(root, field, path, node)


def _set(root: Node, field: Field, path: str, value: Node) -> None:
    """Set one value; what is missing on the way is made."""
    if root.is_scalar and root.is_null:
        root.become(Node("mapping", "", 1))
    parts = [part.replace("~1", ".").replace("~0", "~") for part in path.split(".")]
    node = root
    known: Field | None = field
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        if node.is_sequence or (not node.is_mapping and part in ("0", "-")):
            node = _item(node, part, value if last else None, path)
            continue
        if known is not None:
            if known.fields and known.shape in ("scalar", "array"):
                found = known.index.get(part)
                if found is None:
                    raise ConfigError(f"failed to set config field override: {path}: field not recognised")
                known = found
            else:
                known = None
        if not node.is_mapping:
            node.become(Node("mapping", "", node.line or 1))
        child = node.get(part)
        if last or child is None:
            child = value if last else Node("scalar", "", 1)
            node.pairs[:] = [pair for pair in node.pairs if pair[0].value != part]
            node.pairs.append((Node("scalar", part, 1, 1, '"'), child))
        node = child


def _item(node: Node, part: str, value: Node | None, path: str) -> Node:
    """An item of a list; `value` is put in its place where there is one."""
    if not node.is_sequence:
        node.become(Node("sequence", "", node.line or 1))
    if part == "-":
        index = len(node.items)
    elif part.isdigit() and int(part) <= len(node.items):
        index = int(part)
    else:
        raise ConfigError(f"failed to set config field override: {path}: index {part} is out of bounds")
    if index == len(node.items):
        node.items.append(value if value is not None else Node("scalar", "", 1))
    elif value is not None:
        node.items[index] = value
    return node.items[index]
