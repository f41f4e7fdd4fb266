"""What the tests of methods share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.bloblang import BloblangError, compile_query

Evaluate = Callable[..., Any]


@pytest.fixture
def evaluate() -> Evaluate:
    """Evaluate a query with some `this`; a failure's text comes as ``error: text``."""

    def run(query: str, this: Any = None) -> Any:
        try:
            return compile_query(query).value([], this=this)
        except BloblangError as error:
            return f"error: {error.text}"

    return run
