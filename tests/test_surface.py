"""The table of contents tells the truth."""

from __future__ import annotations

import subprocess
import sys

import headwater


def test_every_name_is_there() -> None:
    assert len(set(headwater.__all__)) == len(headwater.__all__)
    for name in headwater.__all__:
        assert getattr(headwater, name) is not None


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import headwater, sys; print(sorted(m for m in sys.modules if m.split('.')[0] in ('pykka', 'falcon', 'yaml')))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_engine_does_not_know_the_api() -> None:
    names = "('headwater_api', 'falcon', 'waitress')"
    code = f"import headwater.system, sys; print([m for m in sys.modules if m.startswith({names})])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
