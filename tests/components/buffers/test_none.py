"""Buffer `none`: acknowledgements go all the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.system import StreamSystem

Deliver = Callable[..., list[str]]


@pytest.mark.parametrize("buffer", ["buffer: {none: {}}", ""])
def test_the_sender_hears_of_the_output(deliver: Deliver, buffer: str) -> None:
    assert deliver(f"{buffer}\noutput: {{reject: 'not ${{! content() }}'}}", "a") == ["not a"]


def test_a_stream_has_no_stage_for_it(system: StreamSystem) -> None:
    system.create("s", "input: {inproc: in}\nbuffer: {none: {}}\noutput: {drop: {}}")
    assert "buffer" not in system._registry.snapshot["s"].ring.stages
