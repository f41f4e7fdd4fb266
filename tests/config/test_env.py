"""Environment variables in texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.config.env import load_env_files, read_env_file, replace_variables, substitute
from headwater.errors import ConfigError, MissingVariables

VARIABLES = {"A": "1", "EMPTY": "", "a.b": "dotted", "LINES": "x\ny", "B64": "aGVsbG8=", "NESTED": "${A}"}


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("x ${A} y", "x 1 y"),
        ("${EMPTY}", ""),
        ("${EMPTY:default}", "default"),
        ("${NO:}", ""),
        ("${NO:a:b}", "a:b"),
        ("${NO:${A}}", "${A}"),
        ("${a.b}", "dotted"),
        ("${LINES}", "x\\ny"),
        ("${B64|base64decode}", "hello"),
        ("${NO:aGVsbG8=|base64decode}", "hello"),
        ("${NO:a|b}", "a|b"),
        ("${{A}}", "${A}"),
        ("${{A:b}}", "${A:b}"),
        ("$${A}", "$1"),
        ("${NESTED}", "${A}"),
        ("${! this.a }", "${! this.a }"),
        ("${{! this.a }}", "${{! this.a }}"),
        ("${a-b:x} ${} ${ A } $A ${A", "${a-b:x} ${} ${ A } $A ${A"),
    ],
)
def test_replacing(text: str, replaced: str) -> None:
    assert replace_variables(text, VARIABLES) == (replaced, [])


def test_what_is_missing_is_named_in_order_as_often_as_it_occurs() -> None:
    assert replace_variables("${X}${Y}# ${X}", {}) == ("# ", ["X", "Y", "X"])
    with pytest.raises(MissingVariables, match=r"required environment variables were not set: \[X Y\]"):
        substitute(b"${X}${Y}", {})
    assert substitute(b"a${X}", {}, lenient=True) == b"a"


def test_an_unknown_decoder_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown env var decode function: lolwut"):
        replace_variables("${A|lolwut}", VARIABLES)


def test_env_files(tmp_path: Path) -> None:
    first, second = tmp_path / "a.env", tmp_path / "b.env"
    first.write_text('# comment\nFOO = bar # more\n\nQUOTED="a b\\n"\nBOTH=1\n')
    second.write_text("BOTH=2\n")
    found = load_env_files([str(first), str(second)], {"FOO": "old", "KEPT": "x"})
    assert found == {"FOO": "bar", "QUOTED": "a b\n", "BOTH": "2", "KEPT": "x"}


def test_a_bare_line_is_refused_and_text_behind_a_value_hides_nothing() -> None:
    with pytest.raises(ConfigError, match="failed to parse dotenv file"):
        read_env_file("JUSTTHIS\n", "x.env")
    assert read_env_file("A=1 2\nB=3\n", "x.env") == {"A": "1", "B": "3"}
