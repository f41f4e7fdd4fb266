"""Metadata filters: by prefix and pattern."""

from __future__ import annotations

import pytest

from headwater.components.catalogue import Catalogue
from headwater.components.metadata_filter import MetadataFilter
from headwater.config.fields import metadata_filter, obj
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.message import Message
from headwater.yamltext.nodes import Node


def make(value: dict[str, list[str]]) -> MetadataFilter:
    config = Config(Node.of({"metadata": value}), obj("", metadata_filter("metadata")), "", "root", Catalogue())
    return MetadataFilter(config.object("metadata"))


def test_keys_are_taken_by_prefix_or_pattern() -> None:
    made = make({"include_prefixes": ["a"], "include_patterns": ["^b.*z$"]})
    message = Message(b"", metadata={"abc": 1, "bz": True, "bzx": "no", "x": "no"})
    assert list(made.items(message)) == [("abc", "1"), ("bz", "true")]


def test_none_are_taken_unasked() -> None:
    made = make({})
    assert not made
    assert list(made.items(Message(b"", metadata={"a": 1}))) == []


def test_patterns_have_to_be_right() -> None:
    with pytest.raises(ConfigError, match=r"failed to compile regexp \"\(\": error parsing regexp: missing closing"):
        make({"include_patterns": ["("]})
