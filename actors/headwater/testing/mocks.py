"""Stand-ins for components of a configuration, by label or by JSON pointer, put into its tree before it is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headwater.yamltext.document import parse_document
from headwater.yamltext.nodes import Node


class MockError(ValueError):
    """There is nothing that could be replaced."""


def replace_mocks(tree: Node, mocks: Mapping[str, Any]) -> None:
    """Put stand-ins, as YAML, plain data or nodes, in place of components. Raises: MockError."""
    for name, value in mocks.items():
        replace(name, parse_document(value) if isinstance(value, str) else Node.of(value), [tree])


def replace(name: str, stand_in: Node, trees: Sequence[Node]) -> None:
    """Put a component in place of another one, whose label stays; ``-`` at the end of a pointer adds to a list.

    Args:
        trees: Configurations; pointers are followed in the first one, labels are looked for in all.

    Raises:
        MockError: There is no such component.
    """
    if not name.startswith("/"):
        found = labelled(name, trees)
        if found is None:
            raise MockError(f"there is no component labelled '{name}'")
    else:
        parent, _, last = name.rpartition("/")
        items = follow(trees[0], parent) if last == "-" else None
        if items is not None and items.is_sequence:
            items.items.append(stand_in)
            return
        found = follow(trees[0], name)
        if found is None:
            raise MockError(f"there is nothing at {name}")
    label = found.get("label")
    fresh = Node("mapping", "", stand_in.line, stand_in.column)
    fresh.pairs = [pair for pair in stand_in.pairs if pair[0].value != "label"]
    if label is not None:
        fresh.pairs.append((Node("scalar", "label", found.line), label))
    found.become(fresh)


def labelled(label: str, trees: Sequence[Node]) -> Node | None:
    """The component of that label."""
    for tree in trees:
        for node in _walk(tree):
            found = node.get("label")
            if found is not None and found.is_scalar and found.value == label:
                return node
    return None


def _walk(node: Node) -> Iterator[Node]:
    """All mappings of a tree, outer ones first."""
    if node.is_mapping:
        yield node
        for _, value in node.pairs:
            yield from _walk(value)
    elif node.is_sequence:
        for item in node.items:
            yield from _walk(item)


def follow(node: Node, pointer: str) -> Node | None:
    """What a JSON pointer leads to."""
    found: Node | None = node
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if found is None:
            return None
        if found.is_sequence:
            found = found.items[int(key)] if key.isdigit() and int(key) < len(found.items) else None
        else:
            found = found.get(key) if found.is_mapping else None
    return found
