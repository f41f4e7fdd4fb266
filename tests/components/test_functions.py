"""Python functions that configurations name: what is allowed, what is found, and what is said otherwise."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.cli import main
from headwater.components.functions import ALL, NONE, Functions
from headwater.errors import BuildError, ConfigError, LintRejection, StreamNotFound
from headwater.system import StreamSystem


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of somebody's, with functions in it."""
    folder = tmp_path / "their_prices"
    folder.mkdir()
    (folder / "__init__.py").write_text("from their_prices.tax import add\n", encoding="utf-8")
    (folder / "tax.py").write_text(
        textwrap.dedent(
            """\
            import os
            from os import getcwd

            RATE = 0.19

            def add(document, rate=RATE):
                document["total"] = document["price"] * (1 + rate)
                return document

            def _hidden(document):
                return document

            class Shop:
                @staticmethod
                def sell(document):
                    return document
            """
        ),
        encoding="utf-8",
    )
    (folder / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    (folder / "needy.py").write_text("import not_there_at_all\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "their_prices"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("add", "'add' names no function: write module:function"),
        ("their_prices.tax.add", "names no function"),
        ("nowhere_to_be_seen:f", "there is no module 'nowhere_to_be_seen': it must be installed beside"),
        ("their_prices.taxes:add", "there is no module 'their_prices.taxes'"),
        ("their_prices.tax:ad", r"module their_prices.tax has no function 'ad'; did you mean 'add'\?"),
        ("their_prices.tax:RATE", "their_prices.tax:RATE is a float, and cannot be called"),
        ("their_prices.broken:f", "module their_prices.broken cannot be imported: ZeroDivisionError: division by zero"),
        ("their_prices.needy:f", "module their_prices.needy cannot be imported: No module named 'not_there_at_all'"),
    ],
)
def test_a_wrong_name_is_explained(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ALL.find(name)
    assert ALL.problem(name)


@pytest.mark.parametrize("name", ["their_prices.tax:add", "their_prices:add", "their_prices.tax:Shop.sell"])
def test_functions_are_found(name: str) -> None:
    assert callable(ALL.find(name))


@pytest.mark.parametrize(
    ("pattern", "name", "allowed"),
    [
        ("their_prices.tax:add", "their_prices.tax:add", True),
        ("their_prices.tax:*", "their_prices.tax:add", True),
        ("their_prices.*:add", "their_prices.tax:add", True),
        ("their_prices.*", "their_prices.tax:add", True),
        ("their_prices:*", "their_prices:add", True),
        ("*", "their_prices.tax:_hidden", True),
        ("their_prices.tax:Shop.sell", "their_prices.tax:Shop.sell", True),
        ("their_prices.tax:add", "their_prices.tax:_hidden", False),
        ("their_prices.tax:*", "their_prices.tax:_hidden", False),
        ("their_prices.tax:*", "their_prices.tax:Shop.sell", False),
        ("their_prices.tax:*", "their_prices.tax:os.system", False),
        ("their_prices.tax:*", "their_prices.tax:getcwd", False),
        ("their_prices.tax:getcwd", "their_prices.tax:getcwd", True),
        ("their_prices", "their_prices:add", False),
    ],
)
def test_what_a_pattern_allows(pattern: str, name: str, allowed: bool) -> None:
    assert (Functions([pattern]).problem(name) is None) is allowed


def test_what_is_not_allowed_is_not_imported(package: str) -> None:
    said = NONE.problem("their_prices.broken:f")
    assert said is not None
    assert str(said).startswith(
        "function their_prices.broken:f is not allowed here: start Headwater with --allow-python "
    )


CONFIG = """\
input: {inproc: i}
pipeline: {processors: [{python: {function: 'their_prices.tax:add'}}]}
output: {drop: {}}
"""


def test_a_system_allows_what_its_application_names() -> None:
    with StreamSystem(functions=["their_prices.tax:*"]) as system:
        system.create("s", CONFIG)
        assert system.read("s").active
    with StreamSystem() as system:
        with pytest.raises(LintRejection, match=r"^\(2,1\) function their_prices.tax:add is not allowed here"):
            system.create("s", CONFIG)
        with pytest.raises(LintRejection, match="is not allowed here"):
            system.create("s", CONFIG, chilled=True)
        with pytest.raises(StreamNotFound):
            system.read("s")


def test_a_patch_brings_in_nothing_that_is_not_allowed() -> None:
    with StreamSystem() as system:
        system.create("s", "input: {inproc: i}\noutput: {drop: {}}")
        with pytest.raises(LintRejection, match="is not allowed here"):
            system.patch("s", "pipeline: {processors: [{python: {function: 'os:system'}}]}")
        assert "pipeline" not in system.read("s").config


def test_plain_data_may_hold_functions_and_a_patch_keeps_them(until: Callable[[Callable[[], Any]], Any]) -> None:
    seen: list[object] = []

    def numbers() -> object:
        yield from range(3)

    with StreamSystem() as system:
        config = {"input": {"python": {"function": numbers}}, "output": {"python": {"function": seen.append}}}
        system.create("s", config)
        until(lambda: not system.read("s").active)
        assert seen == [0, 1, 2]
        assert system.read("s").config["input"] == {"python": {"function": "numbers"}}
        system.patch("s", {"pipeline": {"processors": [{"mapping": "root = this + 10"}]}})
        until(lambda: not system.read("s").active)
        assert seen == [0, 1, 2, 10, 11, 12]


def test_functions_get_names() -> None:
    with StreamSystem(functions={"double": lambda value: value * 2}) as system:
        system.create(
            "s", "input: {inproc: i}\npipeline: {processors: [{python: {function: double}}]}\noutput: {drop: {}}"
        )
        with pytest.raises(LintRejection, match="'triple' names no function: write module:function, or one of double"):
            system.create("t", "input: {inproc: i}\noutput: {python: {function: triple}}")


def test_names_and_patterns_go_together() -> None:
    functions = Functions(["their_prices.tax:*"], {"double": lambda value: value * 2})
    both = CONFIG.replace("processors: [", "processors: [{python: {function: double}}, ")
    with StreamSystem(functions=functions) as system:
        system.create("s", both)
        assert system.read("s").active


def test_lint_tells_place_and_mend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG.replace("tax:add", "tax:ad"), encoding="utf-8")
    assert main(["lint", str(path)]) == 1
    assert capsys.readouterr().err == (
        f"{path}(2,1) module their_prices.tax has no function 'ad'; did you mean 'add'?\n"
    )


def test_arguments_must_fit_the_function() -> None:
    with StreamSystem(functions=["*"]) as system, pytest.raises(BuildError) as caught:
        system.create("s", CONFIG.replace("add'", "add', arguments: {rat: 1}"))
    assert str(caught.value) == (
        "failed to init processor <no label> path root.pipeline.processors.0: their_prices.tax:add"
        "(document, rate=0.19) is called with one argument and, by name, rat: got an unexpected keyword argument 'rat'"
    )
