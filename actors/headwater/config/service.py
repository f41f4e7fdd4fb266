"""The configuration of the service: what belongs to the process, its resources, and perhaps one stream."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from headwater.config.env import go_error, replace_variables
from headwater.config.infer import infer, infer_list
from headwater.config.lint import DEFAULT, RUN, Code, Lint, Linter, LintOptions
from headwater.config.override import apply_overrides
from headwater.config.sections import RESOURCE_KINDS, RESOURCES, SERVICE, WHOLE
from headwater.config.shapes import check_shapes
from headwater.config.spec import ComponentKind, Field
from headwater.config.stream import StreamConfig, take_apart
from headwater.config.view import ComponentConfig, Config
from headwater.errors import ConfigError, InferenceError, MissingVariables
from headwater.yamltext.document import parse_document
from headwater.yamltext.nodes import Node

if TYPE_CHECKING:
    from headwater.components.catalogue import Catalogue

DISABLED = {"benthos": b"# BENTHOS LINT DISABLE", "any": b"# BENTHOS LINT DISABLE", "bento": b"# BENTO LINT DISABLE"}
"""What a file begins with that wants no lint, by dialect."""


class ServiceConfig(msgspec.Struct, eq=False):
    """A service, known by its configuration; everything counts by default where there is none.

    Attributes:
        node: The whole of it.
        http: The section of the API.
        logger: The section of the log.
        metrics: How metrics are offered; its `mapping` renames them.
        tracer: Where traces go.
        error_handling: What happens to messages that processors failed on.
        shutdown_delay: Seconds.
        shutdown_timeout: Seconds.
        resources: Components that are shared by label, of this file and of resource files, in order.
        stream: The stream in it; None for a service of many streams.
        lints: What is wrong with it, as lines with the file's path before them.
    """

    node: Node
    http: Config
    logger: Config
    metrics: ComponentConfig
    tracer: ComponentConfig
    error_handling: Config
    shutdown_delay: float
    shutdown_timeout: float
    resources: list[ComponentConfig]
    stream: StreamConfig | None = None
    lints: list[str] = []


class SourceFile(msgspec.Struct):
    """A configuration file that was read: its tree, and what is wrong with it."""

    path: str
    node: Node
    lints: list[Lint]


def read_file(path: str) -> bytes:
    """The content of a file.

    Raises:
        ConfigError: It cannot be read; the text is as Go words it.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except IsADirectoryError as error:
        raise ConfigError(go_error("read", path, error)) from None
    except OSError as error:
        raise ConfigError(go_error("open", path, error)) from None


def read_source(
    data: bytes,
    path: str,
    root: Field,
    catalogue: Catalogue,
    *,
    environment: Mapping[str, str] | None = None,
    skip_variables: bool = False,
    overrides: Iterable[str] = (),
    options: LintOptions = DEFAULT,
) -> SourceFile:
    """Read and lint a text by the fields of `root`; variables without a value are a lint and are empty.

    Raises:
        SyntaxProblem: The text is neither YAML nor JSON.
        ConfigError: A section has the wrong shape, or an override is wrong.
    """
    text, missing = replace_variables(data.decode("utf-8", "surrogateescape"), environment)
    lints = []
    if missing and not skip_variables:
        lints.append(Lint(1, 1, str(MissingVariables(missing)), Code.MISSING_VARIABLE))
    node = parse_document(text)
    apply_overrides(node, root, overrides)
    check_shapes(root, node)
    if not data.startswith(DISABLED[options.dialect]):
        linter = Linter(catalogue, options)
        linter.fields(root, node)
        lints += linter.lints
    return SourceFile(path, node, lints)


def read_service(
    path: str,
    catalogue: Catalogue,
    *,
    streams: bool = False,
    resource_patterns: Sequence[str] = (),
    overrides: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    options: LintOptions = RUN,
) -> ServiceConfig:
    """Read the configuration of a service from files.

    Args:
        path: The file; an empty text for none, so that all counts by default.
        catalogue: The components that it may use.
        streams: Whether it is a service of many streams; there must be no stream in the file then.
        resource_patterns: Further files with resources; patterns without a match are nothing.
        overrides: Texts such as ``http.address=localhost:4195``.
        environment: Variables for ``${NAME}``; those of the process by default.
        options: What lint looks for.

    Raises:
        ConfigError: A file cannot be read, is neither YAML nor JSON, or a component in it is unknown or unclear.
    """
    root = SERVICE if streams else WHOLE
    data = read_file(path) if path else b"{}"
    source = read_source(data, path, root, catalogue, environment=environment, overrides=overrides, options=options)
    source.node.plain()  # refuses what contains itself
    service = take_service_apart(source.node, catalogue, streams=streams)
    service.lints = [f"{path}{lint}" for lint in source.lints]
    taken = {(component.kind, component.label) for component in service.resources}
    for name in expand(resource_patterns):
        file = read_source(read_file(name), name, RESOURCES, catalogue, environment=environment, options=options)
        service.lints += [f"{name}{lint}" for lint in file.lints]
        earlier = frozenset(taken)  # what a file repeats itself is for lint to say
        for component in find_resources(file.node, catalogue):
            key = (component.kind, component.label)
            if component.label and key in earlier:
                kind = component.kind.replace("_", " ")
                raise ConfigError(
                    f"failed to initialise resources: {kind} resource label '{component.label}' collides with a "
                    "previously defined resource"
                )
            taken.add(key)
            service.resources.append(component)
    return service


def take_service_apart(node: Node, catalogue: Catalogue, *, streams: bool) -> ServiceConfig:
    """The components and sections of a service's configuration.

    Raises:
        InferenceError: A component is unknown or unclear.
        ConfigError: A value cannot be decoded.
    """
    root = SERVICE if streams else WHOLE
    stream = None if streams else take_apart(node, catalogue, whole=False)
    view = Config(node if node.is_mapping else None, root, "", "root", catalogue)
    return ServiceConfig(
        node=node,
        http=view.object("http") if _is_object(node, "http") else _default(view, "http"),
        logger=view.object("logger") if _is_object(node, "logger") else _default(view, "logger"),
        metrics=_component(node, "metrics", root, catalogue),
        tracer=_component(node, "tracer", root, catalogue),
        error_handling=_default(view, "error_handling")
        if not _is_object(node, "error_handling")
        else view.object("error_handling"),
        shutdown_delay=view.duration("shutdown_delay"),
        shutdown_timeout=view.duration("shutdown_timeout"),
        resources=find_resources(node, catalogue),
        stream=stream,
    )


def find_resources(node: Node, catalogue: Catalogue) -> list[ComponentConfig]:
    """The resources in a configuration, kind by kind.

    Raises:
        InferenceError: One is unknown or unclear.
    """
    found = []
    for kind in RESOURCE_KINDS:
        items = node.get(f"{kind}_resources") if node.is_mapping else None
        for item in items.items if items is not None else ():
            component = infer(item, kind, f"root.{kind}_resources", catalogue)
            beside = component.whole.get("processors")
            if beside is not None and kind in ("input", "output"):
                infer_list(beside, "processor", f"{component.path}.processors", catalogue)
            found.append(component)
    return found


def find_parse_error(node: Node, catalogue: Catalogue, root: Field) -> None:
    """Take a configuration apart only to see whether that works.

    Raises:
        InferenceError: A component is unknown or unclear.
        ConfigError: A section has the wrong shape.
    """
    check_shapes(root, node)
    if "pipeline" in root.index:
        take_apart(node, catalogue, whole=False)
    find_resources(node, catalogue)
    for kind in ("metrics", "tracer"):
        if kind in root.index:
            _component(node, kind, root, catalogue)


def lint_text(
    data: bytes,
    catalogue: Catalogue,
    *,
    root: Field = WHOLE,
    environment: Mapping[str, str] | None = None,
    skip_variables: bool = False,
    options: LintOptions = DEFAULT,
) -> list[Lint]:
    """All that is wrong with a text; where something keeps it from being read, that is the only lint."""
    try:
        source = read_source(
            data,
            "",
            root,
            catalogue,
            environment=environment,
            skip_variables=skip_variables,
            options=options,
        )
        find_parse_error(source.node, catalogue, root)
    except InferenceError as error:
        return [Lint(error.line, error.column, error.text, Code.FAILED_READ)]
    except ConfigError as error:
        return [Lint(1, 1, str(error), Code.FAILED_READ)]
    return source.lints


def expand(patterns: Iterable[str]) -> list[str]:
    """The files of patterns, sorted within each; what is no pattern stands for itself."""
    paths: list[str] = []
    for pattern in patterns:
        if glob.has_magic(pattern):
            paths += sorted(glob.glob(pattern, recursive=True))
        else:
            paths.append(pattern)
    return paths


def _is_object(node: Node, key: str) -> bool:
    found = node.get(key) if node.is_mapping else None
    return found is not None and found.is_mapping


def _default(view: Config, name: str) -> Config:
    """A section of which nothing is written, or nothing that is of use."""
    return Config(None, view.field.index[name], name, f"root.{name}", view.catalogue)


def _component(node: Node, kind: ComponentKind, root: Field, catalogue: Catalogue) -> ComponentConfig:
    """The metrics or tracer component."""
    found = node.get(kind) if node.is_mapping else None
    return infer(found if found is not None else Node.of(root.index[kind].default), kind, f"root.{kind}", catalogue)
