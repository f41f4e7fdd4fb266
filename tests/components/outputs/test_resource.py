"""Output `resource`: an output that streams share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.components.outputs import resource
from headwater.system import StreamSystem


def test_it_is_looked_up_at_each_use(
    system: StreamSystem,
    deliver: Callable[..., list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    until: Callable[..., Any],
) -> None:
    system.set_resource("output", "shared", f"file: {{path: '{tmp_path}/one'}}")
    assert deliver("output: {resource: shared}", "a", ["b", "c"]) == ["", ""]
    assert (tmp_path / "one").read_text().split() == ["a", "b", "c"]
    system.set_resource("output", "shared", "reject: 'no ${! content() }'")
    with system.channel("in") as channel, pytest.raises(Exception, match="no d"):
        channel.send("d", timeout=5)
    system.remove_resource("output", "shared")
    monkeypatch.setattr(resource, "PAUSE", 0.01)
    with system.channel("in") as channel:
        waiting = channel.post("e")
        until(lambda: "Failed to obtain output resource 'shared': unable to locate resource: shared" in caplog.text)
        system.set_resource("output", "shared", f"file: {{path: '{tmp_path}/two'}}")
        waiting.wait(5)
    assert (tmp_path / "two").read_text() == "e\n"


def test_it_has_to_be_there_at_the_start(deliver: Callable[..., list[str]]) -> None:
    with pytest.raises(Exception, match="output resource 'nowhere' was not found"):
        deliver("output: {resource: nowhere}", "a")
