"""What the package shows, and that its imports run one way."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import headwater

ROOT = Path(__file__).resolve().parents[1]


def test_the_public_names_are_there() -> None:
    assert sorted(headwater.__all__) == sorted({*headwater._HOMES, *headwater._MODULES})
    for name in headwater.__all__:
        assert getattr(headwater, name) is not None


def test_the_engine_never_imports_the_api() -> None:
    for path in (ROOT / "actors").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not any(name.split(".")[0] == "headwater_api" for name in names), path


def test_importing_it_takes_nothing_of_the_process() -> None:
    code = """
import logging, signal, sys, threading
before = (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), sys.getswitchinterval())
from headwater import StreamSystem
with StreamSystem() as system:
    system.create("s", {"input": {"generate": {"mapping": "root = 1", "interval": "1h"}}, "output": {"drop": {}}})
assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), sys.getswitchinterval())
assert not logging.getLogger().handlers and not logging.getLogger("headwater").handlers
assert threading.enumerate() == [threading.main_thread()], threading.enumerate()
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
