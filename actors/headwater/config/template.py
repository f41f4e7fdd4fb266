"""Templates: components that a file describes by fields and a mapping from them to a configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from headwater.config import decode
from headwater.config.docs import flow
from headwater.config.env import replace_variables
from headwater.config.fields import any_map, anything, boolean, choice, mapping, objects, text, texts
from headwater.config.infer import infer
from headwater.config.lint import DEFAULT, Linter, LintOptions
from headwater.config.service import expand, read_file
from headwater.config.spec import LABELLED, NO_DEFAULT, Field, Spec
from headwater.errors import ConfigError
from headwater.yamltext.document import parse_document
from headwater.yamltext.nodes import Node

if TYPE_CHECKING:
    from headwater.bloblang import Mapping as BloblangMapping
    from headwater.components.catalogue import Catalogue
    from headwater.components.resources import Resources
    from headwater.config.view import Config

KINDS: Final = ("cache", "input", "output", "processor", "rate_limit")
"""What a template can stand for."""

_NAME: Final = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_TYPES: Final = ("string", "int", "float", "bool", "unknown")
_SHAPES: Final[dict[str, Any]] = {"scalar": "scalar", "map": "map", "list": "array"}
_STRUCTS: Final = {"fields": "template.FieldConfig", "tests": "template.TestConfig"}
_BEHIND_THE_ERROR: Final = 60


def _has_fields(test: Node) -> str | None:
    """Ask for the fields that a test is about."""
    return "field config is required" if test.is_mapping and test.get("config") is None else None


TEMPLATE: Final = Field(
    "",
    "object",
    fields=(
        text("name", "The name of the component."),
        choice("type", KINDS, "What sort of component it is."),
        choice("status", ("stable", "beta", "experimental", "deprecated"), "How settled it is.", default="stable"),
        texts("categories", "Where docs list it.", default=[]),
        text("summary", "One sentence.", default=""),
        text("description", "All there is to know.", default=""),
        objects(
            "fields",
            text("name", "The field's key."),
            text("description", "What it is for.", default=""),
            choice("type", _TYPES, "What it holds.", optional=True),
            choice("kind", tuple(_SHAPES), "One value, a list or a map.", default="scalar"),
            anything("default", "What counts where nothing is written.", optional=True),
            boolean("advanced", "Whether short examples leave it out.", default=False),
            description="What the component is told.",
            optional=True,
        ),
        mapping("mapping", "From the fields to a configuration."),
        text("metrics_mapping", "Names of the metrics of what it stands for.", default=""),
        objects(
            "tests",
            text("name", "What the test is called."),
            any_map("config", "The fields."),
            any_map("expected", "The configuration that must come out.", optional=True),
            description="Tests of the mapping.",
            default=[],
            lint=_has_fields,
        ),
    ),
)
"""What a template file holds."""


class TemplateError(ConfigError):
    """A template file cannot be used."""


def add_templates(
    catalogue: Catalogue,
    patterns: Iterable[str],
    *,
    chilled: bool = False,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Add the components that template files describe.

    Args:
        catalogue: Where they are added.
        patterns: Paths and patterns of files.
        chilled: Take templates although lint finds something.
        environment: Variables for ``${NAME}``; those of the process by default.

    Raises:
        TemplateError: A file cannot be read or used, or lint found something in it.
    """
    complaints = []
    for path in expand(patterns):
        try:
            data = read_file(path)
            body, _ = replace_variables(data.decode("utf-8", "surrogateescape"), environment)
            node = parse_document(body)
            add_template(catalogue, node)
        except ConfigError as error:
            raise TemplateError(f"template file read error: template {path}: {error}") from None
        if not chilled:
            complaints += [f"template file {path}: {lint}" for lint in lint_template(catalogue, node)]
    if complaints:
        complaints.append("Shutting down due to linter errors, to prevent shutdown run Benthos with --chilled")
        raise TemplateError("\n".join(complaints))


def check_template(catalogue: Catalogue, path: str, *, environment: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong with a template file: lints, a mapping that cannot be compiled, tests that fail.

    Args:
        catalogue: Where its component is added.
        path: The file.
        environment: Variables for ``${NAME}``; those of the process by default.
    """
    try:
        body, _ = replace_variables(read_file(path).decode("utf-8", "surrogateescape"), environment)
        node = parse_document(body)
    except ConfigError as error:
        return [f"(1,1) {error}"]
    lints = lint_template(catalogue, node)
    try:
        spec = add_template(catalogue, node)
    except ConfigError as error:
        return [*lints, f"(1,1) {error}"]
    tests = node.get("tests") if node.is_mapping else None
    for item in tests.items if tests is not None and not lints else ():
        found = _run_test(catalogue, spec, node, item)
        if found:
            lints.append(f"({item.line},1) test '{_text(item, 'name')}': {found}")
    return lints


def _run_test(catalogue: Catalogue, spec: Spec, template: Node, test: Node) -> str:
    """Run one of a template's tests; answers with what is wrong."""
    from headwater.config.view import Config

    given = test.get("config")
    wanted = test.get("expected")
    linter = Linter(catalogue)
    linter.field(spec.root, given if given is not None else Node.of({}))
    if linter.lints:
        return "; ".join(str(lint) for lint in linter.lints)
    try:
        made = expand_template(spec, _compiled(_text(template, "mapping")), Config(given, spec.root, "", "", catalogue))
    except ConfigError as error:
        return str(error)
    linter.component(spec.kind, Node.of(made))
    if linter.lints:
        return "the result is wrong: " + "; ".join(lint.text for lint in linter.lints)
    if wanted is not None and Node.of(made).plain() != wanted.plain():
        return f"expected {flow(wanted.plain())}, got {flow(Node.of(made).plain())}"
    return ""


def lint_template(catalogue: Catalogue, node: Node, options: LintOptions = DEFAULT) -> list[str]:
    """What is wrong with a template."""
    linter = Linter(catalogue, options)
    linter.fields(TEMPLATE, node)
    return [str(lint) for lint in linter.lints]


def add_template(catalogue: Catalogue, node: Node) -> Spec:
    """Add the component that a template describes.

    Raises:
        ConfigError: Its mapping, name or type cannot be used.
    """
    _check_types(node)
    kind: Any = _text(node, "type")
    name = _text(node, "name")
    fields = node.get("fields") if node.is_mapping else None
    described = tuple(_field(index, item) for index, item in enumerate(fields.items if fields is not None else ()))
    compiled = _compiled(_text(node, "mapping"))
    _check_metrics(_text(node, "metrics_mapping"))
    if kind not in KINDS:
        raise ConfigError(f"unable to register template for component type {kind}")
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"component name '{name}' does not match the required regular expression /^[a-z0-9]+(_[a-z0-9]+)*$/"
        )
    spec = Spec(
        kind,
        name,
        Field("", "object", fields=described),
        labelled=kind in LABELLED,
        status=_text(node, "status") or "stable",
        summary=_text(node, "summary"),
        description=_text(node, "description"),
        composite=True,
    )
    catalogue.add(_component_class(spec, compiled))
    return spec


def _component_class(spec: Spec, compiled: BloblangMapping) -> type[Any]:
    """A class whose instances are what the template's mapping makes of the fields."""

    def create(_: type[Any], config: Config, resources: Resources) -> Any:
        node = Node.of(expand_template(spec, compiled, config))
        child = infer(node, spec.kind, resources.path, config.catalogue)
        return config.catalogue.create_class(spec.kind, child.name)(child.config, resources)

    return type(f"Template_{spec.name}", (), {"spec": spec, "__new__": create})


def expand_template(spec: Spec, compiled: BloblangMapping, config: Config) -> Any:
    """The configuration that a template's mapping makes of its fields.

    Raises:
        ConfigError: The mapping failed.
    """
    from headwater.bloblang import BloblangError
    from headwater.message import Message

    values = {field.name: config.value(field.name) for field in spec.root.fields if config.has(field.name)}
    try:
        return compiled.value(Message(None, values))
    except BloblangError as error:
        raise ConfigError(f"mapping failed for template component '{spec.name}': {error}") from None


def _field(index: int, node: Node) -> Field:
    """The field that a template describes.

    Raises:
        ConfigError: It has no type, or its kind is none.
    """
    default = node.get("default") if node.is_mapping else None
    kind, shape = _text(node, "type"), _text(node, "kind")
    if not kind:
        raise ConfigError(f"field {index}: missing type field")
    if shape and shape not in _SHAPES:
        raise ConfigError(f"field {index}: unrecognised kind: {shape}")
    return Field(
        _text(node, "name"),
        kind if kind in _TYPES else "unknown",
        _SHAPES.get(shape, "scalar"),
        default=NO_DEFAULT if default is None or default.is_null else default.plain(),
        advanced=_text(node, "advanced") == "true",
        description=_text(node, "description"),
    )


def _text(node: Node, key: str) -> str:
    found = node.get(key) if node.is_mapping else None
    return "" if found is None else decode.text(found)


def _check_types(node: Node) -> None:
    """Refuse a template whose values have other types than its fields: all of them at once, in go-yaml's words."""
    wrong: list[str] = []
    _find_wrong(TEMPLATE, node, "template.Config", wrong)
    if wrong:
        raise ConfigError("\n".join(["yaml: unmarshal errors:", *wrong]))


def _find_wrong(field: Field, node: Node, named: str, wrong: list[str]) -> None:
    if node.is_null:
        return
    try:
        if field.shape == "array":
            if not node.is_sequence:
                raise decode.wrong_type(node, f"[]{named}")
            for item in node.items:
                _find_wrong(field.element(), item, named, wrong)
        elif field.fields:
            if not node.is_mapping:
                raise decode.wrong_type(node, named)
            for key, value in node.pairs:
                child = field.index.get(key.value)
                if child is not None:
                    _find_wrong(child, value, _STRUCTS.get(child.name, "string"), wrong)
        elif field.type == "string":
            decode.text(node)
        elif field.type == "bool":
            decode.boolean(node)
    except decode.WrongType as error:
        wrong += str(error).split("\n")[1:]


def _check_metrics(source: str) -> None:
    """Refuse a mapping of metrics' names that cannot be compiled."""
    from headwater.bloblang import ParseError, compile_mapping

    if not source:
        return
    try:
        compile_mapping(source)
    except ParseError as error:
        raise ConfigError(f"parse metrics mapping: {error}") from None


def _compiled(source: str) -> BloblangMapping:
    """A template's mapping; errors show the place."""
    from headwater.bloblang import ParseError, compile_mapping

    try:
        return compile_mapping(source)
    except ParseError as error:
        raise ConfigError(f"parse mapping: {show_place(source, error.line, error.column, error.message)}") from None


def show_place(source: str, line: int, column: int, message: str) -> str:
    """An error in a text with the line that it is in, and a mark under the place."""
    lines = source.split("\n")
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    margin = " " * len(str(line))
    return (
        f"line {line} char {column}: {message}\n{margin} |\n{line} | {shown[: column - 1 + _BEHIND_THE_ERROR]}\n"
        f"{margin} | {' ' * (column - 1)}^---"
    )
