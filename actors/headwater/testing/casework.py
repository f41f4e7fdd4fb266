"""Running config unit tests: the targeted processors are built alone, with what stands in for others, and fed."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headwater import tasks
from headwater.components.catalogue import Catalogue
from headwater.config.env import replace_variables
from headwater.config.infer import infer
from headwater.config.service import expand, find_resources, read_file
from headwater.config.view import ComponentConfig
from headwater.errors import ConfigError, HeadwaterError
from headwater.message import Batch
from headwater.runtime.assembly import Assembly
from headwater.runtime.shared import Host
from headwater.system import StreamSystem
from headwater.testing.conditions import failures
from headwater.testing.definition import BadDefinition, Case, Mock, Suite
from headwater.testing.mocks import MockError, follow, labelled, replace
from headwater.yamltext.document import parse_document
from headwater.yamltext.nodes import Node

CASE_SECONDS = 60.0
"""How long a case may take."""


@dataclass(frozen=True)
class Failure:
    """What is wrong with a case."""

    case: Case
    text: str

    def __str__(self) -> str:
        return f"{self.case.name} [line {self.case.line}]:\n{self.text}"


class CaseRunner:
    """Runs cases, each with fresh resources.

    Args:
        catalogue: The components that there are.
        resources: Paths and patterns of further resource files.
        logger: Gets the log lines of the components.
    """

    def __init__(
        self, catalogue: Catalogue, resources: Sequence[str] = (), logger: logging.Logger | None = None
    ) -> None:
        self._catalogue = catalogue
        self._resources = resources
        self._logger = logger or _silent()

    def run(self, suite: Suite, case: Case) -> list[Failure]:
        """Run a case; nothing if it passes.

        Raises:
            BadDefinition: The case asks for what is not there.
        """
        with _environment(case.environment):
            try:
                batches = self._results(suite, case)
            except BadDefinition:
                raise
            except ConfigError as error:
                raise BadDefinition(suite.path, case.line, f"{case.name}: {error}") from None
            except HeadwaterError as error:
                return [Failure(case, f"processors failed: {error}")]
            return [Failure(case, text) for text in _compare(case, batches)]

    def _results(self, suite: Suite, case: Case) -> list[Batch]:
        documents = _Documents(suite, case, [_tree(Path(name)) for name in expand(self._resources)])
        targets = documents.targets()
        for mock in case.mocks:
            documents.mock(mock)
        if targets is None:
            targets = documents.targets_after_mocks()
        configs = [infer(node, "processor", path, self._catalogue) for path, node in targets]
        resources = [found for tree in documents.trees for found in find_resources(tree, self._catalogue)]
        return self._run(configs, resources, case.batches)

    def _run(
        self, configs: Sequence[ComponentConfig], resources: Sequence[ComponentConfig], batches: Sequence[Batch]
    ) -> list[Batch]:
        with StreamSystem(catalogue=self._catalogue, logger=self._logger, threads=1) as system:
            system.define_resources(resources)
            services = system._services
            chain = Assembly(services, "", services.metrics).chain(configs)
            host = Host.start(services)._actor_weakref()
            assert host is not None

            async def work() -> list[Batch]:
                try:
                    return [result for batch in batches for result in await chain.process([list(batch)])]
                finally:
                    await chain.close()

            try:
                return tasks.start(work(), host, "unit test", watched=True).wait(CASE_SECONDS)
            finally:
                host.stop()


def _compare(case: Case, batches: Sequence[Batch]) -> Iterator[str]:
    if len(batches) != len(case.expected):
        yield f"wrong batch count, expected {len(case.expected)}, got {len(batches)}{_listing(batches)}"
        return
    for number, (batch, expected) in enumerate(zip(batches, case.expected, strict=True)):
        if len(batch) != len(expected):
            yield (
                f"mismatch of output batch {number} message counts, expected {len(expected)}, got {len(batch)}"
                + _listing([batch])
            )
            continue
        for index, checks in enumerate(expected):
            found = failures(checks, batch, index)
            error = batch[index].error
            if found and error is not None:
                found.append(f"the message is marked as failed: {error.text}")
            yield from (f"batch {number} message {index}: {text}" for text in found)


def _listing(batches: Sequence[Batch]) -> str:
    lines = [
        f"\n  received: {message.content().decode('utf-8', 'replace')}" for batch in batches for message in batch[:10]
    ]
    return "".join(lines[:10])


class _Documents:
    """The configuration of a case and its resource files, as trees that stand-ins are put into."""

    def __init__(self, suite: Suite, case: Case, resource_trees: Sequence[Node]) -> None:
        self._suite = suite
        self._case = case
        self.main = _tree(suite.config)
        self.trees = [self.main, *resource_trees]

    def targets(self) -> list[tuple[str, Node]] | None:
        """The processors under test where they are no part of the configuration itself."""
        case, folder = self._case, self._suite.path.parent
        if case.mapping:
            path = folder / case.mapping
            if not path.is_file():
                raise self._astray(f"target_mapping: {path} does not exist")
            quoted = str(path.resolve()).replace("\\", "\\\\").replace('"', '\\"')
            return [("root.target_mapping", Node.of({"mapping": f'from "{quoted}"'}))]
        file, hash_, pointer = case.target.partition("#")
        if hash_ and file:
            tree = _tree(folder / file)
            self.trees.append(tree)
            return self._at(tree, pointer)
        return None

    def targets_after_mocks(self) -> list[tuple[str, Node]]:
        """The processors under test."""
        target = self._case.target
        if target.startswith("/"):
            return self._at(self.main, target)
        found = labelled(target, self.trees)
        if found is None:
            raise self._astray(f"target_processors: there is no component labelled '{target}'")
        return [(f"root.{target}", found)]

    def _at(self, tree: Node, pointer: str) -> list[tuple[str, Node]]:
        found = follow(tree, pointer)
        if found is None:
            raise self._astray(f"target_processors: there is nothing at {pointer}")
        path = "root" + pointer.replace("/", ".")
        if found.is_sequence:
            return [(f"{path}.{index}", item) for index, item in enumerate(found.items)]
        return [(path, found)]

    def mock(self, mock: Mock) -> None:
        """Put a processor in place of another one; the label stays."""
        try:
            replace(mock.name, mock.stand_in, self.trees)
        except MockError as error:
            raise BadDefinition(self._suite.path, mock.line, f"mocks: {error}", mock.column) from None

    def _astray(self, text: str) -> BadDefinition:
        """What names the target leads nowhere."""
        line, column = self._case.place
        return BadDefinition(self._suite.path, line, text, column)


def _tree(path: Path) -> Node:
    text, _ = replace_variables(read_file(str(path)).decode("utf-8", "surrogateescape"))
    return parse_document(text)


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process for a while: mappings read them with `env`."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _silent() -> logging.Logger:
    logger = logging.Logger("headwater.test", logging.CRITICAL + 100)
    logger.addHandler(logging.NullHandler())
    return logger
