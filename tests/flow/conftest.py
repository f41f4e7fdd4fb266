from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from observed import Observed, observed


@pytest.fixture
def it() -> Iterator[Observed]:
    """A source and a target in the test's hands."""
    with observed() as made:
        yield made
