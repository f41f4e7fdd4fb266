"""Output codecs: a chunk at once is what its messages are one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.components.codecs import OutputCodec
from headwater.errors import ConfigError
from headwater.message import Message


@given(
    codec=st.sampled_from(["lines", "append", "all-bytes", "delim:X", "delim:\n\n", "delim:aa"]),
    contents=st.lists(st.text("aX\n", max_size=5).map(str.encode), max_size=8),
)
def test_many_are_as_one_by_one(codec: str, contents: list[bytes]) -> None:
    made = OutputCodec(codec)
    messages = [Message(content) for content in contents]
    assert made.encode_many(messages) == b"".join(made.encode(message) for message in messages)


@pytest.mark.parametrize("name", ["nope", "LINES", "delim:"])
def test_codecs_have_to_be_known(name: str) -> None:
    with pytest.raises(ConfigError):
        OutputCodec(name)
