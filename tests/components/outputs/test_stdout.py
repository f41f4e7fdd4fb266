"""Output `stdout`: the standard output of the process."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("codec", "written"), [("lines", "a\nb\nc\n"), ("append", "abc"), ("delim:, ", "a, b, c, "), ("all-bytes", "abc")]
)
def test_messages_are_written(
    deliver: Callable[..., list[str]], capfd: pytest.CaptureFixture[str], codec: str, written: str
) -> None:
    assert deliver(f"output: {{stdout: {{codec: '{codec}'}}}}", "a", ["b", "c"]) == ["", ""]
    assert capfd.readouterr().out == written


def test_a_codec_has_to_be_known(deliver: Callable[..., list[str]]) -> None:
    with pytest.raises(Exception, match="codec was not recognised: nope"):
        deliver("output: {stdout: {codec: nope}}", "a")
