"""Every component has a test file of its own, which starts from what a user writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headwater.components.catalogue import Catalogue
from headwater.config.spec import KINDS

HERE = Path(__file__).parent
COMPONENTS = [(kind, name) for kind in KINDS for name in Catalogue(entry_points=False).names(kind)]


def files_of(kind: str, name: str) -> list[Path]:
    """Where the tests of a component are."""
    folder = HERE / (kind if kind == "metrics" else f"{kind}s")
    return [path for path in (folder / f"test_{name}.py", folder / f"test_{name}_.py") if path.exists()]


@pytest.mark.parametrize(("kind", "name"), COMPONENTS, ids=lambda value: str(value))
def test_a_component_has_tests_that_start_from_its_configuration(kind: str, name: str) -> None:
    found = files_of(kind, name)
    assert found, f"there is no tests/components/{kind}s/test_{name}.py"
    text = "".join(path.read_text(encoding="utf-8") for path in found)
    assert re.search(rf"""['"{{\[ \n]{name}['"]?\s*:|['"]{name}['"]""", text), "its configuration is nowhere in there"
    assert re.search(r"^(async )?def test_", text, re.MULTILINE)
