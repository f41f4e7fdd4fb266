"""What a component's constructor gets: its configuration, typed, with the defaults of its spec.

    def __init__(self, config: Config, resources: Resources) -> None:
        self._count = config.integer("count")
        self._timeout = config.duration("timeout")                # seconds
        self._check = config.mapping("check")                     # compiled, None where it is empty
        self._key = config.interpolated("key")
        self._child = resources.build_output(config.child("output"))

A method's name may be a path (``tls.enabled``). Without a name the body itself is meant, for components whose body
is a text, a list or a map: ``config.text()``, ``config.mapping()``, ``config.children()``, ``config.objects()``.

All methods raise `ConfigError` with the reference's words; whoever builds the component adds its kind, label and path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from headwater import durations
from headwater.config import decode
from headwater.config.shapes import check_shape
from headwater.config.spec import NO_DEFAULT, ComponentKind, Field, Spec
from headwater.errors import ConfigError
from headwater.yamltext.nodes import Node

if TYPE_CHECKING:
    from headwater.bloblang import Interpolation, Mapping, ParseError
    from headwater.components.catalogue import Catalogue

Value = TypeVar("Value")


class ComponentConfig(msgspec.Struct, eq=False):
    """A component that is known by its configuration, and not built yet.

    Attributes:
        kind: What sort of component it is.
        name: Its name, such as ``broker``.
        label: Its label, or an empty text.
        spec: What its body may hold.
        body: The value under its name; None where there is none.
        whole: The object that it was written as.
        path: Its config path, such as ``root.output.broker.outputs.1``.
        catalogue: Where its children are looked up.
    """

    kind: ComponentKind
    name: str
    label: str
    spec: Spec
    body: Node | None
    whole: Node
    path: str
    catalogue: Catalogue

    @property
    def config(self) -> Config:
        """The typed view of its body.

        Raises:
            ConfigError: A value cannot be decoded, also one that nobody would ask for.
        """
        if self.body is not None:
            try:
                check_shape(self.spec.root, self.body)
            except decode.WrongType as error:
                raise ConfigError(str(error)) from None
        return Config(self.body, self.spec.root, "", f"{self.path}.{self.name}", self.catalogue)

    @property
    def processors(self) -> list[ComponentConfig]:
        """The processors that stand beside the component, in order.

        Raises:
            ConfigError: They are no list of processors.
        """
        from headwater.config.infer import infer_list

        found = self.whole.get("processors") if self.whole.is_mapping else None
        if found is None or self.kind not in ("input", "output"):
            return []
        return infer_list(found, "processor", f"{self.path}.processors", self.catalogue)

    @property
    def mapping(self) -> str:
        """The mapping of names that stands beside a metrics component; an empty text where there is none."""
        found = self.whole.get("mapping") if self.whole.is_mapping else None
        return decode.text(found) if found is not None and self.kind == "metrics" else ""


class Config:
    """An object, list or scalar of a component's configuration, seen through its field."""

    __slots__ = ("_dotted", "catalogue", "field", "node", "path")

    def __init__(self, node: Node | None, field: Field, dotted: str, path: str, catalogue: Catalogue) -> None:
        self.node = node
        self.field = field
        self.path = path
        self.catalogue = catalogue
        self._dotted = dotted

    # Plain values

    def text(self, name: str = "") -> str:
        """A text."""
        return self._scalar(name, decode.text, "")

    def integer(self, name: str = "") -> int:
        """A whole number."""
        return self._scalar(name, decode.integer, 0)

    def number(self, name: str = "") -> float:
        """A number."""
        return self._scalar(name, decode.number, 0.0)

    def boolean(self, name: str = "") -> bool:
        """True or false."""
        return self._scalar(name, decode.boolean, False)

    def duration(self, name: str = "") -> float:
        """Seconds of a duration text; the text must be one, an empty text is none."""
        text = self.text(name)
        try:
            return durations.parse_seconds(text)
        except durations.InvalidDuration as error:
            raise ConfigError(f"failed to parse '{self._full(name)}' as a duration string: {error}") from None

    def optional_text(self, name: str) -> str | None:
        """A text, or None where the configuration has none and there is no default."""
        return self.text(name) if self.has(name) else None

    def optional_integer(self, name: str) -> int | None:
        """A whole number, or None where the configuration has none and there is no default."""
        return self.integer(name) if self.has(name) else None

    def optional_duration(self, name: str) -> float | None:
        """Seconds, or None where the field is missing or empty and has no default."""
        return self.duration(name) if self.has(name) and self.text(name) else None

    def value(self, name: str = "") -> Any:
        """Plain Python data of any type; None where there is none."""
        found = self._find(name)
        return found.plain() if isinstance(found, Node) else None if found is NO_DEFAULT else found

    def has(self, name: str) -> bool:
        """Whether there is a value: written, or by default."""
        return self._find(name) is not NO_DEFAULT

    def given(self, name: str) -> bool:
        """Whether the configuration itself has the key."""
        return self._locate(name)[0] is not None

    # Lists and maps

    def texts(self, name: str = "") -> list[str]:
        """A list of texts."""
        return [self._decode(decode.text, item, name) for item in self._items(name)]

    def integers(self, name: str = "") -> list[int]:
        """A list of whole numbers."""
        return [self._decode(decode.integer, item, name) for item in self._items(name)]

    def numbers(self, name: str = "") -> list[float]:
        """A list of numbers."""
        return [self._decode(decode.number, item, name) for item in self._items(name)]

    def text_lists(self, name: str = "") -> list[list[str]]:
        """A list of lists of texts."""
        return [[self._decode(decode.text, item, name) for item in row.items] for row in self._items(name)]

    def map(self, name: str = "") -> dict[str, Any]:
        """A map from keys to texts, numbers or anything, as its field says."""
        field = self._locate(name)[1]
        decoder: Callable[[Node], Any] = {"string": decode.text, "int": decode.integer, "float": decode.number}.get(
            field.type, Node.plain
        )
        return {key: self._decode(decoder, value, name) for key, value in self._pairs(name)}

    # Python

    def function(self, name: str = "function") -> Callable[..., Any]:
        """The Python function of a name. Raises: ConfigError where it is not there, or not allowed."""
        return self.catalogue.functions.find(self.text(name))

    # Bloblang

    def mapping(self, name: str = "", failure: str = "") -> Mapping | None:
        """A compiled mapping; None where it is missing or empty and may be.

        Args:
            name: The field.
            failure: What to say of a wrong one instead: ``{error}`` stands for the error with its place, ``{lint}``
                for the form without.
        """
        if not self.has(name) and self._locate(name)[1].optional:
            return None
        text = self.text(name)
        if not text and not self._locate(name)[1].required:
            return None
        from headwater.bloblang import ParseError, compile_mapping

        try:
            return compile_mapping(text, self.catalogue.bloblang)
        except ParseError as error:
            raise self._unparsed(failure or "failed to parse bloblang mapping '{name}': {lint}", name, error) from None

    def interpolated(self, name: str = "", failure: str = "") -> Interpolation:
        """A text with expressions; `failure` as for `mapping`.

        Raises:
            ConfigError: An expression is wrong, or there is no text.
        """
        from headwater.bloblang import ParseError, parse_interpolation

        try:
            return parse_interpolation(self.text(name), self.catalogue.bloblang)
        except ParseError as error:
            raise self._unparsed(
                failure or "failed to parse interpolated field '{name}': {lint}", name, error
            ) from None

    def optional_interpolated(self, name: str) -> Interpolation | None:
        """A text with expressions, or None where the configuration has none and there is no default."""
        return self.interpolated(name) if self.has(name) else None

    def interpolations(self, name: str) -> dict[str, Interpolation]:
        """A map from keys to texts with expressions."""
        from headwater.bloblang import ParseError, parse_interpolation

        try:
            return {key: parse_interpolation(text, self.catalogue.bloblang) for key, text in self.map(name).items()}
        except ParseError as error:
            raise self._unparsed("failed to parse interpolated field '{name}': {lint}", name, error) from None

    # Objects

    def object(self, name: str) -> Config:
        """An object; all of it defaults where the configuration does not have it, or has something else."""
        node, field = self._locate(name)
        if node is not None and not node.is_mapping:
            node = None
        return Config(node, field, self._full(name), f"{self.path}.{name}" if name else self.path, self.catalogue)

    def at(self, path: str) -> Config:
        """The same, with another config path for its children."""
        return Config(self.node, self.field, self._dotted, path, self.catalogue)

    def objects(self, name: str = "") -> list[Config]:
        """A list of objects."""
        field = self._locate(name)[1].element()
        dotted = self._full(name)
        path = f"{self.path}.{name}" if name else self.path
        return [
            Config(item, field, f"{dotted}.{index}" if dotted else str(index), f"{path}.{index}", self.catalogue)
            for index, item in enumerate(self._items(name))
        ]

    def object_map(self, name: str = "") -> dict[str, Config]:
        """A map from keys to objects."""
        field = self._locate(name)[1].element()
        dotted = self._full(name)
        path = f"{self.path}.{name}" if name else self.path
        return {
            key: Config(value, field, f"{dotted}.{key}" if dotted else key, f"{path}.{key}", self.catalogue)
            for key, value in self._pairs(name)
        }

    # Child components

    def child(self, name: str = "") -> ComponentConfig:
        """A child component, ready to be built."""
        from headwater.config.infer import infer

        node = self._component(name)
        kind: Any = self._locate(name)[1].type
        return infer(node, kind, f"{self.path}.{name}" if name else self.path, self.catalogue)

    def optional_child(self, name: str) -> ComponentConfig | None:
        """A child component, or None where there is none."""
        return self.child(name) if self.has(name) else None

    def children(self, name: str = "") -> list[ComponentConfig]:
        """A list of child components, ready to be built; empty where there is none, also where one is required."""
        from headwater.config.infer import infer_items

        kind: Any = self._locate(name)[1].type
        path = f"{self.path}.{name}" if name else self.path
        if not self.has(name):
            return []
        return infer_items(self._items(name), kind, path, self.catalogue)

    def child_map(self, name: str = "") -> dict[str, ComponentConfig]:
        """A map from keys to child components."""
        from headwater.config.infer import infer_values

        kind: Any = self._locate(name)[1].type
        return infer_values(self._pairs(name), kind, f"{self.path}.{name}" if name else self.path, self.catalogue)

    # How it is done

    def _locate(self, name: str) -> tuple[Node | None, Field]:
        """The node of a name, None where the configuration does not have it, and the field that describes it."""
        node, field = self.node, self.field
        if not name:
            return node, field
        for part in name.split("."):
            if node is not None:
                node = node.get(part) if node.is_mapping else None
            try:
                field = field.index[part]
            except KeyError:
                known = ", ".join(field.index) or "none"
                raise LookupError(f"the spec has no field '{name}' to read; the fields there are {known}") from None
        return node, field

    def _find(self, name: str) -> Node | Any:
        """The node of a name, or its default, or NO_DEFAULT."""
        node, field = self._locate(name)
        if node is not None:
            return node
        return field.default

    def _full(self, name: str) -> str:
        """The dotted path of a name from the component's body."""
        if self._dotted and name:
            return f"{self._dotted}.{name}"
        return self._dotted or name

    def _missing(self, name: str) -> ConfigError:
        return ConfigError(f"field '{self._full(name)}' is required and was not present in the config")

    def _unparsed(self, failure: str, name: str, error: ParseError) -> ConfigError:
        """The error for Bloblang that cannot be compiled."""
        return ConfigError(failure.format(name=self._full(name), error=error, lint=error.lint))

    def _scalar(self, name: str, decoder: Callable[[Node], Value], empty: Value) -> Value:
        """A scalar's value, or its default, or the error that there is none."""
        found = self._find(name)
        if isinstance(found, Node):
            return self._decode(decoder, found, name)
        if found is NO_DEFAULT:
            raise self._missing(name)
        return empty if found is None else cast("Value", found)

    def _decode(self, decoder: Callable[[Node], Value], node: Node, name: str) -> Value:
        """A node's value, or the error with its field."""
        try:
            return decoder(node)
        except decode.WrongType as error:
            raise ConfigError(f"field '{self._full(name)}': {error}") from None

    def _items(self, name: str) -> list[Node]:
        """The nodes of a list."""
        found = self._find(name)
        if found is NO_DEFAULT:
            return []
        node = Node.of(found)
        if node.is_sequence:
            return node.items
        if node.is_null:
            return []
        raise ConfigError(f"field '{self._full(name)}': line {node.line}: expected array value, got {node.tag}")

    def _pairs(self, name: str) -> list[tuple[str, Node]]:
        """Keys and nodes of a map."""
        found = self._find(name)
        if found is NO_DEFAULT:
            return []
        node = Node.of(found)
        if node.is_mapping:
            return list({key.value: value for key, value in node.entries}.items())
        if node.is_null:
            return []
        raise ConfigError(f"field '{self._full(name)}': line {node.line}: expected object value, got {node.tag}")

    def _component(self, name: str) -> Node:
        """The node of a child component."""
        found = self._find(name)
        if found is NO_DEFAULT:
            raise self._missing(name)
        return Node.of(found)
