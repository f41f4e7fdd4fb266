"""Lint: what is wrong with a configuration, found without building anything.

Lines and columns are those of the text; the wording is the reference's. The order is that of a walk through the
tree: a component's body before what stands beside it, fields as they are written, missing fields last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from headwater.config import decode
from headwater.config.infer import RESERVED
from headwater.config.shapes import check_shape
from headwater.config.spec import KINDS, LABELLED, ComponentKind, Field, Rule, Spec
from headwater.errors import ConfigError
from headwater.yamltext.nodes import Node

if TYPE_CHECKING:
    from headwater.components.catalogue import Catalogue

Dialect = Literal["benthos", "bento", "any"]

_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9_\-]*", re.ASCII)
_METRICS_MAPPING: Final = Field("mapping", "string", format="bloblang", optional=True)
_PLUGIN: Final = Field("plugin", "object", optional=True)
_PROCESSORS: Final = Field("processors", "processor", "array", optional=True)


class Code(StrEnum):
    """What sort of problem a lint is about."""

    CUSTOM = "custom"
    FAILED_READ = "failed_read"
    MISSING_VARIABLE = "missing_env_var"
    INVALID_OPTION = "invalid_option"
    BAD_LABEL = "bad_label"
    MISSING_LABEL = "missing_label"
    DUPLICATE_LABEL = "duplicate_label"
    BAD_BLOBLANG = "bad_bloblang"
    SHOULD_OMIT = "should_omit"
    COMPONENT_MISSING = "component_missing"
    COMPONENT_NOT_FOUND = "component_not_found"
    UNKNOWN = "unknown"
    MISSING = "missing"
    EXPECTED_ARRAY = "expected_array"
    EXPECTED_OBJECT = "expected_object"
    EXPECTED_SCALAR = "expected_scalar"
    DEPRECATED = "deprecated"
    NOT_ALLOWED = "not_allowed"


class Lint(msgspec.Struct, frozen=True):
    """One problem; printed as ``(line,column) text``."""

    line: int
    column: int
    text: str
    code: Code = Code.CUSTOM

    def __str__(self) -> str:
        return f"({self.line},{self.column}) {self.text}"


class LintOptions(msgspec.Struct, frozen=True):
    """What lint looks for.

    Attributes:
        deprecated: Report deprecated fields and components.
        labels: Report components without a label.
        dialect: Whose fields are known: Benthos', those of Bento too, or all without looking at the difference.
        literals: Whether to report what functions refuse in literal arguments, such as regular expressions.
    """

    deprecated: bool = False
    labels: bool = False
    dialect: Dialect = "benthos"
    literals: bool = True


DEFAULT: Final = LintOptions()
RUN: Final = LintOptions(dialect="any")
"""What counts where a configuration is about to run: whatever works."""
API: Final = LintOptions(literals=False)
"""What the API looks for: it leaves literal arguments to the build of the stream, as the reference does."""


class Linter:
    """Walks a configuration and collects what is wrong; labels must be unique within its life.

    Attributes:
        lints: What was found so far.
    """

    def __init__(self, catalogue: Catalogue, options: LintOptions = DEFAULT) -> None:
        self.lints: list[Lint] = []
        self._catalogue = catalogue
        self._options = options
        self._labels: dict[str, int] = {}
        self._inside: set[int] = set()

    def fields(self, parent: Field, node: Node) -> None:
        """Look at an object by the fields of `parent`."""
        if node.shape != "mapping":
            self._add(node.line, f"expected object value, got {node.tag}", Code.EXPECTED_OBJECT)
            return
        index = parent.index
        strict = self._options.dialect == "benthos"
        present: set[str] = set()
        for key, value in node.pairs:
            field = index.get(key.value) if key.shape == "scalar" else None
            if field is None or (strict and field.dialect):
                if not value.aliased:
                    self._add(key.line, f"field {key.value} not recognised", Code.UNKNOWN)
                elif key.value == "<<":
                    present.update(name.value for name, _ in value.pairs)
                continue
            present.add(key.value)
            self.field(field, value)
            if field.lint_object is not None:
                self._apply(field.lint_object, parent, node)
        for name in parent.leaves:
            if name not in present:
                self._add(node.line, f"field {name} is required", Code.MISSING)

    def field(self, field: Field, node: Node) -> None:
        """Look at a value by its field."""
        self._rules(field, node)
        shape = field.shape
        if shape == "scalar":
            self._value(field, node)
        elif shape == "map":
            if node.shape != "mapping":
                self._add(node.line, f"expected object value, got {node.tag}", Code.EXPECTED_OBJECT)
                return
            for _, value in node.pairs:
                self._element(field, value)
        else:
            self._array(field, node, 2 if shape == "2darray" else 1)

    def component(self, kind: ComponentKind, node: Node) -> None:
        """Look at a component's object."""
        own = id(node.pairs if node.shape == "mapping" else node)
        if own in self._inside:
            # An alias within its own anchor; what reads the configuration says so.
            return
        self._inside.add(own)
        try:
            self._component(kind, node)
        finally:
            self._inside.discard(own)

    def _array(self, field: Field, node: Node, dimensions: int) -> None:
        if node.shape != "sequence":
            self._add(node.line, "expected array value", Code.EXPECTED_ARRAY)
            return
        for item in node.items:
            if dimensions > 1:
                self._array(field, item, dimensions - 1)
            else:
                self._element(field, item)

    def _element(self, field: Field, node: Node) -> None:
        """Look at an element of a list or map; what holds for the whole is asked once more."""
        self._rules(field, node)
        self._value(field, node)

    def _rules(self, field: Field, node: Node) -> None:
        """Ask whether a field is deprecated, and its own rule."""
        dialect = self._options.dialect
        if field.deprecated_in == dialect or (field.deprecated and (self._options.deprecated or dialect == "bento")):
            self._add(node.line, f"field {field.name} is deprecated", Code.DEPRECATED)
        if field.lint is not None:
            self._apply(field.lint, field, node)

    def _value(self, field: Field, node: Node) -> None:
        """Look at one value, be it the whole or an element."""
        kind = field.type
        if kind in KINDS:
            self.component(kind, node)
        elif field.fields:
            self.fields(field, node)
        elif kind == "object":
            if field.shape == "scalar" and node.shape != "mapping":
                self._add(node.line, f"expected object value, got {node.tag}", Code.EXPECTED_OBJECT)
        elif kind != "unknown":
            if node.shape != "scalar":
                self._add(node.line, f"expected {field.type} value", Code.EXPECTED_SCALAR)
            elif field.option_set or field.format == "bloblang" or field.interpolated:
                self._text(field, node)
            elif field.format == "function":
                problem = self._catalogue.functions.problem(node.value)
                if problem is not None:
                    from headwater.components.functions import NotAllowed

                    code = Code.NOT_ALLOWED if isinstance(problem, NotAllowed) else Code.CUSTOM
                    self._add(node.line, str(problem), code)

    def _text(self, field: Field, node: Node) -> None:
        """Look at a text that must be one of a few, or be Bloblang; one that cannot be decoded is left to the build."""
        try:
            text = decode.text(node)
        except decode.WrongType:
            return
        if field.option_set:
            if text.lower() not in field.option_set:
                self._add(node.first_line, f"value {text} is not a valid option for this field", Code.INVALID_OPTION)
        elif text and (not field.interpolated or "${" in text):
            self._bloblang(field, text, node)

    def _bloblang(self, field: Field, text: str, node: Node) -> None:
        """Look at a mapping or a text with expressions; its errors have columns of their own."""
        from headwater.bloblang import Environment, ParseError
        from headwater.bloblang.statements import parse_interpolation, parse_mapping

        environment = self._catalogue.bloblang or Environment.default()
        try:
            # Parsing says all that is wrong; what compiles it to Python is for those who run it.
            if field.interpolated:
                parse_interpolation(text, environment)
            else:
                parse_mapping(text, environment)
        except ParseError as error:
            if error.constructed and not self._options.literals:
                return
            line = node.first_line + error.line - 1
            self.lints.append(Lint(line, node.column + error.column, error.lint, Code.BAD_BLOBLANG))

    def _component(self, kind: ComponentKind, node: Node) -> None:
        # A list is looked at as if its items were keys and values in turn.
        pairs = node.pairs or list(zip(node.items[::2], node.items[1::2], strict=False))
        found = self._infer(kind, node, pairs)
        if found is None:
            return
        name, body = found
        spec = self._catalogue.spec(kind, name)
        if spec.status == "deprecated" and self._options.deprecated:
            self._add(node.line, f"component {name} is deprecated", Code.DEPRECATED)
        if body is not None:
            self._body(spec, body)
        reserved = RESERVED[kind]
        labelled = False
        for key, value in pairs:
            word = key.value
            if word in (name, "type"):
                continue
            if word == "plugin":
                if body is not None:
                    self._add(key.line, "plugin object is ineffective", Code.SHOULD_OMIT)
                else:
                    self._body(spec, value)
                self.field(_PLUGIN, value)
            elif word not in reserved:
                self._add(key.line, f"field {word} is invalid when the component type is {name} ({kind})", Code.UNKNOWN)
            elif word == "label":
                labelled = self._label(pairs, key, value)
            elif word == "processors":
                if not value.items and not value.pairs:
                    self._add(key.line, "field processors is empty and can be removed", Code.SHOULD_OMIT)
                self.field(_PROCESSORS, value)
            elif word == "mapping":
                self.field(_METRICS_MAPPING, value)
        if self._options.labels and kind in LABELLED and spec.labelled and not labelled:
            self._add(node.line, f"label is required for {name}", Code.MISSING_LABEL)

    def _body(self, spec: Spec, body: Node) -> None:
        self.field(spec.root, body)
        if spec.lint is not None:
            self._apply(spec.lint, spec.root, body)

    def _infer(self, kind: ComponentKind, node: Node, pairs: list[tuple[Node, Node]]) -> tuple[str, Node | None] | None:
        """Name and body of a component; None after saying that there is none, or where nothing is written."""
        if not node.pairs and not node.items:
            return None
        catalogue = self._catalogue
        words: list[str] = []
        for key, value in pairs:
            if key.value != "type":
                words.append(key.value)
                continue
            name = value.value
            if not name:
                break
            if not catalogue.knows(kind, name):
                self._add(node.line, f"failed to obtain docs for {kind} type {name}", Code.COMPONENT_NOT_FOUND)
                return None
            return name, next((value for key, value in pairs if key.value == name), None)
        known = [word for word in words if word not in RESERVED[kind] and catalogue.knows(kind, word)]
        if len(known) != 1:
            self._unclear(node, words)
            return None
        return known[0], next(value for key, value in pairs if key.value == known[0])

    def _unclear(self, node: Node, words: list[str]) -> None:
        text = "unable to infer component type"
        if self._options.dialect != "bento":
            text += f": {words[0]}" if len(words) == 1 else f": [{' '.join(words)}]"
        self._add(node.line, text, Code.COMPONENT_MISSING)

    def _label(self, pairs: list[tuple[Node, Node]], key: Node, node: Node) -> bool:
        """Look at the label of a component of those pairs; answers whether it has the field, be it empty."""
        if node.shape != "scalar":
            self._add(node.line, "expected string value", Code.EXPECTED_SCALAR)
            return True
        if any(_is_reference(name.value, value) for name, value in pairs):
            self._add(key.line, "label field should be omitted when pointing to a resource", Code.SHOULD_OMIT)
        try:
            label = decode.text(node)
        except decode.WrongType:
            return True
        if not label:
            return True
        line = node.first_line
        if not _LABEL.fullmatch(label) or (self._options.dialect == "bento" and "-" in label):
            allowed = r"/^[a-z0-9_]+$/" if self._options.dialect == "bento" else r"/^[a-z0-9_\-]+$/"
            self._add(
                line,
                f"invalid label '{label}': should match the regular expression {allowed} and must not start with an "
                "underscore",
                Code.BAD_LABEL,
            )
            return True
        earlier = self._labels.get(label)
        if earlier is None:
            self._labels[label] = line
        else:
            self._add(
                line,
                f"label '{label}' collides with a previously defined label at line {earlier}",
                Code.DUPLICATE_LABEL,
            )
        return True

    def _apply(self, rule: Rule, field: Field, node: Node) -> None:
        """Ask a rule of one's own; it gets no value that cannot be decoded."""
        if field.type == "object" and field.shape == "scalar":
            try:
                check_shape(field, node, whole=False)
            except (ConfigError, decode.WrongType):
                return
        answer = rule(node)
        if answer is None:
            return
        if isinstance(answer, str):
            self._add(node.first_line, answer, Code.CUSTOM)
            return
        for line, text in answer:
            self._add(line, text, Code.CUSTOM)

    def _add(self, line: int, text: str, code: Code) -> None:
        self.lints.append(Lint(line, 1, text, code))


def _is_reference(key: str, value: Node) -> bool:
    """Whether a pair says that its component is a resource somewhere else."""
    return value.value == "resource" if key == "type" else key == "resource" and value.is_text and value.value != ""


def lines(lints: Iterable[Lint], prefix: str = "") -> list[str]:
    """Lints as texts, with a file's path or a stream's name before them."""
    return [f"{prefix}{lint}" for lint in lints]
