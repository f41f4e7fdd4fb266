"""Output `cache`: messages become values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.system import StreamSystem


def test_each_message_is_kept_under_its_key(
    system: StreamSystem, deliver: Callable[..., list[str]], tmp_path: Path
) -> None:
    system.set_resource("cache", "kept", f"file: {{directory: '{tmp_path}'}}")
    config = "output: {cache: {target: kept, key: '${! json(\"k\") }', ttl: 1m}}"
    assert deliver(config, '{"k":"a"}', ['{"k":"b"}', '{"k":"c"}']) == ["", ""]
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a": '{"k":"a"}',
        "b": '{"k":"b"}',
        "c": '{"k":"c"}',
    }


def test_a_ttl_must_be_a_duration(system: StreamSystem, deliver: Callable[..., list[str]]) -> None:
    system.set_resource("cache", "kept", "memory: {}")
    config = "output: {cache: {target: kept, key: k, ttl: '${! content() }'}}"
    assert deliver(config, "1m", "soon") == ["", 'ttl field: time: invalid duration "soon"']


def test_the_cache_has_to_be_there(deliver: Callable[..., list[str]]) -> None:
    with pytest.raises(Exception, match="cache resource 'nowhere' was not found"):
        deliver("output: {cache: {target: nowhere, key: k}}", "a")
