"""Output `stdout`: the standard output of the process."""

from __future__ import annotations

import os
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


def test_a_full_disk_is_told_to_the_sender(
    deliver: Callable[..., list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    with capfd.disabled():
        kept = os.dup(1)
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, 1)
        try:
            outcomes = deliver("output: {stdout: {}}", "a", "b")
        finally:
            os.dup2(kept, 1)
            os.close(kept)
            os.close(full)
    assert outcomes == ["write /dev/stdout: no space left on device"] * 2
