"""Finding out which component an object configures."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from headwater.config import decode
from headwater.config.spec import LABELLED, ComponentKind
from headwater.config.view import ComponentConfig
from headwater.errors import InferenceError
from headwater.yamltext.nodes import Node

if TYPE_CHECKING:
    from headwater.components.catalogue import Catalogue

_COMMON: Final = frozenset({"type", "plugin"})


def _reserved(kind: ComponentKind) -> frozenset[str]:
    extra = set(_COMMON)
    if kind in LABELLED:
        extra.add("label")
    if kind in ("input", "output"):
        extra.add("processors")
    if kind == "metrics":
        extra.add("mapping")
    return frozenset(extra)


RESERVED: Final[dict[str, frozenset[str]]] = {
    kind: _reserved(kind)
    for kind in ("input", "buffer", "processor", "output", "cache", "rate_limit", "scanner", "metrics", "tracer")
}
"""Keys of a component's object that are no component names."""


def infer(node: Node, kind: ComponentKind, path: str, catalogue: Catalogue) -> ComponentConfig:
    """What component a node configures.

    Raises:
        InferenceError: It is no object, or does not say, or names what there is not.
    """
    if not node.is_mapping:
        raise InferenceError(f"invalid type {node.tag}, expected object", node.line)
    name, body, label = find_component(node, kind, catalogue)
    spec = catalogue.spec(kind, name)
    return ComponentConfig(kind, name, label, spec, body, node, path, catalogue)


def find_component(node: Node, kind: ComponentKind, catalogue: Catalogue) -> tuple[str, Node | None, str]:
    """Name, body and label of the component that an object configures; see `infer`."""
    reserved = RESERVED[kind]
    explicit: str | None = None
    plugin: Node | None = None
    label = ""
    bodies: dict[str, Node] = {}
    words: list[str] = []
    known: list[str] = []
    for key, value in node.entries:
        name = key.value
        if name in reserved:
            if name == "type":
                explicit = value.value
            elif name == "plugin":
                plugin = value
            elif name == "label" and value.is_scalar:
                with contextlib.suppress(decode.WrongType):
                    label = decode.text(value)
            continue
        words.append(name)
        bodies[name] = value
        if catalogue.knows(kind, name):
            known.append(name)
    if explicit is not None:
        if not catalogue.knows(kind, explicit):
            raise InferenceError(f"{kind} type '{explicit}' was not recognised", node.line)
        return explicit, bodies.get(explicit, plugin), label
    if len(known) == 1:
        return known[0], bodies[known[0]], label
    if known:
        first, second = sorted(known[:2])
        raise InferenceError(f"unable to infer {kind} type, multiple candidates '{first}' and '{second}'", node.line)
    if not bodies:
        raise InferenceError("an explicit " + kind + " type must be specified", node.line)
    raise InferenceError(f"unable to infer {kind} type from candidates: [{' '.join(sorted(words))}]", node.line)


class IndexedInferenceError(InferenceError):
    """An `InferenceError` of an item in a list; the text says which."""

    def __init__(self, prefix: str, error: InferenceError) -> None:
        super().__init__(error.text, error.line, error.column)
        self.prefix = f"{prefix}{getattr(error, 'prefix', '')}"

    def __str__(self) -> str:
        return f"{self.prefix}{super().__str__()}"


def infer_list(node: Node, kind: ComponentKind, path: str, catalogue: Catalogue) -> list[ComponentConfig]:
    """The components of a list beside another component; errors are prefixed with the index.

    What is no list is looked at as if it were one, and lint says the rest.
    """
    items = node.items if node.is_sequence else [part for pair in node.pairs for part in pair]
    return _infer_each(items, "{}: ", kind, path, catalogue)


def infer_items(items: list[Node], kind: ComponentKind, path: str, catalogue: Catalogue) -> list[ComponentConfig]:
    """The components of a list within a component's body; errors are prefixed with ``value`` and the index."""
    return _infer_each(items, "value {}: ", kind, path, catalogue)


def infer_values(
    pairs: list[tuple[str, Node]], kind: ComponentKind, path: str, catalogue: Catalogue
) -> dict[str, ComponentConfig]:
    """The components of a map within a component's body; errors are prefixed with ``value`` and the key."""
    found = {}
    for key, node in pairs:
        try:
            found[key] = infer(node, kind, f"{path}.{key}", catalogue)
        except InferenceError as error:
            raise IndexedInferenceError(f"value {key}: ", error) from None
    return found


def _infer_each(
    items: list[Node], prefix: str, kind: ComponentKind, path: str, catalogue: Catalogue
) -> list[ComponentConfig]:
    found = []
    for index, item in enumerate(items):
        try:
            found.append(infer(item, kind, f"{path}.{index}", catalogue))
        except InferenceError as error:
            raise IndexedInferenceError(prefix.format(index), error) from None
    return found
