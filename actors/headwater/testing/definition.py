"""Config unit tests as they are written: cases with what goes in, what must come out, and what stands in for what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headwater.components.catalogue import Catalogue
from headwater.config.env import replace_variables
from headwater.config.lint import RUN, Lint, Linter
from headwater.config.sections import TESTS, WHOLE
from headwater.config.service import read_file, read_source
from headwater.config.spec import Field
from headwater.errors import ConfigError
from headwater.message import NO_METADATA, Batch, Message
from headwater.testing.conditions import Check, WrongCondition, condition
from headwater.yamltext.document import parse_document
from headwater.yamltext.nodes import Node

SUFFIXES = ("_headwater_test", "_benthos_test", "_bento_test")
"""How a definition is called that stands beside its configuration."""

ALONE = Field("", "object", fields=(TESTS,))


class BadDefinition(ConfigError):
    """A test definition cannot be used; the text begins with file, line and column."""

    def __init__(self, path: Path, line: int, text: str, column: int = 1) -> None:
        super().__init__(f"{path}({line},{column}) {text}")

    @classmethod
    def of(cls, path: Path, lints: Sequence[Lint]) -> BadDefinition:
        """One for several lints, a line each."""
        error = cls(path, lints[0].line, lints[0].text, lints[0].column)
        error.args = ("\n".join(f"{path}{lint}" for lint in lints),)
        return error


@dataclass(frozen=True)
class Mock:
    """What stands in for a component, and the label or pointer of that, with its place in the file."""

    name: str
    stand_in: Node
    line: int
    column: int


@dataclass
class Case:
    """One test.

    Attributes:
        target: A label, a JSON pointer, or ``FILE#POINTER``; empty where a mapping is tested.
        place: Line and column of what names the target.
        mapping: The file of a mapping that is tested instead.
        mocks: What stands in for what.
        expected: For each batch and message that must come out, the named conditions.
    """

    name: str
    line: int
    environment: dict[str, str]
    target: str
    place: tuple[int, int]
    mapping: str
    mocks: list[Mock]
    batches: list[Batch]
    expected: list[list[list[tuple[str, Check]]]]


@dataclass
class Suite:
    """The tests of one definition.

    Attributes:
        path: The file that they are written in.
        config: The configuration that they are about; the same file where they stand in it.
        lints: What is wrong with either of them, with file, line and column.
    """

    path: Path
    config: Path
    cases: list[Case]
    lints: list[str] = field(default_factory=list)


def find_definitions(path: Path) -> list[tuple[Path, Path]]:
    """The definitions that a file stands for, each with the configuration it is about.

    A configuration stands for the tests in it and for the definition beside it, a definition for itself.

    Raises:
        BadDefinition: A definition lies beside no configuration.
    """
    for suffix in SUFFIXES:
        if path.stem.endswith(suffix):
            config = path.with_name(path.stem.removesuffix(suffix) + path.suffix)
            if not config.exists():
                raise BadDefinition(path, 1, f"the configuration {config.name} that it is about does not exist")
            return [(path, config)]
    beside = [path.with_name(f"{path.stem}{suffix}{path.suffix}") for suffix in SUFFIXES]
    return [(path, path), *((other, path) for other in beside if other.exists())]


def read_suite(path: Path, config: Path, catalogue: Catalogue) -> Suite:
    """Read the tests of a definition.

    Raises:
        BadDefinition: It cannot be read or used.
    """
    try:
        root = WHOLE if path == config else ALONE
        source = read_source(read_file(str(path)), str(path), root, catalogue, skip_variables=True, options=RUN)
    except ConfigError as error:
        raise _explained(path, root, catalogue, error) from None
    tests = source.node.get("tests") if source.node.is_mapping else None
    lints = [f"{path}{lint}" for lint in source.lints]
    if lints and (tests is not None or root is ALONE):
        # What is wrong with a definition is not made out of what could be read of it.
        wrong = [lint for lint in source.lints if tests is not None and lint.line >= tests.line]
        if wrong:
            raise BadDefinition.of(path, wrong)
    cases = [_Reader(path).case(node) for node in (tests.items if tests is not None else ())]
    return Suite(path, config, cases, lints)


def _explained(path: Path, root: Field, catalogue: Catalogue, error: ConfigError) -> BadDefinition:
    """What keeps a file from being read, with its place where lint can tell that."""
    try:
        linter = Linter(catalogue, RUN)
        linter.fields(root, parse_document(replace_variables(read_file(str(path)).decode("utf-8", "replace"))[0]))
    except ConfigError:
        return BadDefinition(path, 1, str(error))
    return BadDefinition.of(path, linter.lints) if linter.lints else BadDefinition(path, 1, str(error))


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.parent

    def case(self, node: Node) -> Case:
        name = _text(node, "name")
        batches = []
        single = node.get("input_batch")
        if single is not None:
            batches.append(self._batch(single))
        several = node.get("input_batches")
        batches += [self._batch(batch) for batch in (several.items if several is not None else ())]
        outputs = node.get("output_batches")
        mocks = node.get("mocks")
        environment = node.get("environment")
        return Case(
            name=name,
            line=node.line,
            environment={key.value: value.value for key, value in (environment.pairs if environment else ())},
            target=_text(node, "target_processors") or "/pipeline/processors",
            place=next(
                (
                    (key.line, key.column)
                    for key, _ in node.pairs
                    if key.value in ("target_processors", "target_mapping")
                ),
                (node.line, node.column),
            ),
            mapping=_text(node, "target_mapping"),
            mocks=[
                Mock(key.value, value, key.line, key.column)
                for key, value in (mocks.pairs if mocks is not None else ())
            ],
            batches=batches,
            expected=[
                [self._conditions(message) for message in batch.items]
                for batch in (outputs.items if outputs is not None else ())
            ],
        )

    def _batch(self, node: Node) -> Batch:
        return [self._message(item) for item in node.items]

    def _message(self, node: Node) -> Message:
        content = b""
        for key, value in node.pairs:
            if key.value == "content":
                content = value.value.encode("utf-8", "surrogateescape")
            elif key.value == "json_content":
                content = json.dumps(value.plain(), ensure_ascii=False, separators=(",", ":")).encode()
            elif key.value == "file_content":
                try:
                    content = (self._folder / value.value).read_bytes()
                except OSError as error:
                    raise BadDefinition(
                        self._path, key.line, f"failed to read {value.value}: {error.strerror}", key.column
                    ) from None
        metadata = node.get("metadata")
        return Message(content, metadata=metadata.plain() if metadata is not None else NO_METADATA)

    def _conditions(self, node: Node) -> list[tuple[str, Check]]:
        made = []
        for key, value in node.pairs:
            try:
                made.append((key.value, condition(key.value, value, self._folder)))
            except WrongCondition as error:
                raise BadDefinition(self._path, key.line, f"{key.value}: {error}", key.column) from None
        return made


def _text(node: Node, key: str) -> str:
    found = node.get(key)
    return found.value if found is not None and not found.is_null else ""
