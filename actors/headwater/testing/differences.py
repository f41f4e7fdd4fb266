"""Differences in words: of texts and of JSON documents."""

from __future__ import annotations

import difflib
import json
from typing import Any


def as_json(value: Any) -> str:
    """A value on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def compare_text(expected: str, found: str) -> str:
    """Two texts that differ, one above the other; those of many lines as a diff."""
    if "\n" in expected.rstrip("\n") or "\n" in found.rstrip("\n"):
        lines = difflib.unified_diff(
            expected.splitlines(), found.splitlines(), "expected", "received", lineterm="", n=3
        )
        text = "\n".join(f"  {line}" for line in lines)
        if text:
            return text
    return f"  expected: {_visible(expected, found)}\n  received: {_visible(found, expected)}"


def _visible(text: str, other: str) -> str:
    """The text; quoted where it would look like the other one."""
    return json.dumps(text, ensure_ascii=False) if text.strip() == other.strip() or not text else text


def compare_json(expected: Any, found: Any, *, exact: bool, path: str = "") -> list[str]:
    """Where two documents differ, a line each; nothing if they do not.

    Args:
        exact: Whether the found document may have nothing more than the expected one.
    """
    here = path or "the document"
    if isinstance(expected, dict) and isinstance(found, dict):
        lines = []
        for key, value in expected.items():
            where = f"{path}.{key}" if path else key
            if key in found:
                lines += compare_json(value, found[key], exact=exact, path=where)
            else:
                lines.append(f"{where}: is missing, expected {as_json(value)}")
        if exact:
            lines += [
                f"{path}.{key}: is not expected, received {as_json(found[key])}"
                if path
                else f"{key}: is not expected, received {as_json(found[key])}"
                for key in found
                if key not in expected
            ]
        return lines
    if isinstance(expected, list) and isinstance(found, list):
        lines = []
        for index, value in enumerate(expected):
            where = f"{path}.{index}" if path else str(index)
            if index < len(found):
                lines += compare_json(value, found[index], exact=exact, path=where)
            else:
                lines.append(f"{where}: is missing, expected {as_json(value)}")
        if exact and len(found) > len(expected):
            lines.append(f"{here}: has {len(found)} items, expected {len(expected)}")
        return lines
    booleans = type(expected) is bool or type(found) is bool  # to Python, true is a 1
    same = expected is found if booleans else expected == found
    return [] if same else [f"{here}: expected {as_json(expected)}, received {as_json(found)}"]
