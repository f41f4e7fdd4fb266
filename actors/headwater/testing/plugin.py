"""The pytest plugin: the `headwater` fixture, differences in assertions, and config unit tests as items.

def test_shouts(headwater):
    with headwater.stream("pipeline: {processors: [{mapping: 'root = content().uppercase()'}]}") as stream:
        stream.send("hello")
        assert stream.received() == ["HELLO"]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from headwater.clock import FakeClock
    from headwater.components.catalogue import Catalogue
    from headwater.testing.casework import CaseRunner
    from headwater.testing.definition import Case, Suite
    from headwater.testing.sink import Sink
    from headwater.testing.stream import StreamUnderTest

FILES = "headwater_files"
RESOURCES = "headwater_resources"
TEMPLATES = "headwater_templates"


class Headwater:
    """What the fixture gives: streams on one clock, which stands still until a test moves it."""

    def __init__(self) -> None:
        from headwater.clock import FakeClock

        self.clock: FakeClock = FakeClock()

    def stream(
        self,
        config: str | Path | Mapping[str, Any],
        *,
        keep_input: bool = False,
        keep_output: bool = False,
        mocks: Mapping[str, Any] | None = None,
        catalogue: Catalogue | None = None,
        max_in_flight: int = 1,
    ) -> StreamUnderTest:
        """A stream to be entered; see `headwater.testing.stream.StreamUnderTest`.

        Args:
            config: YAML, the path of a file with it, or plain data. Its input and output are the test's own unless
                kept.
        """
        from headwater.testing.stream import StreamUnderTest

        if isinstance(config, Path):
            config = config.read_text(encoding="utf-8")
        return StreamUnderTest(
            config,
            clock=self.clock,
            keep_input=keep_input,
            keep_output=keep_output,
            mocks=mocks,
            catalogue=catalogue,
            max_in_flight=max_in_flight,
        )

    def output(self) -> Sink:
        """An output that is the test's, to stand in for one of the stream's by label: `mocks={"label": output}`."""
        from headwater.testing.sink import Sink

        return Sink()


@pytest.fixture
def headwater() -> Headwater:
    """Run streams in a test: `with headwater.stream(yaml) as s: s.send(...); assert s.received() == [...]`."""
    return Headwater()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting that names configurations with unit tests."""
    parser.addini(
        FILES, "patterns of configuration files whose unit tests are collected, such as streams/**/*.yaml", "linelist"
    )
    parser.addini(RESOURCES, "patterns of files with resources that those tests use", "linelist")
    parser.addini(TEMPLATES, "patterns of templates that those tests use", "linelist")


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    """Say where messages that came out differ from what was expected."""
    if op != "==":
        return None
    from headwater.testing.received import explain

    lines = explain(left, right)
    return None if lines is None else [f"{left!r} == {right!r}", *lines]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the unit tests of configurations that the project's settings name."""
    patterns = parent.config.getini(FILES)
    if not patterns or file_path.suffix not in (".yaml", ".yml"):
        return None
    relative = (
        file_path.relative_to(parent.config.rootpath) if file_path.is_relative_to(parent.config.rootpath) else None
    )
    if relative is None or not any(_matches(relative, pattern) for pattern in patterns):
        return None
    collector: pytest.Collector = ConfigFile.from_parent(parent, path=file_path)
    return collector


def _matches(path: Path, pattern: str) -> bool:
    """Whether a relative path fits a pattern, in which ``**`` stands for any folders, none included."""
    parts, wanted = path.parts, pattern.split("/")

    def fits(here: int, there: int) -> bool:
        if there == len(wanted):
            return here == len(parts)
        if wanted[there] == "**":
            return any(fits(next_, there + 1) for next_ in range(here, len(parts) + 1))
        return here < len(parts) and Path(parts[here]).match(wanted[there]) and fits(here + 1, there + 1)

    return fits(0, 0)


class ConfigFile(pytest.File):
    """A configuration, or a definition beside one."""

    def collect(self) -> Iterator[pytest.Item]:
        """The cases that stand in the file."""
        from headwater.components.catalogue import Catalogue
        from headwater.config.template import add_templates
        from headwater.errors import ConfigError
        from headwater.testing.casework import CaseRunner
        from headwater.testing.definition import find_definitions, read_suite

        catalogue = Catalogue()
        try:
            add_templates(catalogue, self._patterns(TEMPLATES))
            runner = CaseRunner(catalogue, self._patterns(RESOURCES))
            definitions = [pair for pair in find_definitions(self.path) if pair[0] == self.path]
            suites = [read_suite(path, config, catalogue) for path, config in definitions]
        except ConfigError as error:
            raise self.CollectError(str(error)) from None
        for suite in suites:
            for case in suite.cases:
                yield ConfigCase.of(self, runner, suite, case)

    def _patterns(self, name: str) -> list[str]:
        """The patterns of a setting, from the project's root."""
        return [str(self.config.rootpath / pattern) for pattern in self.config.getini(name)]


class ConfigCase(pytest.Item):
    """A case of a config unit test."""

    runner: CaseRunner
    suite: Suite
    case: Case

    @classmethod
    def of(cls, parent: pytest.Collector, runner: CaseRunner, suite: Suite, case: Case) -> ConfigCase:
        """Make an item."""
        item: ConfigCase = cls.from_parent(parent, name=case.name or f"line {case.line}")
        item.runner, item.suite, item.case = runner, suite, case
        return item

    def runtest(self) -> None:
        """Run it."""
        failures = self.runner.run(self.suite, self.case)
        problems = [*self.suite.lints, *(failure.text for failure in failures)]
        if problems:
            raise CaseFailed("\n".join(problems))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is wrong, without a traceback through our code."""
        from headwater.errors import ConfigError

        if isinstance(excinfo.value, CaseFailed | ConfigError):
            return f"{self.path}, line {self.case.line}: {self.case.name}\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, max(0, self.case.line - 1), self.case.name


class CaseFailed(Exception):
    """A config unit test did not pass."""
