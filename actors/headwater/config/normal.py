"""Configurations as they are understood: defaults filled in, secrets left out; and examples to begin with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from headwater.config import decode
from headwater.config.infer import find_component
from headwater.config.spec import KINDS, LABELLED, NO_DEFAULT, ComponentKind, Field
from headwater.yamltext.nodes import Node

if TYPE_CHECKING:
    from headwater.components.catalogue import Catalogue

SCRUBBED: Final = "!!!SECRET_SCRUBBED!!!"
"""What stands in place of a secret."""

_VARIABLE: Final = re.compile(r"\$\{[0-9A-Za-z_.]+(:((\$\{[^}]+\})|[^}])*)?\}")


def normal(node: Node | None, field: Field, catalogue: Catalogue, *, defaults: bool = True, scrub: bool = True) -> Any:
    """A configuration as plain data.

    Args:
        node: What was written; None for nothing.
        field: What it may hold.
        catalogue: Where components are looked up.
        defaults: Whether to fill in what was not written.
        scrub: Whether secrets are left out.

    Raises:
        InferenceError: A component is unknown or unclear.
    """
    return _Normal(catalogue, defaults, scrub).whole(field, node)


def is_hidden(field: Field, text: str) -> bool:
    """Whether a text must not be shown: a secret that is more than one variable, or a URL with a plain password."""
    if not text or _VARIABLE.fullmatch(text):
        return False
    if field.secret:
        return True
    if field.format != "url":
        return False
    try:
        password = urlsplit(text).password
    except ValueError:
        return False
    return bool(password) and not _VARIABLE.fullmatch(password or "")


class _Normal:
    def __init__(self, catalogue: Catalogue, defaults: bool, scrub: bool) -> None:
        self._catalogue = catalogue
        self._defaults = defaults
        self._scrub = scrub

    def whole(self, field: Field, node: Node | None) -> Any:
        """All of a field."""
        if node is None:
            if field.default is not NO_DEFAULT:
                node = Node.of(field.default)
            else:
                return self._object(field, None) if field.type == "object" and field.shape == "scalar" else NO_DEFAULT
        if field.shape in ("array", "2darray") and node.is_sequence:
            return [self._items(field, item) for item in node.items]
        if field.shape == "map" and node.is_mapping:
            return {key.value: self._one(field, value) for key, value in node.pairs}
        return self._one(field, node)

    def _items(self, field: Field, node: Node) -> Any:
        if field.shape == "2darray" and node.is_sequence:
            return [self._one(field, item) for item in node.items]
        return self._one(field, node)

    def _one(self, field: Field, node: Node) -> Any:
        """One value."""
        if field.type in KINDS:
            return self._component(field.type, node) if node.is_mapping else node.plain()
        if field.fields:
            return self._object(field, node)
        if self._scrub and node.is_scalar and is_hidden(field, node.value):
            return SCRUBBED
        if field.type == "string" and node.is_scalar:
            return decode.text(node)
        return node.plain()

    def _object(self, field: Field, node: Node | None) -> Any:
        if node is not None and not node.is_mapping:
            return node.plain()
        found: dict[str, Any] = {}
        for child in field.fields:
            written = node.get(child.name) if node is not None else None
            if written is None and (not self._defaults or child.deprecated or child.optional):
                continue
            value = self.whole(child, written)
            if value is not NO_DEFAULT:
                found[child.name] = value
        if node is not None:
            for key, value in node.pairs:
                if key.value not in field.index:
                    found[key.value] = value.plain()
        return found

    def _component(self, kind: ComponentKind, node: Node) -> dict[str, Any]:
        name, body, label = find_component(node, kind, self._catalogue)
        spec = self._catalogue.spec(kind, name)
        found: dict[str, Any] = {}
        if label or (self._defaults and kind in LABELLED and spec.labelled):
            found["label"] = label
        value = self.whole(spec.root, body)
        found[name] = {} if value is NO_DEFAULT else value
        processors = node.get("processors")
        if kind in ("input", "output") and processors is not None and processors.is_sequence and processors.items:
            found["processors"] = [
                self._component("processor", item) if item.is_mapping else item.plain() for item in processors.items
            ]
        mapping = node.get("mapping")
        if kind == "metrics" and (mapping is not None or self._defaults):
            found["mapping"] = decode.text(mapping) if mapping is not None else ""
        return found
