"""Invented data."""

from __future__ import annotations

from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import Example, Param, function
from headwater.bloblang.targets import FAKE


@function(
    "fake",
    Param("function", "string", "What to invent, such as email, name, ipv4 or uuid_hyphenated.", default=""),
    category=FAKE,
    status="beta",
    summary="A value that is invented anew with each call.",
    examples=[Example("", 'root.length = fake("uuid_hyphenated").length()', ("{}", '{"length":36}'))],
)
def fake(function: str) -> Any:
    from headwater.bloblang.faker import FUNCTIONS

    made = FUNCTIONS.get(function or "word")
    if made is None:
        raise BloblangError(f"invalid faker function: {function}")
    return made()
