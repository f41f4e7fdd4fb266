"""A stream's configuration: read, linted, taken apart into components that are not built yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from headwater.config import decode
from headwater.config.env import substitute
from headwater.config.infer import infer, infer_list
from headwater.config.lint import API, Lint, Linter, LintOptions
from headwater.config.sections import STREAM
from headwater.config.shapes import check_shapes
from headwater.config.spec import ComponentKind
from headwater.config.view import ComponentConfig
from headwater.errors import ConfigError, LintRejection
from headwater.yamltext.document import parse_document
from headwater.yamltext.nodes import Node

if TYPE_CHECKING:
    from headwater.components.catalogue import Catalogue


class StreamConfig(msgspec.Struct, eq=False):
    """A stream, known by its configuration.

    Attributes:
        node: The tree of it.
        input: Where messages come from.
        buffer: Where they wait.
        processors: What is done with them.
        output: Where they go.
        threads: How many are worked on at once; -1 for one a core.
        lints: What is wrong with it and did not stop anybody.
        plain: `source`, once it was asked for.
    """

    node: Node
    input: ComponentConfig
    buffer: ComponentConfig
    processors: list[ComponentConfig]
    output: ComponentConfig
    threads: int
    lints: list[Lint] = []
    plain: Any = msgspec.UNSET

    @property
    def asks_for_threads(self) -> bool:
        """Whether it says how many are worked on at once."""
        pipeline = _get(self.node, "pipeline")
        return pipeline is not None and _get(pipeline, "threads") is not None

    @property
    def source(self) -> Any:
        """The configuration as it was submitted, as plain data; variables are replaced, nothing else is."""
        if self.plain is msgspec.UNSET:
            self.plain = self.node.plain()
        return self.plain

    def component(self, kind: str) -> ComponentConfig:
        """The input, buffer or output."""
        found: ComponentConfig = getattr(self, kind)
        return found


def read_stream(
    data: bytes | str | Mapping[str, Any],
    catalogue: Catalogue,
    *,
    environment: Mapping[str, str] | None = None,
    interpolate: bool = True,
    chilled: bool = False,
    lint: bool = True,
    options: LintOptions = API,
) -> StreamConfig:
    """Read a stream's configuration from a text or from plain data.

    Args:
        data: YAML or JSON, or a mapping.
        catalogue: The components that it may use.
        environment: Variables for ``${NAME}``; those of the process by default.
        interpolate: Whether those are replaced; never in plain data.
        chilled: Take it although lint finds something, and let variables without a value be empty.
        lint: Whether to lint at all.
        options: What lint looks for.

    Raises:
        MissingVariables: Environment variables have no value.
        SyntaxProblem: The text is neither YAML nor JSON.
        InferenceError: A component is unknown or unclear.
        ConfigError: A section has the wrong shape.
        LintRejection: Lint found something.
    """
    # A value that contains itself is found where the tree is made plain, which is after lint had its say.
    if isinstance(data, Mapping):
        node = Node.of(data)
    else:
        raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        if interpolate:
            raw = substitute(raw, environment, lenient=chilled)
        node = parse_document(raw)
    stream = take_apart(node, catalogue)
    if lint:
        stream.lints = lint_stream(node, catalogue, options)
        if stream.lints and not chilled:
            raise LintRejection([str(found) for found in stream.lints])
    stream.plain = node.plain()
    return stream


def read_stream_set(data: bytes | str) -> dict[str, Node]:
    """The configurations of a whole set of streams, by id; an empty text is an empty set.

    Raises:
        SyntaxProblem: The text is neither YAML nor JSON.
        ConfigError: It is no map, an id is no text, or is there twice.
    """
    node = parse_document(data)
    if node.is_scalar and node.is_null:
        return {}
    if not node.is_mapping:
        raise ConfigError(str(decode.wrong_type(node, "map[string]yaml.Node")))
    try:
        decode.check_keys(node)
        return {decode.text(key): value for key, value in node.pairs}
    except decode.WrongType as error:
        raise ConfigError(str(error)) from None


def lint_stream(node: Node, catalogue: Catalogue, options: LintOptions = API) -> list[Lint]:
    """What is wrong with a stream's configuration."""
    linter = Linter(catalogue, options)
    linter.fields(STREAM, node)
    return linter.lints


def take_apart(node: Node, catalogue: Catalogue, *, whole: bool = True) -> StreamConfig:
    """The components of a stream; what is missing counts by default, and so does everything where it is no object.

    Args:
        node: The stream's configuration.
        catalogue: The components that it may use.
        whole: Whether it holds nothing else; otherwise what is not of the stream is not looked at.

    Raises:
        InferenceError: A component is unknown or unclear.
        ConfigError: A section has the wrong shape.
    """
    check_shapes(STREAM, node, whole=whole)
    pipeline = _get(node, "pipeline")
    found_processors = _get(pipeline, "processors") if pipeline is not None else None
    threads = _get(pipeline, "threads") if pipeline is not None else None
    source_input = _section(node, "input", catalogue)
    buffer = _section(node, "buffer", catalogue)
    processors = [
        infer(item, "processor", f"root.pipeline.processors.{index}", catalogue)
        for index, item in enumerate(found_processors.items if found_processors is not None else ())
    ]
    output = _section(node, "output", catalogue)
    return StreamConfig(
        node,
        source_input,
        buffer,
        processors,
        output,
        decode.integer(threads) if threads is not None else -1,
    )


def _get(node: Node, key: str) -> Node | None:
    return node.get(key) if node.is_mapping else None


def _section(node: Node, kind: ComponentKind, catalogue: Catalogue) -> ComponentConfig:
    """A stream's input, buffer or output, and its processors looked at."""
    found = _get(node, kind)
    component = infer(found if found is not None else default_section(kind), kind, f"root.{kind}", catalogue)
    beside = component.whole.get("processors")
    if beside is not None and kind in ("input", "output"):
        infer_list(beside, "processor", f"root.{kind}.processors", catalogue)
    return component


def default_section(kind: str) -> Node:
    """What counts where a section is missing."""
    return Node.of(STREAM.index[kind].default)


def merge_patch(stored: Any, patch: Any) -> Any:
    """A stored configuration with a patch merged into it: objects key by key, anything else in one piece.

    Neither argument is changed. A patch that is no object changes nothing.
    """
    if not isinstance(patch, Mapping):
        return stored
    merged = dict(stored) if isinstance(stored, Mapping) else {}
    for key, value in patch.items():
        old = merged.get(key)
        merged[key] = merge_patch(old, value) if isinstance(value, Mapping) and isinstance(old, Mapping) else value
    return merged


def read_patch(data: bytes | str) -> Any:
    """A patch as plain data; variables are not replaced, and nothing is linted.

    Raises:
        SyntaxProblem: The text is neither YAML nor JSON.
        ConfigError: A key is there twice, or a value is not what its tag says.
    """
    node = parse_document(data)
    try:
        decode.check_any(node)
    except decode.WrongType as error:
        raise ConfigError(str(error)) from None
    return node.plain()


def patched_stream(stored: Any, data: bytes | str, catalogue: Catalogue) -> StreamConfig:
    """A stream whose configuration is a stored one with a patch merged in.

    Raises:
        SyntaxProblem: The patch is neither YAML nor JSON.
        InferenceError: A component of the result is unknown or unclear.
        ConfigError: A section of the result has the wrong shape.
    """
    merged = merge_patch(stored, read_patch(data))
    return take_apart(Node.of(merged), catalogue)
